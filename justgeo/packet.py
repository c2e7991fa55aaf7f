"""The evidence packet: one folder or zip with an index, the outputs, and the documents that answers name.

For whoever certifies. Only what may be shown is in it: the public outputs as they are, and the evidence of answers that
are public. Outputs that were changed since the run, or answers that were, are refused: the packet tells one state.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from justgeo import checklists, manifests
from justgeo.config import RunConfig
from justgeo.core import whole
from justgeo.core.answers import Answers
from justgeo.core.errors import ConfigError, OutputError
from justgeo.report import packet_page, write
from justgeo.report.packet_page import File, Proof
from justgeo.report.results import opened

MAKER = "justgeo checklist --packet"
INDEX = ("index.html", "index.md", "manifest.json")
OUTPUTS, EVIDENCE = "outputs", "evidence"
LARGEST, MOST = 100_000_000, 1_000_000_000
"""Bytes of one document, and of all."""
_DAY = (1980, 1, 1, 0, 0, 0)


def packet(settings: RunConfig, folder: Path, target: Path) -> Path:
    """Write the packet of a district.

    Parameters
    ----------
    settings : RunConfig
    folder : Path
        Of the outputs.
    target : Path
        A folder, or a file that ends in ``.zip``.

    Raises
    ------
    OutputError
        There are no outputs, they were changed since the run, or the packet cannot be written.
    ConfigError
        A document that an answer names is not there, is too large, or lies outside the folder of the answers.
    """
    told = manifests.read(folder)
    if told.slug != settings.slug:
        raise OutputError(f"{folder} holds the outputs of {told.slug!r}.", remedy="name those of this district: --out.")
    _check(settings, folder, told.outputs)
    shown = settings.answers.public()
    documents, proofs = _documents(shown, settings.answers_file.resolve().parent)
    bodies = {f"{OUTPUTS}/{name}": (folder / name).read_bytes() for name in (*told.outputs, manifests.NAME)}
    bodies |= {name: path.read_bytes() for name, path in documents.items()}
    made = _indexed(folder, bodies, proofs)
    if target.suffix.lower() == ".zip":
        _zip(target, made)
    else:
        write.put(target, (*INDEX, OUTPUTS, EVIDENCE), lambda part: _unfold(part, made), MAKER)
    return target


def _check(settings: RunConfig, folder: Path, outputs: Mapping[str, str]) -> None:
    for name, digest in outputs.items():
        path = folder / name
        if not path.is_file() or write.sha256(path) != digest:
            raise OutputError(
                f"{path} is not as the run wrote it.",
                remedy="run `justgeo run` again (it reads what was typed into the sheet), then make the packet.",
            )
    if checklists.state(settings, folder).fresh is not True:
        raise OutputError(
            f"The answers in {settings.answers_file.name} are not those of the outputs.",
            remedy="run `justgeo run` again, then make the packet.",
        )


def _documents(shown: Answers, base: Path) -> tuple[dict[str, Path], dict[str, list[Proof]]]:
    """Documents by their way in the packet, and all evidence by what it stands under."""
    ways: dict[Path, str] = {}
    proofs: dict[str, list[Proof]] = {}
    total = 0
    for key, entry in shown.entries():
        for told in entry.evidence:
            if told.startswith(("https://", "http://")):
                proofs.setdefault(key, []).append(Proof(told, entry.who))
                continue
            path = _document(told, base, key)
            if path not in ways:
                total += path.stat().st_size
                ways[path] = f"{EVIDENCE}/{len(ways) + 1:03d}-{packet_page.checked_name(path.name)}"
            proofs.setdefault(key, []).append(Proof(told, entry.who, ways[path]))
    if total > MOST:
        raise ConfigError(
            f"The evidence has {total / 1e6:,.0f} MB; at most {MOST / 1e6:,.0f} fit a packet.",
            remedy="put large documents on the web, and name their addresses.",
        )
    return {way: path for path, way in ways.items()}, proofs


def _document(told: str, base: Path, key: str) -> Path:
    path = (base / told).resolve()
    if not path.is_relative_to(base):
        raise ConfigError(f"{key}: the evidence {told!r} lies outside {base.name}.", remedy="copy it into the folder.")
    if not path.is_file():
        raise ConfigError(
            f"{key}: the evidence {told!r} is not there.",
            remedy=f"put it into {base.name}, or take it out of the answer.",
        )
    if path.stat().st_size > LARGEST:
        raise ConfigError(
            f"{key}: the evidence {told!r} is larger than {LARGEST // 1_000_000} MB.",
            remedy="put it on the web instead.",
        )
    return path


def _indexed(folder: Path, bodies: Mapping[str, bytes], proofs: Mapping[str, Sequence[Proof]]) -> dict[str, bytes]:
    """All files of the packet with its index and its own manifest."""
    content = json.loads((folder / checklists.CONTENT).read_text(encoding="utf-8"))
    named = {proof.file: proof.told for told in proofs.values() for proof in told if proof.file}
    digests = {name: hashlib.sha256(body).hexdigest() for name, body in sorted(bodies.items())}
    files = [File(name, _about(name, named), digest) for name, digest in digests.items()]
    with opened(folder / "results.json") as results:
        pages = {
            "index.html": packet_page.render(content, results, files, proofs).encode("utf-8"),
            "index.md": packet_page.markdown(content, results, files, proofs).encode("utf-8"),
        }
        told: dict[str, Any] = {"made_by": MAKER, "slug": results["slug"], "synthetic": results["synthetic"]}
    digests |= {name: hashlib.sha256(body).hexdigest() for name, body in pages.items()}
    outputs = [{"name": name, "sha256": digest} for name, digest in sorted(digests.items())]
    return {**bodies, **pages, "manifest.json": write.json_bytes({**told, "outputs": outputs})}


def _about(name: str, named: Mapping[str, str]) -> str:
    if name in named:
        return f"Named as evidence: {named[name]}"
    return packet_page.ABOUT.get(name.removeprefix(f"{OUTPUTS}/"), "Of the outputs.")


def _unfold(part: Path, made: Mapping[str, bytes]) -> None:
    for name in (OUTPUTS, EVIDENCE):
        (part / name).mkdir()
    for name, body in made.items():
        (part / name).write_bytes(body)


def _zip(target: Path, made: Mapping[str, bytes]) -> None:
    """The same bytes for the same files, put in the target's place whole."""
    if target.exists() and not _is_packet(target):
        raise OutputError(f"{target.name} is there and is no packet.", remedy="name another file.")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as folder:
        for name in sorted(made):
            entry = zipfile.ZipInfo(name, _DAY)
            entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, 3, 0o644 << 16
            folder.writestr(entry, made[name])
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        whole.put(target, out.getvalue())
    except OSError as why:
        raise OutputError(
            f"The packet cannot be written to {target}: {why.strerror or why}.",
            remedy="Choose a place that you may write to and that has room left.",
        ) from why


def _is_packet(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as folder:
            found = json.loads(folder.read("manifest.json"))
    except (OSError, KeyError, ValueError, RecursionError, RuntimeError, zipfile.BadZipFile):
        return False
    return isinstance(found, dict) and found.get("made_by") == MAKER
