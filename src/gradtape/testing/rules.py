"""The generic check of a row of the table: everything that can be wrong with a rule, tried on every row alike."""

from __future__ import annotations

import inspect
import warnings
from itertools import product
from operator import attrgetter
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np

from gradtape.arrays.dispatch import apply, is_differentiable
from gradtape.arrays.doors import SPACE
from gradtape.arrays.variable import Variable
from gradtape.errors import NoGradientError
from gradtape.ops import Case, Cotangents, Index, Linear, Multilinear, NotYet, Op, Partial, Rule, Spec, Zero
from gradtape.spaces.numpy_space import scipy_function, xp
from gradtape.tape.gradient_tape import GradientTape
from gradtape.testing.grads import check_grads, outputs, plain
from gradtape.testing.modes import check_forward, check_jacobians

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gradtape.ops import Domain

NUMBERS = (0.7, 1.5, -0.4)
"""Python numbers, which some rules take a shorter way for, where the domain of an argument has them."""

SHAPES = {1: ((2, 3), (), (0, 3)), 2: ((2, 3), (3,)), 3: ((2, 3), (3,), (2, 1))}


def check_rule(op: Op) -> None:
    """Check one row: its values, its rules to second order, its dtypes, and the shapes that are easily forgotten.

    Every `Case` of the row is tried; an elementwise row also gets cases of its own: equal shapes, all ways of
    broadcasting, 0-d and empty arrays. Each argument is also passed with strides that are not those of a fresh array.

    Parameters
    ----------
    op : Op
        A row, from `gradtape.ops.OPS` or one of your own.

    Raises
    ------
    AssertionError
        If a value differs from NumPy's function, a gradient from the difference quotient, a dtype from its source's, or
        the kind of a rule is not what the operation is.

    Examples
    --------
    >>> from gradtape.ops import OPS
    >>> from gradtape.testing import check_rule
    >>> check_rule(OPS["tanh"])
    """
    tried = 0
    for case in cases_of(op):
        try:
            check_case(op, case)
        except AssertionError as error:
            raise AssertionError(f"row {op.name}, {case}: {error}") from None
        tried += 1
    if not tried and any(op.rules) and not op.plumbing:
        raise AssertionError(f"row {op.name} has rules and no case to check them with")


def cases_of(op: Op) -> Iterator[Case]:
    """Yield the row's own cases, and those that every elementwise row gets."""
    yield from op.cases
    if not op.elementwise or op.variadic or any(isinstance(a, list) for c in op.cases for a in c.args):
        return
    params = {name: op.defaults[name] for name, _ in op.params}
    n = len(op.args)
    if n == 1:
        for shape in SHAPES[1]:
            yield Case((shape,), params)
        return
    for shapes in product(SHAPES[min(n, 3)], repeat=n):
        yield Case(shapes, params)
    for shape in ((), (0, 3)):
        yield Case((shape,) * n, params)
    public = op.numpy is not None or op.scipy is not None
    for k, number in product(range(n), NUMBERS if public else ()):
        if op.domain[k].low < number < op.domain[k].high:
            yield Case((*((2, 3),) * k, number, *((2, 3),) * (n - 1 - k)), params)


def check_case(op: Op, case: Case) -> None:
    """Check one call in float64, strided and in float32."""
    rng = np.random.default_rng(crc32(f"{op.name}{case}".encode()))
    args = [sample(a, domain_at(op, k), rng) for k, a in enumerate(case.args)]
    check_value(op, args, case.params)
    moved = [k for k, a in enumerate(args) if isinstance(a, np.ndarray | np.generic) and is_differentiable(a)]
    if any(isinstance(s, NotYet) for s in op.statuses):
        check_refusal(op, args, case.params)
        return
    y = run(op, args, case.params)
    if any(map(is_differentiable, map(plain, outputs(y)))) and (
        op.connects or all(isinstance(s, Zero) for s in op.statuses)
    ):
        points = [args[k] for k in moved]

        def f(*xs: Any) -> Any:
            return seen(op, [xs[moved.index(k)] if k in moved else a for k, a in enumerate(args)], case.params)

        if case.params.get("dtype") != "float32":
            check_grads(f, points, order=2)
            check_kind(op, args, case.params)
            check_parts(op, args, case.params)
            if points:
                check_forward(f, points)
                check_jacobians(f, points)
        check_strides(op, args, case.params)
        check_single(op, args, case.params)
        if case.params.get("dtype") is None and not any(isinstance(a, float) for a in args):
            check_complex(op, args, case.params)


