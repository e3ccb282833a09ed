"""Keras: where layers are made, what `fit` and `predict` are about, in its own names for weights.

Keras is imported after TensorFlow, often much later, so the hooks wait for it.
"""

from __future__ import annotations

import sys
from functools import wraps
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.util import find_spec
from sys import _getframe
from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np

from gradtape.recorders.frameworks import Announcing
from gradtape.recorders.tensorflow import frames, private
from gradtape.tape.structure import flatten

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
    from types import FrameType, ModuleType

    from gradtape.recorders.patches import Patches
    from gradtape.recorders.tensorflow.frames import Place
    from gradtape.recorders.tensorflow.memory import Memory

KERAS = "keras"
TRAINS = ("fit", "train_on_batch")
CONVERTS = "tf.convert_to_tensor"
"""What a function of TensorFlow's does with all that it is given, and what a symbol of Keras's refuses."""
PREDICTS = ("predict", "predict_on_batch")
MAKES_WEIGHTS = frozenset({"add_weight", "_initialize", "_deferred_initialize", "_initialize_with_initializer"})
"""Methods of Keras's layers and variables in which a variable of TensorFlow's is made."""


def _loaded(name: str) -> bool:
    module = sys.modules.get(name)
    return module is not None and not getattr(module.__spec__, "_initializing", False)


