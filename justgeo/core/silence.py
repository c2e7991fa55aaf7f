"""What libraries tell developers is not for whoever measures a district."""

from __future__ import annotations

import sys


def silent_libraries() -> None:
    """Let no word of a library on its next version end a run, where warnings are errors (``PYTHONWARNINGS=error``).

    Other warnings stay what they were made: a division by zero is one that has to be seen.
    """
    if sys.warnoptions:
        import warnings

        for kind in (DeprecationWarning, PendingDeprecationWarning, FutureWarning):
            warnings.filterwarnings("ignore", category=kind)
