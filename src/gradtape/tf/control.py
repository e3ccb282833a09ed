"""Control flow: the branch that is taken runs, the loop runs, and every operation in them is recorded as usual."""

from __future__ import annotations

from functools import wraps
from sys import _getframe
from typing import TYPE_CHECKING, Any

import numpy as np

import gradtape as gt
from gradtape.arrays import doors
from gradtape.errors import NoGradientError, OperandError, ShapeError
from gradtape.ops import Callback
from gradtape.tape import custom
from gradtape.tape.structure import flatten, rebuild
from gradtape.tf.calls import row, static, tensor
from gradtape.tf.errors import InvalidArgumentError
from gradtape.tf.tensors import Tensor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def cond(pred: Any, true_fn: Any = None, false_fn: Any = None, name: str | None = None) -> Any:
    """Call one of two functions, as the predicate decides; the choice has no gradient.

    Parameters
    ----------
    pred : Tensor or bool
        A single truth value.
    true_fn, false_fn : callable
        Called without arguments; what they use comes from around them.
    name : str, optional
        Ignored.

    Returns
    -------
    Any
        What the function returned.

    Examples
    --------
    >>> import gradtape.tf as tf
    >>> x = tf.constant(3.0)
    >>> tf.cond(x > 0.0, lambda: x * 2.0, lambda: -x)
    <tf.Tensor: shape=(), dtype=float32, numpy=6.0>
    """
    for what, branch in (("true_fn", true_fn), ("false_fn", false_fn)):
        if not callable(branch):
            raise OperandError(
                f"cond: `{what}` must be callable, and it is a {type(branch).__name__}; write `lambda: ...`"
            )
    return _valued(true_fn() if bool(pred) else false_fn())


def case(
    pred_fn_pairs: Any, default: Any = None, exclusive: bool = False, strict: bool = False, name: str = "case"
) -> Any:
    """Call the function of the first predicate that holds.

    Parameters
    ----------
    pred_fn_pairs : list of (predicate, callable)
    default : callable, optional
        Called when none holds.
    exclusive : bool
        Insist that no two predicates hold.
    strict, name : optional
        Ignored.

    Returns
    -------
    Any
        What the function returned.

    Raises
    ------
    InvalidArgumentError
        If none holds and there is no default, or several hold and `exclusive` is set.
    """
    pairs = list(pred_fn_pairs.items() if isinstance(pred_fn_pairs, dict) else pred_fn_pairs)
    chosen = None
    for k, (predicate, _) in enumerate(pairs):
        if chosen is not None and not exclusive:
            break
        if bool(predicate):
            if chosen is not None:
                raise InvalidArgumentError(f"case: predicates {chosen} and {k} both hold, and `exclusive` forbids it")
            chosen = k
    if chosen is not None:
        return _valued(pairs[chosen][1]())
    if default is None:
        raise InvalidArgumentError(f"case: none of the {len(pairs)} predicates holds, and there is no default")
    return _valued(default())


def switch_case(branch_index: Any, branch_fns: Any, default: Any = None, name: str = "switch_case") -> Any:
    """Call the function with a number.

    Parameters
    ----------
    branch_index : Tensor or int
    branch_fns : list or dict of callables, or list of (int, callable)
    default : callable, optional
        Called for numbers without a function.
    name : str, optional
        Ignored.

    Returns
    -------
    Any
        What the function returned.

    Raises
    ------
    ValueError
        If the functions are not numbered without gaps.
    InvalidArgumentError
        If no function has the number and there is no default.
    """
    items = list(branch_fns.items() if isinstance(branch_fns, dict) else branch_fns)
    branches = dict(items) if items and isinstance(items[0], tuple) else dict(enumerate(items))
    if sorted(branches) != list(range(len(branches))):
        raise ValueError(
            f"switch_case: the numbers of the branches must be 0 to {len(branches) - 1}: {sorted(branches)}"
        )
    index = int(branch_index)
    branch = branches.get(index, default)
    if branch is None:
        raise InvalidArgumentError(f"switch_case: there is no branch {index} among {sorted(branches)}, and no default")
    return _valued(branch())


