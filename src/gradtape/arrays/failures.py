"""Turns what went wrong inside an operation into an error that names the argument, the shapes and the user's line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from gradtape.arrays.frames import user_frame
from gradtape.arrays.record import STATE
from gradtape.diagnostics import Site
from gradtape.errors import GradtapeError, OperandError, PositionError, ShapeError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

    from gradtape.ops import Op


Located = TypeVar("Located", bound=GradtapeError)


class MatrixError(GradtapeError, np.linalg.LinAlgError):
    """A matrix for which the operation has no answer: singular, not positive definite, or no convergence."""


def located(kind: type[Located], headline: str, frame: FrameType, *helps: str) -> Located:
    """Make an error whose text ends with the place in the user's code and what to do about it."""
    from gradtape.diagnostics import Annotation, Diagnostic, Severity

    span = (STATE.backward_of or Site.of(user_frame(frame))).span
    lines = [headline, f"  at {span.file}:{span.line}"]
    if span.text:
        lines[-1] += f": `{span.text.splitlines()[0]}`"
    lines += [f"  help: {text}" for text in helps]
    diagnostic = Diagnostic(None, Severity.ERROR, headline, (Annotation(span, primary=True),), helps=helps)
    return kind("\n".join(lines), diagnostic)


def describe(value: Any) -> str:
    """Say in a few words what was passed: `float32 array of shape (2, 3)`, `the number 3.0`, `a str`."""
    if isinstance(value, bool | int | float | complex):
        return f"the number {value!r}"
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"{value.dtype} array of shape {tuple(value.shape)}"
    return f"a {type(value).__name__}"


def operand_error(op: Op, arg: Any, position: int, frame: FrameType) -> GradtapeError:
    """Say that an argument is no array."""
    name = op.args[min(position, len(op.args) - 1)]
    what = "None" if arg is None else f"{describe(arg)} ({str(arg)[:40]!r})"
    helps = ["pass a tensor, an array or a number"]
    if arg is None:
        helps = ["None often comes from a function without `return`, or from an earlier gradient that is missing"]
    return located(OperandError, f"{op.name}: argument `{name}` cannot be used as an array: got {what}", frame, *helps)


def operation_error(
    op: Op, args: tuple[Any, ...], values: Sequence[Any], frame: FrameType, error: Exception
) -> Exception:
    """Say which operation failed on which arguments; the error keeps the built-in type that NumPy raised."""
    names = [f"{op.args[0]}[{k}]" for k in range(len(args))] if op.variadic else list(op.args)
    told = ", ".join(f"`{n}`: {describe(v)}" for n, v in zip(names, values, strict=False) if not _opaque(v))
    reason = (str(error).splitlines() or [type(error).__name__])[0].removeprefix(f"{op.name}: ")
    if isinstance(error, ValueError) and "broadcast" in reason:
        shapes = " and ".join(str(getattr(v, "shape", ())) for v in values)
        return located(
            ShapeError,
            f"{op.name}: shapes {shapes} do not broadcast together ({told})",
            frame,
            "shapes are compared from the right: two lengths must be equal or one of them 1; `x[:, None]` adds an axis",
        )
    kinds: dict[type[Exception], type[GradtapeError]] = {
        np.linalg.LinAlgError: MatrixError,
        IndexError: PositionError,
        ValueError: ShapeError,
        TypeError: OperandError,
    }
    for builtin, kind in kinds.items():
        if isinstance(error, builtin):
            return located(kind, f"{op.name}: {reason} ({told})", frame)
    error.add_note(str(located(GradtapeError, f"while computing {op.name} ({told})", frame)))
    return error


def _opaque(value: Any) -> bool:
    return type(value).__name__ == "Index"
