"""Rows of the operations that answer: comparisons, tests, logic, and arithmetic on whole numbers."""

from __future__ import annotations

from typing import Any

from gradtape.ops.domains import case
from gradtape.ops.model import NoTangent, Partial, Zero
from gradtape.ops.registry import composite, op

TRUTH = NoTangent("answers True or False, and an answer has no derivative")
WHOLE = NoTangent("works on whole numbers, which cannot move a little")
SPACING = Zero("is constant between powers of two, so its derivative is zero wherever it exists")
DIRECTION = Zero("only says in which direction the next number lies")
TOGETHER = (case((2, 3)), case((2, 3), axis=0), case((2, 3), axis=-1, keepdims=True))
INTEGERS = (case([6, 4], [4, 10]),)

for _name in (
    "equal",
    "not_equal",
    "less",
    "less_equal",
    "greater",
    "greater_equal",
    "logical_and",
    "logical_or",
    "logical_xor",
):
    op(_name, "a, b", a=TRUTH, b=TRUTH, elementwise=True)
for _name in ("logical_not", "isfinite", "isinf", "isnan", "signbit"):
    op(_name, "x", x=TRUTH, elementwise=True)
for _name in ("isposinf", "isneginf", "isreal", "iscomplex"):
    op(_name, "x", x=TRUTH, cases=(case((2, 3)),))
for _name, _aliases in {
    "bitwise_and": (),
    "bitwise_or": (),
    "bitwise_xor": (),
    "left_shift": ("bitwise_left_shift",),
    "right_shift": ("bitwise_right_shift",),
    "gcd": (),
    "lcm": (),
}.items():
    op(_name, "a, b", aliases=_aliases, a=WHOLE, b=WHOLE, elementwise=True, cases=INTEGERS)
op("invert", "x", aliases=("bitwise_invert", "bitwise_not"), x=WHOLE, elementwise=True, cases=(case([6, 4]),))
op("bitwise_count", "x", x=WHOLE, elementwise=True, cases=(case([6, 4]),))
op("isclose", "a, b, rtol=1e-05, atol=1e-08, equal_nan=False", a=TRUTH, b=TRUTH, elementwise=True)
op("nextafter", "a, b", a=Partial(lambda xp, y, a, b: 1.0), b=DIRECTION)
op("spacing", "x", x=SPACING, elementwise=True)

for _name in ("all", "any"):
    op(_name, "a, axis=None, ~out=None, keepdims=False", methods=(_name,), a=TRUTH, cases=TOGETHER)
op(
    "count_nonzero",
    "a, axis=None, keepdims=False",
    cases=TOGETHER,
    a=Zero("counts, and a count is constant until an element reaches zero"),
)


def all_close(xp: Any, a: Any, b: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
    """Answer with a Python bool: a branch, as far as a tape is concerned."""
    return bool(xp.all(xp.isclose(a, b, rtol=rtol, atol=atol, equal_nan=equal_nan)))


def array_equal(xp: Any, a1: Any, a2: Any, equal_nan: bool = False) -> bool:
    """Answer whether two arrays have one shape and the same elements."""
    a, b = xp.shaped(a1), xp.shaped(a2)
    if a.shape != b.shape:
        return False
    same = xp.equal(a, b)
    if equal_nan:
        same = xp.logical_or(same, xp.logical_and(xp.isnan(a), xp.isnan(b)))
    return bool(xp.all(same))


def array_equiv(xp: Any, a1: Any, a2: Any) -> bool:
    """Answer whether two arrays that broadcast together have the same elements."""
    try:
        return bool(xp.all(xp.equal(a1, a2)))
    except ValueError:
        return False


composite("allclose", all_close)
composite("array_equal", array_equal)
composite("array_equiv", array_equiv)

NO_ROW = {
    "isnat": "answers about dates, which no tensor holds",
}
"""NumPy's ufuncs without a row, and why: they are computed as NumPy does and end the path."""
