"""A structure of parameters as the flat vector that SciPy's solvers work on, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.arrays.dispatch import Node
from gradtape.arrays.failures import describe, located
from gradtape.arrays.variable import Variable
from gradtape.errors import OperandError
from gradtape.scipy._values import xp
from gradtape.tape.structure import flatten, rebuild

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType


class Unknowns:
    """What a solver moves.

    Numbers, a vector and lists of numbers are SciPy's own form: the function gets a vector. An array of any other
    shape, a dict, list, tuple or dataclass of arrays is handed to the function in its own form. Variables, alone, in a
    structure or in an object that has `trainable_variables`, are moved in place: the function reads them wherever it
    likes, and they hold the solution in the end.

    Parameters
    ----------
    kind : str
        The function that the user called, for messages.
    start : array_like, Variable, a structure of them, or an object with `trainable_variables`
    frame : FrameType
        Who called.
    """

    def __init__(self, kind: str, start: Any, frame: FrameType) -> None:
        self.kind = kind
        self.holder = start if hasattr(start, "trainable_variables") else None
        self.form = list(start.trainable_variables) if self.holder is not None else start
        if isinstance(start, list | tuple) and _is_numbers(start):
            self.form = _as_floats(kind, "", start, frame)
        self.alone = _is_leaf(self.form) and not isinstance(self.form, Variable) and np.ndim(_plain(self.form)) <= 1
        if self.alone:
            self.form = np.atleast_1d(_as_floats(kind, "", self.form, frame))
        self.paths: list[str] = []
        self.variables: list[Variable | None] = []
        self.starts: list[Any] = []
        for path, leaf in flatten(self.form):
            if not _stands(leaf):
                self.paths.append(path)
                self.variables.append(leaf if isinstance(leaf, Variable) else None)
                self.starts.append(_as_floats(kind, path, leaf, frame))
        if not sum(s.size for s in self.starts):
            raise located(OperandError, f"{kind}: the start holds no number that could move", frame)

    @property
    def vector(self) -> Any:
        """The start as a float64 vector."""
        return np.concatenate([np.ravel(s).astype(np.float64) for s in self.starts])

    @property
    def in_place(self) -> bool:
        """Whether variables move, and not copies."""
        return any(v is not None for v in self.variables)

    def pieces(self, x: Any) -> list[Any]:
        """Cut a flat vector into arrays of the leaves' shapes and dtypes."""
        found, at = [], 0
        for start in self.starts:
            found.append(np.reshape(x[at : at + start.size], start.shape).astype(start.dtype)[()])
            at += start.size
        return found

    def at(self, x: Any) -> Any:
        """Return the parameters at a flat vector, as plain arrays; variables are assigned and stand for themselves."""
        leaves = []
        for piece, variable in zip(self.pieces(x), self.variables, strict=True):
            if variable is None:
                leaves.append(piece)
            else:
                variable._value = piece
                leaves.append(variable)
        return self.handed(leaves)

    def handed(self, leaves: list[Any]) -> Any:
        """Return what the function gets when its leaves are these: an object with variables gets itself."""
        return self.like(leaves) if self.holder is None else self.holder

    def moving(self, handed: Any) -> list[Any]:
        """Return the leaves that move of what the function gets."""
        if self.holder is not None:
            return list(self.variables)
        pairs = zip(flatten(handed), flatten(self.form), strict=True)
        return [leaf for (_, leaf), (_, there) in pairs if not _stands(there)]

    def cut(self, x: Any) -> Any:
        """Return the parameters at a flat tensor, as tensors: cutting is recorded."""
        if self.alone:
            return x
        leaves, at = [], 0
        for start in self.starts:
            piece = xp.reshape(x[at : at + start.size], shape=start.shape)
            leaves.append(piece if start.dtype == np.float64 else xp.cast(piece, dtype=start.dtype.name))
            at += start.size
        return self.like(leaves)

    def like(self, leaves: list[Any]) -> Any:
        """Give one value per leaf that moves the form of the start; the others stand as they are."""
        moved, standing = iter(leaves), flatten(self.form)

        def leaf() -> Any:
            _, there = next(standing)
            return there if _stands(there) else next(moved)

        return rebuild(self.form, leaf)

    def leave_at(self, x: Any) -> None:
        """Let the variables hold a vector: the search is over."""
        for piece, variable in zip(self.pieces(x), self.variables, strict=True):
            if variable is not None:
                variable.assign(piece)


def joined(leaves: list[Any]) -> Any:
    """Join the leaves' arrays to a flat float64 vector."""
    return np.concatenate([np.ravel(_plain(leaf)).astype(np.float64) for leaf in leaves])


def _plain(value: Any) -> Any:
    return value._value if isinstance(value, Node) else value


def _stands(leaf: Any) -> bool:
    """Whether a leaf is not moved."""
    return leaf is None or (isinstance(leaf, Variable) and not leaf.trainable)


def _is_leaf(form: Any) -> bool:
    return isinstance(form, Node | np.ndarray | np.generic | float | int)


def _is_numbers(start: Any) -> bool:
    """Whether nested lists hold nothing but numbers, so that they stand for an array."""

    def leaves(value: Any) -> Iterator[Any]:
        if isinstance(value, list) or type(value) is tuple:
            for item in value:
                yield from leaves(item)
        else:
            yield value

    return all(
        isinstance(leaf, int | float | np.number)
        or (isinstance(leaf, Node) and not isinstance(leaf, Variable) and not leaf._value.ndim)
        for leaf in leaves(start)
    )


def _as_floats(kind: str, path: str, leaf: Any, frame: FrameType) -> Any:
    """Return a leaf's numbers as a real floating-point array.

    Raises
    ------
    OperandError
        If it has none.
    """
    try:
        array = np.array(plain_numbers(leaf))
    except (TypeError, ValueError):
        array = np.array(None)
    if array.dtype.kind not in "fiub":
        raise located(
            OperandError,
            f"{kind}: the start{path} is {describe(_plain(leaf))}, and real numbers are needed",
            frame,
            "split complex numbers into real and imaginary parts" if array.dtype.kind == "c" else "leave it out",
        )
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def plain_numbers(value: Any) -> Any:
    """Take the tensors out of nested lists."""
    return [plain_numbers(item) for item in value] if isinstance(value, list | tuple) else _plain(value)
