"""JAX: the same rules and operations on `jax.numpy`'s arrays, also while JAX traces. Importing it turns 64 bits on.

A row's kernel is found in this order: written here; the kernel of `spaces/kernels` with `jax.numpy` in the place of
NumPy; the function of JAX that has the name of the row's function; and at last NumPy's own kernel, which JAX calls back
(`called_back` names those that came to that, with the reason).
"""

from __future__ import annotations

from contextlib import nullcontext
from importlib import import_module
from operator import attrgetter
from types import CellType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from gradtape.spaces import numpy_space
from gradtape.spaces.space import Space

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradtape.ops import Op

jax.config.update("jax_enable_x64", True)  # type: ignore[no-untyped-call]

KERNELS_ROOM = "gradtape.spaces.kernels"

called_back: dict[str, str] = {}
"""Rows that have no kernel in JAX, as far as they ran: the name, and why."""


UNSOUND = {
    "hyp2f1": "JAX 0.10 gives wrong numbers, -1e54 for 2F1(1, 1, 2; -x) among them",
    "lstsq": "JAX gives residuals where NumPy gives none, for matrices that are square or without full rank",
}
"""Functions of JAX that are not used, and why."""


class _Numpy:
    """`jax.numpy` under NumPy's name, for kernels that are written for NumPy."""

    errstate = staticmethod(lambda **_kinds: nullcontext())

    def __getattr__(self, name: str) -> Any:
        return getattr(jnp, name)


class _Scipy:
    """A module of `jax.scipy` under SciPy's name, without what is unsound."""

    def __init__(self, module: str) -> None:
        self._module = import_module(f"jax.{module}")

    def __getattr__(self, name: str) -> Any:
        if name in UNSOUND:
            raise AttributeError(UNSOUND[name])
        return getattr(self._module, name)


NUMPY = _Numpy()


def kernel(op: Op) -> Callable[..., Any]:
    """Return the function that computes an operation on JAX's arrays; a variadic one takes a list."""
    own = KERNELS.get(op.name) or with_fallback(op, candidate(op))
    return (lambda arrays, **params: own(*arrays, **params)) if op.variadic else own


def candidate(op: Op) -> Callable[..., Any] | None:
    """Find what may compute an operation in JAX, None if there is nothing of that name."""
    made = numpy_space.kernels_of(op.room).get(op.name)
    try:
        if made is not None:
            translated = in_jax(made, {})
            return translated if callable(translated) else None
        if op.numpy is not None and op.name not in UNSOUND:
            return attrgetter(op.numpy)(jnp)  # type: ignore[no-any-return]
        module, _, name = (op.scipy or "").rpartition(".")
        return getattr(_Scipy(f"scipy.{module}"), name)  # type: ignore[no-any-return]
    except (AttributeError, ImportError):
        return None


def in_jax(value: Any, done: dict[int, Any]) -> Any:
    """Return JAX's counterpart of what a kernel uses: a module, a function of NumPy, another kernel."""
    if value is np:
        return NUMPY
    if isinstance(value, ModuleType) and value.__name__.startswith("scipy"):
        return _Scipy(value.__name__)
    if isinstance(value, np.ufunc):
        return getattr(jnp, value.__name__)
    if getattr(value, "__module__", None) == "numpy" and callable(value) and not isinstance(value, type):
        return getattr(jnp, value.__name__)
    if not isinstance(value, FunctionType) or not value.__module__.startswith(KERNELS_ROOM):
        return value
    if id(value) not in done:
        around = dict(value.__globals__)
        cells = tuple(CellType(in_jax(cell.cell_contents, done)) for cell in value.__closure__ or ())
        made = FunctionType(value.__code__, around, value.__name__, value.__defaults__, cells)
        made.__kwdefaults__ = value.__kwdefaults__
        done[id(value)] = made
        for name in names_in(value.__code__) & around.keys():
            around[name] = in_jax(around[name], done)
    return done[id(value)]


def names_in(code: Any) -> set[str]:
    """Return the names that a code object and those inside it look up outside."""
    inner = (names_in(const) for const in code.co_consts if hasattr(const, "co_names"))
    return set(code.co_names).union(*inner)


