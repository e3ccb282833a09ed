"""The compiled hot path, where it was built: an extension that does what functions of Python do, only faster.

If it is there, `apply` and its short ways (`dispatch.py`), operators, brackets and NumPy's protocols (`tensor.py`), and
the loop of the sweep (`tape/pulls.py`) are taken from `CORE`. The environment's `GRADTAPE_CORE=0` leaves it out, so
that both can be tested and compared. `tools/core.py` builds it; docs/decisions/0028-an-optional-compiled-core.md says
what it costs.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any


def load() -> Any:
    """Return the extension, None where it was not built or is not wanted."""
    if os.environ.get("GRADTAPE_CORE") == "0":
        return None
    try:
        return import_module("gradtape.arrays._core")
    except ImportError:
        return None


CORE = load()
