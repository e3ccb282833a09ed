"""Edits of objects that JAX does not know: their classes are registered as trees of the arrays that they hold."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import scopes, syntax
from gradtape.explain.edits import builders

if TYPE_CHECKING:
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.case import Case

REGISTERED = """
def apart(made):
    held = vars(made)
    arrays = [k for k in held if all(hasattr(leaf, "dtype") for leaf in jax.tree.leaves(held[k]))]
    return [held[k] for k in arrays], (tuple(arrays), tuple((k, v) for k, v in held.items() if k not in arrays))


def together(kind, names, values):
    made = object.__new__(kind)
    vars(made).update(names[1], **dict(zip(names[0], values)))
    return made


for kind in ({classes},):
    jax.tree_util.register_pytree_node(kind, apart, functools.partial(together, kind))
"""
"""What lets JAX take objects apart: arrays, and trees of them, are leaves; everything else stays as it is."""


def registered(case: Case) -> Changes:
    """Register the class of the source, and those of what it makes for itself, behind the last of them."""
    source, pen, file = case.context.source, case.pen, case.file
    tree = syntax.parse_file(file)
    own = {n.name: n for n in tree.body if isinstance(n, ast.ClassDef)} if tree is not None else {}
    if source.kind != "object" or source.dtype not in own or pen.dialect != "jax":
        return ()
    wanted, waiting = list[str](), [source.dtype]
    while waiting:
        name = waiting.pop()
        if name not in wanted:
            wanted.append(name)
            waiting += sorted(syntax.called_in(own[name]) & own.keys())
    last = max((own[name] for name in wanted), key=lambda c: c.lineno)
    if any(scopes.free_name(file, name) != name for name in ("apart", "together", "kind")):
        return ()
    classes = ", ".join(reversed(wanted))
    text = REGISTERED.strip("\n").replace("{classes}", classes)
    text = pen.say(text.replace("{", "{{").replace("}", "}}"))
    return (*builders.insert_after(last, file, "", "", text), *pen.imports)
