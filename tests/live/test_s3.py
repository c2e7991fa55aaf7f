"""Records in a bucket, by a server on this machine that speaks S3: one machine fetches, another one measures.

The second machine has nothing but the bucket: another, empty local folder, no service that answers. What is fetched
and measured is a row of each service: a bucket keeps one record as another.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from justgeo.core.errors import StoreError
from justgeo.report import results as reports
from justgeo.sources.live.records import HEAD, Records
from justgeo.sources.remote import Remote
from tests import nowhere
from tests.live.fetched import FEW, measured
from tests.live.nowhere_online import Said, justgeo, one_day, online, settle, with_a_key
from tests.live.putting import QUESTION, put
from tests.loopback.server import Fault, Loopback, Response

ID, SECRET = "canary-id-4711", "canary-secret-4711"
BUCKET = "records-of-nowhere"
URL = f"s3://{BUCKET}/all"
HERE = Path(__file__).parents[2]
NAME = f"tracts-2024-state-51/{QUESTION.digest[:16]}"


@pytest.fixture(scope="module", autouse=True)
def a_day_with_a_key() -> Iterator[None]:
    with with_a_key(), one_day(), nowhere.only(FEW):
        yield


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """A server that speaks S3 with one bucket, as the environment tells of it."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3", "AWS_CONFIG_FILE"):
            patch.delenv(name, raising=False)
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        patch.setenv("AWS_ACCESS_KEY_ID", ID)
        patch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")  # no asking of a cloud that this is not
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere/credentials")
        fs, _ = Remote(URL)._door.opened
        fs.mkdir(BUCKET)
        yield f"http://{host}:{port}"
    server.stop()


def on_machine(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """From here on this is another machine: its cache is another folder."""
    patch.setattr("platformdirs.user_cache_path", lambda *_, **__: folder)


@dataclass(frozen=True)
class Round:
    """A district that one machine fetched into a bucket, whose services answer no more, and its results by a folder."""

    district: Path
    fetched: Said
    asked: dict[str, int]
    results: bytes


@pytest.fixture(scope="module")
def first(folder: Path, endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Round]:
    root = tmp_path_factory.mktemp("s3")
    with pytest.MonkeyPatch.context() as patch, online(folder) as services:
        path = services.begin(root / "district")
        assert justgeo("fetch", path).code == 0
        _, results = measured(path, offline=True)
        on_machine(patch, root / "one")
        before = services.asked()
        fetched = justgeo("fetch", path, "--records", URL)
        asked = services.since(before)
    yield Round(root / "district", fetched, asked, reports.dump(results))


def alone(first: Round, folder: Path) -> Path:
    """The district's file and boundary without the folder of records."""
    folder.mkdir(parents=True)
    for one in first.district.iterdir():
        if one.is_file():
            (folder / one.name).write_bytes(one.read_bytes())
    return folder / "district.toml"


# From one machine to another ----------------------------------------------------------------------


@pytest.mark.slow
def test_a_machine_with_nothing_but_the_bucket_gives_the_same_bytes(
    first: Round, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert first.fetched.code == 0, first.fetched.err
    assert first.asked, "the folder of records is not looked into where a URL is named"
    assert f"kept in {URL}" in first.fetched.out
    path = alone(first, tmp_path / "district")
    on_machine(monkeypatch, tmp_path / "two")
    assert justgeo("run", path, "--out", tmp_path / "out", "--records", URL, "--offline").code == 0
    assert (tmp_path / "out" / "results.json").read_bytes() == first.results
    assert not (path.parent / "records").exists()
    # The third finds what the second one read, and the address where the outputs say it is.
    on_machine(monkeypatch, tmp_path / "three")
    assert json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))["run"]["records"] == URL
    said = justgeo("-q", "verify", tmp_path / "out")
    assert said.code == 0, said.out
    there = Remote(URL).names("")
    assert any(name.startswith("layers/") for name in there), "what was read from large files is there too"
    assert not [name for name in there if ".part" in name or "/." in name]


