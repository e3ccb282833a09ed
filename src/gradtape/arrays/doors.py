"""From a call as NumPy's users write it to `(operation, arrays, params)`.

Binding by the row's call, then `dtype=`, `where=` and `out=`; compositions; and functions that no row knows.
"""

from __future__ import annotations

from functools import cache, lru_cache
from inspect import Parameter, Signature, signature
from sys import _getframe
from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.arrays import dispatch
from gradtape.arrays.core import CORE
from gradtape.arrays.dispatch import NO_PARAMS, RELATED, Node, apply, apply_to, family_of, in_family, usual
from gradtape.arrays.documenting import docstring
from gradtape.arrays.failures import located
from gradtape.arrays.leaving import leave
from gradtape.arrays.record import EventKind
from gradtape.arrays.writing import deliver
from gradtape.errors import GradtapeError, ShapeError
from gradtape.ops import NUMPY, OPS, Composite, Foreign, Index, Op, Unsupported, loaded, row_named
from gradtape.ops.model import REQUIRED
from gradtape.spaces.space import Space

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import FrameType

    from gradtape.ops import Status

_WHERE = OPS["where"]
cast = dispatch.cast


def bind_call(
    op: Op, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any], dict[str, Any]]:
    """Sort a call's arguments into arrays, parameters, and those that the door deals with.

    Raises
    ------
    Unsupported
        If the row has no place for an argument.
    """
    if len(args) > len(op.positions):
        raise Unsupported(f"{op.name} takes at most {len(op.positions)} positional arguments here")
    given = dict(zip(op.positions, args, strict=False))
    given.update(kwargs)
    if len(given) < len(args) + len(kwargs):
        raise Unsupported(f"{op.name} got an argument twice")
    params = dict(op.defaults)
    for name, default in op.params:
        if name in given:
            params[name] = given.pop(name)
        elif default is REQUIRED:
            raise Unsupported(f"{op.name} needs `{name}`")
    if any(name not in given for name in op.args):
        raise Unsupported(f"{op.name} needs {', '.join(f'`{n}`' for n in op.args)}")
    arrays = tuple(given.pop(name) for name in op.args)
    extras = {name: value for name, value in given.items() if not _is_default(name, value)}
    if not extras.keys() <= {"out", "dtype", "where"} or ("where" in extras and not op.elementwise):
        raise Unsupported(f"{op.name} has no place for {', '.join(extras)}")
    return tuple(arrays[0]) if op.variadic else arrays, params, extras


@lru_cache(maxsize=1000)
def sorting_plan(
    op: Op, count: int, names: tuple[str, ...]
) -> tuple[tuple[Any, ...], tuple[tuple[str, Any], ...]] | None:
    """Find out where a call with so many arguments and such keywords has arrays and parameters.

    Returns
    -------
    tuple or None
        For each array, and for each parameter by its name, its position in the call or its keyword; None if anything
        else is given or something is missing, so that `bind_call` has to look.
    """
    places: dict[str, Any] = dict(zip(op.positions, range(count), strict=False))
    known = {*op.args, *(name for name, _ in op.params)}
    if op.variadic or count > len(op.positions) or places.keys() & set(names) or not {*places, *names} <= known:
        return None
    places.update((name, name) for name in names)
    needed = {*op.args, *(name for name, default in op.params if default is REQUIRED)}
    if not needed <= places.keys():
        return None
    return tuple(places.pop(name) for name in op.args), tuple(places.items())


IGNORED = {"casting", "subok", "overwrite_input", "copy", "kind"}
"""Arguments that change no value: results are tensors of their own in any case."""


def _is_default(name: str, value: Any) -> bool:
    if name == "order":
        return value in {None, "C", "K", "A"}
    if name == "device":
        return value in {None, "cpu"}
    return value is None or value is np._NoValue or name in IGNORED or (name == "where" and value is True)


def call_op(op: Op, args: tuple[Any, ...], kwargs: Mapping[str, Any], frame: FrameType) -> Any:
    """Run an operation from a call as the user wrote it.

    `dtype=` casts the arrays first, `where=` keeps the old elements of `out=` (or zeros) elsewhere, and `out=` is dealt
    with by `deliver`.
    """
    if not kwargs and len(args) == op.alone:
        return apply_to(op, tuple(args[0]) if op.variadic else args, op.defaults, frame)
    plan = sorting_plan(op, len(args), tuple(kwargs))
    if plan is not None:
        arrays, params = tuple([args[k] if type(k) is int else kwargs[k] for k in plan[0]]), dict(op.defaults)
        for name, k in plan[1]:
            params[name] = args[k] if type(k) is int else kwargs[k]
        return apply_to(op, arrays, params, frame)
    arrays, params, extras = bind_call(op, args, kwargs)
    if "dtype" in extras:
        arrays = tuple(cast(a, extras["dtype"], frame) if _is_real(a) else a for a in arrays)
    result = apply_to(op, arrays, params, frame)
    if not extras:
        return result
    out = extras.get("out")
    if "where" in extras:
        result = kept_elsewhere(extras["where"], result, out, frame)
    return deliver(result, out, frame, op.name)


