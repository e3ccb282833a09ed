"""Where questions about gradients come in: `backward()`, `autograd.grad`, a `.grad` that is read, an optimizer's step.

Each is answered from the graph that was recorded up to it. A gradient that is missing or zero in one step may be there
in another, so what was found about it is told at the end of the run, if it stayed so.
"""

from __future__ import annotations

import sys
import warnings
from collections import deque
from contextlib import contextmanager
from functools import partial
from math import isfinite
from typing import TYPE_CHECKING, Any
from weakref import ref

import torch

from gradtape.diagnostics import Site
from gradtape.explain.graph import BreakKind
from gradtape.explain.report import Status
from gradtape.recorders.heard import failed_to_explain
from gradtape.recorders.torch import failures, hooks, numbers, private
from gradtape.recorders.torch.asked import Asked
from gradtape.recorders.torch.autograd import Steps, Walk
from gradtape.recorders.torch.forgotten import Forgotten
from gradtape.recorders.torch.frames import user_frames
from gradtape.recorders.torch.functions import Function
from gradtape.recorders.torch.leaves import HARMLESS, Fates
from gradtape.recorders.torch.memory import Happening, Memory
from gradtape.recorders.torch.mode import Mode
from gradtape.recorders.torch.names import Names, text_before_dot
from gradtape.recorders.torch.questions import Questions, argument_names, transformed_names
from gradtape.recorders.torch.raised import Raised
from gradtape.recorders.torch.scaling import Scaled
from gradtape.recorders.torch.taken import Taken

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import FrameType

    from torch import Tensor

    from gradtape.explain.report import GradientReport
    from gradtape.recorders.frameworks import Options
    from gradtape.recorders.heard import Heard
    from gradtape.recorders.torch.frames import Frames

GRADIENT = Function("grad", "gradient", kind=BreakKind.INNER_GRADIENT)
"""A first derivative, as something that later operations take."""

MOST_FREED = 40_000
"""From how many values on, whose graph was used up, those are forgotten that nobody remembers making."""

DEBUG = False
"""Whether mistakes of ours are raised instead of reported: for our own tests."""


