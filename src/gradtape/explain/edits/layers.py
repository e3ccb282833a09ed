"""Edits of models and layers: go on from the tensor that was asked for, make a layer once and keep it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import syntax
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import assigned_before, defined_in, parts, statements_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.case import Case


def gone_on(case: Case) -> Changes:
    """Go on from the source in the model that computes it once more: `Model(layer.output, model.output)(source)`."""
    made, name, file, pen = case.context.source.made, case.context.source.name, case.file, case.pen
    if pen.dialect != "tensorflow" or made is None or _has_own_models(file):
        return ()
    own = made.site.span
    first = syntax.expression_at(own) if own.file == file else None
    if not isinstance(first, ast.Call) or syntax.span_of(first, file) != own or not first.args:
        return ()
    call = case.call if case.at != own else _other_call(case, first)
    if call is None or not call.args:
        return ()
    called = call.func
    same = syntax.text_of(first.args[0]) == syntax.text_of(call.args[0]) and called is not first.func
    if not same or not isinstance(called, ast.Name | ast.Attribute) or not _is_bound(case, name, call):
        return ()
    elsewhere = syntax.function_at(own) is not syntax.function_at(case.at)
    if elsewhere and not syntax.text_of(first.func).startswith("self."):
        return ()
    inner, outer = builders.written(first.func, file), builders.written(called, file)
    # a Sequential has no `output` before it was called
    result = "output" if _mentions(file, "Model") else "outputs[0]"
    model = pen.say("keras.Model({i}.output, {o}.{r})", i=inner, o=outer, r=result)
    return (*builders.rename_call(call, file, model), *builders.replace(call.args[0], file, name), *pen.imports)


def _other_call(case: Case, first: ast.Call) -> ast.Call | None:
    """Return the call behind another, with the same argument, in which the target was computed."""
    context, given = case.context, syntax.text_of(first.args[0])
    spans = {op.site.span for op in context.run.operations if op.output in context.before_target}
    calls = [n for s in (statements_of(case.function) if case.function is not None else ()) for n in parts(s)]
    return next(
        (
            call
            for call in calls
            if isinstance(call, ast.Call)
            and call.lineno > first.lineno
            and [syntax.text_of(a) for a in call.args[:1]] == [given]
            and syntax.span_of(call, case.file) in spans
        ),
        None,
    )


def _mentions(file: str, maker: str) -> bool:
    """Whether a file calls something of that name."""
    tree = syntax.parse_file(file)
    calls = (n for n in ast.walk(tree) if isinstance(n, ast.Call)) if tree is not None else ()
    return any(syntax.text_of(call.func).rpartition(".")[2] == maker for call in calls)


def _has_own_models(file: str) -> bool:
    """Whether a file has models of its own making, which have no graph to go through."""
    tree = syntax.parse_file(file)
    classes = [n for n in ast.walk(tree) if isinstance(n, ast.ClassDef)] if tree is not None else []
    return any(syntax.text_of(base).endswith("Model") for holder in classes for base in holder.bases)


def _is_bound(case: Case, name: str, call: ast.Call) -> bool:
    """Whether a call can read a name: a parameter of its function, or assigned there before it."""
    scope = case.function
    if isinstance(scope, ast.FunctionDef) and name in syntax.parameter_names(scope):
        return True
    return name.isidentifier() and scope is not None and assigned_before(scope, name, call.lineno) is not None


def made_once(case: Case, calls: Iterator[ast.Call]) -> Changes:
    """Make layers once: keep what a method makes that takes nothing, or move what is made into `__init__`."""
    for call in calls:
        maker = defined_in(case.file, call)
        if maker is not None and not maker.decorator_list and set(syntax.parameter_names(maker)) <= {"self"}:
            if any(_makes(n) for s in statements_of(maker) for n in parts(s)):
                pen = case.pen
                cached = f"@{pen.say('functools.cache')}"
                return (*builders.insert_before(maker, case.file, cached), *pen.imports)
        elif _makes(call):
            return _in_init(case, call)
    return ()


def _makes(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and syntax.text_of(node.func).rpartition(".")[2][:1].isupper()


def _in_init(case: Case, made: ast.Call) -> Changes:
    """Make in `__init__` what a method makes for a name, out of nothing that only the method has."""
    file, method = case.file, case.function
    holder = next((n for n in reversed(syntax.around(case.at)) if isinstance(n, ast.ClassDef)), None)
    statement = syntax.statement_at(syntax.span_of(made, file))
    init = (
        next((n for n in holder.body if isinstance(n, ast.FunctionDef) and n.name == "__init__"), None)
        if holder
        else None
    )
    if (
        init is None
        or not isinstance(method, ast.FunctionDef)
        or method is init
        or not isinstance(statement, ast.Assign)
    ):
        return ()
    target = statement.targets[0]
    local = {
        *syntax.parameter_names(method),
        *(n for s in statements_of(method) for n in syntax.names_in(s, ast.Store)),
    }
    reads = {n.id for n in ast.walk(made) if isinstance(n, ast.Name)}
    if statement.value is not made or not isinstance(target, ast.Name) or (local - {"self"}) & reads:
        return ()
    text = f"self.{target.id} = {builders.written(made, file)}"
    return (*builders.insert_after(init.body[-1], file, text), *builders.replace(made, file, f"self.{target.id}"))
