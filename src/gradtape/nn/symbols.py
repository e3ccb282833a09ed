"""`Symbol`: what a layer will be called with. Layers that are called with symbols note the call; `Model` makes it."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, NoReturn

import numpy as np

from gradtape.arrays.dispatch import Node
from gradtape.arrays.record import unrecorded
from gradtape.tape.structure import flatten, rebuild

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

_KEYS = count()
OPEN = (16, 17)
"""Two lengths that are tried for an axis of no length of its own; axes of results that differ are of none either."""


class Made(NamedTuple):
    """How a symbol comes about: a function, what it is called with, and which of its results the symbol is."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    which: int
    key: int
    """Results of one call have one key."""


class Symbol(np.lib.mixins.NDArrayOperatorsMixin):
    """A value that is not there yet: of known shape and dtype, with None for the batch and for lengths that may differ.

    Operators, indices and functions of NumPy that are applied to symbols give symbols; other functions go into a
    `Lambda` layer.

    Attributes
    ----------
    shape : tuple of int or None
    dtype : dtype
    """

    exist: ClassVar[bool] = False
    """Whether there ever was one: layers look for them only then."""

    def __init__(self, examples: tuple[Any, Any], made: Made | None = None, name: str | None = None) -> None:
        Symbol.exist = True
        self.examples = examples
        self.made = made
        self.name = name
        one, other = (np.shape(e) for e in examples)
        self.shape = tuple(n if n == m else None for n, m in zip(one, other, strict=True))
        self.dtype = np.dtype(getattr(examples[0], "dtype", np.float32))

    @property
    def ndim(self) -> int:
        """The number of axes, the batch among them."""
        return len(self.shape)

    def __repr__(self) -> str:
        return f"<Symbol of shape {self.shape}, {self.dtype.name}>"

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        self._refuse("an array")

    def __bool__(self) -> bool:  # noqa: PLE0304 - it never returns
        self._refuse("True or False")

    def __float__(self) -> float:
        self._refuse("a number")

    def _refuse(self, what: str) -> NoReturn:
        raise TypeError(
            f"{self!r} has no values yet, so that it is not {what}; put what is computed with them into a layer: "
            "`gradtape.nn.Lambda(function)(x)`"
        )

    def __iter__(self) -> NoReturn:
        raise TypeError(f"{self!r} has no values yet; its parts are `x[:, 0]`, `x[:, 1]`, ...")

    def __array_ufunc__(self, ufunc: Any, method: str, *args: Any, **kwargs: Any) -> Any:
        if method != "__call__" or "out" in kwargs:
            return NotImplemented
        return noted(ufunc, args, kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return noted(function, args, kwargs)

    def __getitem__(self, index: Any) -> Any:
        return noted(item, (self, index), {})


def item(value: Any, index: Any) -> Any:
    """Return `value[index]`."""
    return value[index]


def symbols_in(structure: Any) -> list[Symbol]:
    """Return the symbols in a structure of arguments."""
    return [leaf for _, leaf in flatten(structure) if isinstance(leaf, Symbol)]


def filled(structure: Any, value_of: Callable[[Symbol], Any]) -> Any:
    """Put values in the places of symbols; the structures are new, everything else is what it was."""
    if isinstance(structure, Symbol):
        return value_of(structure)
    if isinstance(structure, dict):
        return {key: filled(value, value_of) for key, value in structure.items()}
    if type(structure) in {list, tuple}:
        return type(structure)(filled(value, value_of) for value in structure)
    return structure


def noted(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return symbols for the results of a call; it is tried with zeros, which says what they are like."""
    with unrecorded(), np.errstate(all="ignore"):
        tries = [tried(function, args, kwargs, k) for k in (0, 1)]
    forget = getattr(function, "reset_states", None)
    if forget is not None:
        forget()  # what a recurrent layer saw was no sequence
    one, other = ([leaf for _, leaf in flatten(t)] for t in tries)
    key = next(_KEYS)
    made = iter(
        Symbol((plain(a), plain(b)), Made(function, args, kwargs, k, key))
        for k, (a, b) in enumerate(zip(one, other, strict=True))
    )
    return rebuild(tries[0], made.__next__)


def tried(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], which: int) -> Any:
    """Return what a function makes of examples."""
    given, named = (filled(part, lambda symbol: symbol.examples[which]) for part in (args, kwargs))
    return function(*given, **named)


def plain(value: Any) -> Any:
    """Return zeros like a value."""
    held = value._value if isinstance(value, Node) else np.asarray(value)
    return np.zeros(np.shape(held), held.dtype)


def start(shape: Any, dtype: Any = None, name: str | None = None, batch_size: int | None = None) -> Symbol:
    """Return the symbol of an input.

    Parameters
    ----------
    shape : sequence of int or None
        Of one example.
    dtype : dtype, optional
        float32 unless given.
    name : str, optional
    batch_size : int, optional
        Any unless given.
    """
    kind = np.dtype(np.float32 if dtype is None else dtype)
    lengths = [(batch_size or 2 + k, *(OPEN[k] if n is None else int(n) for n in shape)) for k in (0, 1)]
    one, other = (np.zeros(n, kind) for n in lengths)
    return Symbol((one, other), None, name)


def order(outputs: Any, ends: Collection[int] = ()) -> Iterator[Symbol]:
    """Yield the symbols that outputs come from, and the outputs, each after what it is made of.

    What the symbols whose ids are in `ends` are made of is not looked at.
    """
    seen: set[int] = set()
    waiting = [(symbol, False) for symbol in reversed(symbols_in(outputs))]
    while waiting:
        symbol, ready = waiting.pop()
        if ready:
            yield symbol
            continue
        if id(symbol) in seen:
            continue
        seen.add(id(symbol))
        waiting.append((symbol, True))
        if symbol.made is not None and id(symbol) not in ends:
            before = symbols_in([list(symbol.made.args), symbol.made.kwargs])
            waiting += [(s, False) for s in reversed(before) if id(s) not in seen]
