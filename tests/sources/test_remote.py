"""A folder at a URL: what is put is found, what is not there is told apart from what cannot be reached."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from justgeo.core.errors import ConfigError, StoreError
from justgeo.core.location import is_url, location
from justgeo.sources import remote as remotes
from justgeo.sources.remote import Remote

HERE = Path(__file__).parents[2]


@pytest.fixture(params=["memory", "file"])
def remote(request: pytest.FixtureRequest, tmp_path: Path) -> Remote:
    return Remote(f"memory://{tmp_path.as_posix()}" if request.param == "memory" else (tmp_path / "there").as_uri())


# A location ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["s3://bucket/prefix", "file:///srv/records", "memory://a", "abfs://c@a.example/p"])
def test_a_url_stays_as_it_was_written(text: str) -> None:
    assert is_url(text)
    assert location(text) == text and location(text, Path("/base")) == text


@pytest.mark.parametrize("text", ["records", "/srv/records", "a:b", "C:\\records", "C://records", "../s3:/bucket"])
def test_anything_else_is_a_folder(text: str) -> None:
    assert not is_url(text)
    assert location(text) == Path(text) and location(text, Path("base")) == Path("base") / text


# Files --------------------------------------------------------------------------------------------


def test_what_is_put_is_found(remote: Remote, tmp_path: Path) -> None:
    assert remote.empty
    (tmp_path / "a.bin").write_bytes(b"\x00\x01")
    remote.send(tmp_path / "a.bin", "one/two/a.bin")
    remote.write("one/b.json", b"{}")
    assert not remote.empty
    assert remote.read("one/two/a.bin") == b"\x00\x01" and remote.read("one/b.json") == b"{}"
    assert remote.names("one") == ["one/b.json", "one/two/a.bin"] and remote.has("one/b.json")
    assert remote.bring("one/two/a.bin", tmp_path / "back" / "a.bin")
    assert (tmp_path / "back" / "a.bin").read_bytes() == b"\x00\x01"
    remote.write("one/b.json", b"[]")
    assert remote.read("one/b.json") == b"[]"
    remote.remove("one/b.json")
    assert remote.names("one") == ["one/two/a.bin"]


def test_a_folder_in_it_is_the_same_place(remote: Remote) -> None:
    below = remote.below("layers").below("more")
    below.write("x", b"1")
    assert remote.read("layers/more/x") == b"1" and below.read("x") == b"1" and below.names("") == ["x"]
    assert below.url == f"{remote.url}/layers/more"


def test_what_is_not_there_is_no_error(remote: Remote, tmp_path: Path) -> None:
    assert remote.read("none") is None and not remote.has("none") and remote.names("none") == []
    assert not remote.bring("none", tmp_path / "none") and not (tmp_path / "none").exists()
    remote.remove("none")


def test_each_url_has_a_mirror_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    one, other, file = Remote("s3://b/p"), Remote("s3://b/q"), Remote("file:///b/p")
    assert len({one.mirror, other.mirror, file.mirror}) == 3
    assert Remote("s3://b/p/").mirror == one.mirror and one.mirror.parent.name == "records"
    before = one.mirror, file.mirror
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9000")
    assert one.mirror != before[0], "the same bucket of another server is another one"
    assert file.mirror == before[1]


# Refusals -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "s3://canary-id:canary-secret@bucket/p",
        "s3://canary-id@bucket/p",
        "sftp://me:canary-secret@host/p",
        "abfs://c/p?sig=canary-secret",
    ],
)
def test_a_url_with_a_secret_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ConfigError) as told:
        Remote(url)
    assert "canary" not in str(told.value) and "AWS_ACCESS_KEY_ID" in told.value.remedy


@pytest.mark.parametrize("url", ["https://example.org/records", "simplecache::s3://bucket/p"])
def test_a_url_of_no_use_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="not kept at"):
        Remote(url)


def test_an_unknown_scheme_is_told_of() -> None:
    with pytest.raises(ConfigError, match="s3x://") as told:
        Remote("s3x://bucket").read("a")
    assert "s3://bucket/prefix" in told.value.remedy


LACKING = ("s3fs", "fsspec")
IN_A_NEW_ONE = """
import contextlib, io, json, sys
import justgeo.run, justgeo.sources.remote
said = {"loaded": sorted({"fsspec", "s3fs", "botocore"} & set(sys.modules))}
from justgeo.cli import main
for lacking in LACKING:
    held, err = sys.modules.get(lacking), io.StringIO()
    sys.modules[lacking] = None
    with contextlib.redirect_stderr(err):
        said[lacking] = main(["run", "data/districts/haight-castro", "--out", OUT, "--records", "s3://bucket/p"])
    del sys.modules[lacking]
    sys.modules.update({lacking: held} if held else {})
    said[lacking] = (said[lacking], err.getvalue())
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def new_one(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a new interpreter has loaded before it needs it, and what it says where one of `LACKING` is not there."""
    out = tmp_path_factory.mktemp("new") / "out"
    code = IN_A_NEW_ONE.replace("LACKING", repr(LACKING)).replace("OUT", repr(str(out)))
    done = subprocess.run([sys.executable, "-c", code], cwd=HERE, capture_output=True, text=True, check=True)
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return said


@pytest.mark.parametrize("lacking", LACKING)
def test_without_the_extra_it_is_told_how_to_install_it(lacking: str, new_one: dict[str, Any]) -> None:
    code, err = new_one[lacking]
    assert code == 2 and "Traceback" not in err
    assert "is not installed" in err and "pip install 'justgeo[batch]'" in err


def test_a_place_that_may_not_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    remote = Remote((tmp_path / "file" / "below").as_uri())
    with pytest.raises(StoreError, match="cannot be written to") as told:
        remote.write("a", b"1")
    assert told.value.remedy


def test_nothing_is_loaded_before_it_is_needed(new_one: dict[str, Any]) -> None:
    assert new_one["loaded"] == []


def test_an_errors_words_hold_no_text_of_a_library() -> None:
    error = PermissionError(13, "signed with canary-secret")
    failure = remotes._failure("s3://bucket/p", "read", error)
    assert "canary" not in str(failure) and failure.kind == "denied"
