"""Knocking at every service: whether it answers, how fast, what it has newest; and that no door holds anyone up."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from justgeo.catalogue import read as catalogue
from justgeo.core.errors import SourceError
from justgeo.core.service import Service
from justgeo.sources.live import probes
from justgeo.sources.live.http import Policy
from justgeo.sources.live.keys import Key
from justgeo.sources.live.probes import Probe
from tests import timed
from tests.live import census_town as town
from tests.live import square
from tests.loopback.server import Fault, Loopback, Request, Response, html_response, refused_url

CANARY = town.CANARY
KEY = Key(CANARY, "the test")
BRIEF = Policy(connect_s=1.0, read_s=1.0, total_s=3.0, tries=1)
ALL = tuple(catalogue.services())

NEWEST = {
    "census_api": "ACS 2020-2024",
    "census_files": "TIGER/Line 2024",
    "overpass": "2 slots available now.",
    "geofabrik": "of 2025-01-01",
    "mobility_database": "of 2025-01-01",
    "mrlc": "tree canopy 2023, impervious 2023, land cover 2023",
    "worldcover": "",
    "canopy_height": "",
    "landsat": "",
}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Loopback]:
    with Loopback(square.handler(tmp_path)) as running:
        yield running


def probe(service: Service, key: Key | None = None, year: int = 2024, policy: Policy = BRIEF) -> Probe:
    found = probes.probe(service, year, key, policy)
    shown = repr(found) + str(found.failure) + repr(found.failure.__cause__ if found.failure else "")
    assert CANARY not in shown
    assert (found.seconds is None) == (found.failure is not None and not found.mirror)
    return found


def failure(service: Service, key: Key | None = None, year: int = 2024) -> SourceError:
    found = probe(service, key, year)
    assert found.failure is not None and found.failure.remedy
    assert found.failure.service == service.id
    return found.failure


# Up -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
def test_a_service_that_is_well_says_what_it_has_newest(server: Loopback, name: str) -> None:
    found = probe(square.service(name, server.url))
    assert found.failure is None and found.mirror == ""
    assert found.seconds is not None and 0 < found.seconds < 2
    assert found.newest == NEWEST[name]
    assert server.requests and all(request.method == "GET" for request in server.requests)


def test_every_service_of_the_catalogue_is_known_here() -> None:
    assert set(NEWEST) == set(ALL)


def test_little_is_asked_of_those_who_have_large_files(server: Loopback) -> None:
    for name in ("census_files", "geofabrik", "mobility_database"):
        probe(square.service(name, server.url))
    assert {request.headers["Range"] for request in server.requests} == {"bytes=0-1023"}


def test_a_key_is_tried_out(server: Loopback) -> None:
    assert probe(square.service("census_api", server.url), KEY).newest == "it accepts the key; ACS 2020-2024"
    assert [request.first("key") for request in server.requests if request.first("for") == "us:1"] == [CANARY]


def test_a_key_that_is_not_accepted_says_how_to_get_one(server: Loopback) -> None:
    told = failure(square.service("census_api", server.url, server.url), Key("canary-key-wrong", "the test"))
    assert told.kind == "key" and "does not accept the key" in told.message and "key_signup" in told.remedy
    asked = [request for request in server.requests if request.first("for")]
    assert len(asked) == 1  # the mirror would not take it either


def test_a_key_goes_to_nobody_else(server: Loopback) -> None:
    for name in ALL:
        if name != "census_api":
            probe(square.service(name, server.url), KEY)
    assert not [request for request in server.requests if CANARY in request.raw_query]


# The newest ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("out", "newest"), [((2023,), 2023), ((2023, 2024), 2024), ((2023, 2025), 2025)])
def test_the_newest_is_looked_for_two_years_ahead(tmp_path: Path, out: tuple[int, ...], newest: int) -> None:
    with Loopback(square.handler(tmp_path, tiger=out)) as server:
        assert probe(square.service("census_files", server.url), year=2023).newest == f"TIGER/Line {newest}"


def test_a_newer_survey_is_told(server: Loopback) -> None:
    assert probe(square.service("census_api", server.url), year=2019).newest == "ACS 2015-2019"  # 2020, 2021: none
    with Loopback(lambda request: Response(200, b"{}", "application/json")) as everything:
        assert probe(square.service("census_api", everything.url), year=2024).newest == "ACS 2022-2026"


@pytest.mark.parametrize("name", ["census_api", "census_files"])
def test_a_year_that_is_not_there_is_told_with_another(server: Loopback, name: str) -> None:
    told = failure(square.service(name, server.url), year=2027)
    assert told.kind == "missing" and "acs = 2026" in told.remedy and "https://www.census.gov" in told.remedy


def test_trouble_with_the_next_year_is_no_trouble_with_this_one(server: Loopback) -> None:
    server.fail(Fault.status(503), times=-1, when=lambda request: "2024" not in request.path)
    found = probe(square.service("census_files", server.url))
    assert found.newest == "TIGER/Line 2024 (whether there is a newer one could not be asked)"
    server.calm()
    server.fail(Fault.html(), times=-1, when=lambda request: "2025" in request.path)
    assert probe(square.service("census_files", server.url)).newest == "TIGER/Line 2024"  # a page is no newer file


# Grids --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", square.LAYERS)
def test_a_layer_that_was_renamed_names_the_product_page(server: Loopback, name: str) -> None:
    """The server says it with 200, in XML; of any of the layers, not of the first alone."""
    layer = square.LAYERS[name]
    report = (
        '<?xml version="1.0" encoding="UTF-8"?><ServiceExceptionReport version="1.2.0" >   <ServiceException '
        f'code="InvalidParameterValue" locator="coverage">\n      Could not find the specified coverage: {layer}\n'
        "</ServiceException></ServiceExceptionReport>"
    )
    gone = Fault.instead("renamed", Response(200, report.encode(), "application/vnd.ogc.se_xml"))
    server.fail(gone, times=-1, when=lambda request: request.first("coverage") == layer)
    service = square.service("mrlc", server.url)
    told = failure(service)
    assert told.kind == "missing" and f"there is no layer {layer}" in told.message
    assert service.page in told.remedy and "catalogue" in told.remedy


def test_a_workspace_that_is_gone_names_the_product_page(server: Loopback) -> None:
    service = square.service("mrlc", server.url, layers={"tree_canopy": "Gone"})
    told = failure(service)
    assert told.kind == "missing" and service.page in told.remedy


def test_the_newest_year_is_not_cut_off(tmp_path: Path) -> None:
    """Forty years do not fit into the first bytes of the answer."""
    with Loopback(square.handler(tmp_path, years=range(1985, 2026))) as server:
        assert "tree canopy 2025" in probe(square.service("mrlc", server.url)).newest


# Down ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
def test_a_service_that_is_down(name: str) -> None:
    told = failure(square.service(name, refused_url()))
    assert told.kind == "refused" and "online" in told.remedy


@pytest.mark.parametrize("name", sorted({*ALL} - {"worldcover", "canopy_height"}))
def test_a_web_page_is_no_answer(server: Loopback, name: str) -> None:
    server.fail(Fault.redirect_to_page(), times=-1)
    told = failure(square.service(name, server.url))
    assert told.kind == "damaged" and "web page" in told.message


@pytest.mark.parametrize("name", ["worldcover", "canopy_height"])
def test_a_root_that_lists_nothing_is_an_answer_with_its_time(name: str) -> None:
    def refuses(request: Request) -> Response:
        time.sleep(0.05)
        return Response(403, b"<Error><Code>AccessDenied</Code></Error>", "application/xml")

    with Loopback(refuses) as server:
        found = probe(square.service(name, server.url))
        assert found.failure is None and found.seconds is not None and found.seconds >= 0.05


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault.status(503), "busy"),
        (Fault.too_many(3600), "busy"),
        (Fault.reset(), "partial"),
        (Fault.redirect_loop(), "damaged"),
        (Fault.status(403), "missing"),
    ],
    ids=lambda told: told if isinstance(told, str) else told.name,
)
def test_other_troubles_are_told_as_what_they_are(server: Loopback, fault: Fault, kind: str) -> None:
    server.fail(fault, times=-1)
    assert failure(square.service("census_api", server.url), KEY).kind == kind
    assert len(server.requests) <= 12  # nothing is tried again, redirects apart


def test_something_else_behind_the_address_is_told(server: Loopback) -> None:
    """A file where the address was given to somebody else: neither HTML nor what is due."""
    with Loopback(lambda request: Response(200, b"Welcome to nginx", "text/plain")) as other:
        for name in ("census_api", "census_files", "landsat"):
            told = failure(square.service(name, other.url))
            assert told.kind == "damaged" and "Welcome" in told.message


def test_what_a_server_says_is_fit_for_a_screen() -> None:
    said = "\x1b[31m12 slots available now.\x07" + "x" * 500
    with Loopback(lambda request: Response(200, said.encode(), "text/plain")) as server:
        newest = probe(square.service("overpass", server.url)).newest
    assert newest.isprintable() and newest.startswith("[31m12 slots") and len(newest) == 80


def test_a_server_that_says_the_key_again_is_not_repeated() -> None:
    with Loopback(lambda request: Response(400, f"error: unknown {request.raw_query}".encode())) as server:
        assert "[key]" in failure(square.service("census_api", server.url), KEY).message


# Mirrors ------------------------------------------------------------------------------------------


def test_a_mirror_is_asked_where_the_first_address_fails(server: Loopback) -> None:
    found = probe(square.service("overpass", refused_url(), server.url))
    assert found.failure is not None and found.failure.kind == "refused"
    assert found.mirror == server.url.removeprefix("http://") and found.newest == "2 slots available now."
    assert found.seconds is not None


def test_without_need_no_mirror_is_asked(server: Loopback) -> None:
    with Loopback(lambda request: html_response("no", "no")) as mirror:
        probe(square.service("overpass", server.url, mirror.url))
        assert mirror.requests == []


def test_where_all_fail_the_first_failure_is_told() -> None:
    with Loopback(lambda request: Response(404)) as second:
        found = probe(square.service("overpass", refused_url(), second.url))
    assert found.failure is not None and found.failure.kind == "refused" and found.mirror == ""


def test_a_service_without_an_address() -> None:
    service = replace(square.service("overpass", "http://127.0.0.1"), urls=())
    told = probe(service).failure
    assert told is not None and told.kind == "refused" and "[services]" in told.remedy


# In time ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [Fault.silence(), Fault.slow_headers(0.05)], ids=lambda fault: fault.name)
@pytest.mark.parametrize("name", ["census_api", "mrlc", "overpass", "worldcover"])
def test_a_service_that_hangs_holds_nobody_up(server: Loopback, name: str, fault: Fault) -> None:
    server.fail(fault, times=-1)
    policy = Policy(connect_s=0.1, read_s=0.15, total_s=0.4, tries=1)
    with timed.waits(policy.total_s):
        found = probe(square.service(name, server.url, server.url), KEY, policy=policy)
    assert found.failure is not None and found.failure.kind == "timeout"


def test_a_service_that_drips_is_as_slow_as_it_may_be(server: Loopback) -> None:
    server.fail(Fault.slow_drip(0.1), times=-1)
    policy = Policy(connect_s=0.2, read_s=0.3, total_s=0.4, tries=1)
    with timed.waits(policy.total_s):
        probe(square.service("mrlc", server.url), policy=policy)


def test_the_true_policy_is_short() -> None:
    assert probes.POLICY.total_s <= 30 and probes.POLICY.tries == 1