def kept_elsewhere(where: Any, result: Any, out: Any, frame: FrameType) -> Any:
    """Keep the old elements of `out=` (zeros if there is none) where a ufunc's `where=` does not hold."""
    if isinstance(result, tuple):
        outs = out if isinstance(out, tuple) else (None,) * len(result)
        return tuple(kept_elsewhere(where, r, o, frame) for r, o in zip(result, outs, strict=True))
    before = out[0] if isinstance(out, tuple) else out
    return apply(_WHERE, (where, result, 0.0 if before is None else before), NO_PARAMS, frame)


def call_composed_ufunc(row: Composite, args: tuple[Any, ...], kwargs: dict[str, Any], frame: FrameType) -> Any:
    """Run a ufunc that is a composition; `dtype=`, `where=` and `out=` mean what they mean for a row."""
    options = {k: v for k, v in kwargs.items() if not _is_default(k, v)}
    out, where, dtype = (options.pop(name, None) for name in ("out", "where", "dtype"))
    if dtype is not None:
        args = tuple(cast(a, dtype, frame) if _is_real(a) else a for a in args)
    result = call_composite(row, args, options, frame)
    if where is not None:
        result = kept_elsewhere(where, result, out, frame)
    return deliver(result, out, frame, row.name)


def _is_real(value: Any) -> bool:
    return isinstance(value, Node | np.ndarray | float)


def scatter(values: Any, positions: tuple[Any, ...], shape: tuple[int, ...]) -> Any:
    """Add values into zeros of a shape at the places that `zeros[positions]` would pick."""
    return apply_to(OPS["scatter_add"], (values, Index(positions)), {"shape": shape}, _getframe(1))


def recorded(op: Op) -> Callable[..., Any]:
    """Make the function that a rule calls under `xp.<name>` while the sweep itself is recorded."""
    if CORE is not None and not op.variadic:
        return CORE.recorded(op)  # type: ignore[no-any-return]

    def function(*args: Any, **params: Any) -> Any:
        arrays = tuple(args[0]) if op.variadic else args
        return apply_to(op, arrays, {**op.defaults, **params} if params else op.defaults, _getframe(1))

    return function


def recorded_cast(x: Any, dtype: Any) -> Any:
    """Cast under the row that the dtype asks for."""
    return cast(x, dtype, _getframe(1))


SPACE = Space(recorded)
SPACE.cast = recorded_cast
"""The recording namespace: rules run in it when an outer tape is open, composites always."""


@cache
def second_chances() -> dict[str, Composite]:
    """Return the composites that take over where the row of the same function has no place for an argument."""
    rows = loaded(NUMPY)
    of_rows = {row.numpy for row in rows if isinstance(row, Op)}
    return {row.numpy: row for row in rows if isinstance(row, Composite) and row.numpy and row.numpy in of_rows}


def call_row(op: Op, args: tuple[Any, ...], kwargs: Mapping[str, Any], frame: FrameType) -> Any:
    """Run an operation from a call as the user wrote it, or the composite that knows more arguments than its row.

    Raises
    ------
    Unsupported
        If neither has a place for an argument.
    """
    try:
        return call_op(op, args, kwargs, frame)
    except Unsupported:
        row = second_chances().get(op.numpy or "")
        if row is None:
            raise
    return call_composite(row, args, kwargs, frame)


def call_composite(row: Composite, args: tuple[Any, ...], kwargs: Mapping[str, Any], frame: FrameType) -> Any:
    """Run a composition of operations from a call as the user wrote it; `out=` is dealt with by `deliver`.

    Raises
    ------
    Unsupported
        If it has no place for an argument.
    ShapeError
        If the composition itself refuses the shapes; the text says where the call was.
    """
    kwargs = {k: v for k, v in kwargs.items() if v is not np._NoValue}
    args, out = without_out(row.fn, args, kwargs)
    if out is not None:
        return deliver(call_composite(row, args, kwargs, frame), out, frame, row.name)
    family = RELATED and family_of((*args, *kwargs.values()))
    if family:  # a composite is written for the usual tensors, without the stricter rules that a family may have
        return in_family(call_composite(row, usual(args), usual(kwargs), frame), family)
    try:
        return row.fn(SPACE, *args, **kwargs)
    except TypeError as error:
        try:
            signature(row.fn).bind(SPACE, *args, **kwargs)
        except TypeError as reason:
            raise Unsupported(f"{row.numpy or row.name}: {reason}") from None
        raise error from None
    except (ValueError, IndexError) as error:
        if isinstance(error, GradtapeError):
            raise
        raise located(ShapeError, f"{row.numpy or row.name}: {error}", frame) from error


