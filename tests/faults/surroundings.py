"""Surroundings that are odd: clocks, homes, consoles, locales, names, limits. What is done, and what must hold.

`ODD` is run by ``test_surroundings.py``, each on the `hamlet`; new interpreters are shared by several of them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from tests.faults import determinism
from tests.faults.altered import TEXTS
from tests.faults.oddity import Interpreter, Odd, at_once, by, case, odd

DAY = 86_400.0
FEW = ("DEM-00.population", "BEL-02", "ENV-03")
"""Measured where the run is ended: what is asked is what is left. A survey and a grid are read for them."""

CLOCKS = (
    odd("clock/back", "the clock goes back a day between any two looks at it", "same", **by("clock", shifts=[0, -DAY])),
    odd("clock/on", "the clock jumps ten years on and back", "same", **by("clock", shifts=[0, 3650 * DAY])),
    odd("clock/1970", "the clock of the machine stands in 1970", "same", **by("clock", shifts=[-1.7e9])),
    odd("files/1970", "all input files are of 1970", "same", alter=("times", 0.0)),
    odd("files/future", "all input files are of the year 2096", "same", alter=("times", 4.0e9)),
)
_NO_XDG = {"XDG_CACHE_HOME": None, "XDG_CONFIG_HOME": None, "XDG_DATA_HOME": None}
HOMES = (
    odd("home/none", "there is no HOME and no XDG folder", "same", env={"HOME": None, **_NO_XDG}),
    odd("home/file", "HOME is a file", "same", env={"HOME": "/etc/hostname", **_NO_XDG}),
    odd("home/read-only", "HOME cannot be written to", "same", env={"HOME": "/proc", **_NO_XDG}),
    odd(
        "home/invented",
        "an invented district is asked for and the cache cannot be written to",
        "refused",
        "/proc",
        env={"HOME": "/proc", **_NO_XDG},
        alter=("invented",),
    ),
    odd(
        "home/unknown",
        "the outputs are to go to the home of nobody",
        "refused",
        "~nobody-of-this-name",
        argv=("-q", "run", "{district}", "--out", "~nobody-of-this-name/out"),
    ),
    odd("tmp/none", "no folder for temporary files can be written", "same", **by("no_scratch")),
    odd("tmp/full", "the disk for temporary files is full", "same", **by("full_scratch")),
    odd("user/stranger", "a user runs it who owns neither the district nor its files", "same", **by("stranger")),
)
_LIST = ("indicators", "list")
CONSOLES = (
    odd("locale/comma", "the locale has a decimal comma", "same", **by("comma")),
    odd("locale/c", "the C library is told LC_ALL=C", "same", **by("set_locale", name="C")),
    odd(
        "console/ascii",
        "the console knows ASCII alone, and the district has a name of three scripts",
        "same",
        encoding="ascii",
    ),
    odd("console/latin", "the console knows Latin-1 alone", "same", encoding="latin-1"),
    odd(
        "console/closed",
        "stdin, stdout and stderr are closed before it begins",
        "same",
        **by("closed", numbers=[0, 1, 2]),
    ),
    odd("console/no-stdin", "stdin is closed", "same", **by("closed", numbers=[0])),
    odd("console/hung-up", "whoever read progress and output is gone when the run begins", "same", **by("hung_up")),
    odd("console/narrow", "a terminal of ten columns", "said", "BEL-02", argv=_LIST, env={"COLUMNS": "10"}),
    odd("console/wide", "a terminal of 100,000 columns", "said", "BEL-02", argv=_LIST, env={"COLUMNS": "100000"}),
    odd(
        "console/error-hung-up",
        "the district is not there and nobody can read that",
        "said",
        argv=("-q", "run", "nowhere"),
        holds="the exit status is 2",
        **by("hung_up"),
    ),
)
ENVIRONMENTS = (
    odd("umask/077", "new files are for their owner alone", "same", umask=0o077),
    odd("umask/000", "new files are for everybody", "same", umask=0o000),
    odd(
        "environment/proxies",
        "proxies are named that are not there",
        "same",
        env=dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy"), "http://127.0.0.1:9"),
    ),
    odd("environment/warnings", "every warning is an error", "same", **by("strict_warnings")),
)
LIMITS = (
    odd("limit/files-64", "64 files may be open", "same", **by("open_files", most=64)),
    odd(
        "limit/files-5",
        "two files may be open besides the standard streams",
        "refused",
        "Too many open files",
        **by("open_files", most=5),
    ),
    odd(
        "limit/memory",
        "a megabyte of memory is left",
        "refused",
        "not enough memory",
        "smaller district",
        **by("memory", free_mb=1),
    ),
    *(
        odd(
            f"limit/memory-{name}",
            f"{what} asks for more memory than there is",
            "refused",
            "not enough memory",
            rows=FEW,
            **by("large", where=where),
        )
        for name, what, where in (
            ("reading", "a grid", "justgeo.sources._readers:_read_raster"),
            ("measuring", "a measure", "justgeo.measuring:measure"),
            ("page", "the page", "justgeo.report.page:write"),
            ("moving", "the last step of writing", "justgeo.report.write:_swap"),
        )
    ),
)
LINES = (
    odd(
        "text/crlf", "all texts have lines that end as on Windows", "numbers", alter=("each", "crlf"), times=len(TEXTS)
    ),
    odd("text/bom", "all texts begin with a byte-order mark", "numbers", alter=("each", "marked"), times=len(TEXTS)),
    *(
        odd(
            f"text/utf-16/{one}",
            f"`{one}` is in UTF-16",
            "refused",
            one.rpartition("/")[2].lower(),
            alter=("one", "utf16", one),
        )
        for one in (
            "district.toml",
            "answers.yml",
            "counts.csv",
            "acs2024/acsdt5y2024-b25003.dat",
            "gtfs/stops.txt",
            "gtfs/stop_times.txt",
            "line.geojson",
            "streets.osm",
        )
    ),
)
NAMES: Mapping[str, tuple[str, ...]] = {
    "spaces": ("a b", " before", "after ", "two  spaces"),
    "quotes": ("it's", 'a "b"', "`c`"),
    "shell": ("#1", "50%20off", "what?", "a&b;c", "*", "[a]{b}!", "$HOME", "a\\b"),
    "scripts": ("東の村", "Ñandú", unicodedata.normalize("NFD", "Ñandú"), "🌲🏘", "ßİı"),
    "formats": ("a.zip", "vsizip", "a:b", "s3", "<b>x", "a.gpkg", "a.tar.gz"),
    "dashes": ("-rf", "--out", "..a", "-"),
    "long": ("x" * 240, "y" * 240, "z" * 240),
    "newline": ("a\nb", "tab\tc"),
}
PLACES = (
    *(
        odd(
            f"folder/{name}",
            f"the folders above are called {', '.join(map(repr, parts))[:90]}",
            "same",
            folder="/".join(parts),
            times=len(parts),
        )
        for name, parts in NAMES.items()
    ),
    odd("folder/linked", "the district lies behind two links", "same", alter=("linked",), folder="linked"),
    odd(
        "folder/loop",
        "the outputs are to go behind links that lead to one another",
        "refused",
        "leads nowhere",
        alter=("looped",),
        argv=("-q", "run", "{district}", "--out", "{folder}/loop/out"),
    ),
    odd(
        "folder/relative",
        "the paths are told from another folder",
        "same",
        argv=("-q", "run", "../here", "--out", "../out"),
        cwd="{folder}/gtfs/..",
    ),
    odd("folder/gone", "the working folder was removed; all paths are whole", "same", **by("homeless")),
    odd(
        "folder/gone-relative",
        "the working folder was removed, and a path starts from it",
        "refused",
        "working folder",
        argv=("-q", "run", "{district}", "--out", "out"),
        **by("homeless"),
    ),
    odd(
        "windows/drive",
        "a layer has a path with a drive of Windows",
        "refused",
        "path of Windows",
        "streets.osm",
        alter=("named", '"streets.osm"', "'C:\\data\\streets.osm'"),
    ),
    odd(
        "windows/slashes",
        "a layer has a path with a drive and slashes",
        "refused",
        "path of Windows",
        alter=("named", '"streets.osm"', '"C:/data/streets.osm"'),
    ),
    odd(
        "windows/boundary",
        "the boundary has a path of Windows",
        "refused",
        "path of Windows",
        alter=("named", '"line.geojson"', "'.\\line.geojson'"),
    ),
    odd(
        "windows/unescaped",
        "a path of Windows in quotes, which TOML reads as signs",
        "refused",
        "not TOML",
        "with /",
        alter=("named", '"streets.osm"', '"C:\\data\\streets.osm"'),
    ),
)
LIBRARIES = (
    odd(
        "library/none",
        "all libraries of all extras are missing",
        "same",
        **by(
            "without",
            names=("docx", "reportlab", "matplotlib", "fsspec", "s3fs", "distributed", "keyring", "censusdis"),
        ),
    ),
    *(
        odd(
            f"library/{name}",
            f"{name} is missing for an export to {kind}",
            "refused",
            "justgeo[export]",
            argv=("export", "{plain}", "--format", kind, "--out", "{folder}/exported"),
            **by("without", names=(name,)),
        )
        for name, kind in (("docx", "docx"), ("reportlab", "pdf"), ("matplotlib", "pdf"))
    ),
    odd(
        "library/fsspec",
        "fsspec is missing and records are at a URL",
        "refused",
        "justgeo[batch]",
        argv=("-q", "run", "{district}", "--records", "s3://bucket/x"),
        **by("without", names=("fsspec", "s3fs")),
    ),
    odd(
        "library/distributed",
        "dask.distributed is missing and a cluster is named",
        "refused",
        "justgeo[batch]",
        argv=(
            "-q",
            "batch",
            "{folder}/line.geojson",
            "--settings",
            "{folder}",
            "--out",
            "{folder}/many",
            "--scheduler",
            "tcp://127.0.0.1:9",
        ),
        **by("without", names=("distributed",)),
    ),
    odd(
        "library/censusdis",
        "censusdis is missing and is to give the tables",
        "ill",
        "justgeo[census]",
        argv=("doctor", "{folder}", "--offline"),
        alter=("asking",),
        **by("without", names=("censusdis",)),
    ),
)
STOPS = tuple(
    odd(f"ctrl-c/{name}", f"Ctrl-C {when}", "stopped", rows=FEW, **by("stops", where=where, at=at))
    for name, when, where, at in (
        ("settings", "while the settings are read", "justgeo.config:_toml", 1),
        ("layers", "while a layer is read", "justgeo.sources._readers:_read_raster", 1),
        ("survey", "while the survey is read", "justgeo.sources.census:read_acs", 1),
        ("measuring", "while a measure is made", "justgeo.measuring:reduce", 3),
        ("page", "while the page is written", "justgeo.report.page:write", 1),
        ("tables", "while the tables are written", "justgeo.report.tables:write_gpkg", 1),
        ("sealing", "while the files are sealed", "justgeo.report.write:sha256", 3),
        ("moving", "just before the outputs take their place", "justgeo.report.write:_swap", 1),
    )
)


_COLD = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
INTERPRETERS: Mapping[str, Interpreter] = {
    "plain-c": Interpreter(
        "same",
        {**determinism.IN_C.env, **_COLD, "GDAL_DATA": "{empty}", "PROJ_NETWORK": "ON"},
        ("-OO",),
        (
            case("start/c", "the program is started with LC_ALL=C and without UTF-8"),
            case("start/gdal-data", "GDAL_DATA leads to an empty folder"),
            case("start/proj-network", "PROJ_NETWORK is ON"),
            case("start/optimized", "PYTHONOPTIMIZE is 2: neither assertions nor docstrings are there"),
        ),
    ),
    "turkish": Interpreter(
        "same",
        {
            "LC_ALL": "tr_TR.UTF-8",
            "PYTHONIOENCODING": "ascii",
            "PYTHONWARNINGS": "error",
            "GDAL_DRIVER_PATH": "{empty}",
        },
        (),
        (
            case("start/turkish", "the program is started with LC_ALL=tr_TR.UTF-8"),
            case("start/ascii", "PYTHONIOENCODING is ascii"),
            case("start/warnings", "PYTHONWARNINGS is error"),
            case("start/gdal-drivers", "GDAL_DRIVER_PATH leads to an empty folder"),
        ),
    ),
    "no-proj": Interpreter(
        "refused",
        {"PROJ_DATA": "{empty}", "PROJ_LIB": "{empty}"},
        (),
        (case("start/proj-empty", "PROJ_DATA and PROJ_LIB lead to an empty folder", "refused"),),
        ("PROJ_DATA", "Unset"),
    ),
    "old-proj": Interpreter(
        "refused",
        {"PROJ_DATA": "{old}"},
        (),
        (case("start/proj-old", "PROJ_DATA leads to a database that PROJ does not know", "refused"),),
        ("PROJ_DATA", "Unset"),
    ),
}

SHARED = (
    ("clock/back", "files/future", "umask/077", "environment/proxies", "folder/linked"),
    ("clock/on", "files/1970", "umask/000", "home/none", "folder/gone"),
    ("clock/1970", "home/read-only", "locale/comma", "console/ascii"),
    ("home/file", "tmp/none", "console/closed", "environment/warnings"),
    ("tmp/full", "console/latin", "console/no-stdin", "library/none", "folder/long"),
    (
        "limit/files-64",
        "console/hung-up",
        "locale/c",
        "user/stranger",
        "folder/spaces",
        "folder/quotes",
        "folder/shell",
        "folder/scripts",
        "folder/formats",
        "folder/dashes",
        "folder/newline",
    ),
)
"""Which of them are tried in one run."""


def _shared() -> tuple[Odd, ...]:
    every = (*CLOCKS, *HOMES, *CONSOLES, *ENVIRONMENTS, *LIMITS, *LINES, *PLACES, *LIBRARIES, *STOPS)
    known = {one.cases[0].id.partition("/")[2]: one for one in every}
    shared = tuple(at_once(*(known.pop(name) for name in names)) for names in SHARED)
    return (*shared, *known.values())


ODD = _shared()
CASES = (*(case for odd in ODD for case in odd.cases), *(case for one in INTERPRETERS.values() for case in one.cases))