def while_loop(
    cond: Any,
    body: Any,
    loop_vars: Any,
    shape_invariants: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    maximum_iterations: Any = None,
    name: str | None = None,
) -> Any:
    """Repeat `body` for as long as `cond` holds.

    Parameters
    ----------
    cond, body : callable
        Called with the loop variables; `body` returns the next ones, as many in the same order.
    loop_vars : list or tuple
        The first values; a nested structure stays one.
    maximum_iterations : int, optional
        Stop after so many repetitions.
    shape_invariants, parallel_iterations, back_prop, swap_memory, name : optional
        Ignored: shapes may change from one repetition to the next.

    Returns
    -------
    list or tuple
        The last values, in the container of `loop_vars`.

    Raises
    ------
    OperandError
        If `body` returns something that is no list or tuple.
    ShapeError
        If it returns another number of values.
    """
    values = [_tensors(v) for v in loop_vars]
    limit = None if maximum_iterations is None else static(maximum_iterations)
    count = 0
    while (limit is None or count < limit) and bool(cond(*values)):
        returned = body(*values)
        if not isinstance(returned, list | tuple):
            raise OperandError(
                f"while_loop: the body returned a {type(returned).__name__}; return a list of the next loop variables"
            )
        if len(returned) != len(values):
            raise ShapeError(f"while_loop: the body returned {len(returned)} values for {len(values)} loop variables")
        values = [_tensors(v) for v in returned]
        count += 1
    return rebuild(loop_vars, iter([leaf for _, leaf in flatten(values)]).__next__) if values else loop_vars


def map_fn(
    fn: Any,
    elems: Any,
    dtype: Any = None,
    parallel_iterations: Any = None,
    fn_output_signature: Any = None,
    **options: Any,
) -> Any:
    """Call a function with each slice of the first axis and stack what it returns.

    Raises
    ------
    InvalidArgumentError
        If results have another dtype than the slices, and no `fn_output_signature` says so.
    """
    slices = _slices(elems)
    if not slices:
        return _tensors(elems)
    results = [_tensors(fn(s)) for s in slices]
    if dtype is None and fn_output_signature is None:
        pairs = zip(flatten(slices[0]), flatten(results[0]), strict=False)
        for (_, given), (_, made) in pairs:
            if given._value.dtype != made._value.dtype:
                raise InvalidArgumentError(
                    f"map_fn: the function turned {given._value.dtype} into {made._value.dtype}; "
                    "say so with `fn_output_signature=`"
                )
    return _stacked(results)


def vectorized_map(fn: Any, elems: Any, fallback_to_while_loop: bool = True, warn: bool = True) -> Any:
    """Do what `map_fn` does; results may have any dtype."""
    return map_fn(fn, elems, fn_output_signature=True)


def scan(fn: Any, elems: Any, initializer: Any = None, reverse: bool = False, **options: Any) -> Any:
    """Carry a value along the first axis, `fn(carried, slice)`, and stack all that it was."""
    slices = _slices(elems)
    steps = slices[::-1] if reverse else slices
    carried = _tensors(initializer) if initializer is not None else steps[0]
    seen = [] if initializer is not None else [carried]
    for step in steps if initializer is not None else steps[1:]:
        carried = _tensors(fn(carried, step))
        seen.append(carried)
    return _stacked(seen[::-1] if reverse else seen)


def foldl(fn: Any, elems: Any, initializer: Any = None, **options: Any) -> Any:
    """Carry a value along the first axis, `fn(carried, slice)`, and return the last."""
    return _fold(fn, _slices(elems), initializer)


def foldr(fn: Any, elems: Any, initializer: Any = None, **options: Any) -> Any:
    """Do what `foldl` does from the end."""
    return _fold(fn, _slices(elems)[::-1], initializer)


