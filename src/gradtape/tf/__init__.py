"""TensorFlow's names, default dtypes and gradient semantics on gradtape's engine: `import gradtape.tf as tf`.

It stands in for TensorFlow where a program uses tensors, variables, tapes, mathematics and control flow. A name that it
does not have says so.

Examples
--------
>>> import gradtape.tf as tf
>>> x = tf.Variable(3.0)
>>> with tf.GradientTape() as tape:
...     y = x**2
>>> tape.gradient(y, x)
<tf.Tensor: shape=(), dtype=float32, numpy=6.0>
"""

from __future__ import annotations

import sys as _sys
from builtins import bool as _bool
from builtins import range as _count
from builtins import tuple as _tuple
from importlib import import_module as _import_module
from types import SimpleNamespace as _SimpleNamespace
from typing import Any as _Any

import gradtape as _gt
from gradtape import UnconnectedGradients
from gradtape.tape.ambient import gradients_for as _gradients_for
from gradtape.tf import debugging, dtypes, errors, linalg, math, nest, random
from gradtape.tf.arrays import (
    argsort,
    boolean_mask,
    broadcast_to,
    concat,
    expand_dims,
    gather,
    gather_nd,
    meshgrid,
    pad,
    repeat,
    reshape,
    reverse,
    roll,
    scatter_nd,
    searchsorted,
    slice,
    sort,
    split,
    squeeze,
    stack,
    strided_slice,
    tensor_scatter_nd_add,
    tensor_scatter_nd_max,
    tensor_scatter_nd_min,
    tensor_scatter_nd_sub,
    tensor_scatter_nd_update,
    tile,
    transpose,
    unstack,
    where,
)
from gradtape.tf.calls import refuse as _refuse
from gradtape.tf.control import (
    case,
    cond,
    custom_gradient,
    foldl,
    foldr,
    function,
    grad_pass_through,
    map_fn,
    numpy_function,
    py_function,
    recompute_grad,
    scan,
    switch_case,
    vectorized_map,
    while_loop,
)
from gradtape.tf.creation import (
    cast,
    constant,
    convert_to_tensor,
    eye,
    fill,
    identity,
    is_tensor,
    linspace,
    one_hot,
    ones,
    ones_like,
    range,
    rank,
    shape,
    size,
    stop_gradient,
    zeros,
    zeros_like,
)
from gradtape.tf.debugging import Assert, ensure_shape
from gradtape.tf.dtypes import (
    DType,
    as_dtype,
    bool,
    complex64,
    complex128,
    double,
    float16,
    float32,
    float64,
    half,
    int8,
    int16,
    int32,
    int64,
    string,
    uint8,
    uint16,
    uint32,
    uint64,
)
from gradtape.tf.linalg import clip_by_global_norm, clip_by_norm, clip_by_value, einsum, matmul, norm, tensordot
from gradtape.tf.math import (
    abs,
    acos,
    acosh,
    add,
    add_n,
    argmax,
    argmin,
    asin,
    asinh,
    atan,
    atan2,
    atanh,
    complex,
    cos,
    cosh,
    cumsum,
    divide,
    equal,
    exp,
    floor,
    greater,
    greater_equal,
    histogram_fixed_width,
    less,
    less_equal,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    maximum,
    minimum,
    multiply,
    negative,
    not_equal,
    pow,
    reduce_all,
    reduce_any,
    reduce_logsumexp,
    reduce_max,
    reduce_mean,
    reduce_min,
    reduce_prod,
    reduce_sum,
    round,
    scalar_mul,
    sigmoid,
    sign,
    sin,
    sinh,
    sqrt,
    square,
    squared_difference,
    subtract,
    tan,
    tanh,
    truediv,
    truncatemod,
)
from gradtape.tf.modules import Module, control_dependencies, device, init_scope, name_scope
from gradtape.tf.segments import dynamic_partition, dynamic_stitch, reverse_sequence, unique, unique_with_counts
from gradtape.tf.shapes import TensorShape
from gradtape.tf.slices import IndexedSlices
from gradtape.tf.tapes import ForwardAccumulator as _ForwardAccumulator
from gradtape.tf.tapes import GradientTape
from gradtape.tf.tensor_array import TensorArray
from gradtape.tf.tensors import Tensor
from gradtape.tf.variables import Variable