def with_fallback(op: Op, function: Callable[..., Any] | None) -> Callable[..., Any]:
    """Try a function of JAX, and NumPy's kernel where it cannot do what is asked."""
    plain = call_back(op)

    def run(*args: Any, **params: Any) -> Any:
        if function is not None and op.name not in called_back:
            try:
                return function(*args, **params)
            except Exception as error:  # noqa: BLE001 - JAX refuses in many ways; NumPy's own error follows if it is one
                reason = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
        else:
            reason = called_back.get(op.name) or UNSOUND.get(op.name, "no function of that name in JAX")
        result = plain(*args, **params)
        called_back[op.name] = reason
        return result

    return run


def call_back(op: Op) -> Callable[..., Any]:
    """Make the function that leaves JAX, computes with NumPy's kernel, and comes back; while JAX traces, too."""

    def run(*args: Any, **params: Any) -> Any:
        compute = numpy_space.kernel(op)
        places = [k for k, a in enumerate(args) if isinstance(a, jax.Array)]

        def on_host(*arrays: Any) -> Any:
            values = list(args)
            for k, array in zip(places, arrays, strict=True):
                values[k] = np.asarray(array)[()]
            with np.errstate(all="ignore"):
                return jax.tree.map(np.asarray, compute(*values, **params))

        arrays = [args[k] for k in places]
        if not any(isinstance(a, jax.core.Tracer) for a in arrays):
            return jax.tree.map(jnp.asarray, on_host(*arrays))
        rng = np.random.default_rng(0)
        example = on_host(*[rng.uniform(0.2, 0.8, a.shape).astype(a.dtype) for a in arrays])
        form = jax.tree.map(lambda v: jax.ShapeDtypeStruct(v.shape, v.dtype), example)  # type: ignore[no-untyped-call]
        return jax.pure_callback(on_host, form, *arrays, vmap_method="sequential")

    return run


def _brackets(index: Any) -> Any:
    """Return an index in a form that JAX takes: lists become arrays."""
    value = getattr(index, "value", index)
    if isinstance(value, tuple):
        return tuple(_brackets(v) for v in value)
    return np.asarray(value, bool if _holds_truth(value) else np.int64) if isinstance(value, list) else value


def _holds_truth(value: Any) -> bool:
    return bool(value) and np.asarray(value).dtype == np.bool_


def _getitem(x: Any, index: Any) -> Any:
    return jnp.asarray(x)[_brackets(index)]


def _scatter_add(values: Any, index: Any, shape: tuple[int, ...]) -> Any:
    values = jnp.asarray(values)
    return jnp.zeros(shape, values.dtype).at[_brackets(index)].add(values)


def _setitem(x: Any, values: Any, index: Any) -> Any:
    return jnp.asarray(x).at[_brackets(index)].set(values)


def _take(a: Any, indices: Any, axis: int | None = None, mode: str = "raise") -> Any:
    return jnp.take(a, jnp.asarray(indices), axis=axis, mode="clip" if mode == "clip" else "wrap")


def _untake(values: Any, indices: Any, shape: tuple[int, ...], axis: int | None = None, mode: str = "raise") -> Any:
    n = shape[axis] if axis is not None else int(np.prod(shape))
    places = jnp.clip(jnp.asarray(indices), 0, n - 1) if mode == "clip" else jnp.mod(jnp.asarray(indices), n)
    if axis is None:
        return jnp.zeros(n, values.dtype).at[places].add(values).reshape(shape)
    before = (slice(None),) * (axis % len(shape))
    return jnp.zeros(shape, values.dtype).at[(*before, places)].add(values)


def _untake_along_axis(values: Any, indices: Any, shape: tuple[int, ...], axis: int | None = -1) -> Any:
    if axis is None:
        return jnp.zeros(int(np.prod(shape)), values.dtype).at[jnp.asarray(indices)].add(values).reshape(shape)
    places: list[Any] = list(np.ogrid[tuple(slice(n) for n in np.shape(indices))])
    places[axis % len(shape)] = jnp.asarray(indices)
    return jnp.zeros(shape, values.dtype).at[tuple(places)].add(values)


KERNELS: dict[str, Callable[..., Any]] = {
    "getitem": _getitem,
    "scatter_add": _scatter_add,
    "setitem": _setitem,
    "take": _take,
    "untake": _untake,
    "untake_along_axis": _untake_along_axis,
}
"""Kernels that JAX needs in words of its own, because its arrays cannot be written to."""

xp = Space(kernel)
"""The namespace."""
