"""Where operations have no finite derivative, or no value: one row per operation and place. By NumPy's names.

The names are those of `Operation.function`. An operation that is not here can still be blamed: its step of the backward
pass shows that something finite came and something infinite or NaN was given.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, NamedTuple

from gradtape.explain.graph import HOOK

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gradtape.explain.graph import Summary
    from gradtape.explain.pulls import Pull


class Where(NamedTuple):
    """Numbers from `low` to `high`; of their sizes if `size`."""

    low: float
    high: float
    size: bool = False

    def holds(self, number: float | None) -> bool:
        """Whether a number is one of them."""
        return number is not None and self.low <= (abs(number) if self.size else number) <= self.high

    def among(self, values: Summary | None) -> bool:
        """Whether some of the values certainly are."""
        if values is None:
            return False
        if self.low == self.high == 0.0:
            return values.zeros > 0
        return self.holds(values.low) or self.holds(values.high)


ZERO = Where(0.0, 0.0)
AT_MOST_ZERO = Where(-inf, 0.0)
NEGATIVE = Where(-inf, -5e-324)
AT_LEAST_ONE_IN_SIZE = Where(1.0, inf, size=True)
OUTPUT = -1
"""Stands for the operation's result among the inputs of a row."""


class Singular(NamedTuple):
    """A place where operations have no finite derivative.

    Parameters
    ----------
    functions : tuple of str
    at : mapping
        What the inputs are there, by position (`OUTPUT` for the result); empty where an element cannot show it.
    says : str
        Completes the message; `{f}` stands for the operation's name.
    helps : tuple of str
        What to do; `{x}` stands for the first argument, `{f}` for the function as the program calls it, `{module}` for
        the framework's module.
    instead : mapping
        What shows it where an input was not kept: as `at`.
    position : int or None
        The input whose derivative it is, if not every one's.
    shown : bool
        Whether the numbers at the place show it: the argument of a hook is a gradient, not the value that it is of.
    """

    functions: tuple[str, ...]
    at: Mapping[int, Where]
    says: str
    helps: tuple[str, ...]
    instead: Mapping[int, Where] = {}
    position: int | None = None
    shown: bool = True

    def holds(self, pull: Pull) -> bool:
        """Whether a step of the backward pass was taken there."""
        if self.position not in {None, pull.position}:
            return False
        if not self.at:
            return True
        return _all_hold(self.at, pull) or (bool(self.instead) and _all_hold(self.instead, pull))

    def met(self, inputs: tuple[Summary | None, ...], output: Summary | None) -> bool:
        """Whether an operation that made something infinite or NaN ran there, by what its inputs were like."""
        return all(
            where.among(output if k == OUTPUT else inputs[k] if k < len(inputs) else None)
            for k, where in self.at.items()
        )


def _all_hold(at: Mapping[int, Where], pull: Pull) -> bool:
    element = pull.element
    if element is None:
        return False
    return all(
        where.holds(element.output if k == OUTPUT else element.inputs[k] if k < len(element.inputs) else None)
        for k, where in at.items()
    )