@pytest.mark.slow
def test_a_district_may_name_the_bucket(first: Round, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = alone(first, tmp_path / "district")
    settle(path, {"fetch": {"records": URL}})
    on_machine(monkeypatch, tmp_path / "two")
    said = justgeo("plan", path)
    assert "Everything is recorded" in said.out, said.out
    assert URL in justgeo("doctor", path, "--offline").out


@pytest.mark.slow
def test_a_cut_object_is_an_absence_and_fetching_mends_it(
    first: Round, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = Remote(URL)
    (name,) = (one for one in there.names("") if one.startswith("tree_canopy") and one.endswith(".tif"))
    whole = there.read(name)
    assert whole is not None
    there.write(name, whole[:-100])
    path = alone(first, tmp_path / "district")
    on_machine(monkeypatch, tmp_path / "two")
    found = justgeo("plan", path, "--records", URL).out
    assert "damaged on disk" in found
    with online(folder) as services:
        settle(path, {"services": services.addresses})
        before = services.asked()
        assert justgeo("fetch", path, "--records", URL).code == 0
        assert set(services.since(before)) == {"mrlc"}
    assert there.read(name) == whole


# What goes wrong ----------------------------------------------------------------------------------


def refused(first: Path, *words: object) -> str:
    said = justgeo("-v", "run", first, *words)
    assert said.code == 2, said.out
    assert "what to do:" in said.err and "Traceback" not in said.err
    assert "canary" not in said.out + said.err
    return said.err


@pytest.fixture
def district(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A district that nothing was fetched for yet."""
    on_machine(monkeypatch, tmp_path / "machine")
    said = justgeo("init", tmp_path / "d", "--boundary", folder / "district.geojson", "--name", "Old Harbour, invented")
    assert said.code == 0, said.err
    return tmp_path / "d" / "district.toml"


def test_no_such_bucket(endpoint: str, district: Path) -> None:
    err = refused(district, "--records", "s3://no-such-bucket-here/all", "--offline")
    assert "there is no such bucket" in err and "AWS_ENDPOINT_URL" in err


def test_nothing_in_the_bucket(endpoint: str, district: Path) -> None:
    err = refused(district, "--records", f"s3://{BUCKET}/none", "--offline")
    assert "There is no folder of records" in err


def test_no_credentials(endpoint: str, district: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    err = refused(district, "--records", URL, "--offline")
    assert "no credentials were found" in err and "AWS_ACCESS_KEY_ID" in err


def test_nobody_answers(district: Path, endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    err = refused(district, "--records", URL, "--offline")
    assert "could not be reached" in err


@pytest.mark.parametrize(
    "fault", [Fault.truncated(), Fault.reset_in_body(), Fault.reset()], ids=lambda fault: fault.name
)
def test_a_connection_that_breaks_off(
    fault: Fault, endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Loopback(lambda request: Response(200, b"x" * 100_000)) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
        server.fail(fault, times=1_000)
        with pytest.raises(StoreError, match="connection broke") as told:
            Remote(URL).read("a")
        assert "canary" not in str(told.value) and told.value.__cause__ is None
        with pytest.raises(StoreError, match="connection broke"):
            Remote(URL).bring("a", tmp_path / "a")


def test_no_bucket_is_no_absence_either(endpoint: str, tmp_path: Path) -> None:
    records = Records(tmp_path, Remote("s3://no-such-bucket-here/all"))
    with pytest.raises(StoreError, match="no such bucket"):
        records.find(QUESTION)
    with pytest.raises(StoreError, match="no such bucket"):
        Remote("s3://no-such-bucket-here/all").write("a", b"1")


def test_an_upload_that_was_killed_is_no_record(endpoint: str, tmp_path: Path) -> None:
    """The process is killed (no cleaning up) when the data are there and the head is not."""
    url = f"s3://{BUCKET}/killed"
    code = (
        "import os, signal\n"
        "from pathlib import Path\n"
        "from justgeo.sources.live.records import Records\n"
        "from justgeo.sources.remote import Remote\n"
        "from tests.live.putting import put\n"
        "Remote.write = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        f"put(Records(Path({str(tmp_path / 'one')!r}), Remote({url!r})), b'half')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=HERE, capture_output=True, text=True, check=False)
    assert done.returncode == -9, done.stderr
    assert Remote(url).names("") == [f"{NAME}/a.zip"]
    one, other = (Records(tmp_path / name, Remote(url)) for name in ("one", "other"))
    assert one.find(QUESTION) is None and other.find(QUESTION) is None
    put(one)
    found = other.find(QUESTION)
    assert found is not None and found.path("a.zip").read_bytes() == b"PK whole"


def test_two_that_put_the_same_at_once(endpoint: str, tmp_path: Path) -> None:
    url = f"s3://{BUCKET}/at-once"
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from justgeo.sources.live.records import Records\n"
        "from justgeo.sources.remote import Remote\n"
        "from tests.live.putting import put\n"
        f"put(Records(Path(sys.argv[1]), Remote({url!r})), b'x' * 6_000_000)\n"
    )
    at_work = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path / str(number))], cwd=HERE) for number in range(3)
    ]
    assert [one.wait(120) for one in at_work] == [0, 0, 0]
    assert Remote(url).names("") == [f"{NAME}/a.zip", f"{NAME}/{HEAD}"]
    found = Records(tmp_path / "other", Remote(url)).find(QUESTION)
    assert found is not None and found.size == 6_000_000


def test_the_log_of_the_libraries_holds_no_secret(
    endpoint: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"):
        put(Records(tmp_path, Remote(f"s3://{BUCKET}/quiet")))
    assert SECRET not in caplog.text and ID not in caplog.text
