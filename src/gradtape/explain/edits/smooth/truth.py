"""Edits of what is computed from truth values, where one of them becomes a number between 0 and 1."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import syntax
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import Case, simple_name, statements_of

if TYPE_CHECKING:
    from gradtape.diagnostics.changes import Change
    from gradtape.explain.edits.builders import Changes

FORMS: dict[type[ast.AST] | str, str] = {
    ast.BitAnd: "{a} * {b}",
    ast.BitOr: "{maximum}({a}, {b})",
    ast.BitXor: "{abs}({a} - {b})",
    ast.NotEq: "{abs}({a} - {b})",
    ast.Eq: "1.0 - {abs}({a} - {b})",
    ast.Invert: "1.0 - {a}",
}
"""What operators of truth values are for numbers between 0 and 1."""

NAMED = {
    "logical_and": ast.BitAnd, "bitwise_and": ast.BitAnd, "logical_or": ast.BitOr, "bitwise_or": ast.BitOr,
    "logical_xor": ast.BitXor, "bitwise_xor": ast.BitXor, "eq": ast.Eq, "ne": ast.NotEq, "not_equal": ast.NotEq,
    "logical_not": ast.Invert, "bitwise_not": ast.Invert,
}  # fmt: skip
"""The same operators as functions and methods."""

WHOLE = {"bool", "int", "long", "short", "byte"}
"""Methods that would make the number a whole one, or a truth value again."""

REAL = {"float", "double"}
"""Methods that make a number of a truth value."""

HARD = {"any", "all", "masked_select", "nonzero", "masked_fill", "masked_fill_", "count_nonzero"}
"""What can do nothing with a number between two truth values."""

NEEDS_TRUTH = ast.If | ast.IfExp | ast.While | ast.BoolOp | ast.Subscript | ast.AugAssign | ast.comprehension


class _RefusedError(Exception):
    """Something wants a truth value and can have no number."""


def as_number(case: Case, node: ast.expr, text: str) -> Changes:
    """Put a number where a truth value stood, and compute with it what was computed with truth values.

    `a & b` becomes a product, `~a` the rest to one, a choice by it a mean. Nothing where a truth value is needed.
    """
    try:
        return tuple(_Numbers(case, node, text).changes())
    except _RefusedError:
        return ()


class _Numbers:
    """Follows a number through the expressions and names of one function."""

    def __init__(self, case: Case, node: ast.expr, text: str) -> None:
        self.file, self.pen, self.scope = case.file, case.pen, case.function
        self.new: dict[ast.expr, str] = {node: text}
        """The expressions that are numbers now, and how they are written."""

    def changes(self) -> list[Change]:
        """Return the changes of the function."""
        found: list[Change] = []
        waiting = list(self.new)
        names: set[str] = set()
        while waiting:
            node = waiting.pop()
            top = self._outermost(node)
            if self.new[top] != builders.written(top, self.file):
                found += builders.replace(top, self.file, self.new[top])
            outer = builders.parent_of(top, self.file)
            targets = outer.targets if isinstance(outer, ast.Assign) else []
            for name in {t.id for t in targets if isinstance(t, ast.Name)} - names:
                names.add(name)
                waiting += self._reads(name, top)
        return list(dict.fromkeys(found))

    def _reads(self, name: str, made: ast.expr) -> list[ast.expr]:
        """Return where a name is read that holds a number now; nothing may give it another value."""
        later = [s for s in statements_of(self.scope) if s.lineno > made.lineno] if self.scope is not None else []
        if any(name in syntax.names_in(s, ast.Store) for s in later if not hasattr(s, "body")):
            raise _RefusedError
        places = dict.fromkeys(n for s in later for n in syntax.mentions(s, name))
        self.new |= dict.fromkeys(places, name)
        return list(places)

    def _outermost(self, node: ast.expr) -> ast.expr:
        """Write the largest expression around a number that has to be written anew, and return it."""
        while True:
            outer = builders.parent_of(node, self.file)
            if isinstance(outer, ast.Attribute):  # a method of it
                outer = builders.parent_of(outer, self.file)
            if isinstance(outer, NEEDS_TRUTH) or (isinstance(outer, ast.Call) and simple_name(outer) in HARD):
                raise _RefusedError
            text = self._written(outer, node) if isinstance(outer, ast.expr) else None
            if text is None or not isinstance(outer, ast.expr):
                return node
            self.new[outer] = text
            node = outer

    def _written(self, outer: ast.expr, node: ast.expr) -> str | None:
        """Return how an expression around a number is written; None where it can stay as it is around it."""
        if isinstance(outer, ast.UnaryOp):
            if isinstance(outer.op, ast.Not):
                raise _RefusedError
            return self._form(ast.Invert, [outer.operand]) if isinstance(outer.op, ast.Invert) else None
        if isinstance(outer, ast.BinOp):
            return self._form(type(outer.op), [outer.left, outer.right])
        if isinstance(outer, ast.Compare):
            return self._form(type(outer.ops[0]), [outer.left, *outer.comparators])
        if not isinstance(outer, ast.Call):
            return None
        name = simple_name(outer)
        method = builders.is_method(outer, self.file) and isinstance(outer.func, ast.Attribute)
        given = [outer.func.value, *outer.args] if method and isinstance(outer.func, ast.Attribute) else outer.args
        if name in NAMED:
            return self._form(NAMED[name], given)
        if name in {*WHOLE, "astype"} and method and given[0] is node:
            return self.new[node]
        if name in REAL and method and given == [node]:  # still a number that stands for a truth value
            return f"{self._closed(self.new[node])}.{name}()"
        if name == "where" and len(outer.args) == 3 and outer.args[0] is node:
            return self._mean(self.new[node], *outer.args[1:])
        if name == "cond" and self.pen.dialect == "jax" and given[:1] == [node]:
            return self._mean_of_sides(outer, node)
        return None

    def _mean_of_sides(self, cond: ast.Call, node: ast.expr) -> str:
        """Write a choice between two functions by a number: both are called, on what `cond` was to hand on."""
        sides, handed = cond.args[1:3], ", ".join(builders.written(a, self.file) for a in cond.args[3:])
        if len(sides) != 2 or cond.keywords or any(isinstance(a, ast.Starred) for a in cond.args):
            raise _RefusedError
        one, other = (f"{builders.operand(side, self.file)}({handed})" for side in sides)
        weight = self._closed(self.new[node])
        return f"{weight} * {one} + (1.0 - {weight}) * {other}"

    def _form(self, kind: type[ast.AST], given: list[ast.expr]) -> str | None:
        if kind not in FORMS or len(given) != ("{b}" in FORMS[kind]) + 1:
            return None
        apart = "-" in FORMS[kind] and self.pen.dialect == "torch"  # which subtracts no truth values
        texts = [self._operand(node, number=apart) for node in given]
        called = {name: self.pen.call(name).removesuffix("()") for name in ("maximum", "abs")}
        return FORMS[kind].format(**called, **dict(zip("ab", texts, strict=False)))

    def _operand(self, node: ast.expr, *, number: bool) -> str:
        if node in self.new:
            return self._closed(self.new[node])
        text = builders.operand(node, self.file)
        return f"{text}.float()" if number and not isinstance(node, ast.Constant) else text

    def _closed(self, text: str) -> str:
        return text if builders.closed(text) else f"({text})"

    def _mean(self, text: str, one: ast.expr, other: ast.expr) -> str:
        """Write a choice by a number: a mean of both, with the number as the weight of the first."""
        weight = self._closed(text)
        values = [n.value if isinstance(n, ast.Constant) else None for n in (one, other)]
        if values == [1, 0]:
            return weight
        if values == [0, 1]:
            return f"1.0 - {weight}"
        high, low = builders.operand(one, self.file), builders.operand(other, self.file)
        return f"{weight} * {high} + (1.0 - {weight}) * {low}"
