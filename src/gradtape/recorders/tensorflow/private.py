"""TensorFlow's private names, all of them: what another version calls differently is mended here.

`load` runs after TensorFlow was imported. The recorder is probed when it starts (`probes.py`), so that a name that is
there and means something else is noticed too.
"""

from __future__ import annotations

from importlib import import_module
from operator import attrgetter, methodcaller
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

PYTHON = "tensorflow.python"

tensor_id = attrgetter("_id")
"""Every tensor, eager or symbolic, has an increasing number of its own, from 0 on."""

NO_TENSOR = -1
"""Stands for the number of what is no tensor."""

eager_dtype = methodcaller("_datatype_enum")
graph_dtype = attrgetter("dtype.as_datatype_enum")

FLOATING = frozenset({1, 2, 8, 14, 18, 19})
"""DataType numbers of float, double, complex64, bfloat16, complex128, half."""

BOOLEAN = 10
RESOURCE, VARIANT = 20, 21


class Names(NamedTuple):
    """The modules and classes that hooks are hung on."""

    tf: ModuleType
    pywrap: ModuleType
    op_callbacks: ModuleType
    ops: ModuleType
    constant_op: ModuleType
    backprop: ModuleType
    record: ModuleType
    script_ops: ModuleType
    variables: ModuleType
    eager_run: ModuleType
    function: ModuleType
    gradients: ModuleType
    atomic_function: ModuleType
    autograph: ModuleType
    eager_tensor: type[Any]
    eager_base: type[Any]


def load() -> Names:
    """Find everything; a name that is not there is an ImportError or AttributeError that says which."""
    ops = import_module(f"{PYTHON}.framework.ops")
    return Names(
        tf=import_module("tensorflow"),
        pywrap=import_module(f"{PYTHON}.pywrap_tfe"),
        op_callbacks=import_module(f"{PYTHON}.framework.op_callbacks"),
        ops=ops,
        constant_op=import_module(f"{PYTHON}.framework.constant_op"),
        backprop=import_module(f"{PYTHON}.eager.backprop"),
        record=import_module(f"{PYTHON}.eager.record"),
        script_ops=import_module(f"{PYTHON}.ops.script_ops"),
        variables=import_module(f"{PYTHON}.ops.resource_variable_ops"),
        eager_run=import_module(f"{PYTHON}.eager.polymorphic_function.eager_function_run"),
        function=import_module(f"{PYTHON}.eager.polymorphic_function.polymorphic_function"),
        gradients=import_module(f"{PYTHON}.ops.gradients_impl"),
        atomic_function=import_module(f"{PYTHON}.eager.polymorphic_function.atomic_function"),
        autograph=import_module(f"{PYTHON}.autograph.impl.api"),
        eager_tensor=ops.EagerTensor,
        eager_base=ops._EagerTensorBase,
    )


def registered_gradient(names: Names, op_type: str) -> Any:
    """Return an operation's gradient function, None where it is registered as not differentiable.

    Raises
    ------
    LookupError
        If nobody registered anything.
    """
    return names.ops._gradient_registry.lookup(op_type)


KERAS_LAYER = "keras.src.layers.layer"
KERAS_TRAINER = "keras.src.backend.tensorflow.trainer"
KERAS_OPTIMIZER = "keras.src.optimizers.base_optimizer"

LOOKS_AT_VALUES = frozenset({"tensorflow.python.framework.tensor_util", "tensorflow.python.framework.tensor_shape"})
"""Modules that read values for TensorFlow's own use: shapes, and what it may take for constant while it traces."""

FAST_PATH = "TFE_Py_FastPathExecute"
BACKWARD = "_gradient_function"
RECORD = "record_operation"
CONVERT = "convert_to_eager_tensor"
CONVERT_ACTUAL = "_convert_actual"
CALL_IN_GRAPH = "make_call_op_in_graph"


def runs_eagerly(module: ModuleType) -> bool:
    """Whether functions run eagerly now."""
    return bool(module.RUN_FUNCTIONS_EAGERLY)


def run_eagerly(module: ModuleType, *, eagerly: bool) -> None:
    """Let functions run eagerly, or traced, from now on."""
    module.RUN_FUNCTIONS_EAGERLY = eagerly  # type: ignore[attr-defined]


def text_of(name: Any) -> str:
    """Return the name of a function or an operation, which may be bytes."""
    return name.decode() if isinstance(name, bytes) else str(name)


def functions_in(setting: Any) -> list[str]:
    """Return the names of the traced functions that a setting of an operation names."""
    if not hasattr(setting, "func"):
        return []
    return [setting.func.name] if setting.func.name else [function.name for function in setting.list.func]


def inputs_of_graph_call(results: Any, given: Any) -> Any:
    """Return what a call in a graph takes: what it is given, or what stands for that in the graph."""
    return results[0].op.inputs if results else given


def python_function(function: Any) -> Any:
    """Return what a function of TensorFlow's was made from."""
    return getattr(function, "_python_function", None)


def hear_backward(names: Names, function: Callable[..., Any]) -> None:
    """Let the C++ tape call another Python function for the gradient of an operation."""
    names.pywrap.TFE_Py_RegisterGradientFunction(function)


def gradient_function(names: Names) -> Callable[..., Any]:
    """Return the function that the C++ tape calls by itself."""
    return getattr(names.backprop, BACKWARD)  # type: ignore[no-any-return]


def inner_tape(tape: Any) -> Any:
    """Return the C++ tape of a GradientTape; None once it is used up."""
    return tape._tape


def is_recording(tape: Any) -> bool:
    """Whether a tape records right now."""
    return bool(tape._recording)


def is_persistent(tape: Any) -> bool:
    """Whether a tape gives its gradients more than once."""
    return bool(tape._persistent)


def watches_variables(tape: Any) -> bool:
    """Whether a tape watches the variables that are read."""
    return bool(tape._watch_accessed_variables)


def tensors_in(names: Names, structure: Any) -> Any:
    """Return the tensors and variables in what `watch` takes."""
    return names.backprop._extract_tensors_and_variables(structure)


def weights_of(optimizer: Any) -> Any:
    """Return the variables that one of Keras's optimizers was built for."""
    return getattr(optimizer, "_trainable_variables", ())


def handle_of(variable: Any) -> Any:
    """Return the resource tensor that stands for a variable; None for what is no variable."""
    return getattr(variable, "_handle", None)


def inside_keras(variable: Any) -> Any:
    """Return TensorFlow's variable inside one of Keras; the thing itself otherwise."""
    inner = getattr(variable, "_value", None)
    return inner if inner is not None and handle_of(inner) is not None else variable


def numbers_of(tensor: Any) -> Any:
    """Return the values of an eager tensor, without a copy and without being noticed."""
    return tensor._numpy()
