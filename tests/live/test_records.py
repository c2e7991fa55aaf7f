"""Records: there whole or not at all, found for their own question alone, and believed only byte by byte."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from justgeo.core.errors import SourceError
from justgeo.sources._hash import digest_of
from justgeo.sources.live import record_form, records
from justgeo.sources.live.records import HEAD, Question, Record, Records, Told
from tests.faults.outputs import aged

QUESTION = Question("tracts 2024, state 51", "census_files", {"year": 2024, "states": ["51"], "window": (1.5, 2)})
TOLD = Told(
    source="U.S. Census Bureau",
    dataset="TIGER/Line 2024, tracts",
    vintage="2024",
    licence="public domain",
    attribution="© somebody",
    url="https://example.org/a.zip",
    retrieved="2026-11-24T07:00:00+00:00",
    notes=("one", "two"),
    more={"provider": "direct", "pages": [1, 2]},
)
HERE = Path(__file__).parents[2]
FILES = {"a.zip": b"PK whole", "below/b.csv": b"x,y\n1,2\n"}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture
def kept(tmp_path: Path) -> Records:
    return Records(tmp_path / "records")


def put(where: Records, question: Question = QUESTION, files: dict[str, bytes] = FILES, told: Told = TOLD) -> Record:
    with where.room(question) as folder:
        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        return where.keep(question, folder, told)


def all_files(where: Records) -> list[str]:
    return sorted(path.relative_to(where.root).as_posix() for path in where.root.rglob("*") if path.is_file())


def asked(**changed: Any) -> Question:
    return replace(QUESTION, asked={**QUESTION.asked, **changed})


# What is kept is found ----------------------------------------------------------------------------


def test_a_record_is_found_as_it_was_kept(kept: Records) -> None:
    record = put(kept)
    found = Records(kept.root).find(QUESTION)
    assert found == record
    assert found is not None
    assert {name: found.path(name).read_bytes() for name in found.files} == FILES
    assert found.told == TOLD
    assert (found.label, found.service, found.digest) == (QUESTION.label, "census_files", QUESTION.digest)
    assert found.asked == {"year": 2024, "states": ["51"], "window": [1.5, 2]}  # as JSON has it
    assert found.size == sum(map(len, FILES.values()))
    assert found.path() == found.folder / "a.zip"
    assert all_files(kept) == sorted(
        f"tracts-2024-state-51/{QUESTION.digest[:16]}/{name}" for name in [*FILES, "record.json"]
    )


def test_what_was_never_kept_is_not_found(kept: Records) -> None:
    assert kept.find(QUESTION) is None
    assert kept.stale(QUESTION) == []
    assert not kept.root.exists()
    put(kept)
    assert kept.find(asked(year=2023)) is None


def test_the_head_says_all_there_is_to_know(kept: Records) -> None:
    head = json.loads((put(kept).folder / HEAD).read_text(encoding="utf-8"))
    assert head["told"]["attribution"] == "© somebody" and head["told"]["retrieved"].startswith("2026-11-24T")
    assert head["asked"]["states"] == ["51"]
    assert set(head["files"]) == set(FILES) and all(len(digest) == 64 for digest in head["files"].values())
    assert head.pop("digest") == digest_of(head)


def test_the_same_kept_twice_is_the_same_bytes(tmp_path: Path) -> None:
    heads = {(put(Records(tmp_path / name)).folder / HEAD).read_bytes() for name in ("one", "other")}
    assert len(heads) == 1


def test_an_empty_folder_is_no_record(kept: Records) -> None:
    with pytest.raises(SourceError, match="nothing came") as told:
        put(kept, files={})
    assert told.value.kind == "partial" and all_files(kept) == []


# The question -------------------------------------------------------------------------------------


def test_the_digest_is_what_it_was() -> None:
    """Pinned: another digest would make every record of every planner stale."""
    assert QUESTION.digest == digest_of(
        {
            "format": 1,
            "label": "tracts 2024, state 51",
            "service": "census_files",
            "asked": {"year": 2024, "states": ["51"], "window": [1.5, 2]},
        }
    )
    written = b'{"asked":{"y":[1,null]},"format":1,"label":"\\u00e9","service":"b"}'
    assert Question("é", "b", {"y": (1, None)}).digest == hashlib.sha256(written).hexdigest()


@pytest.mark.parametrize(
    "other",
    [
        replace(QUESTION, label="tracts 2024, state 24"),
        replace(QUESTION, service="other"),
        asked(year=2023),
        asked(year="2024"),
        asked(states=["51", "24"]),
        asked(window=(1.5, 2.0001)),
        asked(more=None),
        replace(QUESTION, asked={"year": 2024, "states": ["51"]}),
    ],
)
def test_everything_in_a_question_decides(other: Question) -> None:
    assert other.digest != QUESTION.digest


def test_a_raised_form_answers_no_older_question(monkeypatch: pytest.MonkeyPatch) -> None:
    before = QUESTION.digest
    monkeypatch.setattr(record_form, "FORMAT", 2)
    assert QUESTION.digest != before


@given(st.dictionaries(st.text(max_size=5), json_values, max_size=4), st.randoms())
def test_nothing_else_decides(told: dict[str, Any], chance: Any) -> None:
    names = list(told)
    chance.shuffle(names)
    one, other = (Question("a", "b", value) for value in (told, {name: told[name] for name in names}))
    assert one.digest == other.digest
    assert Question("a", "b", json.loads(json.dumps(told))).digest == one.digest
    assert re.fullmatch("[0-9a-f]{64}", one.digest)


def test_neither_the_process_nor_its_seed_decides() -> None:
    code = f"from justgeo.sources.live.records import Question; print({QUESTION!r}.digest)"
    for seed in ("1", "2"):
        env = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env)
        assert done.stdout.strip() == QUESTION.digest


@pytest.mark.parametrize("value", [float("nan"), {1, 2}, Path("a"), object()])
def test_what_json_cannot_say_is_no_question(value: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        asked(value=value).digest  # noqa: B018


# Labels -------------------------------------------------------------------------------------------

LABELS = (
    "plain", "a/b\\c", "../../up", "..", ".hidden", "", "   ", "東京", "CON", "nul", "com1.txt", "LPT9",
    "a:b*c?d|e", "tail. ", "x" * 400, "ä" * 300, "new\nline", "-dash",
)  # fmt: skip


@pytest.mark.parametrize("label", LABELS)
def test_any_label_can_name_a_folder(kept: Records, label: str) -> None:
    question = replace(QUESTION, label=label)
    record = put(kept, question)
    assert kept.find(question) == record
    assert record.label == label
    (folder,) = kept.root.iterdir()  # below the root, one level, nowhere else
    assert folder == record.folder.parent
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,80}", folder.name) and not folder.name.endswith(".")
    assert folder.name.partition(".")[0].lower() not in {"con", "prn", "aux", "nul", "com1", "lpt9"}


def test_labels_that_share_a_folder_share_nothing_else(kept: Records) -> None:
    one, other = replace(QUESTION, label="a b"), replace(QUESTION, label="a/b")
    put(kept, one)
    assert kept.find(other) is None
    assert kept.stale(other) == []
    long = [replace(QUESTION, label="x" * 200 + end) for end in "ab"]
    put(kept, long[0])
    assert kept.find(long[1]) is None and kept.stale(long[1]) == []


# Stale --------------------------------------------------------------------------------------------


def test_another_question_of_the_same_label_is_stale(kept: Records) -> None:
    for year, when in ((2021, "2025-01-01"), (2022, "2026-03-01"), (2023, "2025-12-31")):
        put(kept, asked(year=year), told=replace(TOLD, retrieved=f"{when}T00:00:00+00:00"))
    put(kept, replace(QUESTION, label="tracts 2024, state 24"))
    assert [record.asked["year"] for record in kept.stale(QUESTION)] == [2022, 2023, 2021]  # the newest first
    put(kept)
    assert len(kept.stale(QUESTION)) == 3


def test_a_damaged_record_is_not_told_as_stale(kept: Records) -> None:
    broken, whole = put(kept, asked(year=2021)), put(kept, asked(year=2022))
    (broken.folder / HEAD).write_text("{", encoding="utf-8")
    (whole.folder.parent / "Thumbs.db").write_bytes(b"")
    (whole.folder.parent / "notes").mkdir()
    assert kept.stale(QUESTION) == [whole]


# Whole or not at all ------------------------------------------------------------------------------


def test_what_breaks_off_leaves_nothing(kept: Records) -> None:
    with pytest.raises(KeyboardInterrupt), kept.room(QUESTION) as folder:
        (folder / "half.zip").write_bytes(b"PK")
        raise KeyboardInterrupt
    assert all_files(kept) == [] and kept.find(QUESTION) is None
    assert [path for path in kept.root.rglob("*") if path.name.endswith(".part")] == []
    assert kept.find(QUESTION) is None
    put(kept)


@pytest.mark.parametrize("step", ["sha256_of", "_write", "rename"])
def test_a_failure_at_any_step_leaves_nothing(kept: Records, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object, **kwargs: object) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    module = {"sha256_of": record_form, "_write": records, "rename": os}[step]
    monkeypatch.setattr(module, step, full)
    with pytest.raises(SourceError, match="No space left") as told:
        put(kept)
    assert told.value.kind == "disk" and "room" in told.value.remedy
    monkeypatch.undo()
    assert all_files(kept) == []
    assert kept.find(QUESTION) is None
    assert put(kept) == kept.find(QUESTION)


def test_a_head_that_was_cut_while_it_was_written_leaves_nothing(
    kept: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", cut)
    with pytest.raises(SourceError, match="Input/output error"):
        put(kept)
    monkeypatch.undo()
    assert all_files(kept) == []


KILLED = """
import sys, time
from pathlib import Path
from justgeo.sources.live import records
from tests.live.test_records import QUESTION, TOLD
step = sys.argv[2]
def stop(*args):
    print("here", flush=True)
    time.sleep(60)