def check_refusal(op: Op, args: list[Any], params: Any) -> None:
    """Check that a row without a rule refuses to answer instead of losing a gradient."""
    variables = [Variable(a) for a in args]
    with GradientTape() as tape:
        y = run(op, list(variables), params)
    try:
        tape.gradient(y, variables)
    except NoGradientError:
        return
    raise AssertionError(f"{op.name}: a derivative that nobody wrote must raise NoGradientError")


def domain_at(op: Op, k: int) -> Domain:
    """Return where the k-th array of a call may be sampled."""
    return op.domain[0 if op.variadic else k]


def sample(arg: Any, domain: Domain, rng: np.random.Generator) -> Any:
    """Make an array for a shape; anything else is passed as it is, lists as arrays."""
    if isinstance(arg, list):
        return np.asarray(arg)
    if not isinstance(arg, tuple):
        return arg
    values = rng.uniform(domain.low, domain.high, arg)
    if domain.away_from_integers:
        # a tenth away from integers and from half-integers, where rounding jumps
        values = np.floor(values) + np.where(values % 1 < 0.5, 0.1, 0.6) + 0.3 * rng.uniform(0, 1, arg)
    if domain.away_from_zero:
        values = np.where(np.abs(values) < 0.2, np.copysign(0.2, values) + values, values)
    if domain.hermitian:
        values = mirrored(values)
    if domain.shift and values.ndim > 1:
        values = values + domain.shift * values.shape[-1] * np.eye(*values.shape[-2:])
    return np.asarray(values)[()]


def mirrored(x: Any) -> Any:
    """Return the symmetric (Hermitian) part of matrices."""
    return 0.5 * (x + np.conjugate(np.swapaxes(x, -1, -2)))


def seen(op: Op, args: list[Any], params: Any) -> Any:
    """Run the row on what it is defined for, and return of the results what does not depend on a choice."""
    args = [mirrored(a) if domain_at(op, k).hermitian else a for k, a in enumerate(args)]
    y = run(op, args, params)
    return y if op.gauge_free is None else op.gauge_free(SPACE, y)


def run(op: Op, args: list[Any], params: Any) -> Any:
    """Run the row as a door would."""
    frame = inspect.currentframe()
    assert frame is not None  # noqa: S101 - CPython has frames
    names = op.args * len(args) if op.variadic else op.args
    values = tuple(
        a.value if isinstance(a, Index) and name != "index" else a for name, a in zip(names, args, strict=False)
    )
    return apply(op, values, {**op.defaults, **params}, frame)


def check_value(op: Op, args: list[Any], params: Any) -> None:
    """Compare with NumPy's or SciPy's own function, if the row stands for one."""
    if op.numpy is not None:
        function = attrgetter(op.numpy)(np)
    elif op.scipy is not None:
        function = scipy_function(op.scipy)
    else:
        return
    call = (args,) if op.variadic else tuple(args)
    try:
        expected = function(*call, **params)
    except TypeError:  # older versions of NumPy know some parameters by position only
        expected = function(*call, *params.values())
    for got, theirs in zip(map(plain, outputs(run(op, args, params))), outputs(expected), strict=True):
        if np.shape(got) != np.shape(theirs) or got.dtype != np.asarray(theirs).dtype:
            raise AssertionError(
                f"gives {got.dtype} {np.shape(got)}, the library {np.asarray(theirs).dtype} {np.shape(theirs)}"
            )
        if op.name != "empty_like" and not np.allclose(got, theirs, rtol=1e-14, atol=1e-15, equal_nan=True):
            raise AssertionError(f"gives {got}, the library {theirs}")


