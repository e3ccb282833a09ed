"""The compiled hot path, where it was built: an extension that does what functions of Python do, only faster.

If it is there, `apply` and its short ways (`dispatch.py`), operators, brackets and NumPy's protocols (`tensor.py`),
events (`record.py`), the ends of the usual question (`tape/usual.py`) and the loop of the sweep (`tape/pulls.py`) are
taken from `CORE`. The environment's `GRADTAPE_CORE=0` leaves it out, so that both can be tested and compared.
`tools/core.py` builds it; docs/decisions/0028-an-optional-compiled-core.md says what it costs.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

import numpy as np


def load() -> Any:
    """Return the extension, None where it was not built or is not wanted."""
    if os.environ.get("GRADTAPE_CORE") == "0":
        return None
    try:
        return import_module("gradtape.arrays._core")
    except ImportError:
        return None


CORE = load()
BY_ROWS = frozenset({np.add, np.subtract, np.multiply, np.divide})
"""Whose results do not depend on where a row of them begins, to the last bit."""
PLAIN = [np.matmul, *(f for f in vars(np).values() if type(f) is np.ufunc and f.signature is None)]
LOOPS: dict[Any, Any] = {} if CORE is None else {f: CORE.loop(f, f in BY_ROWS, f is np.matmul) for f in PLAIN}
"""What the core calls NumPy's ufuncs by where arrays are small: their loops. Called from Python they are the ufuncs."""
