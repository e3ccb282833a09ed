"""The doors out of the tape: every conversion to an ndarray, a Python number or a truth value leaves an event."""

from __future__ import annotations

import warnings
from sys import _getframe
from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape import _config
from gradtape.arrays.dispatch import Node
from gradtape.arrays.failures import located
from gradtape.arrays.frames import is_user_file, user_frame
from gradtape.arrays.record import STATE, EventKind, note_event
from gradtape.diagnostics import Site
from gradtape.errors import LeakError, LeakWarning

if TYPE_CHECKING:
    from types import FrameType


def leave(node: Node, kind: EventKind, frame: FrameType, detail: Any = None) -> None:
    """Note that a value leaves the tape, and do what `config(leaks=...)` says if a tape follows it."""
    place = leaving_frame(frame)
    if detail is None and kind is EventKind.LEFT_AS_ARRAY:
        detail = library_call(frame, place)
    note_event(kind, node._id, place, detail)
    leaks = _config.settings.leaks
    if leaks != "allow" and kind is not EventKind.BRANCH and any(node._id in r.known for r in STATE.recordings):
        headline = (
            f"a recorded value {'became an ndarray' if kind is EventKind.LEFT_AS_ARRAY else 'became a Python number'}"
        )
        error = located(
            LeakError, headline, frame, "keep the tensor, or say `gradtape.stop_gradient(...)` if this is meant"
        )
        if leaks == "raise":
            raise error
        span = Site(place.f_code, place.f_lasti).span
        warnings.warn_explicit(str(error), LeakWarning, span.file, span.line)


def leaving_frame(frame: FrameType) -> FrameType:
    """Find the expression to show for a value that left: the nearest user code that itself speaks to the tape.

    A module of the user's that never imported the tape's library is foreign to it, like an installed package: the value
    left where it was handed over.
    """
    nearest = user_frame(frame)
    here: FrameType | None = nearest
    while here is not None:
        if is_user_file(here.f_code.co_filename) and _knows_the_tape(here.f_code.co_filename, here.f_globals):
            return here
        here = here.f_back
    return nearest


def library_call(frame: FrameType, place: FrameType) -> str | None:
    """Name the functions of another library between a conversion and the expression that led to it, outermost last.

    `scipy.linalg._matfuncs.expm`, say: who explains the exit can tell where that function stays on the tape.
    """
    names: list[str] = []
    here: FrameType | None = frame
    while here is not None and here is not place and len(names) < MAX_FRAMES:
        names.append(f"{here.f_globals.get('__name__', '')}.{here.f_code.co_name}")
        here = here.f_back
    return " ".join(names) if here is place and names else None


MAX_FRAMES = 12
_AWARE: set[str] = set()
"""Files that were seen to know the tape."""


def _knows_the_tape(file: str, names: dict[str, Any]) -> bool:
    if file not in _AWARE and _names_the_library(names):
        _AWARE.add(file)
    return file in _AWARE


def _names_the_library(names: dict[str, Any]) -> bool:
    """Whether a module holds something of ours: the library itself, one of its functions or classes, a tensor."""
    homes = (getattr(v, "__module__", None) or getattr(v, "__name__", None) for v in list(names.values()))
    return any(isinstance(home, str) and home.partition(".")[0] == "gradtape" for home in homes)


ATOMS = frozenset({int, bool, type(None), type(...)})
"""What stands in brackets as it is."""


def plain_index(index: Any, frame: FrameType) -> Any:
    """Take the values out of tensors that stand in the brackets of `x[...]`."""
    kind = type(index)
    if kind in ATOMS:
        return index
    if kind is slice:
        if type(index.start) in ATOMS and type(index.stop) in ATOMS and type(index.step) in ATOMS:
            return index
        return slice(*[plain_index(i, frame) for i in (index.start, index.stop, index.step)])
    if isinstance(index, tuple | list):
        return kind([plain_index(i, frame) for i in index])
    if isinstance(index, Node):
        leave(index, EventKind.LEFT_AS_ARRAY, frame, "index")
        return index._value
    if kind is np.ndarray:
        return index.copy()  # the derivative needs the positions as they are now
    return index


def to_array(self: Node, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
    """Give NumPy the values (`__array__`): a read-only view, so that no one overwrites what a tape may need."""
    leave(self, EventKind.LEFT_AS_ARRAY, _getframe(1))
    return plain_array(self._value, dtype, copy=copy)


def plain_array(value: Any, dtype: Any = None, *, copy: bool | None = None) -> np.ndarray[Any, Any]:
    """View a value as a read-only ndarray, or copy it where that is asked for or needed."""
    if copy or (dtype is not None and dtype != value.dtype):
        if copy is False:
            raise ValueError(f"a {value.dtype} tensor cannot become {dtype} without a copy")
        return np.array(value, dtype)
    view = np.asarray(value).view()
    view.flags.writeable = False
    return view


def to_numpy(self: Node) -> Any:
    """Return the value as NumPy's own: a copy of the array, a NumPy scalar if 0-d.

    Leaves the tape: nothing computed from the result has a gradient.

    Returns
    -------
    numpy.ndarray or numpy.generic
    """
    leave(self, EventKind.LEFT_AS_ARRAY, _getframe(1))
    return np.array(self._value)[()] if self._value.ndim == 0 else np.array(self._value)


def _number(convert: Any) -> Any:
    def conversion(self: Node) -> Any:
        number = convert(self._value)
        leave(self, EventKind.LEFT_AS_NUMBER, _getframe(1), number)
        return number

    return conversion


def _index(value: Any) -> int:
    if value.dtype.kind not in "iub":
        raise TypeError("only an integer tensor of one element can be used as an index")
    return int(value)


to_float = _number(float)
to_int = _number(int)
to_complex = _number(complex)
to_index = _number(_index)


def to_item(self: Node, *args: int) -> Any:
    """Return one element as a Python number; leaves the tape."""
    number = self._value.item(*args)
    leave(self, EventKind.LEFT_AS_NUMBER, _getframe(1), number)
    return number


def to_list(self: Node) -> Any:
    """Return the elements as nested lists of Python numbers; leaves the tape."""
    leave(self, EventKind.LEFT_AS_ARRAY, _getframe(1))
    return self._value.tolist()


def to_bool(self: Node) -> bool:
    """Decide a branch; the branch that is taken is recorded, the choice has no derivative."""
    answer = bool(self._value)
    leave(self, EventKind.BRANCH, _getframe(1), answer)
    return answer
