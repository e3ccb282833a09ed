"""TensorFlow's operations: what users call them, what they compute in NumPy's words, and where nothing flows back.

One row per operation that differs from the usual: an operation without a row is called by its type in small letters,
and what its gradient does is asked of TensorFlow's own registry.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from gradtape.explain.graph import Break, BreakKind
from gradtape.recorders.tensorflow import private

if TYPE_CHECKING:
    from gradtape.recorders.tensorflow.private import Names

STEPS = "is constant between its steps"
SHAPES = frozenset(
    {"Shape", "ShapeN", "Rank", "Size", "ZerosLike", "OnesLike", "BroadcastGradientArgs", "TensorListLength"}
)
"""Operations that read a shape: no value travels through them."""

COUNTING = frozenset({"Shape", "ShapeN", "Size"})
"""Those of them that count elements, where values decide how many there are."""

PICKING = frozenset({"Where", "Unique", "UniqueV2", "UniqueWithCounts", "UniqueWithCountsV2", "DynamicPartition"})
"""Operations whose values decide how many elements their results have."""

AS_MANY = frozenset(
    {"Squeeze", "GatherV2", "GatherNd", "Cast", "Identity", "Reshape", "StridedSlice", "ExpandDims", "Transpose"}
)
"""Operations whose result has as many elements as one of their inputs, or follows it."""

PIECEWISE = {
    "Round": "is constant between half integers",
    "Rint": "is constant between half integers",
    "Floor": "is constant between integers",
    "Ceil": "is constant between integers",
    "FloorDiv": "is constant between its jumps",
    "TruncateDiv": "is constant between its jumps",
    "Sign": "is constant away from 0",
}
"""Why nothing flows back, where the derivative is zero wherever it exists."""

OF_WHOLE = Break(BreakKind.NO_DERIVATIVE, "gives whole numbers or truth values, which cannot move a little")
"""Also beside that of a callback: whole numbers would end the way whoever computed them."""
SECOND = (
    "is differentiated twice, and TensorFlow's second derivative leaves out the labels: "
    "it is zero where it should not be"
)
NOT_WRITTEN = "has a derivative in this argument, but TensorFlow's gradient gives none for it"
DATA = "a data set computes its elements where no tape records; what it gives starts a new path"
INCOMPLETE: dict[tuple[str, int, int], str] = {
    ("SoftmaxCrossEntropyWithLogits", 1, 1): SECOND,
    ("Betainc", 0, 0): NOT_WRITTEN,
    ("Betainc", 0, 1): NOT_WRITTEN,
    ("Zeta", 0, 0): NOT_WRITTEN,
    ("ImageProjectiveTransformV3", 0, 1): NOT_WRITTEN,
}
"""Gradients that TensorFlow has and that leave something out, by type, result and input."""

CONSTANT_INPUTS: dict[str, frozenset[int]] = {
    "SelectV2": frozenset({0}),
    "Select": frozenset({0}),
    "TensorListReserve": frozenset({0, 1}),
}
READS = frozenset({"ReadVariableOp", "ResourceGather", "ResourceGatherNd"})
"""Operations that read a variable."""

WRITES: dict[str, tuple[str, int]] = {
    "AssignVariableOp": ("assign", 1),
    "AssignAddVariableOp": ("assign_add", 1),
    "AssignSubVariableOp": ("assign_sub", 1),
    "ResourceStridedSliceAssign": ("assign", 4),
    **{
        f"ResourceScatter{how}": (f"scatter_{how.lower()}", 2)
        for how in ("Update", "Add", "Sub", "Mul", "Div", "Min", "Max")
    },
    **{f"ResourceScatterNd{how}": (f"scatter_nd_{how.lower()}", 2) for how in ("Update", "Add", "Sub", "Min", "Max")},
}
"""Operations that write into a variable: what users call them, and which of their inputs is what is written."""

WHOLE_WRITE = "AssignVariableOp"
"""The one that leaves nothing of what the variable held before."""

RANDOM = re.compile(r"Random|Multinomial|ParameterizedTruncatedNormal|StatelessTruncated")
DATASETS = re.compile(r"Dataset|Iterator")
CALLBACKS = frozenset({"PyFunc", "PyFuncStateless", "EagerPyFunc"})

NUMPY = {
    "Abs": "abs", "Acos": "arccos", "Acosh": "arccosh", "Add": "add", "AddN": "add", "AddV2": "add",
    "ArgMax": "argmax", "ArgMin": "argmin", "Asin": "arcsin", "Asinh": "arcsinh", "Atan": "arctan",
    "Atan2": "arctan2", "Atanh": "arctanh", "BatchMatMulV2": "matmul", "BiasAdd": "add", "Bincount": "bincount",
    "BroadcastTo": "broadcast_to", "Cast": "cast", "Ceil": "ceil", "Cholesky": "cholesky", "ClipByValue": "clip",
    "ComplexAbs": "abs", "ConcatV2": "concatenate", "Conv2D": "conv2d", "Cos": "cos", "Cosh": "cosh",
    "Cumprod": "cumprod", "Cumsum": "cumsum", "DenseBincount": "bincount", "Digamma": "digamma", "Div": "divide",
    "DivNoNan": "divide_no_nan", "Einsum": "einsum", "Elu": "elu", "Equal": "equal", "Erf": "erf", "Exp": "exp",
    "ExpandDims": "expand_dims", "Expm1": "expm1", "Floor": "floor", "FloorDiv": "floor_divide", "FloorMod": "mod",
    "GatherV2": "take", "Greater": "greater", "GreaterEqual": "greater_equal", "HistogramFixedWidth": "histogram",
    "FakeQuantWithMinMaxArgs": "fake_quant", "FakeQuantWithMinMaxVars": "fake_quant",
    "Identity": "identity", "Inv": "reciprocal", "LeakyRelu": "leaky_relu", "LeakyReluGrad": "leaky_relu_grad",
    "Less": "less", "LessEqual": "less_equal", "Lgamma": "gammaln", "Log": "log", "Log1p": "log1p",
    "LogSoftmax": "log_softmax", "LogicalAnd": "logical_and", "LogicalNot": "logical_not", "LogicalOr": "logical_or",
    "Lu": "lu", "MatMul": "matmul", "MatrixDeterminant": "det", "MatrixInverse": "inv", "MatrixSolve": "solve",
    "Max": "max", "Maximum": "maximum", "Mean": "mean", "Min": "min", "Minimum": "minimum", "Mul": "multiply",
    "Neg": "negative", "NotEqual": "not_equal", "OneHot": "one_hot", "Pack": "stack", "Pow": "power",
    "PreventGradient": "stop_gradient", "Prod": "prod", "Qr": "qr", "RandomPoissonV2": "poisson",
    "ReadVariableOp": "identity", "RealDiv": "divide", "Reciprocal": "reciprocal", "Relu": "relu", "Relu6": "relu6",
    "Relu6Grad": "relu6_grad", "ReluGrad": "relu_grad", "Reshape": "reshape", "ResourceGather": "take",
    "Rint": "rint", "Round": "round", "Rsqrt": "rsqrt", "Select": "where", "SelectV2": "where",
    "SelfAdjointEigV2": "eigh", "Selu": "selu", "Sigmoid": "sigmoid", "Sign": "sign", "Sin": "sin", "Sinh": "sinh",
    "Softmax": "softmax", "SoftmaxCrossEntropyWithLogits": "softmax_cross_entropy_with_logits",
    "Softplus": "softplus", "SparseSoftmaxCrossEntropyWithLogits": "sparse_softmax_cross_entropy", "Split": "split",
    "SplitV": "split", "Sqrt": "sqrt", "Square": "square", "SquaredDifference": "squared_difference",
    "Squeeze": "squeeze", "StatelessRandomPoisson": "poisson", "StopGradient": "stop_gradient",
    "StridedSlice": "getitem", "Sub": "subtract", "Sum": "sum", "Svd": "svd", "Tan": "tan", "Tanh": "tanh",
    "Tile": "tile", "TopKV2": "top_k", "Transpose": "transpose", "TruncateDiv": "floor_divide", "Unique": "unique",
    "Unpack": "unstack", "Where": "nonzero", "Xdivy": "xdivy", "Xlogy": "xlogy",
}  # fmt: skip
"""NumPy's names, or the usual ones where NumPy has none, by TensorFlow's types."""


class Facts(NamedTuple):
    """What is known of an operation by its type alone."""

    name: str
    function: str
    everywhere: Break | None
    """Why nothing flows back through any input, None where something does or may."""


@lru_cache(maxsize=1024)
def facts(names: Names, op_type: str) -> Facts:
    """Return what is known of an operation; the registry is asked once per type."""
    function = NUMPY.get(op_type, "")
    name = function or _in_small_letters(op_type)
    return Facts(name, function, _everywhere(names, op_type))


def _everywhere(names: Names, op_type: str) -> Break | None:
    if op_type in ("StopGradient", "PreventGradient"):
        return Break(BreakKind.STOP)
    if PIECEWISE.get(op_type):
        return Break(BreakKind.PIECEWISE_CONSTANT, PIECEWISE[op_type])
    if DATASETS.search(op_type):
        return None  # told where a value goes in
    if op_type in CALLBACKS:
        return None if op_type == "EagerPyFunc" else Break(BreakKind.OPAQUE)
    try:
        gradient = private.registered_gradient(names, op_type)
    except LookupError:
        return Break(BreakKind.MISSING_RULE, "has a derivative, but TensorFlow has no gradient for it")
    if gradient is None:
        if op_type.endswith("Grad"):  # a first derivative is linear in what comes back: it has one of its own
            return Break(BreakKind.MISSING_RULE, "is a derivative that TensorFlow cannot differentiate again")
        if RANDOM.search(op_type):
            return Break(BreakKind.SAMPLED)
        return Break(BreakKind.NO_DERIVATIVE, "has no derivative")
    return None


def of_whole_numbers(op_type: str) -> Break:
    """Return the break of an operation that makes whole numbers or truth values from something else."""
    if op_type == "Cast":
        return Break(BreakKind.INTEGER_CAST)
    if RANDOM.search(op_type):
        return Break(BreakKind.SAMPLED)
    return OF_WHOLE


def _in_small_letters(op_type: str) -> str:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", re.sub(r"V\d+$", "", op_type))
    return words.lower()