def pull_back(
    op: Op,
    args: list[Any],
    params: Any,
    space: Any = xp,
    enter: Callable[[Any], Any] = lambda array: array,
    only: int | None = None,
) -> list[Any]:
    """Run every rule on the residuals that a tape would keep; None where there is no rule.

    Parameters
    ----------
    op : Op
    args, params
        The call.
    space : namespace
        What the rules get as `xp`; raw NumPy unless given.
    enter : callable
        Makes the namespace's array of one of NumPy's.
    only : int, optional
        Of several results, the one that gets a cotangent; all unless given.
    """
    params = {**op.defaults, **params}
    y = op.kernel(*args, **params)
    ones = [np.ones(np.shape(part), np.asarray(part).dtype)[()] for part in outputs(y)]
    moves = [k for k, part in enumerate(ones) if is_differentiable(part) and only in {None, k}]
    g = Cotangents({k: enter(ones[k]) for k in moves}) if op.parts else enter(ones[0])
    residuals = moved_into(op.make_saver((1 << len(args)) - 1)(y, list(args)), enter)
    results: list[Any] = []
    for k, arg in enumerate(args):
        rule = op.rules[0 if op.variadic else k]
        if rule is None or not is_differentiable(np.asarray(arg)):
            results.append(None)
            continue
        extra = {**params, "k": k} if op.variadic else params
        partial = isinstance(rule, Partial)
        ct = g * rule.fn(space, *residuals, **extra) if partial else rule.fn(space, g, *residuals, **extra)
        if ct is None:
            results.append(None)
            continue
        if ct.dtype.kind == "c" and np.asarray(arg).dtype.kind != "c":
            ct = space.real(ct)  # as the sweep does
        results.append(space.unbroadcast(ct, np.shape(arg)) if op.elementwise else ct)
    return results


def check_parts(op: Op, args: list[Any], params: Any) -> None:
    """Check that the cotangents of several results add up: each may also come alone."""
    if not op.parts:
        return
    parts = outputs(op.kernel(*args, **{**op.defaults, **params}))
    alone = [pull_back(op, args, params, only=k) for k, part in enumerate(parts) if is_differentiable(np.asarray(part))]
    for k, together in enumerate(pull_back(op, args, params)):
        shares = [found[k] for found in alone if found[k] is not None]
        if together is not None and not np.allclose(together, sum(shares), rtol=1e-9, atol=1e-9):
            raise AssertionError(f"argument {k}: all results together give {together}, one by one {sum(shares)}")


def moved_into(residuals: Any, enter: Callable[[Any], Any]) -> Any:
    """Make a namespace's arrays of all that are NumPy's among residuals, which may stand in tuples and lists."""
    if isinstance(residuals, np.ndarray | np.generic):
        return enter(residuals)
    if isinstance(residuals, list):
        return [moved_into(r, enter) for r in residuals]
    if isinstance(residuals, tuple) and not isinstance(residuals, Spec):
        parts = [moved_into(r, enter) for r in residuals]
        return tuple(parts) if type(residuals) is tuple else type(residuals)(*parts)
    return residuals


def check_strides(op: Op, args: list[Any], params: Any) -> None:
    """Compare the cotangents of fresh arrays with those of views of the same values."""
    fresh = pull_back(op, args, params)
    views = pull_back(op, [strided(a) for a in args], params)
    for k, (a, b) in enumerate(zip(fresh, views, strict=True)):
        if a is not None and not np.allclose(a, b, rtol=1e-12, atol=1e-12):
            raise AssertionError(f"argument {k}: the cotangent changes with the strides: {a} and {b}")


def strided(arg: Any) -> Any:
    """Return the same values as a reversed view of every second element."""
    if not isinstance(arg, np.ndarray) or arg.ndim == 0:
        return arg
    wide = np.zeros((arg.shape[0] * 2, *arg.shape[1:]), arg.dtype)
    wide[::-2] = arg
    return wide[::-2]


def check_single(op: Op, args: list[Any], params: Any) -> None:
    """Check that float32 gives float32, forwards and in every rule, and nearly the float64 derivative.

    Beside a Python number some functions give float64 (SciPy's own do), and so may what a rule makes of the number; the
    sweep's result has its source's dtype in any case.
    """
    beside_number = any(isinstance(a, float) for a in args)
    wide = [a.astype(np.float32).astype(np.float64) if _is_float(a) else a for a in args]
    narrow = [a.astype(np.float32) if _is_float(a) else a for a in args]
    results = [plain(y) for y in outputs(run(op, narrow, params))]
    for y in results:
        if "dtype" not in params and y.dtype in {np.dtype(np.float64), np.dtype(np.complex128)}:
            if op.numpy == "float_power" or (beside_number and op.numpy is None):
                return
            raise AssertionError(f"float32 arguments give {y.dtype}")
    wide_results = [plain(y) for y in outputs(run(op, wide, params))]
    same_choice = all(np.allclose(a, b, rtol=1e-2, atol=1e-3) for a, b in zip(results, wide_results, strict=True))
    for k, (a, b) in enumerate(zip(pull_back(op, narrow, params), pull_back(op, wide, params), strict=True)):
        if a is None:
            continue
        if np.asarray(a).dtype != np.float32 and not beside_number:
            raise AssertionError(
                f"argument {k}: a float32 argument has a {np.asarray(a).dtype} cotangent inside the sweep"
            )
        if op.gauge_free is not None and not same_choice:
            continue
        if np.shape(a) != np.shape(b) or not np.allclose(a, b, rtol=2e-3, atol=2e-4):
            raise AssertionError(f"argument {k}: float32 gives the cotangent {a}, float64 {b}")


