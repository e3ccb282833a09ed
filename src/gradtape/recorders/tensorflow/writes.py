"""Tensors written into NumPy's arrays: NumPy takes their memory and calls nothing, so that only the text tells."""

from __future__ import annotations

import ast
from functools import lru_cache
from typing import TYPE_CHECKING

from gradtape.diagnostics import Site, scopes, syntax

if TYPE_CHECKING:
    from gradtape.diagnostics import Span


class Later(Site):
    """Where an array takes what an instruction gave, by its name."""

    __slots__ = ()

    @property
    def span(self) -> Span:
        """The name in the statement that writes."""
        place = Site(*self).span
        return written_at(place) or place


@lru_cache(maxsize=4096)
def written_at(span: Span) -> Span | None:
    """Return where an array of NumPy's takes the value of an expression: `table[1] = tf.sin(w)`, or its name later."""
    statement = syntax.statement_at(span)
    if statement is None or not _is_whole(statement, span):
        return None
    if any(_is_array(target.value, span) for target in _places(statement)):
        return span
    names = [t.id for t in getattr(statement, "targets", ()) if isinstance(t, ast.Name)]
    scope = syntax.function_at(span) or syntax.parse_file(span.file)
    for later in syntax.walk_scope(scope) if names and scope is not None else ():
        if isinstance(later, ast.Assign | ast.AugAssign) and later.lineno > statement.lineno:
            value = later.value
            written = isinstance(value, ast.Name) and value.id in names
            if written and any(_is_array(target.value, span) for target in _places(later)):
                return syntax.span_of(value, span.file)
    return None


def _is_whole(statement: ast.stmt, span: Span) -> bool:
    """Whether an expression is all that a statement stores, or, as `+=`, the statement itself."""
    if not isinstance(statement, ast.Assign | ast.AugAssign):
        return False
    return span in {syntax.span_of(statement.value, span.file), syntax.span_of(statement, span.file)}


def _places(statement: ast.Assign | ast.AugAssign | ast.stmt) -> list[ast.Subscript]:
    targets = getattr(statement, "targets", None) or [getattr(statement, "target", None)]
    return [target for target in targets if isinstance(target, ast.Subscript)]


def _is_array(owner: ast.expr, span: Span) -> bool:
    """Whether a name or attribute holds what a function of NumPy's made, wherever the file assigns it."""
    made = syntax.made_by(syntax.text_of(owner), span) if isinstance(owner, ast.Name | ast.Attribute) else []
    numpy = scopes.imported_as(span.file, "numpy")
    return bool(made and numpy) and all(text.startswith(f"{numpy}.") for text in made)
