"""Edits of PyTorch's that make a result the leaf which keeps its own gradient, or let it keep that as it is."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import Suggestion, syntax
from gradtape.explain.edits import builders
from gradtape.explain.graph import Operation
from gradtape.explain.search import flowing_cone

if TYPE_CHECKING:
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.case import Case


def make_leaf(case: Case) -> Suggestion | None:
    """Make a result a leaf that keeps its own gradient, instead of the value that it was made from.

    Where that would leave parameters behind it without theirs it keeps its gradient and stays what it is.
    """
    statement, name = case.statement, case.context.source.name
    if case.context.question.failure is None and _leaves_go_on(case):
        return builders.likely(*_retained(case))
    if case.context.question.failure is not None and isinstance(statement, ast.Return):
        return builders.likely(*(_leaf_given(case) or _returned(case)))
    if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Tuple | ast.List):
        if not name.isidentifier() or name not in syntax.names_in(statement, ast.Store):
            return None
        leaf = f"{name} = {name}.detach().requires_grad_()"
        return builders.likely(*builders.insert_after(statement, case.file, leaf))
    value = statement.value if isinstance(statement, ast.Assign | ast.AnnAssign) else case.node
    value = _element(value, case) if value is not None else None
    if value is None or _is_handed_over(value, case):
        return builders.likely(*_whole_given(case))
    return builders.likely(*_as_leaf(value, case.file))


def _is_handed_over(value: ast.expr, case: Case) -> bool:
    """Whether a place stands among the arguments of a call that gives something else: `SGD([w[0]])`."""
    given = [*value.args, *(k.value for k in value.keywords)] if isinstance(value, ast.Call) else []
    return any(syntax.span_of(argument, case.file).contains(case.at) for argument in given)


def _whole_given(case: Case) -> Changes:
    """Give an optimizer the leaf itself where it is given parts of it: `[w]` for `[w[0], w[2]]`."""
    call = case.moved(case.context.question.call.span).call
    given = call.args[0] if call is not None and call.args else None
    elements = given.elts if isinstance(given, ast.List | ast.Tuple) else []
    wholes = {syntax.text_of(e.value) for e in elements if isinstance(e, ast.Subscript)}
    if given is None or len(wholes) != 1 or not all(isinstance(e, ast.Subscript) for e in elements):
        return ()
    run, made = case.context.run, case.context.source.made
    leaves = flowing_cone(run, [made.output]) & run.variables if isinstance(made, Operation) else set[int]()
    return (
        builders.replace(given, case.file, f"[{wholes.pop()}]") if wholes == {run.names.get(i) for i in leaves} else ()
    )


def leaf_of_the_round(case: Case) -> Changes:
    """Make the next value of a name a leaf of its own, which starts without a gradient as each round expects.

    Where the program clears gradients itself there has to be one: then it means to change the leaf that it has.
    """
    statement = case.statement
    target = statement.targets[0] if isinstance(statement, ast.Assign) and len(statement.targets) == 1 else None
    if not isinstance(statement, ast.Assign) or not isinstance(target, ast.Name | ast.Attribute):
        return ()
    several = isinstance(statement.value, ast.List | ast.Tuple | ast.Dict | ast.ListComp | ast.DictComp)
    if several or _clears(case.file):
        return ()
    return _as_leaf(statement.value, case.file)


def _clears(file: str) -> bool:
    """Whether a program clears a gradient by hand: `w.grad.zero_()`, `w.grad = None`."""
    tree = syntax.parse_file(file)
    nodes = list(ast.walk(tree)) if tree is not None else []
    called = {syntax.text_of(n.func) for n in nodes if isinstance(n, ast.Call)}
    stored = [n for n in nodes if isinstance(n, ast.Attribute) and n.attr == "grad" and isinstance(n.ctx, ast.Store)]
    return bool(stored) or any(text.endswith((".grad.zero_", ".grad.data.zero_", ".grad.fill_")) for text in called)


def _as_leaf(value: ast.expr, file: str) -> Changes:
    return builders.replace(value, file, f"{builders.operand(value, file)}.detach().requires_grad_()")


def _returned(case: Case) -> Changes:
    """Make what a function returns a leaf: in the function where its own leaf is lost with it, else where it is kept.

    Others may call the function as well, and want what it gives to hang on what they gave it.
    """
    made, statement = case.context.source.made, case.statement
    if not isinstance(made, Operation) or not isinstance(statement, ast.Return) or statement.value is None:
        return ()
    if _marks_its_own(case, made) and syntax.span_of(statement.value, case.file) == made.site.span:
        return _as_leaf(statement.value, case.file)
    for site in made.callers:
        keeps = syntax.statement_at(site.span)
        if isinstance(keeps, ast.Assign | ast.AnnAssign) and keeps.value is not None:
            whole = syntax.span_of(keeps.value, site.span.file) == site.span
            return _as_leaf(keeps.value, site.span.file) if whole else ()
        if not isinstance(keeps, ast.Return):
            return ()
    return ()


def _marks_its_own(case: Case, made: Operation) -> bool:
    """Whether all leaves of a result are made in the call that gives it, so that nobody else has them."""
    run = case.context.run
    leaves = [i for i in flowing_cone(run, [made.output]) & run.variables if i != made.output]
    producers = [run.producers.get(i) for i in leaves]
    return bool(leaves) and all(p is not None and p.site.code is made.site.code for p in producers)


def _element(value: ast.expr, case: Case) -> ast.expr:
    """Return the element of a list, or what a comprehension makes, that holds the place; else the value itself."""
    if isinstance(value, ast.Call) and syntax.text_of(value.func) in {"tuple", "list"} and len(value.args) == 1:
        value = value.args[0] if isinstance(value.args[0], ast.ListComp | ast.GeneratorExp) else value
    if isinstance(value, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp):
        inside = [value.value if isinstance(value, ast.DictComp) else value.elt]
        if case.at.contains(syntax.span_of(value, case.file)):  # whose frame of its own is not shown
            return inside[0]
    elif isinstance(value, ast.Dict):
        inside = value.values
    else:
        inside = value.elts if isinstance(value, ast.List | ast.Tuple | ast.Set) else []
    found = next((e for e in inside if syntax.span_of(e, case.file).contains(case.at)), None)
    return _element(found, case) if found is not None else value


def _leaf_given(case: Case) -> Changes:
    """Give an optimizer the leaf behind a result that a function computes anew whenever it is called."""
    run, made, call = case.context.run, case.context.source.made, case.moved(case.context.question.call.span).call
    given = call.args[0] if call is not None and call.args else None
    elements = given.elts if isinstance(given, ast.List) else []
    mine = [e for e in elements if syntax.text_of(e) == case.context.source.name]
    if not isinstance(made, Operation) or len(mine) != 1:
        return ()
    leaves = flowing_cone(run, [made.output]) & run.variables
    names = {run.names.get(i, "") for i in leaves}
    return (
        builders.replace(mine[0], case.context.question.call.span.file, names.pop())
        if len(names) == 1 and all(names)
        else ()
    )


def _leaves_go_on(case: Case) -> bool:
    """Whether a result hangs on more than one leaf, or on a part of an object, which is there to be trained."""
    run, made = case.context.run, case.context.source.made
    if not isinstance(made, Operation):
        return False
    before = flowing_cone(run, [made.output])
    names = {run.names.get(i, str(i)) for i in before & run.variables}
    inner = any(i in run.producers and run.producers[i].function == "gradient" for i in before)
    return inner or len(names) > 1 or any("." in name for name in names)


def _retained(case: Case) -> Changes:
    """Let a result keep its gradient, after the statement that gives it the name by which that is read."""
    statement, last = case.statement, case.context.source.name.rpartition(".")[2]
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    whole = [t for t in targets if syntax.text_of(t).rpartition(".")[2] == last]
    parts = [e for t in targets if isinstance(t, ast.Tuple | ast.List) for e in t.elts if syntax.text_of(e) == last]
    if statement is None or not (whole or parts):
        return ()
    text = f"{builders.written((whole or parts)[0], case.file)}.retain_grad()"
    return builders.insert_after(statement, case.file, text)