newaxis = None
autodiff = _SimpleNamespace(ForwardAccumulator=_ForwardAccumulator, GradientTape=GradientTape)
__version__ = "2.21.0+gradtape"


def gradients(
    ys: _Any,
    xs: _Any,
    grad_ys: _Any = None,
    name: str | None = "gradients",
    gate_gradients: _bool = False,
    aggregation_method: _Any = None,
    stop_gradients: _Any = None,
    unconnected_gradients: str | None = None,
) -> list[_Any]:
    """Differentiate without a tape; see `gradtape.gradients`. The result is always a list."""
    return _gradients_for("tf.gradients", ys, xs, grad_ys, stop_gradients, unconnected_gradients, _sys._getframe(1))


def hessians(
    ys: _Any,
    xs: _Any,
    gate_gradients: _bool = False,
    aggregation_method: _Any = None,
    name: str = "hessians",
) -> list[_Any]:
    """Differentiate twice without a tape: for each tensor in `xs` its second derivatives, of its shape twice over."""
    found: list[_Any] = []
    for x in xs if isinstance(xs, list | _tuple) else [xs]:
        (slope,) = gradients(ys, x)
        if slope is None:
            found.append(None)
            continue
        slopes = reshape(slope, [-1])
        rows = [gradients(slopes[k], x, unconnected_gradients="zero")[0] for k in _count(slopes.shape[0])]
        found.append(reshape(stack(rows), (*x.shape, *x.shape)) if rows else zeros((*x.shape, *x.shape), x.dtype))
    return found


def executing_eagerly() -> _bool:
    """Every operation runs at once."""
    return True


def print(*inputs: _Any, output_stream: _Any = None, end: str = "\n", sep: str = " ", **options: _Any) -> None:
    """Write values to the standard error stream; looking at them does not take them off the tape."""
    stream = output_stream if hasattr(output_stream, "write") else _sys.stderr
    shown = (str(value._value if isinstance(value, _gt.Tensor) else value) for value in inputs)
    stream.write(sep.join(shown) + end)


LATER = {
    "AggregationMethod": "graphs",
    "RaggedTensor": "ragged",
    "SparseTensor": "sparse",
    "TensorSpec": "graphs",
    "VariableAggregation": "graphs",
    "VariableSynchronization": "graphs",
    "assert_equal": "debugging",
    "assert_greater": "debugging",
    "assert_less": "debugging",
    "assert_rank": "debugging",
    "batch_to_space": "nn.layout",
    "bitcast": "creation",
    "broadcast_dynamic_shape": "graphs",
    "broadcast_static_shape": "graphs",
    "constant_initializer": "initializers",
    "eig": "linalg",
    "eigvals": "linalg",
    "extract_volume_patches": "nn.pooling",
    "get_static_value": "graphs",
    "group": "graphs",
    "histogram_fixed_width_bins": "counting",
    "identity_n": "graphs",
    "image": "",
    "keras": "",
    "inside_function": "graphs",
    "is_symbolic_tensor": "graphs",
    "nn": "",
    "no_op": "graphs",
    "ones_initializer": "initializers",
    "parallel_stack": "arrays",
    "quantization": "",
    "ragged": "",
    "random_normal_initializer": "initializers",
    "random_uniform_initializer": "initializers",
    "realdiv": "math",
    "saturate_cast": "creation",
    "sequence_mask": "counting",
    "shape_n": "graphs",
    "signal": "",
    "space_to_batch": "nn.layout",
    "space_to_batch_nd": "nn.layout",
    "sparse": "",
    "timestamp": "graphs",
    "truncatediv": "math",
    "tuple": "graphs",
    "unravel_index": "counting",
    "zeros_initializer": "initializers",
}
"""Where names are that are imported when they are first asked for; those without a place are modules."""


