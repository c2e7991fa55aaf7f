"""Every door meets every fault: 666 cases, against servers that speak the services' own protocols.

A case is a question to one service (``fault_doors.py``) and one way of failing (``fault_cases.py``). It ends in bounded
time: in a failure of a known kind with its remedy and the reason why its layers are absent, or, where the trouble is
harmless, in the record. Nothing partial is kept, and once the trouble is over the same question brings the same bytes
as where there never was any.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from justgeo.sources.live import feeds, grids, overpass, with_censusdis
from justgeo.sources.live.ask import Ask, Brought, Tools, bring
from justgeo.sources.live.http import Client, Policy
from justgeo.sources.live.keys import Key
from justgeo.sources.live.records import Records
from tests import timed
from tests.known import known, of_file
from tests.live import places
from tests.live.fault_cases import CASES, NAMED, OTHERWISE, RETRY_AFTER_S, Trouble
from tests.live.fault_doors import DOORS, Door, World, told
from tests.live.nowhere_online import half_kept
from tests.loopback.server import Loopback, refused_url

BOUND_S = 10.0
"""More than any case takes; the patience itself is 0.25 s a call where a trouble lasts."""
SHORT = {"connect_s": 0.11, "read_s": 0.11, "total_s": 0.25}
LONG = {"connect_s": 2.0, "read_s": 5.0, "total_s": 20.0}


@pytest.fixture(scope="module")
def world(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World(folder, tmp_path_factory.mktemp("made")).open() as found, pytest.MonkeyPatch.context() as patch:
        patch.setattr(overpass, "_questions", cache(overpass._questions))  # osmnx takes its time to word the same again
        # A file that came whole is looked into at each question; the same bytes are found the same.
        patch.setattr(feeds, "_reads_alone", known(feeds._reads_alone, of_file))
        patch.setattr(grids, "notes_of", known(grids.notes_of, lambda spec, area, *more: of_file(spec, area)))
        yield found


@pytest.fixture(scope="module")
def untroubled(world: World, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Door], Any]:
    """What a door records where nothing is amiss."""

    @cache
    def of(door: Door) -> Any:
        ask, found = asked(world, door, Records(tmp_path_factory.mktemp("records")))
        assert not found.failures, found.failures
        return told(door, found.records[ask.label])

    return of


def asked(
    world: World, door: Door, records: Records, url: str = "", waits: list[float] | None = None, **patience: float
) -> tuple[Ask, Brought]:
    """A door's question put, and what came of it."""
    sleep = [].append if waits is None else waits.append
    client = Client(Policy(**{**LONG, **patience}, tries=2, pause_s=0.0), sleep=sleep)
    service = world.service(door, url)
    tools = Tools(client, {service.id: service}, door.provider, key=lambda: Key(places.KEY, "the test"))
    ask = door.ask(service, world)
    return ask, bring([ask], records, tools)


@contextmanager
def troubled(world: World, door: Door, trouble: Trouble) -> Iterator[str]:
    """The trouble, while it lasts; where to ask."""
    server = world.servers[door.service]
    with ExitStack() as stack:
        match trouble.way:
            case "nobody":
                yield refused_url()
                return
            case "tls":
                yield stack.enter_context(Loopback(world.handlers[door.service], tls=True)).url
                return
            case "full":
                stack.enter_context(no_room(64))
            case "full at the end":
                stack.enter_context(full_at_the_end())
            case _:
                assert trouble.fault is not None
                server.fail(trouble.fault, trouble.times, door.meets)
                stack.callback(server.calm)
        yield server.url


@contextmanager
def no_room(most: int) -> Iterator[None]:
    """No file of this process may be longer than so many bytes: whoever writes fails, GDAL too."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def full_at_the_end() -> Iterator[None]:
    """All was written, and then the disk says that it was not."""

    def fail(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        yield


@pytest.mark.parametrize(("door", "trouble"), CASES, ids=[f"{door.name} - {trouble.name}" for door, trouble in CASES])
def test_a_door_survives(
    door: Door, trouble: Trouble, world: World, untroubled: Callable[[Door], Any], tmp_path: Path
) -> None:
    if door.provider == "censusdis" and with_censusdis.installed() is None:
        pytest.skip("censusdis is not installed")
    expected = untroubled(door)
    records, waits = Records(tmp_path / "records"), list[float]()
    with timed.waits(BOUND_S), troubled(world, door, trouble) as url:
        ask, found = asked(world, door, records, url, waits, **(SHORT if trouble.slow else {}))
    assert half_kept(records.root) == []
    kinds = OTHERWISE.get((door.name, trouble.name), trouble.kinds)
    if kinds:
        (failure,) = found.failures.values()
        assert failure.kind in kinds, failure.message
        assert len(failure.message) > 20
        assert len(failure.remedy) > 15
        assert failure.service == ask.question.service or failure.kind == "disk"
        assert found.missing == dict.fromkeys(ask.gives, failure.message)
        assert (found.fetched, found.specs) == ((), {})
        assert not [path for path in records.root.rglob("*") if path.is_file()]
    else:
        assert not found.failures, found.failures
        assert told(door, found.records[ask.label]) == expected
    if trouble.name == "429 with Retry-After" and door.name != "WorldCover, blocks":
        assert set(waits) == {RETRY_AFTER_S}, "the service is left alone for as long as it wants"
    again, after = asked(world, door, records)
    assert not after.failures, after.failures
    assert after.fetched == ((again.label,) if kinds else ())
    assert told(door, after.records[again.label]) == expected
    assert half_kept(records.root) == []


def test_the_table_is_whole() -> None:
    """Every door and every fault that has a name occurs, each fault at more than one door where it can."""
    assert __doc__ is not None
    assert len(CASES) >= 60
    assert f"{len(CASES)} cases" in __doc__
    assert {trouble.name for _, trouble in CASES} >= set(NAMED)
    assert {door.name for door, _ in CASES} == {door.name for door in DOORS}
    everywhere = {"time-out", "slow drip", "truncated body", "404", "429", "503", "redirect loop", "empty list"}
    for name in everywhere:
        assert sum(trouble.name == name for _, trouble in CASES) == len(DOORS), name
    services = {door.service for door in DOORS}
    for name in ("refused connection", "certificate error", "disk full while recording"):
        assert {door.service for door, trouble in CASES if trouble.name == name} == services, name
