"""`Tensor`: a value and an id. Its operators are doors into `apply`, its conversions are the doors out of the tape."""

from __future__ import annotations

from importlib import import_module
from sys import _getframe
from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.arrays import doors, leaving, protocols, writing
from gradtape.arrays.core import CORE
from gradtape.arrays.dispatch import NO_PARAMS, apply, apply_to_one, apply_to_two
from gradtape.arrays.documenting import docstring
from gradtape.arrays.methods import Methods
from gradtape.arrays.record import EventKind, next_id
from gradtape.ops import OPS, Index, loaded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gradtape.ops import Composite, Op


def _unary(name: str) -> Callable[[Any], Any]:
    op = OPS[name]
    if CORE is not None:
        return CORE.unary(op)  # type: ignore[no-any-return]

    def operator(self: Any) -> Any:
        return apply_to_one(op, self, NO_PARAMS, _getframe(1))

    return operator


def _binary(name: str) -> tuple[Callable[[Any, Any], Any], Callable[[Any, Any], Any]]:
    op = OPS[name]
    if CORE is not None:
        return CORE.binary(op), CORE.reflected(op)

    def operator(self: Any, other: Any) -> Any:
        return apply_to_two(op, self, other, NO_PARAMS, _getframe(1))

    def reflected(self: Any, other: Any) -> Any:
        return apply_to_two(op, other, self, NO_PARAMS, _getframe(1))

    return operator, reflected


