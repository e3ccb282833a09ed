"""Functions that a program wrote with NumPy, as TensorFlow wants them: whole, or not at all."""

from __future__ import annotations

import ast
import builtins
from typing import TYPE_CHECKING

from gradtape.diagnostics import scopes, syntax
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import defined_in, parts, simple_name
from gradtape.explain.edits.outside.conversions import (
    AXES,
    METHOD_NAMES,
    is_conversion,
    method_as_function,
    without_conversion,
    worked_on,
)
from gradtape.explain.edits.pen import function_name
from gradtape.explain.names import MATH

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gradtape.diagnostics.changes import Change
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.pen import Pen

REDUCING = "sum mean max min prod amax amin std var"
OF_ONE = (
    "abs absolute fabs ceil floor round sign negative square sqrt exp expm1 log log1p log2 log10 exp2 sin cos tan sinh "
    "cosh tanh arcsin arccos arctan arcsinh arccosh arctanh real imag conj isfinite isnan zeros_like ones_like trace "
    "linalg.det linalg.inv linalg.cholesky linalg.eigh linalg.slogdet linalg.pinv erf erfc gammaln sigmoid softplus "
    "ravel fft.rfft fft.irfft"
)
OF_TWO = (
    "add subtract multiply divide true_divide maximum minimum power arctan2 hypot logaddexp matmul dot outer inner "
    "kron expand_dims reshape transpose squeeze cumsum cumprod stack concatenate vstack hstack softmax log_softmax sort"
)
ARGUMENTS: dict[str, tuple[int, set[str]]] = (
    {name: (1, set()) for name in OF_ONE.split()}
    | {name: (2, {"axis"}) for name in OF_TWO.split()}
    | {name: (2, {"axis", "keepdims"}) for name in (*REDUCING.split(), "logsumexp")}
    | {"where": (3, set()), "clip": (3, set()), "einsum": (9, set()), "linalg.norm": (1, {"axis", "keepdims"})}
    | {"average": (1, {"axis"}), "diff": (1, {"axis"}), "nanmean": (1, {"axis"}), "nansum": (1, {"axis"})}
)
"""By NumPy's name of a function, how many arguments by position and which by name mean the same for TensorFlow's."""

OF_ONE_DTYPE = {"dot", "outer", "einsum"}
"""Functions whose arguments all have one dtype for TensorFlow."""

METHOD_ARGUMENTS = {"T": 0, "transpose": 9, "reshape": 9, "astype": 1, "clip": 2, "squeeze": 1}
"""How many a method takes by position, where it is not one axis."""

FLAT = (
    "argsort argmax argmin round rint around floor ceil trunc fix sign digitize searchsorted histogram histogram2d "
    "bincount rankdata count_nonzero unique argpartition lexsort"
)
"""The last parts of the names of functions whose values have steps."""

OPERATORS = ast.Add | ast.Sub | ast.Mult | ast.Div | ast.Pow | ast.MatMult


class NoWordsError(Exception):
    """TensorFlow has no words for a part of a function."""


def translated(
    pen: Pen, body: ast.FunctionDef | ast.Lambda, file: str, *, closed: bool, decorated: bool = False
) -> Changes | None:
    """Return the changes by which a function of arrays computes with tensors; None where that cannot be written.

    One that is `closed` gets its tensors as arguments; another reads them from around it.
    A `decorated` one loses its decorator.
    """
    reader = _Reader(pen, file)
    reader.bare = body if decorated else None
    try:
        reader.function(body, () if closed else _free_names(body, file))
    except NoWordsError:
        return None
    return tuple(dict.fromkeys(reader.changes))


def _free_names(body: ast.AST, file: str) -> list[str]:
    """Return what a function reads from around it and that is no module, nor a function."""
    read = [n for n in ast.walk(body) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)]
    known = {f.name for f in syntax.functions_in(file)} | vars(builtins).keys() | syntax.names_in(body, ast.Store)
    return [n.id for n in read if n.id not in known and not scopes.is_module(n, file)]


def calls_of(function: ast.FunctionDef, file: str) -> list[ast.Call]:
    """Return the calls of a function, without those of a module's function that has the same name."""
    return [call for call in scopes.calls_of(file, function) if scopes.stands_for(call.func, file) is None]


