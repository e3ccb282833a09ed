"""What `help` says of public functions that are made of rows: whose function it is, and where a gradient flows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradtape.ops import Composite, Op
from gradtape.ops.model import REQUIRED, General, Linear, Multilinear, NotYet, Partial, Rule, Status

if TYPE_CHECKING:
    from collections.abc import Iterator

HOW = {
    Partial: "Differentiable, element by element.",
    Linear: "Differentiable: the result is linear in it.",
    Multilinear: "Differentiable: the result is linear in it while the other arguments stand still.",
    General: "Differentiable.",
}


def home_of(row: Op | Composite) -> str | None:
    """Name the function that a row stands for with its library, `numpy.linalg.inv`, or None where it is our own."""
    if row.numpy:
        return f"numpy.{row.numpy}"
    return f"scipy.{row.scipy}" if row.scipy else None


def docstring(row: Op | Composite) -> str:
    """Write the docstring of a row's public function, in numpydoc's form."""
    home = home_of(row)
    if isinstance(row, Composite):
        own = row.fn.__doc__
        lead = f"What `{home}` gives, made of operations that are recorded." if home else f"Compute `{row.name}`."
        return f"{own.rstrip()}\n\n{lead}\n" if own and home else f"{own or lead}"
    lines = [f"Compute `{home or row.name}` and record it.", "", "Parameters", "----------", *_arguments(row, home)]
    result = f"What `{home}` gives" if home else f"What `{row.name}` gives"
    kind = f"tuple of {row.parts} Tensors" if row.parts else "Tensor"
    lines += ["", "Returns", "-------", kind, f"    {result} for the plain values, in the same shape and dtype."]
    return "\n".join(lines) + "\n"


def _arguments(row: Op, home: str | None) -> Iterator[str]:
    defaults = dict(row.params)
    for name in row.positions:
        if name in row.args:
            yield f"{name} : {'sequence of array_like' if row.variadic else 'array_like'}"
            yield f"    {how(row.statuses[row.args.index(name)])}"
        else:
            default = defaults.get(name)
            yield name if default is REQUIRED else f"{name} : optional"
            yield f"    As in `{home}`; no derivative." if home else "    No derivative."


def how(status: Rule | Status) -> str:
    """Say in a sentence whether and how a gradient flows to an argument."""
    if isinstance(status, Rule):
        return HOW[type(status)]
    raises = " A gradient that would have to pass raises `NoGradientError`." if isinstance(status, NotYet) else ""
    return f"No gradient: the function {status.reason}.{raises}"
