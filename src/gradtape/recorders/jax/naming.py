"""What primitives are called: NumPy's names for what they compute, and the user's for the expression they came from."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any, NamedTuple

from gradtape.arrays.frames import is_user_file
from gradtape.diagnostics import Passage, syntax
from gradtape.explain.flat import KINKS, STRAIGHT
from gradtape.explain.graph import Break, BreakKind
from gradtape.recorders.jax import private
from gradtape.recorders.jax.places import is_users

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gradtape.recorders.jax.program import Step

CONSTANT, NONE = BreakKind.PIECEWISE_CONSTANT, BreakKind.NO_DERIVATIVE
COMPARING = "compares inside, and a comparison has no derivative"
TRUTH = "gives truth values, which have no derivative"
POSITION = "gives positions, which are integers"


class Primitive(NamedTuple):
    """A primitive of JAX: NumPy's name for it, why nothing flows back where nothing does, and its settings."""

    function: str
    kind: BreakKind = NONE
    reason: str = "has no derivative here"
    params: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None = None


def _axis(params: Mapping[str, Any]) -> Mapping[str, Any]:
    axes = params.get("axes", params.get("axis"))
    return {} if axes is None else {"axis": tuple(axes) if isinstance(axes, tuple | list) else axes}


def _exponent(params: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"exponent": params["y"]} if "y" in params else {}


def _dtype(params: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"dtype": str(params["new_dtype"])} if "new_dtype" in params else {}


STEPS = "is constant between its steps, so its derivative is zero wherever it exists"
INTEGERS = "is constant between integers, so its derivative is zero wherever it exists"

SAME_NAME = (
    "sin", "cos", "tan", "sinh", "cosh", "tanh", "exp", "exp2", "expm1", "log", "log1p", "sqrt", "cbrt", "square",
    "erf", "erfc", "real", "imag", "conj", "reshape", "transpose", "squeeze", "concatenate", "cumprod", "cumsum",
    "sort", "pad", "cholesky", "eigh", "eig", "svd", "qr", "lu", "top_k", "digamma", "stack",
)  # fmt: skip

PRIMITIVES: dict[str, Primitive] = {
    **{name: Primitive(name) for name in SAME_NAME},
    "abs": Primitive("absolute"),
    "acos": Primitive("arccos"),
    "acosh": Primitive("arccosh"),
    "add": Primitive("add"),
    "add_any": Primitive("add"),
    "argmax": Primitive("argmax", NONE, POSITION),
    "argmin": Primitive("argmin", NONE, POSITION),
    "asin": Primitive("arcsin"),
    "asinh": Primitive("arcsinh"),
    "atan": Primitive("arctan"),
    "atan2": Primitive("arctan2"),
    "atanh": Primitive("arctanh"),
    "bessel_i0e": Primitive("i0e"),
    "bessel_i1e": Primitive("i1e"),
    "broadcast_in_dim": Primitive("broadcast_to"),
    "ceil": Primitive("ceil", CONSTANT, INTEGERS),
    "clamp": Primitive("clip"),
    "conv_general_dilated": Primitive("convolve"),
    "convert_element_type": Primitive("cast", params=_dtype),
    "copy": Primitive("copy"),
    "cummax": Primitive("maximum.accumulate", params=_axis),
    "cummin": Primitive("minimum.accumulate", params=_axis),
    "cumlogsumexp": Primitive("logaddexp.accumulate", params=_axis),
    "div": Primitive("divide"),
    "dot_general": Primitive("matmul"),
    "dynamic_slice": Primitive("getitem"),
    "dynamic_update_slice": Primitive("setitem"),
    "eq": Primitive("equal", NONE, TRUTH),
    "erf_inv": Primitive("erfinv"),
    "floor": Primitive("floor", CONSTANT, INTEGERS),
    "gather": Primitive("take"),
    "ge": Primitive("greater_equal", NONE, TRUTH),
    "gt": Primitive("greater", NONE, TRUTH),
    "integer_pow": Primitive("power", params=_exponent),
    "is_finite": Primitive("isfinite", NONE, TRUTH),
    "le": Primitive("less_equal", NONE, TRUTH),
    "lgamma": Primitive("gammaln"),
    "logistic": Primitive("sigmoid"),
    "lt": Primitive("less", NONE, TRUTH),
    "max": Primitive("maximum"),
    "min": Primitive("minimum"),
    "mul": Primitive("multiply"),
    "ne": Primitive("not_equal", NONE, TRUTH),
    "neg": Primitive("negative"),
    "nextafter": Primitive("nextafter", CONSTANT, STEPS),
    "pow": Primitive("power"),
    "reduce_max": Primitive("max", params=_axis),
    "reduce_min": Primitive("min", params=_axis),
    "reduce_prod": Primitive("prod", params=_axis),
    "reduce_sum": Primitive("sum", params=_axis),
    "rem": Primitive("fmod"),
    "rev": Primitive("flip"),
    "round": Primitive("round", CONSTANT, INTEGERS),
    "rsqrt": Primitive("rsqrt"),
    "scatter": Primitive("setitem"),
    "scatter-add": Primitive("add.at"),
    "scatter_add": Primitive("add.at"),
    "select_n": Primitive("where"),
    "sign": Primitive(
        "sign", CONSTANT, "is constant on each side of zero, so its derivative is zero wherever it exists"
    ),
    "slice": Primitive("getitem"),
    "stop_gradient": Primitive("stop_gradient", BreakKind.STOP, ""),
    "sub": Primitive("subtract"),
    "triangular_solve": Primitive("solve"),
}
"""One row per primitive whose own name is not what a reader would call it, or that ends a path."""

