"""What a function mode does not see, seen by wrapping: parameters, custom functions, decorators, threads."""

from __future__ import annotations

import functools
import threading
from sys import _getframe
from typing import TYPE_CHECKING, Any

import torch
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from gradtape.explain.graph import Own
from gradtape.recorders import patches
from gradtape.recorders.torch import private
from gradtape.recorders.torch.forward import Pushed
from gradtape.recorders.torch.frames import is_direct, user_frames
from gradtape.recorders.torch.functions import COPY, PARAMETER, Function, describe
from gradtape.recorders.torch.hooks import Hook, answer_in, code_of
from gradtape.recorders.torch.memory import Off

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gradtape.diagnostics import Site
    from gradtape.recorders.torch.desk import Desk
    from gradtape.recorders.torch.frames import Frames

COMPILED = "torch.compile: the functions ran uncompiled here, so that each operation could be seen"
SCRIPTED = "torch.jit.script: the functions ran as plain Python here, so that each operation could be seen"


class Patches:
    """Attributes of PyTorch's that were replaced, and what they were."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._replaced = patches.Patches()
        self._handles: list[Any] = []
        self._stepping: set[type] = set()

    def install(self) -> None:
        """Put every wrapper in place."""
        self._replaced.set(torch, "from_numpy", self._plain(torch.from_numpy))
        self._replaced.set(torch.nn.Parameter, "__new__", staticmethod(self._parameter(torch.nn.Parameter.__new__)))
        self._replaced.set(torch.nn.Parameter, "__deepcopy__", self._deepcopy(torch.nn.Parameter.__deepcopy__))
        self._replaced.set(torch.autograd, "backward", self._backward(torch.autograd.backward))
        self._replaced.set(
            torch.autograd.Function, "apply", classmethod(self._apply(torch.autograd.Function.__dict__["apply"]))
        )
        for name in ("register_full_backward_hook", "register_full_backward_pre_hook"):
            self._replaced.set(torch.nn.Module, name, self._module_hook(getattr(torch.nn.Module, name)))
        self._replaced.set(torch.inference_mode, "__enter__", self._inference(torch.inference_mode.__enter__))
        self._replaced.set(torch, "compile", self._compile(torch.compile))
        self._replaced.set(torch.jit, "script", self._script(torch.jit.script))
        self._replaced.set(threading.Thread, "run", self._thread(threading.Thread.run))
        self._replaced.set(
            torch.optim.Optimizer, "add_param_group", self._add_param_group(torch.optim.Optimizer.add_param_group)
        )
        for owner in (torch.optim.Optimizer, torch.nn.Module):
            self._replaced.set(owner, "zero_grad", self._clearing(owner.zero_grad))
        self._replaced.set(torch.amp.GradScaler, "scale", self._scale(torch.amp.GradScaler.scale))
        if private.contextlib is not None:
            self._replaced.set(
                private.contextlib, "context_decorator", self._decorator(private.contextlib.context_decorator)
            )
        if hasattr(private.transforms, "_autograd_grad"):
            self._replaced.set(private.transforms, "_autograd_grad", self._transform(private.transforms._autograd_grad))
        if hasattr(private.transforms, "_jvp_with_argnums"):
            self._replaced.set(
                private.transforms, "_jvp_with_argnums", self._forward(private.transforms._jvp_with_argnums)
            )
        if private.BackwardFunction is not None:
            self._replaced.set(
                private.BackwardFunction, "_get_user_fn", self._rule(private.BackwardFunction._get_user_fn)
            )
        for kind in _kinds(torch.optim.Optimizer):
            if getattr(getattr(kind, "step", None), "hooked", False):  # made before, in another cell
                self._watch_steps(kind)
        self._handles = [
            register_optimizer_step_pre_hook(self._before_step),
            register_optimizer_step_post_hook(self._after_step),
        ]

    def remove(self) -> None:
        """Put everything back."""
        self._replaced.undo()
        for handle in self._handles:
            handle.remove()
        self._handles = []

    # -- values ---------------------------------------------------------------------------------------------------

    def _plain(self, func: Any) -> Callable[..., Any]:
        """Record a function that the mode does not see."""
        mode, what = self.desk.mode, describe(func)

        @functools.wraps(func)
        def recorded(*args: Any, **kwargs: Any) -> Any:
            result = func(*args, **kwargs)
            if not (mode.paused or mode.stopped or self.desk.busy):
                inputs, needs, places = mode._inputs(what, args, kwargs)
                mode.record(what, args, kwargs, inputs, needs, places, result, user_frames(_getframe(1)))
            return result

        return recorded

    def _parameter(self, new: Any) -> Callable[..., Any]:
        desk, mode, memory = self.desk, self.desk.mode, self.desk.memory

        def make(cls: Any, data: Any = None, requires_grad: bool = True) -> Any:
            try:
                result = new(cls, data, requires_grad)
            except RuntimeError as error:
                desk.raised.by_operation((), user_frames(_getframe(1)), error)
                raise
            if isinstance(data, torch.Tensor) and not (mode.stopped or mode.paused or desk.busy):
                number, needed = memory.meet(data).id, int(data.requires_grad)
                mode.record(PARAMETER, (), None, [number], needed, [], result, user_frames(_getframe(1)))
            return result

        return make

    def _deepcopy(self, old: Any) -> Callable[..., Any]:
        """Take the copy of a parameter for one operation."""
        desk, mode = self.desk, self.desk.mode

        @functools.wraps(old)
        def copy(parameter: Any, memo: Any) -> Any:
            mode.paused += 1
            try:
                result = old(parameter, memo)
            finally:
                mode.paused -= 1
            if not (mode.stopped or mode.paused or desk.busy):
                number, needed = desk.memory.meet(parameter).id, int(parameter.requires_grad)
                mode.record(COPY, (), None, [number], needed, [], result, user_frames(_getframe(1)))
            return result

        return copy

    # -- custom functions -----------------------------------------------------------------------------------------

    def _apply(self, old: Any) -> Callable[..., Any]:
        desk, mode = self.desk, self.desk.mode
        call = old.__func__

        def apply(cls: Any, *args: Any, **kwargs: Any) -> Any:
            if mode.stopped or mode.paused or desk.busy:
                return call(cls, *args, **kwargs)
            inner = cls.__module__.startswith("torch.")
            own = None if inner else Own(functools.partial(_answer, cls))
            what = Function("checkpoint" if "Checkpoint" in cls.__name__ else cls.__name__, "custom", own=own)
            frames = user_frames(_getframe(1))
            inputs, needs, places = mode._inputs(what, args, kwargs)
            before, mark = len(desk.memory.records), desk.memory.records[-1] if desk.memory.records else None
            mode.paused += what.name != "checkpoint"
            try:
                result = call(cls, *args, **kwargs)
            except Exception as error:
                desk.raised.by_operation(tuple(inputs), frames, error)
                raise
            finally:
                mode.paused -= what.name != "checkpoint"
            off = None
            if what.name == "checkpoint":
                inputs, needs = self._swallowed(before, mark, inputs, needs)
                desk.memory.forget(result)
                off = Off(frames, "checkpoint")
            mode.record(what, args, kwargs, inputs, needs, places, result, frames, off)
            if inner:
                self._note_module_hooks(private.module_hooks(cls, _getframe(1)), result, frames)
            return result

        return apply

    def _note_module_hooks(self, hooks: list[Any], results: Any, frames: Frames) -> None:
        """Remember which hooks are called for the gradients of a module."""
        memory = self.desk.memory
        for result in results if hooks else ():
            where = memory.registered.get(id(hooks[-1]), frames)
            memory.hooks.append(Hook(memory.meet(result).id, where, code_of(hooks[-1]), module=True))

    def _module_hook(self, old: Any) -> Callable[..., Any]:
        """Remember where a hook of a module was registered."""
        memory = self.desk.memory

        @functools.wraps(old)
        def register(module: Any, hook: Any, *args: Any, **kwargs: Any) -> Any:
            memory.registered[id(hook)] = user_frames(_getframe(1))
            return old(module, hook, *args, **kwargs)

        return register

    def _swallowed(self, before: int, mark: Any, inputs: list[int], needs: int) -> tuple[list[int], int]:
        """Take what ran inside a checkpoint for one operation on everything that it read from outside."""
        records = self.desk.memory.records
        inside = []
        while records and records[-1] is not mark and len(records) > 0 and (mark is not None or len(records) > before):
            inside.append(records.pop())
        made = {out[0] for record in inside for out in record[3]}
        found = {number: needs >> place & 1 for place, number in enumerate(inputs)}
        for record in reversed(inside):
            for place, number in enumerate(record[2]):
                if number and number not in made:
                    found[number] = found.get(number, 0) | (record[4] >> place & 1)
        return list(found), sum(needed << place for place, needed in enumerate(found.values()))

    def _rule(self, old: Any) -> Callable[..., Any]:
        """Record what the user's own `backward` computes, for the sake of a NaN that is born in it."""
        desk = self.desk

        def get(node: Any) -> Any:
            rule = old(node)
            if not desk.running or desk.mode.stopped:
                return rule

            def watched(*args: Any, **kwargs: Any) -> Any:
                steps, memory = desk.running[-1], desk.memory
                began = next(memory.clock)
                busy, desk.busy = desk.busy, True
                try:
                    with desk.mode:
                        return rule(*args, **kwargs)
                finally:
                    desk.busy = busy
                    place = steps.walk.place.get(node)
                    if place is not None:
                        steps.inside[place] = (began, next(memory.clock))

            return watched

        return get

    # -- where gradients are turned off ---------------------------------------------------------------------------

    def _decorator(self, old: Any) -> Callable[..., Any]:
        decorated = self.desk.mode.decorated

        @functools.wraps(old)
        def decorate(ctx: Any, func: Any) -> Any:
            frames = user_frames(_getframe(1))
            if frames:
                decorated[func] = frames[0]
            return old(ctx, func)

        return decorate

    def _inference(self, old: Any) -> Callable[..., Any]:
        mode = self.desk.mode

        @functools.wraps(old)
        def enter(guard: Any) -> Any:
            if guard.mode:
                mode.turned_off(_getframe(1))
            return old(guard)

        return enter

    # -- calls ----------------------------------------------------------------------------------------------------

    def _backward(self, old: Any) -> Callable[..., Any]:
        desk = self.desk

        @functools.wraps(old)
        def backward(*args: Any, **kwargs: Any) -> Any:
            frame = _getframe(1)
            if desk.busy or not is_direct(frame):
                return old(*args, **kwargs)
            return desk.backward(old, args, kwargs, user_frames(frame))

        return backward

    def _transform(self, old: Any) -> Callable[..., Any]:
        """Hear the questions of `torch.func` that never reach `autograd.grad`: of a result that hangs on nothing."""
        desk = self.desk

        @functools.wraps(old)
        def grad(outputs: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
            before, desk.transforming = desk.transforming, True
            try:
                result = old(outputs, inputs, *args, **kwargs)
            finally:
                desk.transforming = before
            if not any(output.requires_grad for output in outputs):
                desk.unconnected(outputs, inputs, user_frames(_getframe(1)))
            return result

        return grad

    def _forward(self, old: Any) -> Callable[..., Any]:
        """Hear forward derivatives, unless one backwards inside them was heard: that of `hessian`."""
        desk = self.desk

        @functools.wraps(old)
        def jvp(func: Any, primals: Any, tangents: Any, argnums: Any, *args: Any, **kwargs: Any) -> Any:
            if desk.busy or desk.mode.stopped or desk.mode.paused:
                return old(func, primals, tangents, argnums, *args, **kwargs)
            frames = user_frames(_getframe(1))
            before = desk.asked[-1] if desk.asked else None
            pushed = Pushed(desk, func, primals, argnums, kwargs.get("has_aux", False))
            result = old(pushed, primals, tangents, argnums, *args, **kwargs)
            if (desk.asked[-1] if desk.asked else None) is before:
                pushed.answered(tangents, result[1], frames)
            return result

        return jvp

    def _add_param_group(self, old: Any) -> Callable[..., Any]:
        desk = self.desk

        @functools.wraps(old)
        def add(optimizer: Any, group: Any) -> Any:
            try:
                result = old(optimizer, group)
            except ValueError as error:
                given = group.get("params", ()) if isinstance(group, dict) else ()
                tensors = [given] if isinstance(given, torch.Tensor) else list(given)
                wrong = next((t for t in tensors if isinstance(t, torch.Tensor) and not t.is_leaf), None)
                if wrong is not None:
                    desk.raised.by_source(wrong, user_frames(_getframe(1)), error)
                raise
            self._watch_steps(type(optimizer))
            desk.remember_names(group.get("params", ()) if isinstance(group, dict) else (), _getframe(1))
            return result

        return add

    def _before_step(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        if not _computes_itself(args, kwargs):
            self.desk.step(optimizer)

    def _after_step(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        if _computes_itself(args, kwargs):
            self.desk.step(optimizer)

    def _watch_steps(self, kind: type) -> None:
        """Take a step of an optimizer of PyTorch's for one event: its many operations are nobody's."""
        owner = next((cls for cls in kind.__mro__ if "step" in vars(cls)), None)
        if owner is not None and owner not in self._stepping and owner.__module__.startswith("torch.optim"):
            self._stepping.add(owner)
            self._replaced.set(owner, "step", self._step(owner.step))  # type: ignore[attr-defined]

    def _clearing(self, old: Any) -> Callable[..., Any]:
        """Note which gradients are thrown away; what asks for every `.grad` there is not the user's code."""
        desk = self.desk

        @functools.wraps(old)
        def clear(holder: Any, *args: Any, **kwargs: Any) -> Any:
            with torch._C.DisableTorchFunction():
                desk.taken.cleared(_parameters(holder), user_frames(_getframe(1)))
                return old(holder, *args, **kwargs)

        return clear

    def _scale(self, old: Any) -> Callable[..., Any]:
        """Remember which losses were scaled."""
        desk = self.desk

        @functools.wraps(old)
        def scale(scaler: Any, outputs: Any) -> Any:
            result = old(scaler, outputs)
            if isinstance(outputs, torch.Tensor) and result is not outputs and not (desk.mode.stopped or desk.busy):
                with desk.aside():
                    desk.scaled.note(outputs, result)
            return result

        return scale

    def _step(self, old: Any) -> Callable[..., Any]:
        desk, mode = self.desk, self.desk.mode

        @functools.wraps(old)
        def step(optimizer: Any, *args: Any, **kwargs: Any) -> Any:
            if mode.stopped or _computes_itself((optimizer, *args), kwargs):
                return old(optimizer, *args, **kwargs)
            mode.paused += 1
            try:
                with torch._C.DisableTorchFunction():
                    return old(optimizer, *args, **kwargs)
            finally:
                mode.paused -= 1
                desk.updated(
                    [p for group in optimizer.param_groups for p in group["params"]], user_frames(_getframe(1))
                )

        return step

    # -- how things run -------------------------------------------------------------------------------------------

    def _thread(self, old: Any) -> Callable[..., Any]:
        mode = self.desk.mode

        @functools.wraps(old)
        def run(thread: threading.Thread) -> None:
            with mode:
                old(thread)

        return run

    def _compile(self, old: Any) -> Callable[..., Any]:
        desk = self.desk

        @functools.wraps(old)
        def compiled(*args: Any, **kwargs: Any) -> Any:
            desk.heard.remark(COMPILED)
            torch.compiler.set_stance("force_eager")
            return old(*args, **kwargs)

        return compiled

    def _script(self, old: Any) -> Callable[..., Any]:
        desk = self.desk

        @functools.wraps(old)
        def script(*args: Any, **kwargs: Any) -> Any:
            if is_direct(_getframe(1)):
                desk.heard.remark(SCRIPTED)
            return old(*args, **kwargs)

        return script


def _answer(cls: Any, position: int) -> Site | None:  # noqa: ARG001  one `return` answers for all inputs
    """Return where the derivative of a custom function answers."""
    return answer_in(code_of(cls.backward))


def _computes_itself(args: Any, kwargs: Any) -> bool:
    """Whether a step of an optimizer was given a closure: the gradients come while it runs."""
    return (args[1] if len(args) > 1 else kwargs.get("closure")) is not None


def _parameters(holder: Any) -> list[torch.Tensor]:
    """Return the parameters of a module, or those that an optimizer holds."""
    if isinstance(holder, torch.nn.Module):
        return list(holder.parameters())
    return [parameter for group in holder.param_groups for parameter in group["params"]]


def _kinds(kind: type[Any]) -> Iterator[type[Any]]:
    below: type[Any]
    for below in type.__subclasses__(kind):
        yield below
        yield from _kinds(below)
