"""Keys of services: from the environment or a keyring, never from a file of the project, never shown."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, field

from justgeo.core.errors import SourceError

log = logging.getLogger(__name__)

VARIABLES = ("CENSUS_API_KEY", "US_CENSUS_API_KEY")
KEYRING = ("justgeo", "census")
SIGN_UP = "https://api.census.gov/data/key_signup.html"
HOW_TO = (
    f"ask for a free key at {SIGN_UP} (it comes by e-mail and has to be activated there), then set it in the "
    f"environment: export {VARIABLES[0]}=... (or keep it in your keyring: keyring set {' '.join(KEYRING)})."
)
MEND = (
    "see that the key was copied whole, and activated from the e-mail that it came with (a new one may need some "
    f"minutes); or ask for another at {SIGN_UP}."
)
HIDDEN = "[key]"


@dataclass(frozen=True)
class Key:
    """A secret and where it was found. Neither ``repr`` nor ``str`` shows it.

    Attributes
    ----------
    value : str
    origin : str
        ``"environment variable CENSUS_API_KEY"``, ``"keyring"``.
    """

    value: str = field(repr=False)
    origin: str

    def __str__(self) -> str:
        return HIDDEN


def census_key() -> Key | None:
    """The Census key, None where there is none."""
    for name in VARIABLES:
        value = os.environ.get(name, "").strip()
        if value:
            return Key(value, f"environment variable {name}")
    return _from_keyring()


def need_census_key() -> Key:
    """The Census key.

    Raises
    ------
    SourceError
        ``key``: there is none; with how to get one.
    """
    found = census_key()
    if found is None:
        raise SourceError(
            "The Census API answers only those who send a key, and none was found.",
            remedy=HOW_TO,
            kind="key",
            service="census_api",
        )
    return found


def _from_keyring() -> Key | None:
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        return None
    try:
        value = keyring.get_password(*KEYRING)
    except (KeyringError, OSError, RuntimeError) as error:
        # No keyring on this machine (a server without a desktop), or one that stays shut: the environment is the other
        # way. What the keyring said may hold what it holds, so its kind alone is told.
        log.info("The keyring cannot be read (%s).", type(error).__name__)
        return None
    return Key(value.strip(), "keyring") if value and value.strip() else None
