"""Where the derivative of an operation is exactly zero, and whether that is a defect: one row per operation and place.

A place is harmless where the function has a stationary point: at the minimum of a square the gradient is zero, and
right. It is flat where the function does not change around it, so that no training moves the source.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradtape.explain.pulls import Pull


def _no(pull: Pull) -> bool:
    del pull
    return False


class Flat(NamedTuple):
    """A place where operations have the derivative zero.

    Parameters
    ----------
    functions : frozenset of str
    holds : callable
        Whether a step of the backward pass was taken there.
    says : str
        Completes the message; `{f}` stands for the operation's name.
    helps : tuple of str
        What to do.
    harmless : bool
        Whether it is a stationary point: then the gradient is right, and only remarked on.
    by_others : bool
        Whether it is because other inputs are zero: if they move with the source too, it is a point and no region.
    everywhere : callable
        Whether it is so for all of the operation's values, told by what they are like: something that nothing came to
        because of a stationary point behind it.
    """

    functions: frozenset[str]
    holds: Callable[[Pull], bool]
    says: str
    helps: tuple[str, ...] = ()
    harmless: bool = False
    by_others: bool = False
    everywhere: Callable[[Pull], bool] = _no


def _number(pull: Pull, position: int) -> float | None:
    element = pull.element
    if element is None or position >= len(element.inputs):
        return None
    return element.inputs[position]


def _output(pull: Pull) -> float | None:
    return pull.element.output if pull.element is not None else None


def _outside_bounds(pull: Pull) -> bool:
    """Whether clip moved the element, or it lies on a bound."""
    before, after = _number(pull, 0), _output(pull)
    if before is None or after is None:
        return before is None
    bounds = [_number(pull, k) for k in range(1, 3)]
    bounds += [pull.operation.params.get(k) for k in ("a_min", "a_max", "min", "max")]
    return before != after or any(b == before for b in bounds if isinstance(b, int | float))


def _other_won(pull: Pull) -> bool:
    """Whether the other argument of a maximum or minimum was taken."""
    mine, other = _number(pull, pull.position), _number(pull, 1 - pull.position) if pull.position < 2 else None
    return mine is None or other is None or mine != other


def _not_positive(pull: Pull) -> bool:
    before = _number(pull, 0)
    return before <= 0 if before is not None else _output(pull) in {0.0, None}


def _at_a_limit(*limits: float) -> Callable[[Pull], bool]:
    def holds(pull: Pull) -> bool:
        after = _output(pull)
        return after is None or after in limits

    return holds


def _one_wide(pull: Pull) -> bool:
    """Whether a softmax runs over an axis of length one."""
    values = pull.inputs[0] if pull.inputs else None
    shape = values.shape if values is not None else pull.gave.shape
    axis = pull.operation.params.get("axis", pull.operation.params.get("dim", -1))
    axis = axis if isinstance(axis, int) else -1
    return bool(shape) and -len(shape) <= axis < len(shape) and shape[axis] == 1


def _finite(pull: Pull) -> bool:
    """Whether nothing says that the result is infinite: an infinite root has a zero slope, too."""
    return pull.output is None or pull.output.finite


def _always(pull: Pull) -> bool:
    del pull
    return True


def _the_slope(pull: Pull) -> bool:
    """Whether it is the argument of the function that the step is about, not what comes back to it."""
    return pull.position == 1


def times_zero(pull: Pull) -> bool:
    """Whether a factor is zero, everywhere or where something came."""
    others = [v for k, v in enumerate(pull.inputs) if k != pull.position and v is not None]
    if any(v.all_zero for v in others):
        return True
    element = pull.element
    return element is not None and any(v == 0 for k, v in enumerate(element.inputs) if k != pull.position)


def _base_is_zero(pull: Pull) -> bool:
    return pull.position == 0 and _number(pull, 0) in {0.0, None} and not _exponent_is_zero(pull)


def _exponent_is_zero(pull: Pull) -> bool:
    return pull.position == 0 and _number(pull, 1) == 0.0


def _never_positive(pull: Pull) -> bool:
    values = pull.inputs[0] if pull.inputs else None
    return values is not None and values.size > 0 and values.high <= 0


def _other_always_wins(pull: Pull) -> bool:
    """Whether the ranges of the two arguments do not even touch: which one is taken is the same everywhere."""
    if pull.position > 1 or len(pull.inputs) < 2:
        return False
    mine, other = pull.inputs[pull.position], pull.inputs[1 - pull.position]
    if mine is None or other is None:
        return False
    larger = pull.operation.function in {"maximum", "fmax"}
    return mine.high < other.low if larger else mine.low > other.high


def _always_outside(pull: Pull) -> bool:
    before, after = pull.inputs[0] if pull.inputs else None, pull.output
    if before is None or after is None or not after.size:
        return False
    return after.low == after.high and (before.low > after.high or before.high < after.low)


def _always_at(*limits: float) -> Callable[[Pull], bool]:
    def holds(pull: Pull) -> bool:
        return pull.output is not None and pull.output.low == pull.output.high and pull.output.low in limits

    return holds


def _one_side_only(pull: Pull) -> bool:
    """Whether the condition of a choice is the same everywhere, and takes the other side."""
    condition = pull.inputs[0] if pull.inputs else None
    if condition is None or not condition.size or pull.operation.function != "where":
        return False
    return condition.all_zero if pull.position == 1 else pull.position == 2 and condition.zeros == 0


RUNNING_PRODUCTS = frozenset({"prod", "nanprod", "cumprod", "nancumprod"})
"""Operations that multiply the elements of one argument: their derivative by one is zero where another is."""


def has_zeros(pull: Pull) -> bool:
    """Whether there is a zero among the elements that are multiplied."""
    values = pull.inputs[0] if pull.inputs else None
    return values is not None and values.zeros > 0


SLOPES_OF_STRAIGHT = frozenset({"relu_grad", "leaky_relu_grad", "relu6_grad"})
"""The derivatives of functions made of straight lines: they do not change with their second argument, the place."""

SLOPE_STAYS = "a derivative of a derivative: the slope of a function that is made of straight lines does not change"

SMOOTH_TWICE = "use a smooth function where the second derivative is needed: softplus, tanh, silu"

FLAT: tuple[Flat, ...] = (
    Flat(
        frozenset(
            {
                "clip",
                "clip_by_value",
                "clamp",
                "clamp_min",
                "clamp_max",
                "relu6",
                "hardtanh",
                "hard_tanh",
                "hard_sigmoid",
                "hardsigmoid",
            }
        ),
        _outside_bounds,
        "{f} is constant outside its bounds, and every value that matters lies there",
        ("leave the clipping out of what is differentiated, or clip the result instead",),
        everywhere=_always_outside,
    ),
    Flat(
        frozenset({"maximum", "minimum", "fmax", "fmin"}),
        _other_won,
        "{f} takes the other argument everywhere, so this one changes nothing",
        ("if it is to learn here too, use a smooth or leaky version",),
        everywhere=_other_always_wins,
    ),
    Flat(
        frozenset({"relu"}),
        _not_positive,
        "{f} is 0 for every value that arrives: all of them are negative or zero",
        ("use a leaky version, smaller steps, or another initial bias: a unit that is dead for all data stays dead",),
        everywhere=_never_positive,
    ),
    Flat(
        frozenset({"where", "select", "masked_fill"}),
        _always,
        "the condition takes the other side everywhere, so this one changes nothing",
        ("check the condition: no element takes this side",),
        everywhere=_one_side_only,
    ),
    Flat(
        frozenset({"sigmoid", "expit", "softsign", "ndtr"}),
        _at_a_limit(0.0, 1.0, -1.0),
        "{f} is saturated: its value is exactly 0 or 1 in this precision, and does not change",
        ("use the loss that takes the logits, or make its argument smaller",),
        everywhere=_always_at(0.0, 1.0, -1.0),
    ),
    Flat(
        frozenset({"tanh", "erf", "erfc"}),
        _at_a_limit(-1.0, 1.0, 0.0, 2.0),
        "{f} is saturated: its value is at its limit in this precision, and does not change",
        ("make its argument smaller: scale the inputs or the initial weights down",),
        everywhere=_always_at(-1.0, 1.0, 0.0, 2.0),
    ),
    Flat(
        frozenset({"softmax", "log_softmax", "cross_entropy", "softmax_cross_entropy_with_logits"}),
        _one_wide,
        "{f} over one value is a constant, whatever the value",
        ("give it one value per class, or use a sigmoid for a single one",),
    ),
    Flat(
        frozenset({"softmax"}),
        _always,
        "{f} is saturated, or all of its values are weighted alike: they add up to 1 whatever its argument is",
        ("take the gradient of the logits, or use the loss that takes the logits",),
    ),
    Flat(
        frozenset({"exp", "exp2"}),
        _at_a_limit(0.0),
        "{f} is exactly 0 in this precision for every value that arrives, and does not change",
        ("keep the exponent from being so negative: subtract the largest first, or work with logarithms",),
        everywhere=_always_at(0.0),
    ),
    Flat(
        frozenset({"leaky_relu", "elu", "celu", "selu", "gelu", "silu", "swish", "softplus", "mish"}),
        _always,
        "{f} is constant in this precision for every value that arrives",
        ("make its argument less negative: scale the inputs or the initial weights down",),
    ),
    Flat(
        frozenset({"fake_quant"}),
        _always,
        "{f} passes no gradient on for what lies outside of its range, and everything that arrives does",
        ("give it a range that covers the values", "or keep the values inside of it before"),
    ),
    Flat(
        SLOPES_OF_STRAIGHT,
        _the_slope,
        SLOPE_STAYS,
        (SMOOTH_TWICE,),
        everywhere=_the_slope,
    ),
    Flat(
        frozenset({"power", "float_power"}),
        _exponent_is_zero,
        "a power with the exponent 0 is 1 whatever the base",
        ("check the exponent",),
    ),
    Flat(
        frozenset({"divide"}),
        lambda pull: pull.position == 1 and 0.0 in {_number(pull, 0), _output(pull)},
        "what this divides is zero, whatever the divisor is",
        ("check what is divided",),
        by_others=True,
        everywhere=lambda pull: pull.position == 1 and pull.output is not None and pull.output.all_zero,
    ),
    Flat(
        RUNNING_PRODUCTS,
        has_zeros,
        "{f} multiplies by zeros: where another factor is 0, the product stays 0 whatever this one is",
        ("check which factors are 0: a mask, a probability that was cut off, weights that start at zero",),
    ),
    Flat(frozenset({"square"}), _always, "the derivative of {f} is zero at 0, where it is smallest", harmless=True),
    Flat(
        frozenset({"power", "float_power"}),
        _base_is_zero,
        "the derivative of {f} is zero where the base is 0",
        harmless=True,
    ),
    Flat(
        frozenset({"absolute", "abs", "fabs"}),
        _always,
        "{f} has its corner at 0, where the slope is taken as zero",
        harmless=True,
    ),
    Flat(
        frozenset({"sqrt", "norm", "hypot", "std", "var"}),
        _finite,
        "{f} is at its smallest here, where the slope is taken as zero",
        harmless=True,
    ),
    Flat(
        frozenset({"eigh", "svd"}),
        _always,
        "{f} gives no slope here: two of its values are equal, so that its vectors have none, or the target does not "
        "change as they turn",
        harmless=True,
    ),
)
"""Of several rows for one function the first that holds speaks."""

STRAIGHT = frozenset(
    {"relu", "relu6", "leaky_relu", "absolute", "abs", "fabs", "maximum", "minimum", "max", "min", "clip", "clamp"}
    | {"hard_tanh", "hard_sigmoid", "hard_swish", "hardtanh"}
)
"""Functions that are made of straight lines: they end no gradient, and every gradient of a gradient."""

KINKS = "has a derivative that is constant between its kinks, so the derivative of that is zero wherever it exists"
"""What is told of their second derivative."""

PRODUCTS = frozenset(
    {"multiply", "matmul", "dot", "einsum", "tensordot", "inner", "outer", "vdot", "vecdot", "linear", "dense", "bmm"}
    | {"conv1d", "conv2d", "conv3d", "convolve", "convolution", "depthwise_conv2d", "kron", "cross", "addmm", "matvec"}
)
"""Operations that are linear in each argument: their derivative by one is zero where the others are."""


ZEROS = Flat(
    PRODUCTS,
    times_zero,
    "it is multiplied by zeros here",
    ("check what it is multiplied by: a mask that leaves nothing, or weights that start at zero",),
    by_others=True,
    everywhere=lambda pull: any(v is not None and v.all_zero for k, v in enumerate(pull.inputs) if k != pull.position),
)
"""The row of the products."""


DEAD = next(row for row in FLAT if "relu" in row.functions)
"""The row of what gives zeros for all that is negative."""

SHRINKING = PRODUCTS | {"exp", "exp2", "power", "float_power", "prod", "divide", "softmax"}
"""Operations whose result may be too small for its dtype where no argument is."""

UNDERFLOW = Flat(
    PRODUCTS,
    times_zero,
    "{f} gives 0 here though none of its numbers is zero: the result is too small for this precision, and is lost",
    (
        "compute with logarithms: add where this multiplies, and take `logsumexp` where products are added up",
        "or divide by the sum in every round, and add up the logarithms of what was divided by",
    ),
)
"""The row of products with what has become zero on the way, and would not be with more digits."""


SPOKEN_OF = frozenset[str]().union(*(row.functions for row in (*FLAT, ZEROS)))
"""The functions that a row is about."""


def at_step(pull: Pull) -> Flat | None:
    """Return why the derivative is zero where a step of the backward pass was taken, None if no row knows.

    Nothing may have come to the step: then all of its values must lie where the derivative is zero.
    """
    rows = (ZEROS,) if pull.operation.function in PRODUCTS else FLAT
    dead = pull.came.all_zero
    return next(
        (
            row
            for row in rows
            if pull.operation.function in row.functions and (row.everywhere(pull) if dead else row.holds(pull))
        ),
        None,
    )


def by_name(function: str | None, pull: Pull) -> Flat | None:
    """Return the row of a function that a program called as a whole and of whose parts a step was taken."""
    return next(
        (
            row
            for row in FLAT
            if function in row.functions and (row.holds is _always or (row.holds is _one_wide and _one_wide(pull)))
        ),
        None,
    )


def as_called(row: Flat, function: str | None) -> Flat:
    """Return the row of the function that a program called, where the operation that a row is about is a part of it."""
    if row.harmless or function in row.functions:
        return row
    return next((r for r in FLAT if function in r.functions and not r.harmless and r.holds is not _one_wide), row)
