"""What stands for truth values, whole numbers and positions once they are smooth, and which functions take what."""

from __future__ import annotations

import ast
from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What a smooth value stands for."""

    TRUTH = "truth"
    """A number between 0 and 1, in the place of a truth value."""
    NUMBER = "number"
    """A floating-point number in the place of a whole one: a count, a rank, a place."""
    SHARES = "shares"
    """Along the last axis how much each place is meant, in the place of one position."""
    CHANCES = "chances"
    """The shares that all draws of a row have, in the place of the positions that are drawn."""
    BEST = "best"
    """A pair of values and shares, in the place of the pair of values and positions that `top_k` gives."""
    HITS = "hits"
    """The positions where a mask is true: only how many there are, and what they pick, can be smooth."""
    PAIRS = "pairs"
    """The same of a mask of several axes: what is summed over such places can be weighed by how true each is."""
    ENDS = "ends"
    """Such places along one axis; `mask` is how true each is."""
    SIZED = "sized"
    """The shape of such positions, or of what a mask picked."""
    LISTED = "listed"
    """Shares beside the numbers of rows, in the place of pairs of a row and a position."""
    MASKED = "masked"
    """All elements times a mask, in the place of those that the mask picked."""
    FLOAT = "float"
    """What was floating point before as well: nothing around it changes."""


class Twin(NamedTuple):
    """How an expression is written that is smooth now; `mask` is what weighs its elements, `IN_ORDER` for an order."""

    kind: Kind
    text: str
    mask: str = ""


IN_ORDER = "order"
"""The mask of shares that are there for each place of an order, and not for one position."""


class RefusedError(Exception):
    """Something needs a truth value, a whole number or a position, and can have nothing else."""


OURS = ("tensorflow.", "gradtape.tf.", "keras.ops.")
"""Modules whose functions are known by their names."""

FLAT = {"[-1]", "(-1,)", "-1"}
"""Shapes of one axis, whatever its length."""

ALIKE = {"reshape", "expand_dims", "squeeze", "transpose", "identity", "stack", "concat", "tile", "broadcast_to",
         "stop_gradient", "repeat", "reverse", "ensure_shape", "convert_to_tensor", "pad"}  # fmt: skip
"""Functions that move elements and take any dtype."""

COUNTED = {"reduce_sum", "reduce_mean", "reduce_max", "reduce_min", "abs", "square", "cumsum", "negative", "add_n"}
"""Functions of one number that give a number of its dtype."""

PAIRED = {"add", "subtract", "multiply", "maximum", "minimum", "squared_difference", "divide", "truediv"}
"""Functions of two numbers of one dtype."""

OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "/", ast.Pow: "**",
}  # fmt: skip

LOGICAL: dict[str, type[ast.AST]] = {
    "logical_and": ast.BitAnd, "logical_or": ast.BitOr, "logical_xor": ast.BitXor, "equal": ast.Eq,
    "not_equal": ast.NotEq,
}  # fmt: skip
JOINED: dict[type[ast.AST], str] = {
    ast.BitAnd: "{a} * {b}",
    ast.BitOr: "tf.maximum({a}, {b})",
    ast.BitXor: "tf.abs({a} - {b})",
    ast.Eq: "1.0 - tf.abs({a} - {b})",
    ast.NotEq: "tf.abs({a} - {b})",
}
"""What operators of truth values are for numbers between 0 and 1."""

DECIDED = ast.If | ast.While | ast.IfExp | ast.Assert | ast.BoolOp
STEPS: dict[str, type[ast.AST]] = {
    "greater": ast.Gt,
    "greater_equal": ast.GtE,
    "less": ast.Lt,
    "less_equal": ast.LtE,
}
ORDERED: dict[type[ast.AST], int] = {ast.Gt: 1, ast.GtE: 1, ast.Lt: -1, ast.LtE: -1}

ROUNDED = {"round", "rint", "floor", "ceil", "trunc"}
"""Functions that a position goes through before it is cast: the place between two rows is what they were given."""

BOUNDING = {"clip_by_value", "minimum", "maximum", "clip"}
"""Functions that keep a position in a table."""

PICKS = {"gather", "gather_nd", "take", "embedding_lookup"}
NEEDING = {"range", "fill", "zeros", "ones", "bincount", "unsorted_segment_sum", "segment_sum", "scatter_nd", "one_hot",
           "tensor_scatter_nd_update", "tensor_scatter_nd_add", "sparse_categorical_crossentropy", "sequence_mask",
           "sparse_softmax_cross_entropy_with_logits", "dynamic_partition", "cond", "while_loop", "Assert",
           "boolean_mask", "scatter_nd_update", "floormod", "numpy", "numpy_function", "py_function"}  # fmt: skip
"""What needs whole numbers or truth values, or takes the value out."""


PLAIN = {"int", "float", "print", "str"}
"""What takes a mean position as well as a position."""

TAKING = {"append", "gradient", "jacobian", "batch_jacobian"}
"""Methods that take numbers of any dtype: of lists and tapes."""