def function(func: Any = None, **options: Any) -> Any:
    """Return the function as it is: everything runs at once here, and nothing has to be compiled to be right."""
    if func is None:
        return lambda real: function(real, **options)

    @wraps(func)
    def called(*args: Any, **kwargs: Any) -> Any:
        return func(*args, **kwargs)

    return called


def custom_gradient(f: Any = None) -> Any:
    """Give a function its own derivative; see `gradtape.custom_gradient`."""
    return custom.with_gradient(f, tensor, family=Tensor)


def recompute_grad(f: Any) -> Any:
    """Run a function once more when its gradient is asked for, instead of keeping what the gradient needs.

    As in TensorFlow it is for reverse mode only; `gradtape.checkpoint` has both.
    """
    name = getattr(f, "__name__", type(f).__name__)

    def refuse(*_values: Any, **_params: Any) -> Any:
        raise NoGradientError(f"recompute_grad: the gradient of `{name}` is recomputed in reverse mode only")

    return custom.recomputing(f, tensor, Tensor, refuse)


def grad_pass_through(f: Any) -> Any:
    """Make the derivative of a function that of the identity; see `gradtape.grad_pass_through`."""
    return custom.passing_through(f, tensor, Tensor)


def py_function(func: Any, inp: Any, Tout: Any, name: str | None = None) -> Any:  # noqa: N803
    """Call a Python function with tensors; what it does with them is recorded."""
    result = func(*[tensor(i) for i in inp])
    return [tensor(r) for r in result] if isinstance(result, list | tuple) else tensor(result)


def numpy_function(func: Any, inp: Any, Tout: Any, stateful: bool = True, name: str | None = None) -> Any:  # noqa: N803
    """Call a function with plain arrays; the result is a constant, and the record says so."""
    called = getattr(func, "__name__", "function")
    status = Callback("runs on plain arrays, and its result is a constant: nothing flows back through it")
    return doors.foreign(called, _arrays_only(func), tuple(tensor(i) for i in inp), {}, _getframe(1), status)


def _arrays_only(func: Callable[..., Any]) -> Callable[..., Any]:
    def compute(*arrays: Any) -> Any:
        result = func(*arrays)
        return result if isinstance(result, list | tuple) else np.asarray(result)[()]

    return compute


def _fold(fn: Any, slices: list[Any], initializer: Any) -> Any:
    rest = iter(slices)
    carried = _tensors(initializer) if initializer is not None else next(rest)
    for step in rest:
        carried = _tensors(fn(carried, step))
    return carried


def _tensors(structure: Any) -> Any:
    """Make every leaf a tensor; variables stay variables."""
    leaves = iter([tensor(leaf) for _, leaf in flatten(structure)])
    return rebuild(structure, leaves.__next__)


def _valued(structure: Any) -> Any:
    """Make the numbers that a branch returned tensors, and leave all else."""
    leaves: Iterable[Any] = [
        tensor(leaf) if isinstance(leaf, bool | int | float | np.ndarray | np.generic) else leaf
        for _, leaf in flatten(structure)
    ]
    return rebuild(structure, iter(list(leaves)).__next__)


def _slices(elems: Any) -> list[Any]:
    """Cut every leaf along its first axis, and put each cut back into the structure."""
    leaves = [tensor(leaf) for _, leaf in flatten(_array_or_structure(elems))]
    structure = _array_or_structure(elems)
    return [rebuild(structure, iter([leaf[k] for leaf in leaves]).__next__) for k in range(leaves[0].shape[0])]


def _array_or_structure(elems: Any) -> Any:
    """Read a list of plain numbers as one array; a list of tensors is a structure."""
    plain = isinstance(elems, list | tuple) and not any(isinstance(leaf, gt.Tensor) for _, leaf in flatten(elems))
    return tensor(elems) if plain else elems


def _stacked(items: list[Any]) -> Any:
    columns = zip(*[[leaf for _, leaf in flatten(item)] for item in items], strict=True)
    return rebuild(items[0], iter([row("stack")(tuple(column), axis=0) for column in columns]).__next__)
