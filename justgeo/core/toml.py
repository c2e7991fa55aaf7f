"""TOML that a person wrote: plain values, or a refusal in words for all that TOML's own reader falls over."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from typing import Any

from justgeo.core.errors import ConfigError
from justgeo.core.texts import refuse_unseen, within

_MOST = 2**63
"""Whole numbers beyond it are beyond TOML's own bounds, and overflow where they are counted with."""


def parsed(text: str, name: str) -> Mapping[str, Any]:
    """Plain values of a text.

    Parameters
    ----------
    text : str
    name : str
        Of the file, for messages.

    Raises
    ------
    ConfigError
        It is no TOML, nested too deep, or holds a number that counts nothing (``nan``, ``inf``, thousands of digits).
    """
    try:
        told = refuse_unseen(tomllib.loads(text), name, ConfigError)
    except tomllib.TOMLDecodeError as why:
        remedy = "mend that line; write folders with / and texts in quotes."
        raise ConfigError(f"{name} is not TOML: {why}.", remedy=remedy) from why
    except (ValueError, RecursionError) as why:  # a number of thousands of digits; lists within lists without end
        remedy = "write numbers of up to 18 digits, and lists and tables side by side."
        raise ConfigError(f"{name} cannot be read as TOML: {why}.", remedy=remedy) from why
    for one, _ in within(told):
        # Compared first: a whole number of hundreds of digits is no float. What is no number fails both.
        if isinstance(one, int | float) and not (abs(one) < _MOST and math.isfinite(one)):
            shown = "a number of hundreds of digits" if isinstance(one, int) else str(one)
            raise ConfigError(
                f"{name} holds {shown}, which counts nothing.", remedy="write a number of up to 18 digits."
            )
    return told