def check_complex(op: Op, args: list[Any], params: Any) -> None:
    """Compare the gradient at complex numbers with difference quotients along both axes, if the row takes them.

    The gradient of a real number is `d/dx + i d/dy`, as in TensorFlow; the function compared is the real part of the
    result, weighted.
    """
    rng = np.random.default_rng(1)
    moved = [k for k, a in enumerate(args) if _is_float(a)]
    points = [a + 1j * rng.uniform(0.1, 0.4, np.shape(a)) if k in moved else a for k, a in enumerate(args)]
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("error")  # a cast that drops the imaginary part
            values = [np.asarray(v) for v in outputs(op.kernel(*points, **{**op.defaults, **params}))]
    except (TypeError, ValueError, np.exceptions.ComplexWarning):
        return
    if not moved or not all(np.isfinite(v).all() for v in values):
        return
    if op.gauge_free is not None:
        values = [plain(v) for v in outputs(seen(op, points, params))]
    turns = [1j * rng.uniform(0.2, 0.8, v.shape) if v.dtype.kind == "c" else 0.0 for v in values]
    weights = [rng.uniform(0.3, 1.0, v.shape) + turn for v, turn in zip(values, turns, strict=True)]

    def scalar(*xs: Any) -> Any:
        found = outputs(seen(op, list(xs), params))
        return sum(np.sum(np.real(y * w)) for y, w in zip(found, weights, strict=True))

    variables = [Variable(p) if k in moved else p for k, p in enumerate(points)]
    with GradientTape() as tape:
        y = scalar(*variables)
    zeros = tape.gradient(y, [variables[k] for k in moved], unconnected_gradients="zero")
    for k, g in zip(moved, zeros, strict=True):
        for turn in (1.0, 1j):
            direction = turn * rng.uniform(0.3, 1.0, np.shape(points[k]))
            step = 1e-6
            up, down = (
                float(plain(scalar(*[p + s * step * direction if j == k else p for j, p in enumerate(points)])))
                for s in (1.0, -1.0)
            )
            ours, theirs = float(np.sum(np.real(plain(g) * np.conjugate(direction)))), (up - down) / (2 * step)
            if not abs(ours - theirs) <= 1e-6 + 1e-5 * max(abs(ours), abs(theirs)):
                raise AssertionError(
                    f"argument {k}, complex: the tape says {ours:.10g} along {turn}, the quotient {theirs:.10g}"
                )

    def of_moved(*xs: Any) -> Any:
        return seen(op, [xs[moved.index(k)] if k in moved else p for k, p in enumerate(points)], params)

    check_forward(of_moved, [points[k] for k in moved], order=1)


def check_kind(op: Op, args: list[Any], params: Any) -> None:
    """Check that an operation is linear in its `Linear` arguments together, and in each of its `Multilinear` ones."""
    if op.parts:
        return
    y = np.asarray(op.kernel(*args, **{**op.defaults, **params}))
    kinds: list[Rule | None] = [op.rules[0 if op.variadic else k] for k in range(len(args))]

    def scaled(which: set[int]) -> Any:
        return op.kernel(*[a * 2.0 if k in which else a for k, a in enumerate(args)], **{**op.defaults, **params})

    together = {k for k, r in enumerate(kinds) if isinstance(r, Linear)}
    if together and not np.allclose(scaled(together), 2.0 * y):
        raise AssertionError("a rule is called `Linear`, but twice the arguments do not give twice the result")
    for k, r in enumerate(kinds):
        if isinstance(r, Multilinear) and not np.allclose(scaled({k}), 2.0 * y):
            raise AssertionError(
                f"the rule of argument {k} is called `Multilinear`, but the operation is not linear in it alone"
            )


def _is_float(value: Any) -> bool:
    return isinstance(value, np.ndarray | np.generic) and value.dtype.kind == "f"
