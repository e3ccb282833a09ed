"""Partial derivatives that are a few ufuncs in a row, written down so that the core runs them without Python.

A rule is run once with marks for what it is given. What it does to them is its program: steps of a ufunc and the
places of its operands among residuals, constants and results so far. A rule that does anything else has none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.arrays.core import LOOPS

if TYPE_CHECKING:
    from collections.abc import Callable

    Program = tuple[tuple[float, ...], tuple[tuple[Any, bytes], ...]]

MOST = 8


class Other(Exception):  # noqa: N818 - it is an answer, not a failure
    """The rule does something that no program can say."""


class Mark:
    """What stands for a value while a rule is written down."""

    def __init__(self, written: Writing, place: Any) -> None:
        self._written = written
        self._place = place

    def __neg__(self) -> Mark:
        return self._written.step(np.negative, self)

    def __bool__(self) -> bool:
        raise Other

    def __eq__(self, other: object) -> bool:
        raise Other  # as Python would answer it, no value were ever equal to another

    __hash__ = object.__hash__


def _operator(ufunc: np.ufunc) -> tuple[Callable[[Mark, Any], Mark], Callable[[Mark, Any], Mark]]:
    def plain(self: Mark, other: Any) -> Mark:
        return self._written.step(ufunc, self, other)

    def reflected(self: Mark, other: Any) -> Mark:
        return self._written.step(ufunc, other, self)

    return plain, reflected


for _name, _ufunc in (("add", np.add), ("sub", np.subtract), ("mul", np.multiply), ("truediv", np.divide)):
    for _prefix, _function in zip(("", "r"), _operator(_ufunc), strict=True):
        setattr(Mark, f"__{_prefix}{_name}__", _function)


class Writing:
    """A rule's program so far, and the namespace that it runs in meanwhile."""

    def __init__(self) -> None:
        self.constants: list[float] = []
        self.steps: list[tuple[np.ufunc, list[Any]]] = []

    def step(self, ufunc: np.ufunc, *operands: Any) -> Mark:
        """Write down one call."""
        places = []
        for operand in operands:
            if isinstance(operand, Mark):
                places.append(operand._place)
            elif type(operand) in {float, int}:
                places.append(("constant", len(self.constants)))
                self.constants.append(operand)
            else:
                raise Other
        self.steps.append((ufunc, places))
        return Mark(self, ("step", len(self.steps) - 1))

    def __getattr__(self, name: str) -> Callable[..., Mark]:
        ufunc: Any = getattr(np, name, None)
        if ufunc not in LOOPS:
            raise Other
        return lambda *operands: self.step(ufunc, *operands)


def program_of(rule: Callable[..., Any], residuals: int) -> Program | None:
    """Return the program of a partial derivative of so many residuals; None if it has none."""
    written = Writing()
    try:
        last = rule(written, *[Mark(written, ("residual", k)) for k in range(residuals)])
    except (Other, TypeError, AttributeError):
        return None
    steps, constants = written.steps, written.constants
    if not isinstance(last, Mark) or last._place != ("step", len(steps) - 1) or max(len(steps), len(constants)) > MOST:
        return None
    first = {"residual": 0, "constant": residuals, "step": residuals + len(constants)}
    return (
        tuple(constants),
        tuple((LOOPS[ufunc], bytes(first[kind] + k for kind, k in places)) for ufunc, places in steps),
    )