def has_steps(body: ast.AST, file: str) -> bool:
    """Whether a function, or one that it calls, counts, orders or rounds: its values have steps."""
    flat = FLAT.split()
    return any(
        simple_name(n) in flat or (_is_counted(n, file) if isinstance(n, ast.Compare) else False)
        for function in called(body, file, [])
        for n in ast.walk(function)
        if isinstance(n, ast.expr)
    )


def called(body: ast.AST, file: str, found: list[ast.AST]) -> list[ast.AST]:
    """Return a function and those of the file that it calls."""
    if body not in found:
        found.append(body)
        for call in (n for n in ast.walk(body) if isinstance(n, ast.Call)):
            own = defined_in(file, call)
            if own is not None:
                called(own, file, found)
    return found


def _is_counted(node: ast.Compare, file: str) -> bool:
    """Whether a comparison becomes a number, and is no choice."""
    path = builders.path_to(node, file)
    outer = next((n for n in reversed(path) if not isinstance(n, ast.Attribute | ast.BoolOp)), None)
    if isinstance(outer, ast.Call):
        method = isinstance(outer.func, ast.Attribute) and node in ast.walk(outer.func)
        return method or simple_name(outer) in {"mean", "sum", "float32", "float64", "float", "int", "asarray"}
    return isinstance(outer, ast.BinOp) and isinstance(outer.op, OPERATORS)


