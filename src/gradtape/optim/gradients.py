"""What an optimizer is handed: pairs of gradients and variables, checked before anything is changed."""

from __future__ import annotations

import cmath
import math
import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gradtape.arrays.dispatch import Node, is_differentiable
from gradtape.arrays.failures import describe, located
from gradtape.arrays.frames import user_frame
from gradtape.arrays.variable import Variable
from gradtape.errors import (
    DTypeError,
    MissingGradientError,
    MissingGradientWarning,
    NotFiniteError,
    OperandError,
    ShapeError,
    SourceError,
)
from gradtape.tape import missing
from gradtape.tape.structure import flatten

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import FrameType


class Pair(NamedTuple):
    """A variable, the plain array of its gradient, None if it has none, and how messages call the variable."""

    gradient: Any
    variable: Variable
    path: str


def variables_of(given: Any, frame: FrameType, what: str = "variables") -> dict[str, Variable]:
    """Flatten what holds variables: a list, a nested structure, or something with `trainable_variables`.

    Returns
    -------
    dict
        The variables by their places in what was given.

    Raises
    ------
    SourceError
        If something in it is no variable, or is there twice.
    DTypeError
        If values of a variable's dtype cannot move a little.
    """
    if hasattr(given, "trainable_variables"):
        given = list(given.trainable_variables)
    elif not isinstance(given, list | tuple | dict | Node) and hasattr(given, "__iter__"):
        given = list(given)
    found: dict[str, Variable] = {}
    seen: dict[int, str] = {}
    for path, leaf in flatten(given):
        name = f"{what}{path}"
        if not isinstance(leaf, Variable):
            raise located(
                SourceError,
                f"`{name}` is {describe(leaf)}, not a variable: it has no value that could be replaced",
                frame,
                "make it a `gradtape.Variable`, and compute the loss from that",
            )
        if id(leaf) in seen:
            raise located(
                SourceError,
                f"`{name}` is the same variable as `{seen[id(leaf)]}`",
                frame,
                "pass each variable once: its gradient already adds up all its uses",
            )
        if not is_differentiable(leaf._value):
            raise located(
                DTypeError,
                f"{called(leaf, name, frame)} has dtype {leaf.dtype}, whose values cannot move a little",
                frame,
                "make it floating point (`3.0` instead of `3`, or `dtype=float`), or leave it out",
            )
        seen[id(leaf)] = name
        found[name] = leaf
    return found


def called(variable: Variable, path: str, frame: FrameType) -> str:
    """Return how a message calls a variable: its name in the program, or its own name, or its place."""
    from gradtape.recorders.naming import Naming

    name = Naming(user_frame(frame)).of(variable) or variable.name
    return f"`{name}`" if name is not None else f"`{path}`"


def pair_up(gradients: Any, variables: Mapping[str, Variable], frame: FrameType) -> list[Pair]:
    """Line up gradients with variables, and check that they fit; of None and of numbers, others judge.

    Raises
    ------
    ShapeError
        If there are more or fewer gradients than variables, or a shape is another.
    OperandError, DTypeError
        If a gradient is no array of numbers, or complex for a real variable.
    """
    found = _leaves(gradients, list(variables))
    if len(found) != len(variables):
        raise located(
            ShapeError,
            f"grads: {len(found)} gradients for {len(variables)} variables",
            frame,
            "pass one gradient per variable, in the same order; None where there is none",
        )
    return [
        Pair(_plain(gradient, variable, f"grads{path}", name, frame), variable, name)
        for (path, gradient), (name, variable) in zip(found, variables.items(), strict=True)
    ]


def _leaves(gradients: Any, paths: list[str]) -> list[tuple[str, Any]]:
    """Flatten gradients as far as the variables are nested: in a list of variables, a gradient may be a list itself."""
    if len(paths) == 1 and not paths[0].endswith("]"):
        return [("", gradients)]
    if not isinstance(gradients, list | tuple | dict | Node) and hasattr(gradients, "__iter__"):
        gradients = list(gradients)
    if isinstance(gradients, list | tuple) and [p.partition("[")[2] for p in paths] == [
        f"{k}]" for k in range(len(gradients))
    ]:
        return [(f"[{k}]", gradient) for k, gradient in enumerate(gradients)]
    return list(flatten(gradients))


def _plain(gradient: Any, variable: Variable, path: str, name: str, frame: FrameType) -> Any:
    if gradient is None:
        return None
    plain = gradient._value if isinstance(gradient, Node) else gradient
    if not isinstance(plain, np.ndarray | np.generic):
        try:
            plain = np.asarray(plain)
        except (TypeError, ValueError):
            plain = np.empty((), object)
    told = called(variable, name, frame) if _wrong(plain, variable) else ""
    if plain.dtype.kind not in "fciub" and not is_differentiable(plain):
        raise located(
            OperandError,
            f"`{path}`, the gradient of {told}, is {describe(gradient)}, not an array of numbers",
            frame,
            "pass what `tape.gradient` returned",
        )
    if plain.shape != variable._value.shape:
        raise located(
            ShapeError,
            f"`{path}` has shape {plain.shape}, {told} has shape {variable.shape}",
            frame,
            "a gradient has its variable's shape; are gradients and variables in the same order?",
        )
    if plain.dtype.kind == "c" != variable._value.dtype.kind:
        raise located(
            DTypeError,
            f"`{path}` has dtype {plain.dtype}, {told} has dtype {variable.dtype}",
            frame,
            "a real variable has a real gradient: `tape.gradient` of a real loss gives it, or take `np.real` of yours",
        )
    return plain


