"""The same inputs, the same bytes: what is changed around a run that must change nothing in its outputs.

``tests/test_determinism.py`` runs each. `MAY_DIFFER` of ``outputs.py`` names all that two runs may tell differently.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.faults.case import Case

GROUP = "The same inputs, the same bytes"
EVERY = "every file of the outputs has the same bytes; of the manifest all but the time at which the run ended"
MORE = ("--sensitivity",)
"""Asked of some runs, so that the further folder is held too."""


@dataclass(frozen=True)
class Way:
    """One way of making the same run.

    Attributes
    ----------
    told : mapping
        For `nursery.Nursery.start`.
    alter : tuple
        A function of `altered` with what it is given.
    place : str
        Where the outputs go, from a folder of the test.
    files : str
        Which files have to be the same: all, or all that tell no way of declaring.
    """

    cases: tuple[Case, ...]
    told: Mapping[str, Any] = field(default_factory=dict)
    alter: tuple[Any, ...] = ()
    place: str = "case/out"
    more: tuple[str, ...] = ()
    """Further words of the command; of a run without `MORE` the further folder is not looked at."""


def _case(name: str, what: str, times: int = 1, holds: str = EVERY) -> Case:
    return Case(f"determinism/{name}", GROUP, what, holds, times=times)


def _way(name: str, what: str, *others: tuple[str, str], **told: Any) -> Way:
    own = {key: told.pop(key) for key in ("alter", "place", "more") if key in told}
    return Way((_case(name, what), *(_case(*other) for other in others)), told, **own)


WAYS = (
    _way("again", "a second run", more=MORE),
    _way(
        "listing/1",
        "the files of each folder are listed in another order at each look",
        ("zone/in-process", "the time zone is another one than that of the machine"),
        ("umask", "new files are for their owner alone"),
        prepare="shuffled",
        how={"seed": 1},
        env={"TZ": "Asia/Kathmandu"},
        umask=0o077,
        more=MORE,
    ),
    _way(
        "listing/2",
        "the same in a third order",
        ("cwd", "the run starts from another folder"),
        ("place", "the outputs lie elsewhere, under a name of another script"),
        prepare="shuffled",
        how={"seed": 2},
        cwd="/",
        place="case/deeper/出力/out",
    ),
    _way("layers/order", "the layers stand in `district.toml` from the last to the first", alter=("layers_turned",)),
    _way("store/cold", "the layers are kept in a store that is new", more=("--records", "{kept}")),
    _way("store/warm", "the layers come from that store", more=("--records", "{kept}")),
)
DECLARED = "determinism/layers/order"
"""Of this way the digest of ``district.toml`` itself is another one: the manifest says so, and nothing else does."""


@dataclass(frozen=True)
class Started:
    """A new interpreter, and the cases that its run tries at once."""

    env: Mapping[str, str]
    cases: tuple[Case, ...]


IN_C = Started(
    {
        "PYTHONHASHSEED": "0",
        "TZ": "America/St_Johns",
        "LC_ALL": "C",
        "OMP_NUM_THREADS": "2",
        "OPENBLAS_NUM_THREADS": "2",
    },
    (
        _case("hash-seed/0", "PYTHONHASHSEED is 0 (it is 1 where nothing else is said)"),
        _case("zone/st-johns", "TZ is America/St_Johns, three and a half hours behind"),
        _case("locale/c", "LC_ALL is C"),
        _case("threads/2", "OpenMP and OpenBLAS have two threads"),
    ),
)
"""Tried in the interpreter of ``surroundings.py`` that is started with LC_ALL=C too: to start one takes six seconds."""
STARTED = (
    Started(
        {
            "PYTHONHASHSEED": "random",
            "TZ": "Asia/Kathmandu",
            "LC_ALL": "C.UTF-8",
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
        },
        (
            _case("hash-seed/random", "PYTHONHASHSEED is random"),
            _case("zone/kathmandu", "TZ is Asia/Kathmandu, five hours and three quarters ahead"),
            _case("locale/utf-8", "LC_ALL is C.UTF-8"),
            _case("threads/1", "OpenMP and OpenBLAS have one thread"),
        ),
    ),
)
BATCH = (
    _case(
        "batch/listing",
        "a batch, with the files of each folder listed in another order",
        holds="every file of the batch has the same bytes",
    ),
)
EXPORTS = (
    _case("export/docx", "a Word document is made twice, on two days", holds="the same bytes"),
    _case("export/pdf", "a PDF is made twice, on two days", holds="the same bytes"),
)
CASES = (
    *(case for one in (*WAYS, IN_C, *STARTED) for case in one.cases),
    *BATCH,
    *EXPORTS,
)
