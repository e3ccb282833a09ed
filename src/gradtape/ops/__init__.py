"""The one table of operations. Importing the room loads the rows that nearly every program meets; the others wait."""

from importlib import import_module

from gradtape.ops.domains import Case, Domain
from gradtape.ops.model import (
    Callback,
    Cotangents,
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
from gradtape.ops.registry import COMPOSITES, NUMPY, OPS, Composite, load_families, loaded, publish, row_named

AT_ONCE = (
    "complexes",
    "control",
    "elementwise",
    "extrema",
    "indexing",
    "joining",
    "linalg",
    "ordering",
    "predicates",
    "reductions",
    "rounding",
    "scans",
    "shaping",
)
"""The files of rows that nearly every program meets, and all that have methods of tensors; the others wait."""

for _file in AT_ONCE:
    import_module(f"{__name__}.{_file}")
publish(NUMPY)

__all__ = [
    "COMPOSITES",
    "NUMPY",
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
    "loaded",
    "row_named",
]
