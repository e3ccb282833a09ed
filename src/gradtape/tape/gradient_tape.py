"""`GradientTape`: TensorFlow's names and semantics over a recording."""

from __future__ import annotations

from contextlib import contextmanager
from sys import _getframe
from typing import TYPE_CHECKING, Any

from gradtape.arrays.dispatch import Node, is_differentiable, watch_variable
from gradtape.arrays.failures import located
from gradtape.arrays.frames import user_frame
from gradtape.arrays.record import OPEN, EventKind, Recording, note_event, open_recordings, settle_all
from gradtape.arrays.variable import Variable
from gradtape.diagnostics import Site
from gradtape.errors import DTypeError, NotEnteredError, TapeStateError
from gradtape.tape import missing, query
from gradtape.tape.asked import Leaf
from gradtape.tape.structure import flatten

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
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
        recording = self._recording
        if recording is None or self._used_at is not None:
            recording = self._recording = Recording(auto_watch=self._auto_watch)
            self._used_at = None
        OPEN.set((*open_recordings(), recording))
        note_event(EventKind.ENTER, 0, frame, only=recording)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._is_recording():
            self._stop(EventKind.EXIT, _getframe(1))

    def _repr_html_(self) -> str:
        """Show it in a notebook: its state, and what it has recorded."""
        from gradtape.recorders.recorded import recorded
        from gradtape.render import notebook

        recording = Recording(auto_watch=self._auto_watch) if self._recording is None else self._recording
        used_up = f"gave its gradients at line {self._used_at.span.line}" if self._used_at is not None else ""
        state = "recording" if self._is_recording() else used_up or ("closed" if self._recording else "not entered yet")
        watched = [f"{v.name or 'a variable'} {v.shape} {v.dtype}" for v in self.watched_variables()]
        facts = [
            ("state", state),
            ("gradients", "as many as are asked for" if self._persistent else "one set"),
            ("operations", f"{len(recording.written):,}"),
            ("variables watched", ", ".join(watched) or "none"),
        ]
        return notebook.tape(recorded(recording), facts)

    def _is_recording(self) -> bool:
        return self._recording in open_recordings()

    def _stop(self, kind: EventKind, frame: FrameType) -> None:
        settle_all()
        recording = self._opened("stop", frame)
        note_event(kind, 0, frame, only=recording)
        recording.hand_over()
        OPEN.set(tuple([r for r in open_recordings() if r is not recording]))

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
            if not isinstance(leaf, Node):
                asking = query.Asking("tape.watch", recording, frame)
                query.refuse(leaf, f"tensor{path}", asking, (), (Leaf(path, leaf),))
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

    _law = query.LAW

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
                opened = self._opened("stop_recording", frame)
                OPEN.set((*open_recordings(), opened))
                note_event(EventKind.RESUME, 0, frame, only=opened)

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
        OPEN.set((*open_recordings(), recording))
        note_event(EventKind.ENTER, 0, frame, only=recording)

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
        unconnected_gradients: str | None = None,
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
        unconnected_gradients : {"none", "zero", "raise"}, optional
            What stands for a gradient that does not exist: None and a `MissingGradientWarning` that says why, zeros of
            the source's shape and dtype, or a `MissingGradientError` that carries the diagnosis. As
            `config(unconnected_gradients=...)` says unless given.

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

        def answer(recording: Recording) -> Any:
            return query.ask(
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

        return self._answered("gradient", target, sources, frame, answer)

    def jacobian(
        self,
        target: Any,
        sources: Any,
        unconnected_gradients: str | None = None,
        parallel_iterations: int | None = None,
        experimental_use_pfor: bool = True,
    ) -> Any:
        """Differentiate every element of the target with respect to every element of the sources.

        The sweep runs once for all elements of the target, or once for as many as keep within a bound of memory.

        Parameters
        ----------
        target : Tensor or Variable
        sources : Tensor, Variable or a nested structure of them
        unconnected_gradients : {"none", "zero", "raise"}
            As for `gradient`.
        parallel_iterations : int, optional
            How many elements of the target one sweep answers for; found out unless given.
        experimental_use_pfor : bool
            If False, one sweep per element of the target. Needs a persistent tape, as in TensorFlow.

        Returns
        -------
        Tensor, None or a structure like `sources`
            Each of shape `target.shape + source.shape` and of its source's dtype.

        Raises
        ------
        UsedUpError, SourceError
            As `gradient`; also if `target` is a structure.
        TapeStateError
            If `experimental_use_pfor` is False and the tape is not persistent.

        Examples
        --------
        >>> import gradtape as gt
        >>> x = gt.Variable([1.0, 2.0])
        >>> with gt.GradientTape() as tape:
        ...     y = x * x
        >>> tape.jacobian(y, x)
        Tensor([[2., 0.],
                [0., 4.]])
        """
        frame = _getframe(1)
        width = self._width("jacobian", parallel_iterations, experimental_use_pfor, frame)

        from gradtape.tape import jacobian as jacobians  # with its batches: not everybody needs them

        def answer(recording: Recording) -> Any:
            run = jacobians.run_of(recording, width)
            return jacobians.jacobian("tape.jacobian", run, target, sources, unconnected_gradients, frame)

        return self._answered("jacobian", target, sources, frame, answer)

    def batch_jacobian(
        self,
        target: Any,
        source: Any,
        unconnected_gradients: str | None = None,
        parallel_iterations: int | None = None,
        experimental_use_pfor: bool = True,
    ) -> Any:
        """Return the Jacobian of each example, where the first axis counts examples that do not interact.

        Parameters
        ----------
        target, source : Tensor or Variable
            Of rank 2 or more, with the same first length.
        unconnected_gradients, parallel_iterations, experimental_use_pfor
            As for `jacobian`.

        Returns
        -------
        Tensor or None
            Of shape `target.shape + source.shape[1:]`.

        Raises
        ------
        ShapeError
            If a rank is less than 2, or the first lengths differ.

        Warns
        -----
        MixedExamplesWarning
            If the examples do interact: then these are sums over examples, as in TensorFlow.

        Examples
        --------
        >>> import gradtape as gt
        >>> x = gt.Variable([[1.0, 2.0], [3.0, 4.0]])
        >>> with gt.GradientTape() as tape:
        ...     y = x * x
        >>> tape.batch_jacobian(y, x)
        Tensor([[[2., 0.],
                 [0., 4.]],
        <BLANKLINE>
                [[6., 0.],
                 [0., 8.]]])
        """
        frame = _getframe(1)
        width = self._width("batch_jacobian", parallel_iterations, experimental_use_pfor, frame)

        from gradtape.tape import jacobian as jacobians  # with its batches: not everybody needs them

        def answer(recording: Recording) -> Any:
            run = jacobians.run_of(recording, width)
            return jacobians.batch_jacobian("tape.batch_jacobian", run, target, source, unconnected_gradients, frame)

        return self._answered("batch_jacobian", target, source, frame, answer)

    def _width(self, what: str, parallel: int | None, use_pfor: bool, frame: FrameType) -> int | None:
        """Return how many seeds go into one sweep: 0 for one after the other, None for as many as fit."""
        if not use_pfor and not self._persistent:
            raise located(
                TapeStateError,
                f"GradientTape must be created with persistent=True to compute the {what} with "
                "experimental_use_pfor set to False.",
                frame,
                "make it persistent, or leave `experimental_use_pfor` alone",
            )
        return (None if parallel is None else max(1, parallel)) if use_pfor else 0

    def _answered(
        self, what: str, target: Any, sources: Any, frame: FrameType, answer: Callable[[Recording], Any]
    ) -> Any:
        """Answer a question if the tape still can; a tape that is not persistent stops and is used up by it."""
        recording = self._opened(what, frame)
        if self._used_at is not None:
            missing.refuse_used_up(recording, target, sources, frame, self._used_at)
        if not self._persistent and self._is_recording():
            self._stop(EventKind.EXIT, frame)
        result = answer(recording)
        if not self._persistent:
            self._used_at = Site.of(user_frame(frame))
            if recording.odd:
                recording.evidence = list(recording.saved)
            recording.saved[:] = [None] * len(recording.saved)  # one for each record: a task may be writing on
        return result

    def why(self, target: Any, sources: Any) -> Explanation:
        """Say for each source whether a gradient flows to it from the target and, if not, why not.

        Works before and after `gradient`, also on a tape that is used up. The backward pass runs once more to see where
        numbers get lost; a tape that is used up still can if it gave a gradient that was zero or not finite.

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
        return query.why(self._opened("why", frame), target, sources, frame)

    def check(self, target: Any, sources: Any, *, allow: Iterable[str] = ()) -> Explanation:
        """Insist that a useful gradient flows from the target to every source.

        Ask before `gradient`, or on a persistent tape: the backward pass is run once, and nothing is used up.

        Parameters
        ----------
        target, sources
            As for `gradient`.
        allow : iterable of str
            Codes or names of causes that are let through: "GT105", "flat-region".

        Returns
        -------
        Explanation
            One report per source. Gradients of zero at a minimum are right, and pass.

        Raises
        ------
        BrokenGradientError
            If a gradient is missing, zero, not finite, lost in part, vanished or exploded for a reason that is not in
            `allow`. Its text is the diagnosis; `explanation` has it for programs.
        ValueError
            If something in `allow` is no code.

        Examples
        --------
        >>> import gradtape as gt, numpy as np
        >>> w = gt.Variable([0.0, 4.0])
        >>> with gt.GradientTape() as tape:
        ...     loss = np.sum(np.sqrt(w))
        >>> tape.check(loss, w)
        Traceback (most recent call last):
            ...
        gradtape.errors.BrokenGradientError: warning[GT401 singular-point]: the gradient from `loss` to `w` is...
        """
        frame = _getframe(1)
        return query.check(self._opened("check", frame), target, sources, allow, frame)
