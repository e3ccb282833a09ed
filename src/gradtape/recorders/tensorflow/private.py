"""TensorFlow's private names, all of them: what another version calls differently is mended here.

`load` runs after TensorFlow was imported. The recorder is probed when it starts (`probes.py`), so that a name that is
there and means something else is noticed too.
"""

from __future__ import annotations

from importlib import import_module
from operator import attrgetter, methodcaller
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

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
    array_ops: ModuleType
    backprop: ModuleType
    record: ModuleType
    script_ops: ModuleType
    variables: ModuleType
    eager_run: ModuleType
    function: ModuleType
    gradients: ModuleType
    atomic_function: ModuleType
    autograph: ModuleType
    func_graph: ModuleType
    traceback: ModuleType
    random_seed: ModuleType
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
        array_ops=import_module(f"{PYTHON}.ops.array_ops"),
        backprop=import_module(f"{PYTHON}.eager.backprop"),
        record=import_module(f"{PYTHON}.eager.record"),
        script_ops=import_module(f"{PYTHON}.ops.script_ops"),
        variables=import_module(f"{PYTHON}.ops.resource_variable_ops"),
        eager_run=import_module(f"{PYTHON}.eager.polymorphic_function.eager_function_run"),
        function=import_module(f"{PYTHON}.eager.polymorphic_function.polymorphic_function"),
        gradients=import_module(f"{PYTHON}.ops.gradients_impl"),
        atomic_function=import_module(f"{PYTHON}.eager.polymorphic_function.atomic_function"),
        autograph=import_module(f"{PYTHON}.autograph.impl.api"),
        func_graph=import_module(f"{PYTHON}.framework.func_graph"),
        traceback=import_module(f"{PYTHON}.util.traceback_utils"),
        random_seed=import_module(f"{PYTHON}.framework.random_seed"),
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
KERAS_SYMBOL = "keras.src.backend.common.keras_tensor"

LOOKS_AT_VALUES = frozenset({"tensorflow.python.framework.tensor_util", "tensorflow.python.framework.tensor_shape"})
"""Modules that read values for TensorFlow's own use: shapes, and what it may take for constant while it traces."""

FAST_PATH = "TFE_Py_FastPathExecute"
BACKWARD = "_gradient_function"
RECORD = "record_operation"
CONVERT = "convert_to_eager_tensor"
SIZE = "size_internal"
CONVERT_ACTUAL = "_convert_actual"
CALL_IN_GRAPH = "make_call_op_in_graph"
TRACE = "func_graph_from_py_func"
SEED = "get_seed"
CALLS_BACK = "script_ops"
"""The last part of the name of the module that calls plain functions from a graph."""


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


def made_anew(function: Any) -> Any:
    """Return a function of TensorFlow's like this one that was not traced yet."""
    return function._clone(None)


def is_rewritten(function: Any) -> bool:
    """Whether TensorFlow writes the control flow of a function anew before it traces it."""
    return bool(getattr(function, "_autograph", True))


def plain_function(value: Any) -> tuple[FunctionType, Any] | None:
    """Return the function of Python's that is called in the end, and the object that it belongs to, if there is one."""
    owner = None
    for _ in range(MOST_WRAPPERS):
        if isinstance(value, FunctionType):
            wrapped = getattr(value, "__wrapped__", None) if value.__globals__.get("__name__") == METHODS else None
            if wrapped is None:
                return value, owner
            value = wrapped
        elif isinstance(value, MethodType):
            owner = value.__self__
            owner = getattr(owner, "target", None) if type(owner).__name__ == "TfMethodTarget" else owner
            value = value.__func__
        elif isinstance(value, property):
            value = value.fget
        elif isinstance(value, staticmethod | classmethod):
            value = value.__func__
        else:
            value = python_function(value)
    return None


METHODS = f"{PYTHON}.eager.polymorphic_function.polymorphic_function"
"""Where methods are wrapped that are functions of TensorFlow's."""

MOST_WRAPPERS = 10
"""How many wrappers around a function are looked through."""


def layers_in(value: Any) -> list[Any]:
    """Return the layers that one of Keras's layers or models is made of."""
    found = vars(value).get("_layers", ()) if hasattr(value, "__dict__") else ()
    return list(found) if isinstance(found, list | tuple) else []


def is_tensor(value: Any) -> bool:
    """Whether a value is a tensor, symbolic or not, and no variable."""
    return hasattr(value, "_id") and hasattr(value, "dtype") and handle_of(value) is None


def is_symbolic(value: Any) -> bool:
    """Whether a value is a tensor that stands for a number in a graph."""
    return type(value).__name__ == "SymbolicTensor"


def graph_names(tensor: Any) -> list[str]:
    """Return the names of the graphs that a symbolic tensor is inside of, its own first, that of the function last."""
    names: list[str] = []
    graph = tensor.graph
    while getattr(graph, "name", "") and len(names) < MOST_WRAPPERS:
        names.append(str(graph.name))
        graph = getattr(graph, "outer_graph", None)
    return names or [""]


def graph_tensor_name(tensor: Any) -> str:
    """Return the name of a symbolic tensor, as errors write it."""
    return str(tensor.name)


def made_at(tensor: Any) -> list[tuple[str, int]]:
    """Return the files and lines in which a symbolic tensor was made, the innermost first."""
    return [(frame.filename, frame.lineno) for frame in reversed(tensor.op.traceback)]


def trace(names: Names, function: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """Trace a function for what it is given, unless that was done; return the traced function.

    Raises
    ------
    LookupError
        If its variables can only be made while it runs.
    """
    make = names.traceback.filter_traceback(function.get_concrete_function)
    try:
        return make(*args, **options)
    except Exception as error:
        if type(error).__name__ == "UnliftableError":
            raise LookupError(str(error)) from error
        raise


def as_results(names: Names, results: Any) -> Any:
    """Return what a traced function gives back where, run eagerly, it gives plain numbers or variables."""

    def result(value: Any) -> Any:
        plain = isinstance(value, bool | int | float | complex | str | bytes | np.ndarray | np.generic)
        return names.tf.convert_to_tensor(value) if plain or handle_of(value) is not None else value

    return names.tf.nest.map_structure(result, results)


def as_arguments(names: Names, arguments: Any) -> Any:
    """Return what a traced function gets for arrays: tensors."""

    def argument(value: Any) -> Any:
        return names.tf.convert_to_tensor(value) if isinstance(value, np.ndarray) else value

    return names.tf.nest.map_structure(argument, arguments)


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


def numbers_in(variable: Any, names: Names) -> Any:
    """Return the values that a variable holds now, without a tape that follows the reading of it."""
    with names.record.stop_recording():
        return numbers_of(variable.read_value())