def without_out(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
    """Take `out` from the arguments of a composition, which computes a result and leaves writing to the door."""
    out = kwargs.pop("out", None)
    if out is None and len(args) > 2:
        position = _position_of_out(function)
        if 0 < position < len(args):
            out, args = args[position], (*args[:position], None, *args[position + 1 :])
    return args, out


@cache
def _position_of_out(function: Callable[..., Any]) -> int:
    parameters = signature(function).parameters
    positional = [name for name, p in parameters.items() if p.kind is p.POSITIONAL_OR_KEYWORD]
    variadic = any(p.kind is p.VAR_POSITIONAL for p in parameters.values())
    return positional.index("out") - 1 if "out" in positional and not variadic else -1


def door(name: str) -> Callable[..., Any]:
    """Make the public function of a row or composite: what `gradtape.numpy` offers under that name.

    Raises
    ------
    KeyError
        If the table has no such row.
    """
    row = row_named(name)
    function = way_in(row)
    public = (row.numpy or row.name).rpartition(".")[2]
    function.__name__ = function.__qualname__ = public
    function.__signature__ = signature_of(row)  # type: ignore[attr-defined]
    function.__doc__ = docstring(row)
    vars(function)["row"] = row
    return function


def signature_of(row: Op | Composite) -> Signature:
    """Tell how a public function is called: what its row takes, and what the composite beside it takes more."""
    if isinstance(row, Composite):
        _, *rest = signature(row.fn).parameters.values()
        return Signature(rest)
    kind = Parameter.POSITIONAL_OR_KEYWORD
    required = {*row.args, *(name for name, default in row.params if default is REQUIRED)}
    found: list[Parameter] = []
    for name in row.positions:
        optional = name not in required or any(p.default is not Parameter.empty for p in found)
        found.append(Parameter(name, kind, default=row.defaults.get(name) if optional else Parameter.empty))
    known = {p.name for p in found}
    beside = second_chances().get(row.numpy) if row.numpy else None
    more = [] if beside is None else list(signature_of(beside).parameters.values())[len(row.args) :]
    return Signature(
        [*found, *(p.replace(kind=Parameter.KEYWORD_ONLY) for p in more if p.name not in known and p.kind in _NAMED)]
    )


_NAMED = {Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY}


def way_in(row: Op | Composite) -> Callable[..., Any]:
    """Make the function that a door is, before anything is written on it."""
    return composite_door(row) if isinstance(row, Composite) else op_door(row)


def composite_door(row: Composite) -> Callable[..., Any]:
    """Make the public function of a composite."""

    def function(*args: Any, **kwargs: Any) -> Any:
        try:
            return call_composite(row, args, kwargs, _getframe(1))
        except Unsupported as error:
            raise TypeError(str(error)) from None

    return function


def op_door(op: Op) -> Callable[..., Any]:
    """Make the public function of a row; the plain call, arrays only, takes the short way."""
    arrays = -1 if op.variadic else op.alone

    def function(*args: Any, **kwargs: Any) -> Any:
        if len(args) == arrays and not kwargs:
            return apply_to(op, args, op.defaults, _getframe(1))
        try:
            return call_row(op, args, kwargs, _getframe(1))
        except Unsupported as error:
            raise TypeError(str(error)) from None

    return function


FOREIGN = Foreign("is no operation of the tape: it was computed on plain arrays and its result is a constant")


def foreign(
    name: str,
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    frame: FrameType,
    status: Status = FOREIGN,
) -> Any:
    """Compute a function that no row knows on plain values, and leave a record that says where the path ends.

    The result is what NumPy gives; arrays and numbers in it become tensors, so that the program goes on as it would.
    """
    row = Op(name, "*values", {"values": status})
    row.kernel = lambda *_values: result
    out = kwargs.get("out")
    if any(True for _ in nodes_in([out])):
        kwargs = {key: value for key, value in kwargs.items() if key != "out"}
    else:
        out = None
    nodes = tuple(nodes_in([args, kwargs]))
    computed = function(*plain_values(args), **plain_values(kwargs))
    if computed is None:
        for node in nodes:
            leave(node, EventKind.LEFT_AS_ARRAY, frame)
    single = not isinstance(computed, tuple | list)
    results = []
    for result in [computed] if single else computed:
        made = isinstance(result, np.ndarray | np.generic)
        results.append(apply(row, nodes, NO_PARAMS, frame) if made else result)
    result = None  # the record keeps the row, and must not keep the array with it
    if single:
        return results[0] if out is None else deliver(results[0], out, frame, name)
    if out is not None:
        return deliver(tuple(results), out, frame, name)
    return type(computed)(results) if type(computed) in {tuple, list} else type(computed)(*results)


def nodes_in(items: Any) -> Iterator[Node]:
    """Yield the tensors in lists, tuples and dicts."""
    for item in items.values() if isinstance(items, dict) else items:
        if isinstance(item, Node):
            yield item
        elif isinstance(item, dict | list | tuple):
            yield from nodes_in(item)


def plain_values(item: Any) -> Any:
    """Put plain arrays in the place of tensors in lists, tuples and dicts."""
    if isinstance(item, Node):
        return item._value
    if isinstance(item, list | tuple):
        values = [plain_values(i) for i in item]
        return values if isinstance(item, list) else tuple(values)
    if isinstance(item, dict):
        return {key: plain_values(value) for key, value in item.items()}
    return item


def __getattr__(name: str) -> Any:
    """Make the two doors that belong to the package itself when somebody asks for them."""
    if name not in {"identity", "stop_gradient"}:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    made = globals()[name] = door(name)
    return made