class Tensor(Methods):
    """An array whose operations are recorded while a tape is open.

    Made by `gradtape.constant`, by operations on other tensors, and by reading a `Variable`. NumPy's functions and
    operators work on it and return tensors; `numpy()`, `np.asarray`, `float` and their like leave the tape.

    Attributes
    ----------
    shape : tuple of int
    dtype : numpy.dtype
    ndim, size : int
    T : Tensor
        The transpose.

    Examples
    --------
    >>> import gradtape as gt
    >>> import numpy as np
    >>> x = gt.constant([1.0, 2.0])
    >>> np.sin(x) * 2
    Tensor([1.68294197, 1.81859485])
    """

    __slots__ = ()
    __array_priority__ = 1000
    __pandas_priority__ = 5000  # a Series counts as data: `series * tensor` is the tensor's business
    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return _repr("Tensor", self._value)

    def __str__(self) -> str:
        return str(self._value)

    def __format__(self, text: str) -> str:
        return format(self._value[()] if self._value.ndim == 0 else self._value, text)

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of the axes."""
        return self._value.shape  # type: ignore[no-any-return]

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the elements."""
        return self._value.dtype  # type: ignore[no-any-return]

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self._value.ndim  # type: ignore[no-any-return]

    @property
    def size(self) -> int:
        """The number of elements."""
        return int(self._value.size)

    def __len__(self) -> int:
        return len(self._value)

    def __iter__(self) -> Iterator[Any]:
        frame = _getframe(1)
        if self._value.ndim == 0:
            raise TypeError("iteration over a 0-d tensor")
        return iter([apply(_GETITEM, (self, Index(k)), NO_PARAMS, frame) for k in range(len(self._value))])

    def __getitem__(self, index: Any) -> Any:
        frame = _getframe(1)
        return apply_to_two(_GETITEM, self, Index(leaving.plain_index(index, frame)), NO_PARAMS, frame)

    def __setitem__(self, index: Any, value: Any) -> None:
        writing.set_item(self, index, value, _getframe(1))

    __neg__ = _unary("negative")
    __pos__ = _unary("positive")
    __abs__ = _unary("abs")
    __invert__ = _unary("invert")
    __add__, __radd__ = _binary("add")
    __sub__, __rsub__ = _binary("subtract")
    __mul__, __rmul__ = _binary("multiply")
    __truediv__, __rtruediv__ = _binary("divide")
    __floordiv__, __rfloordiv__ = _binary("floor_divide")
    __mod__, __rmod__ = _binary("remainder")
    __pow__, __rpow__ = _binary("power")
    __matmul__, __rmatmul__ = _binary("matmul")
    __and__, __rand__ = _binary("bitwise_and")
    __or__, __ror__ = _binary("bitwise_or")
    __xor__, __rxor__ = _binary("bitwise_xor")
    __lshift__, __rlshift__ = _binary("left_shift")
    __rshift__, __rrshift__ = _binary("right_shift")
    __lt__, _ = _binary("less")
    __le__, _ = _binary("less_equal")
    __gt__, _ = _binary("greater")
    __ge__, _ = _binary("greater_equal")

    def __eq__(self, other: object) -> Any:
        return other is not None and apply(_EQUAL, (self, other), NO_PARAMS, _getframe(1))

    def __ne__(self, other: object) -> Any:
        return other is None or apply(_NOT_EQUAL, (self, other), NO_PARAMS, _getframe(1))

    def __rdivmod__(self, other: Any) -> tuple[Any, Any]:
        return other // self, other % self

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        if api_version not in {None, "2021.12", "2022.12", "2023.12", "2024.12"}:
            raise ValueError(f"the array API of {api_version!r} is not offered; there are 2021.12 to 2024.12")
        return import_module("gradtape.numpy")

    def __divmod__(self, other: Any) -> tuple[Any, Any]:
        return self // other, self % other

    def __round__(self, ndigits: int | None = None) -> Any:
        return apply(OPS["round"], (self,), {"decimals": ndigits or 0}, _getframe(1))

    @property
    def T(self) -> Any:  # noqa: N802
        """The transpose: axes in the opposite order."""
        return apply_to_one(_TRANSPOSE, self, {"axes": None}, _getframe(1))

    @property
    def mT(self) -> Any:  # noqa: N802
        """The matrix transpose: the last two axes exchanged."""
        return doors.SPACE.swapaxes(self, -1, -2)

    def astype(self, dtype: Any, copy: bool = True) -> Any:  # noqa: ARG002
        """Cast to a dtype; a cast to integers or booleans ends the path of the gradient."""
        return doors.cast(self, dtype, _getframe(1))

    def reshape(self, *shape: Any) -> Any:
        """Give the elements another shape; one length may be -1."""
        target = shape[0] if len(shape) == 1 else shape
        return apply_to_one(_RESHAPE, self, {"shape": target}, _getframe(1))

    def transpose(self, *axes: Any) -> Any:
        """Permute the axes; without arguments, reverse them."""
        order = (axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes) or None
        return apply(_TRANSPOSE, (self,), {"axes": order}, _getframe(1))

    def __copy__(self) -> Any:
        return apply(OPS["copy"], (self,), NO_PARAMS, _getframe(1))

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return apply(OPS["copy"], (self,), NO_PARAMS, _getframe(1))

    def __reduce__(self) -> Any:
        leaving.leave(self, EventKind.LEFT_AS_ARRAY, _getframe(1))
        return _rebuild, (np.array(self._value),)

    __array__ = leaving.to_array
    __float__ = leaving.to_float
    __int__ = leaving.to_int
    __complex__ = leaving.to_complex
    __index__ = leaving.to_index
    __bool__ = leaving.to_bool
    numpy = leaving.to_numpy
    item = leaving.to_item
    tolist = leaving.to_list
    __array_ufunc__ = protocols.array_ufunc
    __array_function__ = protocols.array_function
    if CORE is not None:
        __getitem__ = CORE.getitem(OPS["getitem"])
        __array_ufunc__, __array_function__ = CORE.array_ufunc(), CORE.array_function()

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...


def method(row: Op | Composite) -> Callable[..., Any]:
    """Make a tensor's method from a row of the table: the tensor is the first array."""
    function = doors.way_in(row)

    def bound(self: Any, *args: Any, **kwargs: Any) -> Any:
        return function(self, *args, **kwargs)

    bound.__name__ = row.name
    bound.__doc__ = docstring(row)
    return bound


for _row in loaded():
    for _name in _row.methods:
        setattr(Tensor, _name, method(_row))


def wrap(value: Any) -> Tensor:
    """Put a value that no operation made into a tensor of its own."""
    return Tensor(value, next_id())


def _rebuild(value: Any) -> Tensor:
    return wrap(value[()] if value.ndim == 0 else value)


_GETITEM = OPS["getitem"]
_EQUAL, _NOT_EQUAL = OPS["equal"], OPS["not_equal"]
_TRANSPOSE, _RESHAPE = OPS["transpose"], OPS["reshape"]


def _repr(name: str, value: Any) -> str:
    body = np.array2string(np.asarray(value), separator=", ", prefix=f"{name}(")
    dtype = "" if value.dtype == np.float64 and value.size else f", dtype={value.dtype}"
    return f"{name}({body}{dtype})"