def _wrong(plain: Any, variable: Variable) -> bool:
    """Whether something about a gradient will be said, for which the variable needs a name."""
    return plain.dtype.kind != "f" or bool(plain.shape != variable._value.shape)


def is_finite(array: Any) -> bool:
    """Whether all elements are finite; one pass in the usual case. The sum may overflow: call it in `errstate`."""
    return cmath.isfinite(np.add.reduce(array, axis=None)) or bool(np.isfinite(array).all())


def check_finite(pairs: Sequence[Pair], frame: FrameType) -> None:
    """Refuse gradients that are not finite: applied, they would ruin their variables for good.

    Raises
    ------
    NotFiniteError
    """
    with np.errstate(all="ignore"):
        odd = [pair for pair in pairs if not is_finite(pair.gradient)]
    if not odd:
        return
    gradient, variable, path = odd[0]
    nans = int(np.isnan(gradient).sum())
    infinite = int(gradient.size - np.isfinite(gradient).sum()) - nans
    what = " and ".join(f"{n} {word}" for n, word in ((nans, "NaN"), (infinite, "infinite")) if n)
    raise located(
        NotFiniteError,
        f"the gradient of {called(variable, path, frame)} is not finite: {what} of {gradient.size}; "
        "no variable was changed",
        frame,
        "`tape.why(loss, variables)` shows the operation where that began",
        "`clipvalue=`, a smaller learning rate, or `LossScaleOptimizer` for half precision, may keep it finite",
    )


def without_missing(pairs: Sequence[Pair], frame: FrameType, told: set[int]) -> list[Pair]:
    """Leave out variables without gradients, and warn of each of them once, with the reason that the tape knows.

    Parameters
    ----------
    pairs : sequence of Pair
    frame : FrameType
    told : set of int
        Ids of the variables of which was warned; added to.

    Raises
    ------
    MissingGradientError
        If no variable has a gradient.
    """
    absent = [pair for pair in pairs if pair.gradient is None]
    if not absent:
        return list(pairs)
    if len(absent) == len(pairs):
        _refuse(absent, frame)
    if missing.LISTENERS:  # whoever listens to the tape tells the reasons
        return [pair for pair in pairs if pair.gradient is not None]
    place = user_frame(frame)
    for _, variable, path in absent:
        if variable._id in told:
            continue
        told.add(variable._id)
        reason = missing.reason_of(variable)
        why = "the tape that answered was not heard here; `tape.why(loss, variables)` tells"
        if reason is not None:
            from gradtape.render import concise

            why = concise.gradient(reason)
        warnings.warn_explicit(
            f"{called(variable, path, frame)} stays as it is, because its gradient is None: {why}",
            MissingGradientWarning,
            place.f_code.co_filename,
            place.f_lineno,
            place.f_globals.get("__name__", "__main__"),
            place.f_globals.setdefault("__warningregistry__", {}),
        )
    return [pair for pair in pairs if pair.gradient is not None]


def _refuse(absent: Sequence[Pair], frame: FrameType) -> None:
    """Say that nothing can be updated, and why.

    Raises
    ------
    MissingGradientError
    """
    from gradtape.explain import Explanation

    names = ", ".join(called(variable, path, frame) for _, variable, path in absent)
    known = [r for _, variable, _ in absent if (r := missing.reason_of(variable)) is not None]
    headline = f"nothing to update: the gradient of {names} is None"
    if not known:
        help = "`tape.why(loss, variables)` tells why; these gradients came from no tape that was asked just now"
        if missing.LISTENERS:
            help = "the report of the gradients that were asked for tells why"
        raise located(MissingGradientError, headline, frame, help)
    told = Explanation(tuple(known))
    raise MissingGradientError(f"{headline}\n{told}", told.first_diagnostic)


def clipped_by_norm(gradient: Any, limit: float) -> Any:
    """Scale a gradient to a Euclidean norm of at most `limit`."""
    norm = math.sqrt(sum_of_squares(gradient))
    return gradient if norm <= limit else gradient * gradient.dtype.type(limit) / gradient.dtype.type(norm)


def clipped_by_global_norm(gradients: Sequence[Any], limit: float) -> list[Any]:
    """Scale gradients by a common factor to a Euclidean norm, of all together, of at most `limit`."""
    norm = math.sqrt(sum(map(sum_of_squares, gradients)))
    if norm <= limit:
        return list(gradients)
    return [g * g.dtype.type(limit / norm) for g in gradients]


def sum_of_squares(array: Any) -> float:
    """Return the squared Euclidean norm; one pass unless the squares are too large for the dtype."""
    flat = array.ravel()
    with np.errstate(all="ignore"):
        total = float(np.vdot(flat, flat).real)
        if not math.isfinite(total):
            wide = np.abs(flat).astype(np.float64)
            total = float(np.vdot(wide, wide))
    return total
