"""Test modules as pytest rewrites them, written beside the sources: ``python -m tests.rewritten``.

Each of several processes of a suite would rewrite all of them anew, where Python keeps nothing that it compiles
(``PYTHONDONTWRITEBYTECODE``): half a minute of processor.
"""

from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from types import SimpleNamespace

from _pytest.assertion import rewrite

HERE = Path(__file__).parent
WAYS = ("get_cache_dir", "PYC_TAIL", "_read_pyc", "_rewrite_test", "_write_pyc")
"""Pytest's own ways, which another version may not have: then each process rewrites for itself, as before."""


def write(path: Path) -> None:
    """One module, where pytest looks for it; what cannot be read is pytest's to tell."""
    kept = rewrite.get_cache_dir(path)
    kept.mkdir(exist_ok=True)
    target = kept / (path.stem + rewrite.PYC_TAIL)
    if rewrite._read_pyc(path, target) is not None:
        return
    try:
        told, code = rewrite._rewrite_test(path, None)  # type: ignore[arg-type]
    except SyntaxError:
        return
    rewrite._write_pyc(SimpleNamespace(trace=print), code, told, target)  # type: ignore[arg-type]


def main() -> int:
    """All modules of the suite, the longest first."""
    if not all(hasattr(rewrite, name) for name in WAYS):
        print("tests are not rewritten beforehand: this pytest has other ways")
        return 0
    paths = sorted([*HERE.rglob("test_*.py"), *HERE.rglob("conftest.py")], key=lambda path: -path.stat().st_size)
    with ProcessPoolExecutor() as pool:
        for _ in pool.map(write, paths, chunksize=8):
            pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