SINGULAR: tuple[Singular, ...] = (
    Singular(
        (HOOK,),
        {},
        "what this hook gives in the place of the gradient that comes to it is not finite",
        ("let the hook give finite numbers for whatever comes, zeros included",),
        shown=False,
    ),
    Singular(
        ("sqrt",),
        {0: NEGATIVE},
        "{f} of a negative number is not a number",
        ("keep the argument positive before the root is taken",),
    ),
    Singular(
        ("sqrt",),
        {0: ZERO},
        "the derivative of {f} is infinite at 0",
        ("add a small number under the root: `{f}({x} + 1e-12)`",),
        {OUTPUT: ZERO},
    ),
    Singular(
        ("rsqrt",),
        {0: AT_MOST_ZERO},
        "{f} has no finite value and derivative at 0 and below",
        ("add a small number under the root: `{f}({x} + 1e-12)`",),
    ),
    Singular(
        ("cbrt",),
        {0: ZERO},
        "the derivative of {f} is infinite at 0",
        ("keep the argument away from 0",),
        {OUTPUT: ZERO},
    ),
    Singular(
        ("norm", "vector_norm", "matrix_norm"),
        {OUTPUT: ZERO},
        "the derivative of {f} is 0/0 where the vector is zero",
        ("use the sum of squares without the root, or put a small number under it: `sqrt(sum({o} * {o}) + 1e-12)`",),
    ),
    Singular(
        ("std", "std_mean", "reduce_std"),
        {OUTPUT: ZERO},
        "the derivative of {f} is 0/0 where all values are equal",
        ("use the variance, or the root of the variance plus a small number",),
    ),
    Singular(
        ("std", "std_mean", "var", "var_mean"),
        {},
        "{f} is 0/0 here: there is one value less than it needs",
        ("divide by the number of values instead of one less, or leave out groups of one",),
    ),
    Singular(
        ("power", "float_power"),
        {0: ZERO},
        "the derivative of {f} is infinite where the base is 0 and the exponent is less than 1",
        ("keep the base away from 0, for example with `{x} + 1e-12`",),
        position=0,
    ),
    Singular(
        ("power", "float_power"),
        {0: NEGATIVE},
        "{f} of a negative base is not a number, or has no derivative by its exponent",
        ("keep the base positive",),
    ),
    Singular(
        ("power", "float_power"),
        {0: ZERO},
        "the derivative of {f} by its exponent is 0 * log(0) where the base is 0",
        ("keep the base away from 0, for example with `{x} + 1e-12`",),
        position=1,
    ),
    Singular(
        ("log", "log2", "log10", "xlogy"),
        {0: AT_MOST_ZERO},
        "{f} and its derivative are not finite at 0 and below",
        (
            "keep the argument above 0: `{f}({x} + 1e-12)`",
            "of a probability take the logarithm together with what makes it: log_softmax, log_sigmoid, logsumexp",
        ),
    ),
    Singular(
        ("log1p",),
        {0: Where(-inf, -1.0)},
        "{f} and its derivative are not finite at -1 and below",
        ("keep the argument above -1",),
    ),
    Singular(
        ("arcsin", "arccos", "arctanh"),
        {0: AT_LEAST_ONE_IN_SIZE},
        "the derivative of {f} is infinite at 1 and -1, and it has no value beyond",
        (
            "keep the argument inside: clip it to -1 + 1e-7 and 1 - 1e-7",
            "an angle between vectors is well-behaved with arctan2 of sine and cosine",
        ),
    ),
    Singular(
        ("arccosh",),
        {0: Where(-inf, 1.0)},
        "the derivative of {f} is infinite at 1, and it has no value below",
        ("keep the argument above 1",),
    ),
    Singular(
        ("erfinv",),
        {0: AT_LEAST_ONE_IN_SIZE},
        "{f} and its derivative are infinite at 1 and -1",
        ("keep the argument inside (-1, 1)",),
    ),
    Singular(
        ("logit",),
        {0: AT_MOST_ZERO},
        "{f} and its derivative are infinite at 0 and 1",
        ("keep the argument inside (0, 1)",),
    ),
    Singular(
        ("logit",),
        {0: Where(1.0, inf)},
        "{f} and its derivative are infinite at 0 and 1",
        ("keep the argument inside (0, 1)",),
    ),
    Singular(
        ("entr", "rel_entr", "kl_div"),
        {0: AT_MOST_ZERO},
        "the derivative of {f} is infinite at 0",
        ("keep the argument above 0",),
    ),
    Singular(
        ("divide",),
        {1: ZERO},
        "this divides by 0",
        ("keep the divisor away from 0, or choose a safe one with `{where}` before dividing",),
    ),
    Singular(("reciprocal",), {0: ZERO}, "this divides by 0", ("keep the argument away from 0",)),
    Singular(("remainder", "fmod", "floor_divide"), {1: ZERO}, "this divides by 0", ("keep the divisor away from 0",)),
    Singular(
        ("arctan2",),
        {0: ZERO, 1: ZERO},
        "the derivative of {f} is 0/0 at the origin: the angle of a zero vector is any",
        ("keep one of the arguments away from 0, before the function is called",),
    ),
    Singular(
        ("hypot",),
        {0: ZERO, 1: ZERO},
        "the derivative of {f} is 0/0 at the origin",
        ("use the sum of squares without the root, or put a small number under it",),
    ),
    Singular(
        ("normalize", "l2_normalize"),
        {OUTPUT: ZERO},
        "{f} divides by the length of a zero vector",
        ("add a small number to the length",),
    ),
    Singular(
        ("gammaln", "gamma", "digamma", "polygamma"),
        {0: AT_MOST_ZERO},
        "{f} has poles at 0 and the negative integers",
        ("keep the argument positive",),
    ),
    Singular(
        ("eigh", "eigvalsh", "eig", "eigvals", "svd", "svdvals"),
        {},
        "the derivative of {f} divides by the gaps between the values, and two of them coincide here",
        ("use only what does not depend on the single vectors, or part the values: add a small diagonal that differs",),
    ),
    Singular(
        ("inv", "solve", "det", "slogdet", "cholesky", "pinv", "lstsq", "triangular_solve"),
        {},
        "the derivative of {f} is not finite: the matrix is singular here",
        ("add a small multiple of the identity to the matrix",),
    ),
)
"""Of several rows for one function the first that holds speaks."""


def at_step(pull: Pull, called: str | None = None) -> Singular | None:
    """Return what is singular where a step of the backward pass was taken; said of the function that was `called`."""
    function = plain(pull.operation.function)
    row = next((row for row in SINGULAR if function in row.functions and row.holds(pull)), None)
    if row is None or called is None or called in row.functions:
        return row
    return next((r for r in SINGULAR if called in r.functions and r.at), row)


def at_run(function: str, inputs: tuple[Summary | None, ...], output: Summary | None) -> Singular | None:
    """Return what is singular where an operation ran."""
    return next((row for row in SINGULAR if plain(function) in row.functions and row.met(inputs, output)), None)


def plain(function: str) -> str:
    """Return a function's name without its module: `eigh` of `linalg.eigh` or `linalg_eigh`."""
    return function.rpartition(".")[2].removeprefix("linalg_").removeprefix("special_")
