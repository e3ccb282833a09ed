"""`GradientTape`: TensorFlow's names and semantics over a recording."""

from __future__ import annotations

from contextlib import contextmanager
from sys import _getframe
from typing import TYPE_CHECKING, Any

from gradtape.arrays.dispatch import is_differentiable, watch_variable
from gradtape.arrays.failures import located
from gradtape.arrays.record import STATE, EventKind, Recording, note_event, settle_all, user_frame
from gradtape.arrays.variable import Variable
from gradtape.diagnostics import Site
from gradtape.errors import DTypeError, NotEnteredError, TapeStateError
from gradtape.tape import missing, query
from gradtape.tape.structure import flatten

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType, TracebackType

    from gradtape.explain import Explanation


class GradientTape:
    """Record operations, and differentiate what was recorded.

    Parameters
    ----------
    persistent : bool
        Keep what the rules need after the first `gradient`, so that more can follow.
    watch_accessed_variables : bool
        Watch every trainable `Variable` that is read while the tape records.

    Examples
    --------
    >>> import gradtape as gt
    >>> x = gt.constant(3.0)
    >>> with gt.GradientTape() as tape:
    ...     tape.watch(x)
    ...     y = x * x
    >>> tape.gradient(y, x)
    Tensor(6.)
    """

    def __init__(self, persistent: bool = False, watch_accessed_variables: bool = True) -> None:
        self._persistent = persistent
        self._auto_watch = watch_accessed_variables
        self._recording: Recording | None = None
        self._used_at: Site | None = None
        self._pauses = 0

    def __enter__(self) -> GradientTape:
        frame = _getframe(1)
        if self._is_recording():
            raise located(
                TapeStateError,
                "Tape is still recording: it was entered twice",
                frame,
                "leave it first, or use a second tape",
            )
        if self._recording is None or self._used_at is not None:
            self._recording = Recording(auto_watch=self._auto_watch)
            self._used_at = None
        STATE.recordings = (*STATE.recordings, self._recording)
        self._note(EventKind.ENTER, frame)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._is_recording():
            self._stop(EventKind.EXIT, _getframe(1))

    def _is_recording(self) -> bool:
        return any(recording is self._recording for recording in STATE.recordings)

    def _stop(self, kind: EventKind, frame: FrameType) -> None:
        settle_all()
        self._note(kind, frame)
        self._opened("stop", frame).hand_over()
        STATE.recordings = tuple(r for r in STATE.recordings if r is not self._recording)

    def _note(self, kind: EventKind, frame: FrameType) -> None:
        note_event(kind, 0, frame, only=self._opened(kind, frame))

    def _opened(self, what: str, frame: FrameType) -> Recording:
        if self._recording is None:
            raise located(
                NotEnteredError,
                f"{what}: this tape has not recorded anything yet",
                frame,
                "enter it first: `with tape:`",
            )
        return self._recording

    def watch(self, tensor: Any) -> None:
        """Follow tensors from now on; operations that ran before stay unrecorded.

        Parameters
        ----------
        tensor : Tensor, Variable or a nested structure of them

        Raises
        ------
        SourceError
            If something in the structure is no tensor.
        DTypeError
            If a tensor's dtype has no derivatives (integers, booleans).
        TapeStateError
            If the tape was never entered.
        """
        frame = _getframe(1)
        recording = self._opened("watch", frame)
        for path, leaf in flatten(tensor):
            query.check_node(leaf, f"watch: `tensor{path}`", frame)
            early = bool(recording.written) and leaf._id not in recording.known
            if isinstance(leaf, Variable):
                watch_variable(recording, leaf)
            if not is_differentiable(leaf._value):
                self._meet_integer(f"tensor{path}", leaf, frame)
                continue
            if isinstance(leaf, Variable) and early:
                recording.late[leaf._id] = recording.since[leaf._id]
            recording.known.add(leaf._id)
            recording.roots.add(leaf._id)
            note_event(EventKind.WATCH, leaf._id, frame, only=recording)

    _law = query.Law()

    def _meet_integer(self, name: str, leaf: Any, frame: FrameType) -> None:
        """Refuse to watch what has no derivatives."""
        raise located(
            DTypeError,
            f"watch: `{name}` has dtype {leaf.dtype}, whose values cannot move a little",
            frame,
            "make it floating point: `3.0` instead of `3`, or `dtype=float`",
        )

    @contextmanager
    def stop_recording(self) -> Iterator[None]:
        """Pause this tape for a block; other tapes go on. Blocks may be nested.

        Raises
        ------
        TapeStateError
            If the tape is not recording.
        """
        frame = user_frame(_getframe(2))
        if not (self._is_recording() or self._pauses):
            raise located(
                TapeStateError, "Tape is not recording: there is nothing to stop", frame, "call it inside `with tape:`"
            )
        recording = self._recording
        if not self._pauses:
            self._stop(EventKind.PAUSE, frame)
        self._pauses += 1
        try:
            yield
        finally:
            self._pauses -= 1
            if not self._pauses and recording is self._recording and self._used_at is None:
                settle_all()
                STATE.recordings = (*STATE.recordings, self._opened("stop_recording", frame))
                self._note(EventKind.RESUME, frame)

    def reset(self) -> None:
        """Forget everything recorded and watched, and go on recording.

        Raises
        ------
        TapeStateError
            If the tape is not recording.
        """
        frame = _getframe(1)
        if not self._is_recording():
            raise located(
                TapeStateError, "Tape is not recording: there is nothing to reset", frame, "call it inside `with tape:`"
            )
        self._stop(EventKind.RESET, frame)
        recording = self._opened("reset", frame)
        recording.forget()
        STATE.recordings = (*STATE.recordings, recording)
        self._note(EventKind.ENTER, frame)

    def watched_variables(self) -> tuple[Variable, ...]:
        """Return the variables that this tape watches, in the order of their creation."""
        if self._recording is None:
            return ()
        return tuple(variable for _, variable in sorted(self._recording.variables.items()))

    def gradient(
        self,
        target: Any,
        sources: Any,
        output_gradients: Any = None,
        unconnected_gradients: str = "none",
    ) -> Any:
        """Differentiate the sum of the target's elements with respect to the sources.

        Parameters
        ----------
        target : Tensor, Variable or a nested structure of them
            Of any shape; several targets are added up.
        sources : Tensor, Variable or a nested structure of them
            What to differentiate with respect to: watched tensors, variables, or intermediate results.
        output_gradients : array_like or structure like `target`, optional
            The weight of each target element, ones where None. Checked: one entry per target, of its shape.
        unconnected_gradients : {"none", "zero", "raise"}
            What stands for a gradient that does not exist: None and a `MissingGradientWarning` that says why, zeros of
            the source's shape and dtype, or a `MissingGradientError` that carries the diagnosis.

        Returns
        -------
        Tensor, None or a structure like `sources`
            Each of its source's shape and dtype.

        Raises
        ------
        UsedUpError
            If the tape is not persistent and gave its gradients before.
        SourceError
            If a target or a source is nothing that a tape can follow.
        ShapeError
            If `output_gradients` do not fit the targets.

        Examples
        --------
        >>> import gradtape as gt
        >>> w = gt.Variable([1.0, 2.0])
        >>> with gt.GradientTape() as tape:
        ...     y = w * w
        >>> tape.gradient(y, {"w": w}, output_gradients=[1.0, 10.0])
        {'w': Tensor([ 2., 40.])}
        """
        frame = _getframe(1)
        recording = self._opened("gradient", frame)
        if self._used_at is not None:
            missing.refuse_used_up(recording, target, sources, frame, self._used_at)
        if not self._persistent and self._is_recording():
            self._stop(EventKind.EXIT, frame)
        result = query.ask(
            "tape.gradient",
            recording,
            recording.written,
            recording.saved,
            target,
            sources,
            output_gradients,
            unconnected_gradients,
            frame,
            law=self._law,
        )
        if not self._persistent:
            self._used_at = Site.of(user_frame(frame))
            recording.saved[:] = [None] * len(recording.saved)  # one for each record: a task may be writing on
        return result

    def why(self, target: Any, sources: Any) -> Explanation:
        """Say for each source whether a gradient flows to it from the target and, if not, why not.

        Works before and after `gradient`, also on a tape that is used up. Nothing is computed again.

        Parameters
        ----------
        target, sources
            As for `gradient`.

        Returns
        -------
        Explanation
            Prints as text; `findings` and `to_json()` are for programs.

        Examples
        --------
        >>> import gradtape as gt
        >>> x = gt.constant(3.0)
        >>> with gt.GradientTape() as tape:
        ...     y = x * x
        >>> tape.why(y, x).findings[0].cause
        'not-watched'
        """
        frame = _getframe(1)
        return missing.explain(self._opened("why", frame), target, sources, frame)
