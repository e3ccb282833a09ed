"""What code becomes around truth values, whole numbers and positions that are smooth.

TensorFlow converts no dtypes by itself: a number in the place of a truth value changes every expression around it.
"""

from __future__ import annotations

import ast
import builtins
from functools import partial
from typing import TYPE_CHECKING

from gradtape.diagnostics import scopes, syntax
from gradtape.diagnostics.changes import Change
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import simple_name
from gradtape.explain.edits.question.dtypes import is_whole
from gradtape.explain.edits.smooth import edges, groups
from gradtape.explain.edits.smooth.kinds import (
    ALIKE,
    COUNTED,
    DECIDED,
    FLAT,
    IN_ORDER,
    JOINED,
    LOGICAL,
    NEEDING,
    OPERATORS,
    ORDERED,
    OURS,
    PAIRED,
    PICKS,
    PLAIN,
    STEPS,
    TAKING,
    Kind,
    RefusedError,
    Twin,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gradtape.explain.edits.pen import Pen


class Around:
    """Writes the expression around a smooth value.

    Parameters
    ----------
    pen : Pen
    known : dict of expression to Twin
        What is smooth so far.
    smooth : callable
        Writes another expression that moves with the source smoothly; None for one that can stay.
    """

    def __init__(
        self, pen: Pen, known: dict[ast.expr, Twin], smooth: Callable[[ast.expr], str | None], dtype: str
    ) -> None:
        self.pen, self.file, self.known, self.smooth = pen, pen.file, known, smooth
        self.dtype = pen.say(dtype)
        self.kept: set[ast.expr] = set()
        """Expressions that stay what they are, though what they give is followed."""

    def write(self, outer: ast.expr, node: ast.expr) -> Twin | None:
        """Return what stands for an expression around a smooth one; None where it can stay as it is."""
        twin = self.known[node]
        if twin.kind is Kind.FLOAT:
            return None
        picked = isinstance(outer, ast.Tuple) and isinstance(builders.parent_of(outer, self.file), ast.Subscript)
        if picked or isinstance(outer, ast.BoolOp | ast.IfExp | ast.Slice):
            raise RefusedError
        ways: dict[Kind, Callable[[ast.expr, ast.expr], Twin | None]] = {
            Kind.TRUTH: self._truth,
            Kind.NUMBER: self._number,
            Kind.SHARES: self._shares,
            Kind.CHANCES: self._drawn,
            Kind.BEST: self._best,
            Kind.HITS: self._hits,
            Kind.PAIRS: partial(edges.pairs, self),
            Kind.ENDS: partial(edges.ends, self),
            Kind.SIZED: self._sized,
            Kind.LISTED: self._listed,
            Kind.MASKED: self._masked,
        }
        return ways[twin.kind](outer, node)

    def _say(self, template: str, **parts: str) -> str:
        return self.pen.say(template, **parts)

    def _closed(self, text: str) -> str:
        return text if builders.closed(text) else f"({text})"

    def _with(self, outer: ast.expr, node: ast.expr, twin: Twin) -> Twin:
        """Return the same kind for an expression that only holds a smooth one."""
        return twin._replace(text=builders.with_part(outer, node, self.file, twin.text))

    def _other(self, node: ast.expr) -> str:
        """Write what is computed with a number: cast where it may be whole or a truth value."""
        known = self.known.get(node)
        text = known.text if known is not None else self.smooth(node)
        if text is not None:
            return self._closed(text)
        plain = node.operand if isinstance(node, ast.UnaryOp) else node
        if isinstance(plain, ast.Constant) and type(plain.value) in {int, float}:
            return builders.operand(node, self.file)
        return self._say("tf.cast({x}, {d})", x=builders.written(node, self.file), d=self.dtype)

    def _to(self, outer: ast.Call) -> ast.expr | None:
        return builders.argument(outer, 1, "dtype")

    def _truth(self, outer: ast.expr, node: ast.expr) -> Twin | None:
        twin = self.known[node]
        text, name = self._closed(twin.text), simple_name(outer)
        if name == "logical_not" or (isinstance(outer, ast.UnaryOp) and isinstance(outer.op, ast.Invert)):
            return Twin(Kind.TRUTH, f"1.0 - {text}")
        pair = _pair(outer, LOGICAL)
        if pair is not None and pair[0] in JOINED:
            form, (a, b) = JOINED[pair[0]], (self._other(side) for side in pair[1])
            return Twin(Kind.TRUTH, self._say(form, a=a, b=b))
        if isinstance(outer, ast.Subscript) and outer.slice is node:
            return self._picked(outer.value, twin)
        if not isinstance(outer, ast.Call):
            return self._with(outer, node, twin) if isinstance(outer, ast.Subscript | ast.List) else None
        if name == "cast" and (dtype := self._to(outer)) is not None:
            return self._cast(outer, node, dtype, twin)
        if name == "where" and outer.args[0] is node:
            return self._mean(outer, text)
        if name == "boolean_mask" and outer.args[1:] == [node] and not outer.keywords:
            return self._picked(outer.args[0], twin)
        if name in {"count_nonzero", "reduce_any", "reduce_all"} and outer.args[0] is node:
            if name == "count_nonzero":
                return counted(self.pen, outer, twin.text)
            total = {"reduce_any": "tf.reduce_max", "reduce_all": "tf.reduce_min"}
            given = self._with(outer, node, twin).text[len(builders.written(outer.func, self.file)) :]
            return Twin(Kind.TRUTH, self._say(total[name]) + given)
        if name in NEEDING:
            raise RefusedError
        return self._with(outer, node, twin) if name in ALIKE else None

    def _cast(self, outer: ast.Call, node: ast.expr, dtype: ast.expr, twin: Twin) -> Twin:
        if is_whole(dtype):
            return Twin(Kind.NUMBER, twin.text)
        same = syntax.text_of(dtype).strip("'\"").rpartition(".")[2] == self.dtype.rpartition(".")[2]
        return Twin(Kind.FLOAT, twin.text if same else self._with(outer, node, twin).text)

    def _picked(self, values: ast.expr, twin: Twin) -> Twin:
        mask = self._closed(twin.text)
        return Twin(Kind.MASKED, f"({builders.operand(values, self.file)} * {mask})", mask)

    def _mean(self, where: ast.Call, weight: str) -> Twin:
        """Write a choice by a number: a mean of both, with the number as the weight of the first."""
        if len(where.args) == 1:
            return edges.found(self, where, weight)
        if len(where.args) != 3:
            raise RefusedError
        values = [n.value if isinstance(n, ast.Constant) else None for n in where.args[1:]]
        kind = Kind.NUMBER if all(type(v) is int for v in values) else Kind.FLOAT
        if values == [1, 0]:
            return Twin(kind, weight)
        if values == [0, 1]:
            return Twin(kind, f"(1.0 - {weight})")
        high, low = (builders.operand(n, self.file) for n in where.args[1:])
        return Twin(kind, f"({weight} * {high} + (1.0 - {weight}) * {low})")

    def _number(self, outer: ast.expr, node: ast.expr) -> Twin | None:
        twin = self.known[node]
        name = simple_name(outer)
        if isinstance(outer, ast.UnaryOp):
            return self._with(outer, node, twin._replace(text=self._closed(twin.text)))
        if isinstance(outer, ast.BinOp):
            sign = OPERATORS.get(type(outer.op))
            if sign is None:
                raise RefusedError
            return Twin(Kind.NUMBER, f"{self._other(outer.left)} {sign} {self._other(outer.right)}")
        compared = self._compared(outer)
        if compared is not None:
            return compared
        if isinstance(outer, ast.Subscript) and outer.slice is node:
            return self._row(outer.value, twin)
        if not isinstance(outer, ast.Call):
            return self._with(outer, node, twin) if isinstance(outer, ast.Subscript | ast.List) else None
        if name == "cast" and (dtype := self._to(outer)) is not None:
            return self._cast(outer, node, dtype, twin)
        if name in PAIRED and len(outer.args) == 2:
            called = builders.written(outer.func, self.file)
            a, b = (self._other(side) for side in outer.args)
            return Twin(Kind.NUMBER, f"{called}({a}, {b})")
        if name == "clip_by_value" and outer.args[0] is node:
            bounds = [builders.written(outer.args[0], self.file), *(self._other(a) for a in outer.args[1:])]
            return Twin(Kind.NUMBER, self._say("tf.clip_by_value({x})", x=", ".join([twin.text, *bounds[1:]])))
        if name in {"gather", "embedding_lookup"} and outer.args[1:] == [node]:
            told = {k.arg: getattr(k.value, "value", None) for k in outer.keywords}
            if told in ({}, {"axis": 0}):
                return self._row(outer.args[0], twin)
            if told in ({"batch_dims": 1}, {"batch_dims": 1, "axis": 1}):
                table = builders.operand(outer.args[0], self.file)
                near = self._near(twin, self._say("float({t}.shape[1])", t=table))
                return Twin(Kind.FLOAT, self._say('tf.einsum("bkn,bn...->bk...", {w}, {t})', w=near, t=table))
        if name == "one_hot" and outer.args[0] is node and len(outer.args) == 2:
            count = builders.written(outer.args[1], self.file)
            return Twin(Kind.FLOAT, self._near(twin, self._say("tf.cast({n}, {d})", n=count, d=self.dtype)))
        if name in ALIKE | COUNTED:
            return self._with(outer, node, twin)
        if self._is_embedding(outer.func) and outer.args == [node]:
            layer = builders.written(outer.func, self.file)
            return self._row_of(self._say("{e}(tf.range({e}.input_dim))", e=layer), f"{layer}.input_dim", twin)
        if name in NEEDING | PICKS or self._wants_whole(outer):
            raise RefusedError
        return None

    def _wants_whole(self, call: ast.Call) -> bool:
        """Whether a function may want the whole number: any but losses, what prints, and what Python has itself."""
        full, name = scopes.stands_for(call.func, self.file), simple_name(call)
        if full is None:
            return name not in TAKING and not (isinstance(call.func, ast.Name) and hasattr(builtins, name))
        return full.startswith(OURS) and ".losses." not in full and name not in PLAIN

    def _compared(self, outer: ast.expr) -> Twin | None:
        """Write the comparison of a number that was a whole one; one that decides what runs can stay."""
        if isinstance(builders.parent_of(outer, self.file), DECIDED):
            return None
        pair = _pair(outer, LOGICAL)
        if pair is not None and pair[0] in {ast.Eq, ast.NotEq}:
            a, b = (self._other(side) for side in pair[1])
            return Twin(Kind.TRUTH, self._say("tf.exp(-tf.square({a} - {b}))", a=a, b=b))
        order = _pair(outer, STEPS)
        turned = ORDERED.get(order[0]) if order is not None else None
        if order is None or turned is None:
            return None
        high, low = (self._other(side) for side in order[1][::turned])
        return Twin(Kind.TRUTH, self._say("tf.sigmoid({a} - {b})", a=high, b=low))

    def _near(self, twin: Twin, count: str) -> str:
        """Write how near each row of a table is to a place between them."""
        place = self._closed(twin.text)
        return self._say("tf.nn.relu(1.0 - tf.abs({p}[..., None] - tf.range({n})))", p=place, n=count)

    def _row(self, table: ast.expr, twin: Twin) -> Twin:
        rows = builders.operand(table, self.file)
        return self._row_of(rows, f"{rows}.shape[0]", twin)

    def _row_of(self, rows: str, count: str, twin: Twin) -> Twin:
        """Write what lies between two rows of a table, of so many, at a place."""
        near = self._near(twin, f"float({count})")
        return Twin(Kind.FLOAT, self._say("tf.tensordot({w}, {t}, 1)", w=near, t=rows))

    def _shares(self, outer: ast.expr, node: ast.expr) -> Twin | None:
        twin = self.known[node]
        name = simple_name(outer)
        shares = self._closed(twin.text)
        if isinstance(outer, ast.Subscript) and outer.slice is node:
            return self._weighed(outer.value, shares)
        if isinstance(outer, ast.Subscript):
            if any(isinstance(n, ast.Constant) and n.value is ... for n in ast.walk(outer.slice)):
                places = outer.slice.elts if isinstance(outer.slice, ast.Tuple) else []
                if not places or not isinstance(getattr(places[-1], "value", None), int):
                    raise RefusedError
                return twin._replace(text=f"{shares}[{builders.written(outer.slice, self.file)}, :]")
            return self._with(outer, node, twin._replace(text=shares))
        pair = _pair(outer, LOGICAL)
        if pair is not None and pair[0] in {ast.Eq, ast.NotEq}:
            return self._chance(pair[1], node, twin, differs=pair[0] is ast.NotEq)
        if isinstance(outer, ast.Attribute) and outer.attr == "shape":
            return Twin(Kind.FLOAT, f"{shares}.shape[:-1]")
        if isinstance(outer, ast.Attribute):
            raise RefusedError
        if isinstance(outer, ast.List):
            return self._beside_rows(outer, node, twin)
        if not isinstance(outer, ast.Call):
            parted = groups.in_grid(self.pen, outer, node, *self._named(twin))
            if parted is not None:
                return parted
            return self._meant(outer, node, twin) if isinstance(outer, ast.BinOp | ast.UnaryOp | ast.Compare) else None
        if name == "cast" and (dtype := self._to(outer)) is not None:
            return twin if is_whole(dtype) else Twin(Kind.FLOAT, self._place(twin).text)
        if name in {"squeeze", "identity"}:
            return self._with(outer, node, twin)
        moved = self._moved(outer, node, twin)
        if moved is not None:
            return moved
        if name == "one_hot" and outer.args[0] is node:
            return Twin(Kind.FLOAT, twin.text)
        if name == "shape" and outer.args == [node]:
            return Twin(Kind.FLOAT, f"{self._with(outer, node, twin).text}[:-1]")
        if name in {"gather", "embedding_lookup", "take"} and outer.args[1:2] == [node]:
            return self._gathered(outer, twin._replace(text=shares))
        if name in {"argsort", "invert_permutation"} and outer.args == [node]:
            return self._ranks(twin)
        if name == "where" and node in outer.args[1:]:
            return self._one_of_two(outer, node, twin)
        if name == "unravel_index" and len(outer.args) == 2 and outer.args[0] is node:
            return groups.unravelled(self.pen, outer.args[1], *self._named(twin))
        summed = groups.grouped(self.pen, outer, node, *self._named(twin)) if twin.mask != IN_ORDER else None
        if summed is not None:
            return summed
        layer = scopes.stands_for(outer.func, self.file) is None and outer.args == [node] and not outer.keywords
        if layer and self._is_embedding(outer.func):
            first, again = self._named(twin)
            rows = self._say("{e}(tf.range({n}.shape[-1]))", e=builders.written(outer.func, self.file), n=again)
            return Twin(Kind.FLOAT, self._say("tf.tensordot({w}, {t}, 1)", w=first, t=rows))
        if name == "append":  # the list goes on with it
            return None
        if name in NEEDING | PICKS or name in {"invert_permutation", "argsort", "shape", "size", "reshape"}:
            raise RefusedError
        if scopes.stands_for(outer.func, self.file) is None and name not in PLAIN:
            raise RefusedError
        return self._meant(outer, node, twin)

    def _moved(self, outer: ast.Call, node: ast.expr, twin: Twin) -> Twin | None:
        """Write shares in another shape, or beside others: their own axis stays the last one."""
        name = simple_name(outer)
        if name not in {"reshape", "expand_dims", "stack"} or outer.args[:1] != [node]:
            return None
        if name != "reshape":
            axis, changes = builders.argument(outer, 1, "axis"), [Change(syntax.span_of(node, self.file), twin.text)]
            if axis is not None and syntax.text_of(axis) == "-1":
                changes += builders.replace(axis, self.file, "-2")
            return twin._replace(text=builders.with_changes(outer, self.file, tuple(changes)))
        shape = builders.argument(outer, 1, "shape")
        if shape is None:
            raise RefusedError
        first, again = self._named(twin)
        lengths = self._say("tf.concat([{s}, [{n}.shape[-1]]], 0)", s=builders.written(shape, self.file), n=again)
        if syntax.text_of(shape) in FLAT:
            lengths = f"[-1, {again}.shape[-1]]"
        return twin._replace(text=self._say("tf.reshape({t}, {s})", t=first, s=lengths))

    def _one_of_two(self, where: ast.Call, node: ast.expr, twin: Twin) -> Twin:
        """Write a choice between a position and another one: each as a row of shares."""
        first, again = self._named(twin)
        test, last = where.args[0], where.args[2:] == [node]
        other = where.args[1 if last else -1]
        text = syntax.text_of(node)
        if len(where.args) != 3 or test in self.known or any(syntax.mentions(n, text) for n in (test, other)):
            raise RefusedError
        hot = self._say("tf.one_hot({y}, {n}.shape[-1])", y=builders.written(other, self.file), n=again)
        decided = f"({builders.written(test, self.file)})"
        if last and first != again:  # which has to come before what reads it again
            decided, last = self._say("tf.logical_not{c}", c=decided), False
        sides = f"{hot}, {first}" if last else f"{first}, {hot}"
        return twin._replace(text=self._say("tf.where({c}[..., None], {s})", c=decided, s=sides))

    def _meant(self, outer: ast.expr, node: ast.expr, twin: Twin) -> Twin | None:
        """Go on with the mean position, where a position is computed with like any other number."""
        self.known[node] = self._place(twin)
        return self._number(outer, node)

    def _drawn(self, outer: ast.expr, node: ast.expr) -> Twin | None:
        """Take what picks one draw of each row for the row."""
        twin = self.known[node]
        one = isinstance(outer, ast.Subscript) and outer.value is node
        shape = builders.argument(outer, 1, "shape") if isinstance(outer, ast.Call) else None
        flat = shape is not None and syntax.text_of(shape) in FLAT
        if simple_name(outer) == "reshape" and isinstance(outer, ast.Call) and not flat:
            moved = self._moved(outer, node, twin)
            return moved._replace(kind=Kind.SHARES) if moved is not None else None
        if one or simple_name(outer) in {"squeeze", "reshape"}:
            return twin._replace(kind=Kind.SHARES)
        if simple_name(outer) == "cast":
            return twin
        return self._shares(outer, node)

    def _beside_rows(self, listed: ast.List, node: ast.expr, twin: Twin) -> Twin:
        """Take `[tf.range(n), position]` for what it is meant: a position in each row."""
        first = simple_name(listed.elts[0])
        if len(listed.elts) != 2 or listed.elts[1] is not node or first not in {"range", "arange"}:
            raise RefusedError
        return Twin(Kind.LISTED, builders.written(listed, self.file), self._closed(twin.text))

    def _listed(self, outer: ast.expr, node: ast.expr) -> Twin:
        twin = self.known[node]
        if simple_name(outer) == "stack":
            return twin._replace(text=twin.mask)
        if simple_name(outer) != "gather_nd" or not isinstance(outer, ast.Call) or outer.args[1:] != [node]:
            raise RefusedError
        table = builders.written(outer.args[0], self.file)
        return Twin(Kind.FLOAT, self._say('tf.einsum("bn,bn...->b...", {w}, {t})', w=twin.mask, t=table))

    def _is_embedding(self, layer: ast.expr) -> bool:
        made = syntax.values_given_to(syntax.text_of(layer), syntax.span_of(layer, self.file))
        return [simple_name(v) for v in made] == ["Embedding"]

    def _weighed(self, table: ast.expr, shares: str) -> Twin:
        text = builders.operand(table, self.file)
        return Twin(Kind.FLOAT, self._say("tf.tensordot({w}, {t}, 1)", w=shares, t=text))

    def _gathered(self, gather: ast.Call, twin: Twin) -> Twin:
        """Write the mean of all rows with shares as their weights, along the axis on which one was picked."""
        shares = twin.text
        table = builders.written(gather.args[0], self.file)
        told = {k.arg: getattr(k.value, "value", None) for k in gather.keywords}
        rest = {k: v for k, v in told.items() if k not in {"axis", "batch_dims"}}
        batch, axis = told.get("batch_dims", 0), told.get("axis", 0)
        if rest or len(gather.args) > 2:
            raise RefusedError
        if batch == 1 and axis in {0, 1}:
            sums = "bkn,bn...->bk..." if twin.mask == IN_ORDER else "bn,bn...->b..."
            return Twin(Kind.FLOAT, self._say('tf.einsum("{s}", {w}, {t})', s=sums, w=shares, t=table))
        if batch == 0 and axis == 0:
            return Twin(Kind.FLOAT, self._say("tf.tensordot({w}, {t}, 1)", w=shares, t=table))
        if batch == 0 and (axis == 1 or isinstance(getattr(axis, "op", None), ast.USub)):
            return Twin(Kind.FLOAT, self._say("tf.tensordot({t}, {w}, [[{a}], [-1]])", t=table, w=shares, a="1"))
        raise RefusedError

    def _chance(self, sides: list[ast.expr], node: ast.expr, twin: Twin, *, differs: bool) -> Twin:
        """Write the share of a label, where a position was compared with it."""
        label = next(s for s in sides if s is not node)
        shares, name = self._named(twin)
        hot = self._say("tf.one_hot({y}, {w}.shape[-1])", y=builders.written(label, self.file), w=name)
        text = self._say("tf.reduce_sum({w} * {h}, axis=-1)", w=shares, h=hot)
        return Twin(Kind.TRUTH, f"1.0 - {text}" if differs else text)

    def _named(self, twin: Twin) -> tuple[str, str]:
        """Return how shares are written, and how they can be read again behind that."""
        if twin.text.replace(".", "").isidentifier():
            return twin.text, twin.text
        name = scopes.free_name(self.file, "shares")
        return f"({name} := {twin.text})", name

    def _place(self, twin: Twin) -> Twin:
        """Write the mean position under shares."""
        shares, name = self._named(twin)
        return Twin(Kind.NUMBER, self._say("tf.reduce_sum({w} * tf.range(float({n}.shape[-1])), -1)", w=shares, n=name))

    def _ranks(self, twin: Twin) -> Twin:
        """Write the rank of each element, whose shares in the places of an order are known."""
        shares, name = self._named(twin)
        places = self._say("tf.range(float({n}.shape[-1]))", n=name)
        return Twin(Kind.NUMBER, self._say("tf.linalg.matvec({w}, {p}, transpose_a=True)", w=shares, p=places))

    def _best(self, outer: ast.expr, node: ast.expr) -> Twin | None:
        twin = self.known[node]
        if isinstance(outer, ast.Subscript | ast.Attribute):
            taken = getattr(outer.slice, "value", None) if isinstance(outer, ast.Subscript) else outer.attr
            if taken in {1, "indices"}:
                return Twin(Kind.SHARES, twin.mask, IN_ORDER)
            return Twin(Kind.FLOAT, builders.written(outer, self.file))
        raise RefusedError

    def _hits(self, outer: ast.expr, node: ast.expr) -> Twin | None:
        twin = self.known[node]
        name = simple_name(outer)
        if isinstance(outer, ast.Subscript):
            return twin._replace(text=builders.written(outer, self.file))
        if name in {"squeeze", "reshape", "cast", "flatten"}:
            return twin._replace(text=builders.written(outer, self.file))
        if name in {"gather", "gather_nd"} and isinstance(outer, ast.Call) and outer.args[1:] == [node]:
            return self._picked(outer.args[0], Twin(Kind.TRUTH, twin.mask))
        return self._measured(outer, twin)

    def _measured(self, outer: ast.expr, twin: Twin) -> Twin:
        """Write how many elements a mask picks, where the size of what it picked is read."""
        name = simple_name(outer)
        total = self._say("tf.reduce_sum({m})", m=twin.mask)
        if name in {"size", "len"}:
            return Twin(Kind.NUMBER, total)
        if name == "shape" or (isinstance(outer, ast.Attribute) and outer.attr == "shape"):
            return Twin(Kind.SIZED, builders.written(outer, self.file), twin.mask)
        raise RefusedError

    def _sized(self, outer: ast.expr, node: ast.expr) -> Twin | None:
        twin = self.known[node]
        if isinstance(outer, ast.Subscript) and getattr(outer.slice, "value", None) == 0:
            return Twin(Kind.NUMBER, self._say("tf.reduce_sum({m})", m=twin.mask))
        raise RefusedError

    def _masked(self, outer: ast.expr, node: ast.expr) -> Twin | None:
        twin = self.known[node]
        name = simple_name(outer)
        total = self._say("tf.reduce_sum({m})", m=twin.mask)
        if name == "reduce_mean" and isinstance(outer, ast.Call) and outer.args == [node] and not outer.keywords:
            return Twin(Kind.FLOAT, self._say("tf.reduce_sum({x}) / {n}", x=twin.text, n=total))
        if name in {"size", "len", "shape"}:
            return self._measured(outer, twin)
        return None


def _pair(outer: ast.expr, functions: Mapping[str, type[ast.AST]]) -> tuple[type[ast.AST], list[ast.expr]] | None:
    """Return which operator an expression is, or which function of a table, and its two operands."""
    if isinstance(outer, ast.Call) and simple_name(outer) in functions and len(outer.args) == 2:
        return functions[simple_name(outer)], list(outer.args)
    if isinstance(outer, ast.BinOp) and type(outer.op) in JOINED:
        return type(outer.op), [outer.left, outer.right]
    if isinstance(outer, ast.Compare) and len(outer.ops) == 1:
        return type(outer.ops[0]), [outer.left, outer.comparators[0]]
    return None


def counted(pen: Pen, call: ast.Call, size: str) -> Twin:
    """Write the sum of what `count_nonzero` counts, along the same axes."""
    told = [k for k in call.keywords if k.arg not in {"input", "dtype"}]
    rest = "".join(f", {builders.written(a, pen.file)}" for a in (*call.args[1:], *told))
    dtype = builders.argument(call, 3, "dtype")
    kind = Kind.NUMBER if dtype is None or is_whole(dtype) else Kind.FLOAT
    return Twin(kind, pen.say("tf.reduce_sum({x}{r})", x=size, r=rest))
