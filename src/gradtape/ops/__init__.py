"""The one table of operations. Importing the room loads the rows of NumPy's functions; the other families wait."""

import gc
from importlib import import_module
from pkgutil import iter_modules, walk_packages

from gradtape.ops.model import (
    Callback,
    Case,
    Cotangents,
    Domain,
    Foreign,
    General,
    Index,
    IntegerCast,
    Linear,
    Multilinear,
    NoTangent,
    NotYet,
    Op,
    Partial,
    Rule,
    Sampled,
    Spec,
    Status,
    Stopped,
    Undescribed,
    Unsupported,
    Zero,
)
from gradtape.ops.registry import COMPOSITES, OPS, Composite


def load_families(name: str = "") -> None:
    """Load the rows that not everybody needs: all families (the folders of this room), or the one of that name."""
    for family in iter_modules(__path__, f"{__name__}."):
        if family.ispkg and name in {"", family.name.rpartition(".")[2]}:
            for module in walk_packages(import_module(family.name).__path__, f"{family.name}."):
                import_module(module.name)


_collects = gc.isenabled()
gc.disable()  # all that is made here stays, and a look for garbage walks everything that was imported before
try:
    for _module in iter_modules(__path__, f"{__name__}."):
        if not _module.ispkg:
            import_module(_module.name)
finally:
    if _collects:
        gc.enable()

__all__ = [
    "COMPOSITES",
    "OPS",
    "Callback",
    "Case",
    "Composite",
    "Cotangents",
    "Domain",
    "Foreign",
    "General",
    "Index",
    "IntegerCast",
    "Linear",
    "Multilinear",
    "NoTangent",
    "NotYet",
    "Op",
    "Partial",
    "Rule",
    "Sampled",
    "Spec",
    "Status",
    "Stopped",
    "Undescribed",
    "Unsupported",
    "Zero",
    "load_families",
]
