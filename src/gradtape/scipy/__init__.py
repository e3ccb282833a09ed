"""SciPy's functions on tensors: `import gradtape.scipy as gsp; gsp.special.erf(x)`, needs SciPy.

Examples
--------
>>> import gradtape as gt
>>> import gradtape.scipy as gsp
>>> x = gt.Variable(0.0)
>>> with gt.GradientTape() as tape:
...     y = gsp.special.erf(x)
>>> tape.gradient(y, x)
Tensor(1.12837917)
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from typing import Any

from gradtape.scipy._fft_backend import register

if find_spec("scipy"):
    register()

MODULES = tuple(m.name for m in iter_modules(__path__) if m.name != "publish" and not m.name.startswith("_"))
"""The modules of SciPy that are here."""

__all__ = list(MODULES)


def __getattr__(name: str) -> Any:
    """Import a module when it is first asked for."""
    if name in MODULES:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"gradtape.scipy has no module {name!r}; there are {', '.join(MODULES)}")


def __dir__() -> list[str]:
    return sorted({*globals(), *MODULES})
