"""Ask whether a version that justgeo was tested with has a known vulnerability: pip-audit on constraints.txt.

    python tools/audit.py

Ends with 0 where every package was looked up and none has one, with 1 where one has, and with 2 where some could not be
looked up: that is no clean bill, and pip-audit alone would end with 0 then.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PINS = ROOT / "constraints.txt"
CLEAN, VULNERABLE, UNKNOWN = 0, 1, 2
PATIENCE_S = 600


def main() -> int:
    asked = [sys.executable, "-m", "pip_audit", "-r", str(PINS), "--no-deps", "--disable-pip", "--format", "json"]
    asked += ["--progress-spinner", "off", "--timeout", "20"]
    try:
        done = subprocess.run(asked, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
        told = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        return _say(UNKNOWN, f"not audited: no answer within {PATIENCE_S} s")
    except json.JSONDecodeError:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        return _say(UNKNOWN, f"not audited: pip-audit ended with {done.returncode}: {last}")
    return _say(*judged(told))


def judged(told: Mapping[str, Any]) -> tuple[int, str]:
    """Status and words of what pip-audit found.

    Parameters
    ----------
    told : mapping
        Its JSON: ``dependencies``, each with ``vulns``, or with ``skip_reason``.

    Returns
    -------
    int
        ``CLEAN``, ``VULNERABLE`` or ``UNKNOWN``.
    str
        Lines for who runs it.
    """
    rows = list(told["dependencies"])
    bad = [(one, hole) for one in rows for hole in one.get("vulns", ())]
    skipped = [one for one in rows if "skip_reason" in one]
    lines = [
        f"{one['name']} {one['version']}: {hole['id']}; mended in {', '.join(hole['fix_versions']) or 'no version yet'}"
        for one, hole in bad
    ]
    if skipped:
        lines.append(f"not audited: {len(skipped)} of {len(rows)} packages, {skipped[0]['name']} among them")
    if not rows:
        lines.append(f"not audited: {PINS.name} names nothing")
    if bad:
        lines.append("What to do: raise the pin in constraints.txt and the range in pyproject.toml, and run the tests.")
        return VULNERABLE, "\n".join(lines)
    if skipped or not rows:
        lines.append("What to do: run it again where the index of packages and its advisories are reached.")
        return UNKNOWN, "\n".join(lines)
    return CLEAN, f"audited: {len(rows)} packages, no known vulnerability"


def _say(status: int, words: str) -> int:
    sys.stderr.write(f"{words}\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