if step != "fetch":
    setattr({"_write": records, "_moved": records}[step], step, stop)
where = records.Records(Path(sys.argv[1]))
with where.room(QUESTION) as folder:
    (folder / "a.zip").write_bytes(b"PK half")
    if step == "fetch":
        stop()
    where.keep(QUESTION, folder, TOLD)
"""


@pytest.mark.parametrize("step", ["fetch", "_write", "_moved"])
def test_a_process_that_is_killed_leaves_nothing_that_is_found(kept: Records, step: str) -> None:
    command = [sys.executable, "-c", KILLED, str(kept.root), step]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=HERE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "here\n"
        process.send_signal(signal.SIGKILL)
    (left,) = (path for path in kept.root.glob("*/*"))
    assert left.name.startswith(f".{QUESTION.digest[:16]}.") and left.name.endswith(".part")
    assert kept.find(QUESTION) is None and kept.stale(asked(year=1)) == []
    record = put(kept)  # the next one is not troubled by it, and leaves it alone: it may be another machine's
    assert kept.find(QUESTION) == record and left.exists()
    aged(kept.root)
    with kept.room(QUESTION):  # a later one takes it away: nobody holds it, and nobody wrote to it
        assert not left.exists()


# Two at once --------------------------------------------------------------------------------------


def test_of_two_threads_that_keep_the_same_one_wins_and_both_have_it(kept: Records) -> None:
    number = 8
    gate, got = threading.Barrier(number), list[Record]()

    def keep(who: int) -> None:
        with kept.room(QUESTION) as folder:
            (folder / "a.txt").write_text(f"of {who}", encoding="utf-8")
            gate.wait(timeout=10)
            got.append(kept.keep(QUESTION, folder, TOLD))

    threads = [threading.Thread(target=keep, args=(who,)) for who in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert len(got) == number
    assert len({record.files["a.txt"] for record in got}) == 1  # all were given the one that won
    assert got[0] == kept.find(QUESTION)
    assert len(all_files(kept)) == 2 and len(list(kept.root.glob("*/*"))) == 1


TOGETHER = """
import sys
from pathlib import Path
from tests.live.test_records import QUESTION, put
from justgeo.sources.live.records import Records
sys.stdin.readline()
print(put(Records(Path(sys.argv[1])), files={"a.txt": sys.argv[2].encode()}).files["a.txt"])
"""


def test_of_two_processes_too(kept: Records) -> None:
    started = [
        subprocess.Popen(
            [sys.executable, "-c", TOGETHER, str(kept.root), who],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=HERE,
        )
        for who in ("one", "other")
    ]  # fmt: skip
    said = [process.communicate("go\n", timeout=60)[0].strip() for process in started]
    found = kept.find(QUESTION)
    assert found is not None and said == [found.files["a.txt"]] * 2
    assert len(all_files(kept)) == 2


def test_a_whole_record_is_never_replaced(kept: Records) -> None:
    first = put(kept)
    again = put(kept, files={"a.zip": b"PK other"})
    assert again == first == kept.find(QUESTION)


# Damaged ------------------------------------------------------------------------------------------


def edit(record: Record, **changed: Any) -> None:
    """Change the head and give it a digest that fits: whoever does that means it."""
    head = json.loads((record.folder / HEAD).read_text(encoding="utf-8")) | changed
    head.pop("digest")
    head["digest"] = digest_of(head)
    (record.folder / HEAD).write_text(json.dumps(head), encoding="utf-8")


def flip(record: Record) -> None:
    content = bytearray(record.path("a.zip").read_bytes())
    content[3] ^= 1
    record.path("a.zip").write_bytes(content)
    os.utime(record.path("a.zip"), (1, 1))  # whatever the clock of the file system


def cut(record: Record, share: float = 0.5) -> None:
    content = (record.folder / HEAD).read_bytes()
    (record.folder / HEAD).write_bytes(content[: int(len(content) * share)])


def say(record: Record, old: str, new: str) -> None:
    text = (record.folder / HEAD).read_text(encoding="utf-8")
    assert old in text
    (record.folder / HEAD).write_text(text.replace(old, new), encoding="utf-8")


DAMAGES: dict[str, tuple[Callable[[Record], object], str]] = {
    "a byte flipped": (flip, "the bytes of a.zip are not those"),
    "a file removed": (lambda record: record.path("below/b.csv").unlink(), "below/b.csv is missing"),
    "a file more": (lambda record: (record.folder / "c.csv").write_bytes(b"1"), "c.csv was not recorded with it"),
    "a file more below": (lambda record: (record.folder / "below/c").write_bytes(b""), "below/c was not recorded"),
    "a folder in place of a file": (
        lambda record: (record.path("a.zip").unlink(), record.path("a.zip").mkdir()),
        "a.zip is missing",
    ),
    "the head cut": (cut, "record.json is not understood"),
    "the head empty": (lambda record: cut(record, 0), "record.json is not understood"),
    "the head removed": (lambda record: (record.folder / HEAD).unlink(), "record.json is missing"),
    "the head no text": (lambda record: (record.folder / HEAD).write_bytes(b"\xff\xfe\x00"), "is not understood"),
    "the head a list": (lambda record: (record.folder / HEAD).write_text("[1]"), "is not understood"),
    "the head too deep": (lambda record: (record.folder / HEAD).write_text("[" * 200_000), "is not understood"),
    "another licence": (lambda record: say(record, "public domain", "anything goes"), "its own digest does not fit"),
    "another form": (
        lambda record: edit(record, format=2),
        "it is of form 2, and this version of justgeo reads form 1",
    ),
    "another question": (lambda record: edit(record, question="0" * 64), "it answers another question"),
    "no files": (lambda record: edit(record, files={}), "outside its folder, or none"),
    "no label": (lambda record: edit(record, told={}), "is not understood"),
    **{
        f"leading out by {name}": (lambda record, name=name: edit(record, files={name: "0" * 64}), "outside its folder")
        for name in ("../b.csv", "/etc/passwd", "below/../../x", "..\\x", "C:x", "", ".", "record.json")
    },
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_record_is_an_error_that_says_what_to_do(kept: Records, name: str) -> None:
    (kept.root.parent / "b.csv").write_bytes(b"of somebody else")
    damage, why = DAMAGES[name]
    damage(put(kept))
    with pytest.raises(SourceError, match=re.escape(why)) as told:
        kept.find(QUESTION)
    assert told.value.kind == "damaged"
    assert f"tracts-2024-state-51/{QUESTION.digest[:16]}" in told.value.message
    assert "justgeo fetch" in told.value.remedy


@pytest.mark.parametrize("name", DAMAGES)
def test_the_next_one_takes_the_place_of_a_damaged_one(kept: Records, name: str) -> None:
    DAMAGES[name][0](put(kept))
    record = put(kept, files={"a.zip": b"PK new"})
    assert record == kept.find(QUESTION)
    assert record.path("a.zip").read_bytes() == b"PK new"
    assert len(all_files(kept)) == 2


def test_what_stands_in_the_way_is_replaced(kept: Records) -> None:
    place = put(kept).folder
    kept.forget(QUESTION)
    assert kept.find(QUESTION) is None and all_files(kept) == []
    place.write_bytes(b"a file in place of a folder")
    with pytest.raises(SourceError, match=r"record\.json is missing"):
        kept.find(QUESTION)
    assert put(kept) == kept.find(QUESTION)
    kept.forget(QUESTION)
    place.write_bytes(b"once more")
    kept.forget(QUESTION)
    kept.forget(QUESTION)  # nothing there is nothing to forget
    assert all_files(kept) == []


def test_what_a_file_manager_leaves_is_no_damage(kept: Records) -> None:
    record = put(kept)
    for name in (".DS_Store", "below/._b.csv", "Thumbs.db", "desktop.ini"):
        (record.folder / name).write_bytes(b"seen")
    assert kept.find(QUESTION) == record


# The disk -----------------------------------------------------------------------------------------


def test_a_root_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "broken").symlink_to(tmp_path / "nowhere" / "at all")
    for root in (tmp_path / "file", tmp_path / "file" / "records"):
        with pytest.raises(SourceError, match="cannot be written") as told:
            put(Records(root))
        # the message may stand on a page as the reason of an absence; the folder of this machine is for the planner
        assert told.value.kind == "disk" and str(root) in told.value.remedy and "another folder" in told.value.remedy
        assert str(tmp_path) not in told.value.message
    with pytest.raises(SourceError, match="cannot be written"):
        put(Records(tmp_path / "broken"))


def test_a_root_that_is_a_link_is_a_root(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "near").symlink_to(tmp_path / "far")
    record = put(Records(tmp_path / "near"))
    found = Records(tmp_path / "far").find(QUESTION)
    assert found is not None and found.files == record.files


@pytest.mark.parametrize("name", [HEAD, "a.zip"])
def test_what_may_not_be_read_is_no_damage(kept: Records, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """To fetch again what one may not read would help nobody."""
    put(kept)
    true = Path.open

    def shut(self: Path, *args: Any, **kwargs: Any) -> Any:
        if self.name == name:
            raise PermissionError(errno.EACCES, "Permission denied")
        return true(self, *args, **kwargs)

    monkeypatch.setattr(Path, "open", shut)
    monkeypatch.setattr(Path, "read_bytes", lambda self: self.open("rb").read())
    from justgeo.sources import _hash

    _hash._digest.cache_clear()
    with pytest.raises(SourceError, match="cannot be read") as told:
        kept.find(QUESTION)
    assert told.value.kind == "disk" and "yours to read" in told.value.remedy


def test_a_record_that_cannot_be_removed_is_said_to_stay(kept: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    flip(put(kept))

    def shut(*args: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "rename", shut)
    with pytest.raises(SourceError, match="Permission denied") as told:
        kept.forget(QUESTION)
    assert told.value.kind == "disk"
    with pytest.raises(SourceError, match="Permission denied"):
        put(kept)
