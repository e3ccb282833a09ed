"""Whether what is computed from a value has as many columns, as far as the text of a program tells."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from gradtape.diagnostics import syntax
from gradtape.explain.edits.case import assigned_before, parts, simple_name

if TYPE_CHECKING:
    from gradtape.diagnostics import Span

BOTH_SAID = re.compile(r"(Lazy)?(Linear|Conv\dd|ConvTranspose\dd|RNN|LSTM|GRU)")
"""Layers of PyTorch's, which are made with the number of columns that they take and that they give."""

GIVEN_SAID = re.compile(r"Dense|EinsumDense|(Separable)?Conv\dD(Transpose)?|SimpleRNN|LSTM|GRU|Embedding")
"""Layers of Keras's, which are made with the number of columns that they give."""

PRODUCTS = {"matmul", "mm", "bmm", "dot", "einsum", "tensordot"}


def kept(value: ast.expr, name: str, at: Span) -> bool:
    """Whether an expression can stand where `name` stood, from which it is computed: a product may be wider.

    What the text does not tell counts as a function of each element.
    """
    return all(_keeps(part, name, at) for part in parts(value))


def _keeps(part: ast.expr, name: str, at: Span) -> bool:
    if isinstance(part, ast.BinOp) and isinstance(part.op, ast.MatMult):
        return any(_is_square(side, at) for side in (part.left, part.right))
    if not isinstance(part, ast.Call):
        return True
    if simple_name(part) in PRODUCTS:
        return any(_is_square(given, at) for given in part.args)
    return all(_said_alike(layer, name, at) for layer in _layers(part, at))


def _layers(call: ast.Call, at: Span) -> list[ast.Call]:
    """Return the calls that made what a call calls: `nn.Linear(4, 3)` for `self.head(h)`."""
    return [made for made in syntax.values_given_to(syntax.text_of(call.func), at) if isinstance(made, ast.Call)]


def _said_alike(layer: ast.Call, name: str, at: Span) -> bool:
    """Whether a layer gives as many columns as it takes, where its making says so, or is none that has columns."""
    kind, said = simple_name(layer), [syntax.text_of(a) for a in layer.args]
    if BOTH_SAID.fullmatch(kind):
        return len(said) < 2 or said[0] == said[1]
    if not GIVEN_SAID.fullmatch(kind):
        return True
    scope = syntax.function_at(at) or syntax.parse_file(at.file)
    before = assigned_before(scope, name, at.line) if scope is not None else None
    makers = _layers(before, at) if isinstance(before, ast.Call) else []
    return any([syntax.text_of(a) for a in maker.args][:1] == said[:1] for maker in makers)


def _is_square(factor: ast.expr, at: Span) -> bool:
    """Whether a matrix was made with as many rows as columns: `np.ones((6, 6))`."""
    made = syntax.values_given_to(syntax.text_of(factor), at)
    shapes = [n.elts for value in made for n in parts(value) if isinstance(n, ast.Tuple | ast.List)]
    return any(len(shape) == 2 and syntax.text_of(shape[0]) == syntax.text_of(shape[1]) for shape in shapes)