class Desk:
    """Takes the questions, has them explained, and keeps what is to be said at the end.

    Attributes
    ----------
    asked : deque of Asked
        The newest questions.
    freed : dict of int to Asked
        The values whose part of the graph was used up, with the question that did it.
    """

    def __init__(self, heard: Heard, options: Options) -> None:
        self.heard = heard
        self.options = options
        self.memory = Memory()
        self.mode = Mode(self.memory, self)
        self.fates = Fates()
        self.asked: deque[Asked] = deque(maxlen=50)
        self.freed: dict[int, Asked] = {}
        self.refused: dict[tuple[int, int], Site | None] = {}
        self.running: list[Steps] = []
        self.paths: dict[int, str] = {}
        """What parameters were called when an optimizer got them, by their first ids."""
        self.transforming = False
        """Whether a function of `torch.func` is asking."""
        self.failing = False
        self.forgotten = Forgotten(self.memory)
        self.taken = Taken(self)
        self.raised = Raised(self)
        self.scaled = Scaled(self.memory)
        self.busy = False
        self._codes: dict[int, Any] = {}
        self._waiting: list[tuple[Any, int]] = []

    # -- backward() -----------------------------------------------------------------------------------------------

    def backward(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], frames: Frames) -> Any:
        """Hear a call of `backward()`: every leaf that it reaches gets its answer, or the error is explained."""
        if self.busy or self.mode.stopped:
            result = func(*args, **kwargs)
            self._look_after()
            return result
        given = args[0] if args else kwargs.get("tensors", kwargs.get("self"))
        targets = [given] if isinstance(given, torch.Tensor) else list(given or ())
        if self._give_up():
            return func(*args, **kwargs)
        asked, walk, steps = self._ask("backward", targets, frames)
        self._run(func, args, kwargs, asked, walk, steps, targets)
        only = kwargs.get("inputs")
        wanted = (
            walk.leaves if only is None else {id(t): t for t in ([only] if isinstance(only, torch.Tensor) else only)}
        )
        self._used_up(asked, walk, kwargs)
        with self.aside():
            self._settle(asked, [t for t in wanted.values() if t.grad is not None or private.has_taker(t)], steps)
        return None

    def _ask(self, kind: str, targets: Sequence[Tensor], frames: Frames) -> tuple[Asked, Walk, Steps]:
        self.mode.paused = 0
        memory = self.memory
        roots = tuple(memory.meet(target).id for target in targets)
        walk = Walk(targets)
        entries = {key: memory.meet(leaf) for key, leaf in walk.leaves.items()}
        leaf_ids = {key: entry.id for key, entry in entries.items()}
        reached = frozenset(entry.tensor_id for entry in entries.values())
        memory.leaves |= reached
        dtypes = tuple(target.dtype for target in targets)
        asked = Asked(kind, frames, next(memory.clock), roots, dtypes, reached)
        return asked, walk, Steps(walk, leaf_ids, hooks.fed(walk, memory))

    def _run(
        self,
        func: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        asked: Asked,
        walk: Walk,
        steps: Steps,
        targets: Sequence[Tensor],
        sources: Sequence[Tensor] = (),
    ) -> Any:
        """Run a backward pass and listen to its nodes; explain it if it raises."""
        steps.listen()
        self.running.append(steps)
        self.busy = True
        try:
            result = func(*args, **kwargs)
        except Exception as error:
            with self.aside():
                self.raised.in_backward(error, asked, walk, targets, sources)
            raise
        finally:
            self.busy = False
            self.running.pop()
            steps.release()
        self.asked.append(asked)
        self.refused |= numbers.refused(steps)
        return result

    def _used_up(self, asked: Asked, walk: Walk, kwargs: dict[str, Any]) -> None:
        kept = kwargs.get("retain_graph")
        if kept if kept is not None else kwargs.get("create_graph"):
            return
        self.freed.update(dict.fromkeys(walk.ids(), asked))
        horizon = self.memory.horizon
        if horizon and len(self.freed) > MOST_FREED:
            self.freed = {number: by for number, by in self.freed.items() if number >= horizon}

    def _settle(self, asked: Asked, leaves: list[Tensor], steps: Steps) -> None:
        """Say what each leaf got."""
        if not leaves:
            return
        leaves.sort(key=lambda leaf: leaf.grad is None)  # those came, and a hook took them away at once
        sizes = private.max_abs([leaf.grad for leaf in leaves if leaf.grad is not None])
        statuses = [_status(size, leaf.numel()) for size, leaf in zip(sizes, leaves, strict=False)]
        statuses += [Status.OK] * (len(leaves) - len(statuses))
        questions = Questions(self, asked, steps, sys._getframe(2))
        if self.memory.hooks:
            self._ended(steps, leaves, [leaf.grad for leaf in leaves])
        code, instruction = asked.site
        self._codes[id(code)] = code  # its hash would cost more than all else here
        scaled = Status.NAN in statuses and self.scaled.overflows(asked)
        for place, (leaf, status) in enumerate(zip(leaves, statuses, strict=True)):
            entry = self.memory.meet(leaf)
            number = entry.tensor_id
            fate = self.fates.of(number)
            if not fate.arrived:
                fate.arrived = True
                self.forgotten.came(leaf, entry, asked.seq)
            fate.moved |= status is Status.OK or (status is Status.NAN and not scaled)
            if status is Status.OK:
                fate.came, fate.cleared = asked, None
                fate.recovered()
            if status is Status.NAN and scaled:
                fate.overflows += 1
                if not fate.overflowed and not self.mode.stopped:
                    fate.overflowed += self.safely(asked, questions.about, leaf, status)
                continue
            if status is Status.ZERO:
                fate.came = fate.cleared = None  # a step finds what this pass gave, not what was cleared before
                if not fate.moved and not fate.pending:
                    self._wait(leaf, self.safely(asked, questions.about, leaf, status))
                continue
            self.failing |= status is Status.NAN
            # a leaf that every round makes anew is the same question every time
            who = number if type(leaf) is torch.nn.Parameter else -place - 1
            call = (asked.kind, id(code), instruction, who, status)
            self.heard.hear(call, (), partial(self.safely, asked, questions.about, leaf, status))

    def _ended(self, steps: Steps, sources: Sequence[Tensor], gradients: Sequence[Tensor | None]) -> None:
        """Note what leaves got in the end, after all hooks."""
        for source, gradient in zip(sources, gradients, strict=True):
            if gradient is not None and source.is_leaf:
                steps.ended[self.memory.meet(source).tensor_id] = gradient

    def _wait(self, leaf: Tensor, reports: Sequence[GradientReport]) -> None:
        number = self.memory.meet(leaf).tensor_id
        self.fates.of(number).pending += reports
        self._waiting.append((ref(leaf), number))

    def _give_up(self) -> bool:
        """Stop recording once a step has failed and was explained, unless every step is asked for."""
        if self.failing and not self.options.all_steps:
            self.mode.stopped = True
            self.memory.forget_values()
        return self.mode.stopped

    def _look_after(self) -> None:
        """After recording has stopped, see whether a gradient that was missing has come after all."""
        for leaf, number in self._waiting:
            tensor = leaf()
            if tensor is not None and tensor.grad is not None:
                fate = self.fates.of(number)
                fate.arrived = True
                fate.moved = fate.moved or bool(tensor.grad.any())

    # -- autograd.grad --------------------------------------------------------------------------------------------

    def grad(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], frames: Frames) -> Any:
        """Hear a call of `torch.autograd.grad`."""
        transformed = private.is_transformed() or self.transforming
        if self.busy or self.mode.stopped or self.mode.paused or self._give_up():
            return func(*args, **kwargs)
        targets, sources = list(args[0]), list(args[1])
        asked, walk, steps = self._ask("torch.func" if transformed else "autograd.grad", targets, frames)
        result = self._run(func, args, kwargs, asked, walk, steps, targets, sources)
        self._used_up(asked, walk, kwargs)
        with self.aside():
            self._record_gradient(asked, sources, result, frames)
            again = private.is_nested_transform(targets[0]) if transformed else bool(kwargs.get("create_graph"))
            self.answer(asked, sources, result, steps, again=again)
        return result

    def unconnected(self, targets: Sequence[Tensor], sources: Sequence[Tensor], frames: Frames) -> None:
        """Hear that a function of `torch.func` gave zeros, because its result hangs on none of its arguments."""
        if not (self.busy or self.mode.stopped or self.mode.paused or self._give_up()):
            asked, _, steps = self._ask("torch.func", targets, frames)
            with self.aside():  # zero whatever the numbers are, and so is what is differentiated again
                self.answer(asked, sources, [None] * len(sources), steps, again=False)

    def _record_gradient(self, asked: Asked, sources: Sequence[Tensor], result: Any, frames: Frames) -> None:
        """Write down a derivative as a value; one that can be differentiated again hangs on what its own graph says."""
        given = [g for g in result if g is not None]
        graphs = [g.grad_fn for g in given if g.grad_fn is not None]
        ids, whole = self.memory.origins(graphs)
        if not graphs or not whole:
            ids = (*asked.roots, *(self.memory.meet(source).id for source in sources))
        self.mode.record(GRADIENT, (), None, list(ids), (1 << len(ids)) - 1, [], given, frames)

    def answer(self, asked: Asked, sources: Sequence[Tensor], result: Any, steps: Steps, *, again: bool) -> None:
        """Say what each source got; zeros that are to be differentiated `again` are an answer like any other."""
        if self.memory.hooks:
            self._ended(steps, sources, result)
        given = [private.unwrapped(g) for g in result if g is not None]
        sizes = iter(private.max_abs(given) if given else [])
        missing = Status.ZERO if asked.kind == "torch.func" else Status.NONE  # those give zeros for nothing
        statuses = [missing if g is None else _status(next(sizes), g.numel()) for g in result]
        questions = Questions(self, asked, steps, sys._getframe(2))
        plain = [private.unwrapped(source) for source in sources]
        if asked.kind == "torch.func":
            names = transformed_names(asked.site.span, plain, questions.names)
        else:
            names = argument_names(asked.site.span, 1, "inputs", plain, questions.names)
        for place, (source, status, gradient) in enumerate(zip(sources, statuses, result, strict=True)):
            call = (asked.kind, *asked.site, place, status)

            def explain(
                source: Any = source, status: Any = status, gradient: Any = gradient, name: str = names[place]
            ) -> Any:
                return self.safely(asked, questions.about, source, status, name=name, gradient=gradient)

            fate = self.fates.of(hash((asked.kind, *asked.site, place)))
            fate.arrived |= status is not Status.NONE
            fate.moved |= status in {Status.OK, Status.NAN}
            self.failing |= status is Status.NAN
            if status in {Status.OK, Status.NAN}:
                self.heard.hear(call, (), explain)
            elif not fate.moved and not fate.pending and not (again and status is Status.ZERO):
                fate.pending += explain()

    # -- .grad, optimizers ----------------------------------------------------------------------------------------

    def read_grad(self, func: Any, tensor: Tensor, frame: FrameType) -> Any:
        """Hear that the user's code reads `.grad`; None after a backward pass is a question."""
        value = _with_users_warnings(func, tensor, frame)
        if self.busy or not self.asked:
            return value
        with self.aside():
            if value is None:
                self.missing(tensor, "backward", user_frames(frame), frame)
            elif not self.mode.stopped and not self.mode.paused:
                self._note_gradient(tensor, value)
        return value

    def _note_gradient(self, tensor: Tensor, value: Tensor) -> None:
        """Write down that a gradient is a value from now on, made where the newest backward pass was asked for."""
        asked = self.asked[-1]
        entry = self.memory.look(value)
        number = self.memory.renew(entry, value) if entry is not None else self.memory.name(value).id
        ids = (self.memory.meet(tensor).id, *asked.roots)
        outputs = ((number, value.requires_grad, value.dtype),)
        self.memory.records.append((number, GRADIENT, ids, outputs, (1 << len(ids)) - 1, asked.frames, None, None))

    def missing(self, tensor: Tensor, kind: str, frames: Frames, frame: FrameType | None) -> None:
        """Explain why a tensor has no gradient, once; a leaf's fate is told at the end of the run."""
        number = self.memory.meet(tensor).tensor_id
        fate = self.fates.of(number)
        if fate.arrived or not fate.to_ask or self._frozen(tensor, number):
            return
        fate.asked += 1
        asked = self._about(tensor)
        questions = Questions(self, asked, None, frame)
        name = questions.names.of(tensor) or self.paths.get(number)
        if name is None and kind == "backward":  # `x.grad` was read
            name = text_before_dot(Site(*frames[0]).span, "the tensor")
        reports = self.safely(asked, questions.about, tensor, Status.NONE, name=name)
        if not tensor.requires_grad:  # asked by somebody who takes it for a parameter, or just looking?
            reports = [r for r in reports if r.findings and r.findings[0].cause not in {"not-used", "constant-target"}]
        if kind != "backward":
            from dataclasses import replace

            reports = [replace(r, kind=kind, call=Site(*frames[0]).span) for r in reports]
        telling = any(f.cause not in HARMLESS for r in reports for f in r.findings)
        if telling or not fate.pending:
            fate.pending.clear()
            self._wait(tensor, reports)
        self.failing |= telling

    def _frozen(self, tensor: Tensor, number: int) -> bool:
        """Whether the user froze a tensor on purpose."""
        if tensor.requires_grad:
            return False
        ids = {number, *self.memory.versions.get(number, ())}
        marks = [event for event in self.memory.happened if event.kind == "unmarked" and event.value in ids]
        return bool(marks) or isinstance(tensor, torch.nn.Parameter)

    def _about(self, tensor: Tensor) -> Asked:
        """Return the newest `backward()` whose target depends on a tensor; the newest of all if none does."""
        ids = self.memory.ids(tensor)
        passes = [asked for asked in self.asked if asked.kind == "backward"]
        newest = passes[-1] if passes else self.asked[-1]
        for asked in reversed(passes):
            if not ids.isdisjoint(self.memory.before(asked.roots)):
                newest = asked
                break
        return newest

    def step(self, optimizer: torch.optim.Optimizer) -> None:
        """Hear that an optimizer is about to make a step: each of its parameters should have a gradient."""
        if self.busy:
            return
        self.forgotten.stepped(optimizer)
        with self.aside():
            self.taken.stepped(optimizer, sys._getframe(1))

    # -- optimizers -----------------------------------------------------------------------------------------------

    def remember_names(self, tensors: Any, frame: FrameType) -> None:
        """Remember what the parameters of an optimizer were called when it got them: they may be replaced later."""
        with self.aside():
            names, frames = Names(frame), user_frames(frame)
            for tensor in tensors if isinstance(tensors, list | tuple) else ():
                first = self.memory.meet(tensor).tensor_id
                held = next(self.memory.clock)
                self.memory.happened.append(Happening(held, "held", first, frames))
                self.forgotten.hold(first, held)
                name = names.of(tensor)
                if name is not None:
                    self.paths.setdefault(self.memory.meet(tensor).tensor_id, name)

    def updated(self, tensors: Sequence[Tensor], frames: Frames) -> None:
        """Note that an optimizer wrote to its parameters."""
        memory = self.memory
        for tensor in tensors:
            entry = memory.look(tensor)
            if entry is not None and entry.version != private.version_of(tensor):
                old = entry.id
                number = memory.renew(entry, tensor)
                memory.happened.append(Happening(number, "write", number, frames, old))

    def ended(self, error: BaseException | None) -> None:
        """Tell what only the end of the run tells."""
        with self.aside():
            if error is not None:
                reports = self.raised.at_the_end(error)
                self.heard.hear(("error", id(error)), (), lambda: reports)
            if error is None and not self.mode.stopped:
                for text in self.forgotten.remarks():
                    self.heard.remark(text)
            for report in self.fates.unsettled():
                self.heard.hear(("end", report.call, report.source, report.target), (), lambda report=report: (report,))  # type: ignore[misc]

    # -- ourselves ------------------------------------------------------------------------------------------------

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Do something of our own with tensors, unrecorded."""
        before, self.busy = self.busy, True
        try:
            with torch._C.DisableTorchFunction():
                if private.is_transformed():
                    with private.outside_transforms():
                        yield
                else:
                    yield
        except Exception as error:  # a mistake of ours must not end somebody's training
            if DEBUG:
                raise
            self.heard.remark(
                f"a question was not looked into: {type(error).__name__}: {failures.one_line(error)[:200]}"
            )
        finally:
            self.busy = before

    def safely(self, asked: Asked, explain: Any, *args: Any, **kwargs: Any) -> list[GradientReport]:
        """Have something explained; a mistake of ours must not end somebody's training."""
        try:
            return list(explain(*args, **kwargs))
        except Exception as error:
            if DEBUG:
                raise
            return list(failed_to_explain(error, asked.kind, asked.site, [("the tensor", "none")]))


def _status(size: float, count: int) -> Status:
    if not isfinite(size):
        return Status.NAN
    return Status.OK if size or not count else Status.ZERO


def _with_users_warnings(func: Any, tensor: Tensor, frame: FrameType) -> Any:
    """Read `.grad`, and let PyTorch's warning about a tensor that is no leaf name the user's line, not ours."""
    if tensor.is_leaf or tensor.retains_grad:
        return func(tensor)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        value = func(tensor)
    for warning in caught:
        warnings.warn_explicit(
            warning.message,
            warning.category,
            frame.f_code.co_filename,
            frame.f_lineno,
            registry=frame.f_globals.setdefault("__warningregistry__", {}),
        )
    return value
