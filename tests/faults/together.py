"""Two at once: on one folder of outputs, one store of records, one outline. What is done, and what must hold."""

from __future__ import annotations

from tests.faults.case import Case

GROUP = "Two at once"
ONE = "the folder holds the whole outputs of one of them; nothing is left beside it"


def _case(name: str, what: str, holds: str = ONE) -> Case:
    return Case(f"together/{name}", GROUP, what, holds)


CASES = (
    _case("runs/new", "two runs into one new folder reach the last step at the same time"),
    _case("runs/old", "two runs into a folder that holds the outputs of an earlier run"),
    _case("runs/other", "two runs of two outlines into one folder"),
    _case("runs/killed", "one of two runs into one folder is killed at its last step", f"the other goes on; {ONE}"),
    _case("runs/stopped", "one of two runs into one folder is stopped by Ctrl-C", f"the other goes on; {ONE}"),
    _case(
        "runs/store",
        "two runs fill one store of layers, both new to it",
        "both have the bytes of a run alone; so has the next, which reads the store",
    ),
    _case(
        "outline",
        "the outline is replaced while a run stands on it",
        "the run is refused and the earlier outputs are whole, or all of it is of one of the two outlines",
    ),
    _case(
        "layer",
        "a table of counts is replaced while a run stands on it",
        "the run is refused and names the file; the earlier outputs are whole",
    ),
    _case(
        "reader",
        "somebody reads the page while a run replaces it",
        "the reader has the old page to its end; the folder holds the new outputs whole",
    ),
    _case(
        "note",
        "somebody puts a note into the folder of outputs just before a run replaces it",
        "the note is there afterwards",
    ),
    _case(
        "batches",
        "a batch begins in a folder that another one writes into",
        "it is refused and says so; the other one ends with the bytes of a batch alone",
    ),
    _case(
        "batch/stopped",
        "a batch is stopped by Ctrl-C before its table takes its place, and made again",
        "exit status 130; the second one ends with the bytes of a batch alone",
    ),
    _case(
        "records",
        "two fetches keep the answer to one question at the same time",
        "one record stands, whole; both have it",
    ),
    _case(
        "records/killed",
        "one of two fetches is killed just before its record is put there",
        "the other one's stands, whole",
    ),
)