def __getattr__(name: str) -> _Any:
    if name == "bfloat16":
        return dtypes.bfloat16
    if name not in LATER:
        raise _refuse("tf", name)
    module = _import_module(f"{__name__}.{LATER[name] or name}")
    found = globals()[name] = getattr(module, name) if LATER[name] else module
    return found


__all__ = [
    "Assert",
    "DType",
    "GradientTape",
    "IndexedSlices",
    "Module",
    "Tensor",
    "TensorArray",
    "TensorShape",
    "UnconnectedGradients",
    "Variable",
    "abs",
    "acos",
    "acosh",
    "add",
    "add_n",
    "argmax",
    "argmin",
    "argsort",
    "as_dtype",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "autodiff",
    "bool",
    "boolean_mask",
    "broadcast_to",
    "case",
    "cast",
    "clip_by_global_norm",
    "clip_by_norm",
    "clip_by_value",
    "complex",
    "complex64",
    "complex128",
    "concat",
    "cond",
    "constant",
    "control_dependencies",
    "convert_to_tensor",
    "cos",
    "cosh",
    "cumsum",
    "custom_gradient",
    "debugging",
    "device",
    "divide",
    "double",
    "dtypes",
    "dynamic_partition",
    "dynamic_stitch",
    "einsum",
    "ensure_shape",
    "equal",
    "errors",
    "executing_eagerly",
    "exp",
    "expand_dims",
    "eye",
    "fill",
    "float16",
    "float32",
    "float64",
    "floor",
    "foldl",
    "foldr",
    "function",
    "gather",
    "gather_nd",
    "grad_pass_through",
    "gradients",
    "greater",
    "greater_equal",
    "half",
    "hessians",
    "histogram_fixed_width",
    "identity",
    "init_scope",
    "int8",
    "int16",
    "int32",
    "int64",
    "is_tensor",
    "less",
    "less_equal",
    "linalg",
    "linspace",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "map_fn",
    "math",
    "matmul",
    "maximum",
    "meshgrid",
    "minimum",
    "multiply",
    "name_scope",
    "negative",
    "nest",
    "newaxis",
    "norm",
    "not_equal",
    "numpy_function",
    "one_hot",
    "ones",
    "ones_like",
    "pad",
    "pow",
    "print",
    "py_function",
    "random",
    "range",
    "rank",
    "recompute_grad",
    "reduce_all",
    "reduce_any",
    "reduce_logsumexp",
    "reduce_max",
    "reduce_mean",
    "reduce_min",
    "reduce_prod",
    "reduce_sum",
    "repeat",
    "reshape",
    "reverse",
    "reverse_sequence",
    "roll",
    "round",
    "scalar_mul",
    "scan",
    "scatter_nd",
    "searchsorted",
    "shape",
    "sigmoid",
    "sign",
    "sin",
    "sinh",
    "size",
    "slice",
    "sort",
    "split",
    "sqrt",
    "square",
    "squared_difference",
    "squeeze",
    "stack",
    "stop_gradient",
    "strided_slice",
    "string",
    "subtract",
    "switch_case",
    "tan",
    "tanh",
    "tensor_scatter_nd_add",
    "tensor_scatter_nd_max",
    "tensor_scatter_nd_min",
    "tensor_scatter_nd_sub",
    "tensor_scatter_nd_update",
    "tensordot",
    "tile",
    "transpose",
    "truediv",
    "truncatemod",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "unique",
    "unique_with_counts",
    "unstack",
    "vectorized_map",
    "where",
    "while_loop",
    "zeros",
    "zeros_like",
]
