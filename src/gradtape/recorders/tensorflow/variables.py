"""Variables: where each one was made, what it is called, whether tapes watch it by themselves."""

from __future__ import annotations

from functools import wraps
from sys import _getframe
from typing import TYPE_CHECKING, Any

from gradtape.recorders.tensorflow import frames, private
from gradtape.recorders.tensorflow.memory import Known

if TYPE_CHECKING:
    from gradtape.recorders.patches import Patches
    from gradtape.recorders.tensorflow.keras_models import Keras
    from gradtape.recorders.tensorflow.memory import Memory
    from gradtape.recorders.tensorflow.private import Names

UNNAMED = "Variable:0"


def install(memory: Memory, names: Names, patches: Patches, keras: Keras) -> None:
    """Note every variable that is made."""
    cls = names.variables.BaseResourceVariable
    init = cls.__init__

    @wraps(init)
    def init_seen(variable: Any, *args: Any, **options: Any) -> None:
        init(variable, *args, **options)
        if memory.keeps:
            frame = _getframe(1)
            note(memory, variable, keras.maker(frame) or frames.stack(frame))

    patches.set(cls, "__init__", init_seen)


def note(memory: Memory, variable: Any, places: tuple[frames.Place, ...]) -> Known | None:
    """Remember a variable; None for one without a handle."""
    handle = private.handle_of(variable)
    if handle is None:
        return None
    number = private.tensor_id(handle)
    if number in memory.variables:  # `assign` returns another object for the same variable
        return memory.variables[number]
    name = str(getattr(variable, "name", "") or "")
    dtype = variable.dtype
    known = memory.variables[number] = Known(
        memory.reference(variable, number),
        "" if name == UNNAMED else name.removesuffix(":0"),
        bool(variable.trainable),
        dtype.name,
        dtype.as_datatype_enum in private.FLOATING,
        memory.happened("create", number, places),
    )
    return known
