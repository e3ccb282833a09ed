"""Edits of arguments: those that a function gets and does not read, and those that no call gives it."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from gradtape.diagnostics import syntax
from gradtape.diagnostics.scopes import calls_of, given_for
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import Case, simple_name, statements_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gradtape.explain.edits.builders import Changes


def left_to_default(case: Case, functions: Iterable[ast.FunctionDef]) -> Changes:
    """Give the source to a function that has a parameter of its name, and that computed with the default."""
    source = case.context.source.name
    own = re.search(r"([A-Za-z_]\w*)\W*$", source)
    for function in functions if own is not None else ():
        called = calls_of(case.file, function)
        if own is None or len(called) != 1 or own[1] not in _optional(function):
            continue
        call = called[0]
        listed = any(isinstance(a, ast.Starred) for a in call.args) or any(k.arg is None for k in call.keywords)
        if not listed and given_for(call, function, own[1]) is None and _is_seen(case, source, call):
            return builders.add_argument(call, case.file, f"{own[1]}={source}")
    return ()


def _optional(function: ast.FunctionDef) -> list[str]:
    """Return the parameters that have a default."""
    positional = [*function.args.posonlyargs, *function.args.args]
    last = positional[len(positional) - len(function.args.defaults) :]
    named = [a for a, d in zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True) if d is not None]
    return [a.arg for a in (*last, *named)]


def _is_seen(case: Case, source: str, call: ast.Call) -> bool:
    """Whether a call can read what the question asks for by its name: it stands beside it, behind what made it."""
    scope, question = syntax.function_at(syntax.span_of(call, case.file)), case.context.question.call.span
    around = scope or syntax.parse_file(case.file)
    if scope is not syntax.function_at(question) or question.line <= call.lineno or around is None:
        return False
    try:
        names = {n.id for n in ast.walk(ast.parse(source, mode="eval")) if isinstance(n, ast.Name)}
    except SyntaxError:
        return False
    made = [syntax.names_in(s, ast.Store) for s in statements_of(around) if s.lineno < call.lineno]
    given = (
        [a.arg for a in ast.walk(scope.args) if isinstance(a, ast.arg)] if isinstance(scope, ast.FunctionDef) else []
    )
    return names <= {*given, *(name for stored in made for name in stored)}


LABELS = re.compile(r"(^|_)(y|labels?|targets?|true|truth|expected)(_|$)")
PREDICTED = re.compile(r"pred|prob|logit|output|score|(_|^)hat$")
"""What people call the two things that a loss compares."""

SHAPED = {"shape", "zeros_like", "ones_like", "len", "size"}
"""Functions that take the shape of something, and no value of it."""


def compared(case: Case, functions: Iterable[ast.FunctionDef]) -> Changes:
    """Compare predictions with labels in a loss that is still to be written: it reads neither, and gives a constant."""
    pen, file = case.pen, case.file
    for function in functions if pen.dialect == "tensorflow" else ():
        given = [*syntax.parameter_names(function), *_parts_of_parameters(function)]
        unread = [name for name in given if not _is_valued(function, name, file)]
        predicted = [name for name in unread if PREDICTED.search(name)]
        labels = [name for name in unread if name not in predicted and LABELS.search(name)]
        returned = [s.value for s in statements_of(function) if isinstance(s, ast.Return)]
        if len(labels) != 1 or len(predicted) != 1 or len(returned) != 1 or returned[0] is None:
            continue
        local = {n for s in statements_of(function) for n in syntax.names_in(s, ast.Store)}
        if {"self", *given, *local} - set(unread) & syntax.names_in(returned[0], ast.Load):
            continue
        text = pen.say("tf.reduce_mean(tf.square({p} - {y}), axis=-1)", y=labels[0], p=predicted[0])
        return (*builders.replace(returned[0], file, text), *pen.imports)
    return ()


def _parts_of_parameters(function: ast.FunctionDef) -> list[str]:
    """Return the names into which a function parts what it is given: `labels, probs = args`."""
    names = syntax.parameter_names(function)
    return [
        n.id
        for s in statements_of(function)
        if isinstance(s, ast.Assign) and isinstance(s.value, ast.Name) and s.value.id in names
        for target in s.targets
        if isinstance(target, ast.Tuple)
        for n in target.elts
        if isinstance(n, ast.Name)
    ]


def _is_valued(function: ast.FunctionDef, name: str, file: str) -> bool:
    """Whether a function reads more of a name than its shape."""
    for node in syntax.mentions(function, name):
        outer = builders.parent_of(node, file)
        if isinstance(outer, ast.Attribute):
            shaped = outer.attr == "shape"
        else:
            shaped = isinstance(outer, ast.Call) and simple_name(outer) in SHAPED
        if not shaped:
            return True
    return False


def read_instead(function: ast.FunctionDef, name: str, case: Case) -> Changes:
    """Read the parameter where the function reads, from outside, what the caller made the argument from."""
    own = {a.arg for a in ast.walk(function) if isinstance(a, ast.arg)} | _stored(function)
    for call in calls_of(case.file, function):
        given = given_for(call, function, name)
        if given is None:
            continue
        from_outside = syntax.names_in(given, ast.Load) - own
        called = {n.func for n in ast.walk(function) if isinstance(n, ast.Call)}
        places = [
            n
            for n in ast.walk(function)
            if isinstance(n, ast.Name) and n.id in from_outside and isinstance(n.ctx, ast.Load) and n not in called
        ]
        if places:
            return tuple(c for n in places for c in builders.replace(n, case.file, name))
    return ()


def _stored(function: ast.FunctionDef) -> set[str]:
    return {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def read_once_of_two(function: ast.FunctionDef, name: str, case: Case) -> Changes:
    """Read the parameter in the second place, where a call or a difference gets the same other parameter twice."""
    others = set(syntax.parameter_names(function)) - {name}
    for call in ast.walk(function):
        passed = [*call.args, *(k.value for k in call.keywords)] if isinstance(call, ast.Call) else []
        if isinstance(call, ast.BinOp) and isinstance(call.op, ast.Sub):
            passed = [call.left, call.right] if ast.dump(call.left) == ast.dump(call.right) else []
        if len(passed) < 2:
            continue
        same = passed[0].id if isinstance(passed[0], ast.Name) else None
        if same is not None and same == getattr(passed[1], "id", None) and same not in others:
            others = {same}  # computed from what it gets
        reads = [{n.id for n in ast.walk(a) if isinstance(n, ast.Name)} & others for a in passed]
        twice = set.intersection(*reads[:2])
        if len(twice) == 1:
            again = twice.pop()
            places = [n for n in ast.walk(passed[1]) if isinstance(n, ast.Name) and n.id == again]
            return tuple(c for n in places for c in builders.replace(n, case.file, name))
    return ()


def source_is_given(case: Case, function: ast.FunctionDef, name: str) -> bool:
    """Whether a call gives the source itself for a parameter, or the parameter has the source's name."""
    if re.search(rf"\b{re.escape(name)}\W*$", case.context.source.name):
        return True
    given = [given_for(call, function, name) for call in calls_of(case.file, function)]
    return any(g is not None and syntax.text_of(g) == case.context.source.name for g in given)


def added_to_result(function: ast.FunctionDef, name: str, file: str) -> Changes:
    """Add a parameter to the one thing that a function gives."""
    returned = [s for s in statements_of(function) if isinstance(s, ast.Return) and s.value is not None]
    value = returned[-1].value if returned else None
    if value is None or isinstance(value, ast.Tuple):
        return ()
    return builders.replace(value, file, f"{builders.term(value, file)} + {name}")