STEPPED = {"heaviside"}
"""Functions that are constant between their steps, and that JAX puts together from a choice that lets NaN pass."""

SAMPLING = {
    "bernoulli", "binomial", "categorical", "choice", "geometric", "multinomial", "permutation", "poisson", "randint",
}  # fmt: skip
"""Draws whose results jump where their parameters move a little."""

BINARY: dict[type[ast.AST], str] = {
    ast.Add: "add",
    ast.Sub: "subtract",
    ast.Mult: "multiply",
    ast.Div: "divide",
    ast.Pow: "power",
    ast.MatMult: "matmul",
    ast.FloorDiv: "floor_divide",
    ast.Mod: "remainder",
    ast.Gt: "greater",
    ast.GtE: "greater_equal",
    ast.Lt: "less",
    ast.LtE: "less_equal",
    ast.Eq: "equal",
    ast.NotEq: "not_equal",
    ast.USub: "negative",
    ast.Invert: "invert",
    ast.BitAnd: "bitwise_and",
    ast.BitOr: "bitwise_or",
}

COMPARISONS = {"equal", "not_equal", "greater", "greater_equal", "less", "less_equal", "isfinite", "isnan", "isinf",
    "isclose", "allclose", "array_equal", "logical_and", "logical_or", "logical_not", "any", "all"}  # fmt: skip
"""What gives truth values to who calls it."""

DRESSING = {"broadcast_in_dim", "convert_element_type", "copy", "squeeze", "reshape", "expand_dims", "pick", "stack"}
"""Primitives that come along with others and compute nothing, unless the user wrote them."""


def function_of(step: Step) -> str:
    """Return NumPy's name of what a step computes."""
    if step.custom is not None:
        return (step.within[-1] if step.within else step.params.get("name", step.name)).lstrip("_")
    known = PRIMITIVES.get(step.name)
    return known.function if known is not None else step.name


def is_users_own(step: Step) -> bool:
    """Whether a step's derivative is code of the program, not of a library."""
    if step.custom is None:
        return False
    code = getattr(getattr(step.custom, "fun", None), "__code__", None)
    if code is not None:
        return is_users(code)
    made_by = private.made_by(getattr(step.params.get("call_jaxpr"), "jaxpr", None))
    return is_user_file(made_by.partition(" at ")[2].rpartition(":")[0])


def rule_of(step: Step, position: int) -> Passage | None:
    """Return what a derivative of the program's own gives back for an input, as far as that can be read."""
    name, file, line = private.rule_at(step.custom)
    for function in syntax.functions_in(file) if file else ():
        first = min([function.lineno, *(decorator.lineno for decorator in function.decorator_list)])
        returned = [n for n in syntax.walk_scope(function) if isinstance(n, ast.Return) and n.value is not None]
        if function.name != name or not first <= line <= function.lineno or len(returned) != 1:
            continue
        value = returned[0].value
        parts = value.elts if isinstance(value, ast.Tuple) else []
        if step.name == "custom_jvp_call":
            value = parts[1] if len(parts) == 2 else value
        elif len(parts) == len(step.inputs):
            value = parts[position]
        return Passage(syntax.span_of(value, file)) if value is not None else None
    return None


def params_of(step: Step) -> Mapping[str, Any]:
    """Return a step's plain settings under NumPy's names."""
    known = PRIMITIVES.get(step.name)
    return known.params(step.params) if known is not None and known.params is not None else {}


def called(step: Step) -> str:
    """Return what the user calls the expression that a step belongs to."""
    node: ast.AST | None = syntax.expression_at(step.place.site.span)
    if node is None:
        statement = syntax.statement_at(step.place.site.span)
        node = statement if isinstance(statement, ast.AugAssign) else None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
        return node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
    if isinstance(node, ast.BinOp | ast.UnaryOp | ast.AugAssign):
        return BINARY.get(type(node.op), function_of(step))
    if isinstance(node, ast.Compare):
        return BINARY.get(type(node.ops[0]), function_of(step))
    if isinstance(node, ast.Subscript):
        return "getitem"
    return step.within[0].lstrip("_") if step.within else function_of(step)


def broken(step: Step, name: str, position: int, *, to_float: bool) -> Break:
    """Say why nothing flows through an input of a step whose derivative is zero by its rule.

    Parameters
    ----------
    step : Step
    name : str
        What the user calls it.
    position : int
        Of the input.
    to_float : bool
        Whether the result has a dtype with derivatives.
    """
    known = PRIMITIVES.get(step.name, Primitive(step.name))
    if name in STEPPED:
        return Break(CONSTANT, STEPS)
    if SAMPLING.intersection((name, *(w.lstrip("_") for w in step.within))):
        return Break(BreakKind.SAMPLED, "draws a value that jumps where its parameters move a little")
    if step.custom is not None:
        at = rule_of(step, position) if is_users_own(step) else None
        return Break(BreakKind.CUSTOM_NONE, "has a rule of its own that gives zeros whatever arrives", at=at)
    if step.name == "cond" and position > 1:
        return Break(BreakKind.NOT_TAKEN)
    if known.kind is BreakKind.STOP:
        return Break(BreakKind.STOP)
    if step.name == "convert_element_type" and not to_float:
        return Break(BreakKind.INTEGER_CAST)
    if known.reason is TRUTH and name not in COMPARISONS:
        return Break(CONSTANT, KINKS) if step.by_rule or name in STRAIGHT else Break(NONE, COMPARING)
    if step.by_rule and known.function == "sign" != name:
        return Break(CONSTANT, KINKS)
    if known.kind is CONSTANT:
        return Break(CONSTANT, known.reason)
    return Break(NONE, known.reason)