class _Reader:
    """Reads functions and collects what has to change in them."""

    def __init__(self, pen: Pen, file: str) -> None:
        self.pen, self.file = pen, file
        self.changes: list[Change] = []
        self.live: set[str] = set()
        """The names that hold what is computed from the arguments."""
        self.read: list[ast.AST] = []
        self.bare: ast.AST | None = None
        """The function that loses its decorator."""

    def function(self, body: ast.FunctionDef | ast.Lambda, more: Iterable[str] = ()) -> None:
        """Read a function, all of whose arguments may be tensors, and what else has one of some names."""
        if body in self.read:
            return
        self.read.append(body)
        given = {a.arg for a in ast.walk(body.args) if isinstance(a, ast.arg)} - {"self"}
        outer, self.live = self.live, given.union(more)
        if isinstance(body, ast.Lambda):
            self.expression(body.body)
        else:
            if (body.decorator_list and body is not self.bare) or any(
                isinstance(n, ast.Yield | ast.YieldFrom) for n in ast.walk(body)
            ):
                raise NoWordsError
            self.block(body.body)
        self.live = outer

    def block(self, statements: list[ast.stmt]) -> None:
        for statement in statements:
            self.statement(statement)

    def statement(self, statement: ast.stmt) -> None:
        value = getattr(statement, "value", None)
        if isinstance(statement, ast.Return) or (isinstance(statement, ast.Expr) and isinstance(value, ast.Constant)):
            self.expression(value or ast.Constant(None))
        elif isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign) and value is not None:
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            names = [n for t in targets for n in (t.elts if isinstance(t, ast.Tuple) else [t])]
            if any(not isinstance(n, ast.Name) for n in names):
                raise NoWordsError
            self.expression(value)
            if self.is_live(value) or (isinstance(statement, ast.AugAssign) and self.is_live(statement.target)):
                self.live |= {n.id for n in names if isinstance(n, ast.Name)}
        elif isinstance(statement, ast.If) and not self.is_live(statement.test):
            self.block([*statement.body, *statement.orelse])
        elif isinstance(statement, ast.For) and not self.is_live(statement.iter) and not statement.orelse:
            self.block(statement.body)
            self.block(statement.body)  # what a round makes is read by the next
        elif not isinstance(statement, ast.Pass | ast.Import | ast.ImportFrom):
            raise NoWordsError

    def is_live(self, node: ast.AST) -> bool:
        """Whether an expression reads values of tensors, and not only their shapes."""
        if isinstance(node, ast.Attribute) and node.attr in {"shape", "ndim", "dtype"}:
            return False
        if isinstance(node, ast.Call) and syntax.text_of(node.func) == "len":
            return False
        if isinstance(node, ast.Name):
            return node.id in self.live
        return any(self.is_live(n) for n in ast.iter_child_nodes(node))

    def expression(self, node: ast.expr) -> None:
        """Read an expression; what reads no tensor stays as it is."""
        if isinstance(node, ast.Name) or not self.is_live(node):
            return
        if isinstance(node, ast.Call):
            self.call(node)
        elif isinstance(node, ast.Subscript) and not self.is_live(node.slice) and _is_simple(node.slice):
            self.expression(node.value)
        elif isinstance(node, ast.Attribute) and node.attr == "T":
            self.changes += method_as_function(self.pen, node, self.file)  # before those of what stands inside
            self.expression(node.value)
        elif isinstance(node, ast.IfExp) and self.is_live(node.test):
            raise NoWordsError
        elif isinstance(node, ast.BinOp) and isinstance(node.op, OPERATORS):
            self.each([node.left, node.right])
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            self.expression(node.operand)
        elif isinstance(node, ast.Compare | ast.Tuple | ast.List | ast.IfExp):
            self.each([n for n in ast.iter_child_nodes(node) if isinstance(n, ast.expr)])
        else:
            raise NoWordsError

    def each(self, nodes: list[ast.expr]) -> None:
        for node in nodes:
            self.expression(node)

    def call(self, call: ast.Call) -> None:
        """Read a call that is given tensors, or goes to the method of one."""
        pen, file = self.pen, self.file
        given = [*call.args, *(k.value for k in call.keywords if k.arg not in {"axis", "keepdims", "dtype"})]
        if any(isinstance(a, ast.Starred) for a in call.args) or any(k.arg is None for k in call.keywords):
            raise NoWordsError
        name, full = self.name_of(call), scopes.stands_for(call.func, file) or ""
        if is_conversion(call, file):
            inner = worked_on(call, file)
            if inner is None or syntax.text_of(call.func) == "int":
                raise NoWordsError
            self.changes += without_conversion(pen, call, file)
            self.expression(inner)
        elif name is not None:
            self.changes += self.renamed(call, name)
            self.each(given)
        elif full.startswith("tensorflow.") or syntax.text_of(call.func) == "abs":
            self.each(given)
        elif isinstance(call.func, ast.Attribute) and self.is_live(call.func.value):
            self.changes += self.method(call, call.func)
            self.each([call.func.value, *given])
        else:
            own = defined_in(file, call)
            if own is None or len(calls_of(own, file)) != 1:
                raise NoWordsError
            self.each(given)
            self.function(own)

    def name_of(self, call: ast.Call) -> str | None:
        """Return NumPy's name of the function that is called, if TensorFlow has it with the same arguments."""
        name, full = function_name(call.func, self.file), scopes.stands_for(call.func, self.file) or ""
        if full.startswith("scipy.special."):
            name = {"expit": "sigmoid"}.get(simple_name(call), simple_name(call))
        elif name is not None and full.startswith("math."):
            name = MATH.get(name, name)
        most, words = ARGUMENTS.get(name or "", (0, set[str]()))
        if not most or name is None or not self.pen.knows(name):
            return None
        named = {k.arg for k in call.keywords}
        return name if 0 < len(call.args) <= most and named <= words else None

    def renamed(self, call: ast.Call, name: str) -> Changes:
        """Return the changes of a call of NumPy's function, but for those of its arguments."""
        pen, file = self.pen, self.file
        if name in {"clip", "where"} and (len(call.args) != 3 or any(_is_none(a) for a in call.args)):
            raise NoWordsError
        if name in OF_ONE_DTYPE and not all(self.is_live(a) or isinstance(a, ast.Constant) for a in call.args):
            raise NoWordsError  # a plain array may have another dtype
        more: Changes = ()
        if name in AXES:
            more = builders.add_argument(call, file, f"axes={AXES[name]}")
        if name == "concatenate" and builders.argument(call, 1, "axis") is None:
            more = builders.add_argument(call, file, "axis=0")
        return (*builders.rename_call(call, file, pen.call(name).removesuffix("()")), *more)

    def method(self, call: ast.Call, func: ast.Attribute) -> Changes:
        """Return the changes of a method of an array, but for those of what it works on."""
        most = METHOD_ARGUMENTS.get(func.attr, 1)
        named = {k.arg for k in call.keywords}
        if func.attr not in METHOD_NAMES or len(call.args) > most or not named <= {"axis", "keepdims"}:
            raise NoWordsError
        changes = method_as_function(self.pen, call, self.file)
        if not changes:
            raise NoWordsError
        return changes


def _is_simple(index: ast.expr) -> bool:
    """Whether an index has no array in it, as far as its text tells."""
    allowed = ast.Constant | ast.Slice | ast.Tuple | ast.UnaryOp | ast.BinOp | ast.Name | ast.Attribute
    return all(isinstance(n, allowed) for n in parts(index))


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
