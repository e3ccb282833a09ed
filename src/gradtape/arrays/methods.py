"""The tensor's methods and attributes that are no operation by themselves: parts, positions, writes, the device."""

from __future__ import annotations

from sys import _getframe
from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.arrays import doors, leaving, writing
from gradtape.arrays.dispatch import NO_PARAMS, Node, apply
from gradtape.arrays.failures import located
from gradtape.arrays.record import EventKind
from gradtape.errors import OperandError
from gradtape.ops import OPS, Index

if TYPE_CHECKING:
    from collections.abc import Iterator


class Flat:
    """The elements of a tensor in a row: `t.flat[k]` reads one, `t.flat[k] = v` writes it."""

    __slots__ = ("_tensor",)

    def __init__(self, tensor: Any) -> None:
        self._tensor = tensor

    def __len__(self) -> int:
        return int(self._tensor.size)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._tensor.reshape(-1))

    def __getitem__(self, index: Any) -> Any:
        return self._tensor.reshape(-1)[index]

    def __setitem__(self, index: Any, value: Any) -> None:
        frame = _getframe(1)
        tensor = self._tensor
        chosen = np.arange(tensor.size)[leaving.plain_index(index, frame)]
        writing.write_flat(tensor, chosen, value, frame)

    def copy(self) -> Any:
        """Return the elements as a one-dimensional tensor."""
        return self._tensor.reshape(-1)


class Methods(Node):
    """What a tensor has beside its operations."""

    __slots__ = ()

    @property
    def itemsize(self) -> int:
        """The bytes of one element."""
        return int(self._value.itemsize)

    @property
    def nbytes(self) -> int:
        """The bytes of all elements."""
        return int(self._value.nbytes)

    @property
    def strides(self) -> tuple[int, ...]:
        """The bytes from one element to the next along each axis."""
        return self._value.strides  # type: ignore[no-any-return]

    @property
    def device(self) -> str:
        """Where the elements are: always `"cpu"`."""
        return "cpu"

    def to_device(self, device: str, /, *, stream: Any = None) -> Any:
        """Return the tensor itself; there is no other device than `"cpu"`."""
        if device != "cpu" or stream is not None:
            raise located(OperandError, f"to_device: there is only the device 'cpu', not {device!r}", _getframe(1))
        return self

    @property
    def real(self) -> Any:
        """The real parts; may be written to."""
        return apply(OPS["real"], (self,), NO_PARAMS, _getframe(1))

    @real.setter
    def real(self, value: Any) -> None:
        frame = _getframe(1)
        parts = value if self._value.dtype.kind != "c" else value + doors.SPACE.imag(self) * 1j
        writing.copyto(frame, self, parts)

    @property
    def imag(self) -> Any:
        """The imaginary parts; those of a complex tensor may be written to."""
        return apply(OPS["imag"], (self,), NO_PARAMS, _getframe(1))

    @imag.setter
    def imag(self, value: Any) -> None:
        frame = _getframe(1)
        if self._value.dtype.kind != "c":
            raise located(OperandError, "a real tensor has no imaginary parts to write to", frame)
        writing.copyto(frame, self, doors.SPACE.real(self) + value * 1j)

    @property
    def flat(self) -> Flat:
        """The elements in a row, to read, to write and to loop over."""
        return Flat(self)

    @flat.setter
    def flat(self, value: Any) -> None:
        writing.write_flat(self, np.arange(self._value.size), value, _getframe(1))

    def view(self, dtype: Any = None) -> Any:
        """Return a tensor of the same values; a complex one may be seen as pairs of real numbers, and back.

        It is a tensor of its own: writing to one of the two does not change the other.
        """
        frame = _getframe(1)
        mine, shape = self._value.dtype, self._value.shape
        wanted = mine if dtype is None or (isinstance(dtype, type) and issubclass(dtype, Node)) else np.dtype(dtype)
        if wanted == mine:
            return apply(OPS["identity"], (self,), NO_PARAMS, frame)
        xp = doors.SPACE
        if mine.kind == "c" and wanted == self._value.real.dtype:
            return xp.reshape(xp.stack([xp.real(self), xp.imag(self)], axis=-1), shape=(*shape[:-1], -1))
        if wanted.kind == "c" and np.empty(0, wanted).real.dtype == mine and shape and not shape[-1] % 2:
            pairs = xp.reshape(self, shape=(*shape[:-1], -1, 2))
            return xp.getitem(pairs, Index((..., 0))) + xp.getitem(pairs, Index((..., 1))) * wanted.type(1j)
        raise located(
            OperandError,
            f"view: {mine} elements cannot be seen as {wanted} on a tape",
            frame,
            "use `astype` to convert them, or `numpy()` to leave the tape",
        )

    def argpartition(self, kth: Any, axis: Any = -1, kind: str = "introselect", order: Any = None) -> Any:  # noqa: ARG002
        """Return the positions that partition the elements."""
        return doors.SPACE.argpartition(self, kth=kth, axis=axis)

    def sort(self, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None) -> None:  # noqa: ARG002
        """Sort: the tensor stands for the sorted values from now on."""
        frame = _getframe(1)
        writing.refuse_variable(self, "by `sort`", frame)
        result = apply(OPS["sort"], (self,), {"axis": axis, "kind": "stable" if stable else kind}, frame)
        writing.stand_for(self, result, frame, "sort")

    def partition(self, kth: Any, axis: Any = -1, kind: str = "introselect", order: Any = None) -> None:  # noqa: ARG002
        """Partition: the tensor stands for the rearranged values from now on."""
        frame = _getframe(1)
        writing.refuse_variable(self, "by `partition`", frame)
        writing.stand_for(self, doors.SPACE.partition(self, kth, axis), frame, "partition")

    def fill(self, value: Any) -> None:
        """Fill with one value, which has a gradient: the sum over all places."""
        frame = _getframe(1)
        writing.refuse_variable(self, "by `fill`", frame)
        writing.write_at(self, Index(...), value, frame)

    def put(self, indices: Any, values: Any, mode: str = "raise") -> None:
        """Write values at positions of the flattened tensor; see `numpy.put`."""
        writing.put(_getframe(1), self, indices, values, mode)

    def tobytes(self, order: str = "C") -> bytes:
        """Return the bytes of the elements; leaves the tape."""
        leaving.leave(self, EventKind.LEFT_AS_ARRAY, _getframe(1))
        return self._value.tobytes(order)  # type: ignore[no-any-return]

    def __dlpack__(self, **options: Any) -> Any:
        leaving.leave(self, EventKind.LEFT_AS_ARRAY, _getframe(1))
        return np.array(self._value).__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return np.asarray(self._value).__dlpack_device__()