class Keras(MetaPathFinder):
    """Hangs hooks on Keras once it is there; `making` tells where a layer was made."""

    def __init__(self, memory: Memory, patches: Patches) -> None:
        self.memory = memory
        self.patches = patches
        self.making: dict[int, tuple[ref[Any], tuple[Place, ...]]] = {}
        """By the address of the layer or weight, none of which can be a key itself."""
        self.applying: Callable[[Any, Any, FrameType], None] | None = None
        """Hears what an optimizer is given, gradients and variables, and from where."""
        self.refusing: Callable[[str, Any, Exception, FrameType], None] | None = None
        """Hears of symbols that TensorFlow was given as values, and from where."""
        self.kinds: list[str] = []
        """The calls of Keras that run, outermost first: `fit`, `predict`."""
        self.called: set[str] = set()
        """What of Keras was heard to be called: what trains and predicts, `apply` of optimizers, symbols as values."""
        self._looking = False
        self.hung = False
        """Whether Keras was found, and hooks hung on it."""

    def install(self) -> None:
        """Wait for Keras, or take it as it is."""
        if not self._take():
            sys.meta_path.insert(0, self)

    def uninstall(self) -> None:
        """Wait no longer."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Let the others find Keras, and hear when it has been loaded; it may be what imports TensorFlow."""
        del path, target
        if fullname != KERAS or self._looking:
            self._take()
            return None
        self._looking = True
        try:
            spec = find_spec(fullname)
        finally:
            self._looking = False
        if spec is not None and spec.loader is not None:
            spec.loader = Announcing(spec.loader, self.arrived)
        return spec

    def _take(self) -> bool:
        """Hang the hooks if what they hang on is loaded; whether they hang."""
        if not self.hung and all(_loaded(name) for name in (private.KERAS_LAYER, private.KERAS_TRAINER)):
            self.arrived()
        return self.hung

    def arrived(self) -> None:
        """Hang the hooks; a Keras that looks otherwise goes without them."""
        if self.hung:
            return
        self.hung = True
        try:
            layer = import_module(private.KERAS_LAYER).Layer
            trainer = import_module(private.KERAS_TRAINER).TensorFlowTrainer
            optimizer = import_module(private.KERAS_OPTIMIZER).BaseOptimizer
            symbol = import_module(private.KERAS_SYMBOL).KerasTensor
        except (ImportError, AttributeError):
            return
        self.patches.set(layer, "__new__", self._made(layer.__new__))
        self.patches.set(layer, "add_weight", self._weighed(layer.add_weight))
        for name in (*TRAINS, *PREDICTS):
            self.patches.set(trainer, name, self._running(name, getattr(trainer, name)))
        self.patches.set(optimizer, "apply", self._applied(optimizer.apply))
        self.patches.set(symbol, "__tf_tensor__", self._converted(symbol.__tf_tensor__))

    def _made(self, new: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(new)
        def made(cls: Any, *args: Any, **options: Any) -> Any:
            layer = new(cls, *args, **options)
            if self.memory.keeps:
                self._remember(layer, frames.stack(_getframe(1)))
            return layer

        return made

    def _remember(self, thing: Any, places: tuple[Place, ...]) -> None:
        number = id(thing)
        self.making[number] = (ref(thing, lambda _: self.making.pop(number, None)), places)

    def made(self, thing: Any) -> tuple[Place, ...]:
        """Return where a layer or a weight was made; empty if nobody saw it."""
        known = self.making.get(id(thing))
        return known[1] if known is not None and known[0]() is thing else ()

    def _weighed(self, add_weight: Callable[..., Any]) -> Callable[..., Any]:
        """Note that a weight is made where its layer was; what holds it may get its values much later."""

        @wraps(add_weight)
        def weighed(layer: Any, *args: Any, **options: Any) -> Any:
            weight = add_weight(layer, *args, **options)
            made = self.made(layer)
            if made:
                self._remember(weight, made)
            return weight

        return weighed

    def _running(self, name: str, run: Callable[..., Any]) -> Callable[..., Any]:
        kinds, memory = self.kinds, self.memory

        @wraps(run)
        def running(*args: Any, **options: Any) -> Any:
            self.called.add(name)
            kinds.append(name)
            if name in TRAINS:
                memory.training.update((id(code), lasti) for code, lasti in frames.stack(_getframe(1))[:1])
            predicts = name in PREDICTS and not memory.hidden
            begin = memory.clock()
            result: Any = None
            try:
                result = run(*args, **options)
            finally:
                kinds.pop()
                if predicts:
                    happening = memory.happened("predict", private.NO_TENSOR, frames.stack(_getframe(1)), begin)
                    for _, array in flatten(result):
                        if type(array) is np.ndarray:
                            memory.something_left = True
                            memory.remember_array(array, happening)
            return result

        return running

    def _applied(self, apply: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(apply)
        def applied(optimizer: Any, grads: Any, trainable_variables: Any = None) -> Any:
            self.called.add("apply")
            variables = private.weights_of(optimizer) if trainable_variables is None else trainable_variables
            if self.applying is not None and any(gradient is None for gradient in grads):
                self.applying(grads, variables, _getframe(1))
            return apply(optimizer, grads, trainable_variables)

        return applied

    def _converted(self, convert: Callable[..., Any]) -> Callable[..., Any]:
        """Say that a symbol was given as a value while a tape recorded: TensorFlow has no values for it."""

        @wraps(convert)
        def converted(symbol: Any, *args: Any, **options: Any) -> Any:
            self.called.add(CONVERTS)
            try:
                return convert(symbol, *args, **options)
            except ValueError as error:
                if self.refusing is not None and self.memory.open:
                    self.refusing(CONVERTS, symbol, error, _getframe(1))
                raise

        return converted

    def asked_by(self) -> str:
        """Return the call of Keras that trains right now, empty if none does."""
        return next((kind for kind in self.kinds if kind in TRAINS), "")

    def maker(self, frame: FrameType | None) -> tuple[Place, ...]:
        """Return where the layer was made that is making a weight in one of the frames; empty if it is no layer's.

        In a layer of the user's own stands before that where its method asks for the weight.
        """
        while frame is not None:
            if frame.f_code.co_name in MAKES_WEIGHTS and "self" in frame.f_locals:
                layer = frame.f_locals["self"]
                made = self.made(layer)
                if made:
                    asks = frames.nearest(frame)
                    own = asks is not None and asks.f_locals.get("self") is layer
                    return ((asks.f_code, asks.f_lasti), *made) if asks is not None and own else made
            frame = frame.f_back
        return ()
