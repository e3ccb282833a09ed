"""Edits where whole numbers are looked up in a layer of embeddings: the gradient is asked for in what that gives."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import scopes, syntax
from gradtape.explain.edits import builders
from gradtape.explain.edits.blocks import tape_block, tape_name
from gradtape.explain.edits.case import defined_in, simple_name
from gradtape.explain.edits.settings import set_at
from gradtape.explain.search import backward_cone

if TYPE_CHECKING:
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.case import Case


FOUND = "next(x for x in {m}.layers if isinstance(x, keras.layers.Embedding))"


CHAIN = (
    "functools.reduce(lambda h, f: f(h), {m}.layers[: {m}.layers.index({e}) + 1], {x})",
    "functools.reduce(lambda h, f: f(h), {m}.layers[{m}.layers.index({e}) + 1 :], {x})",
)
"""The layers of a chain up to the embeddings, and those behind them, one after another."""


def is_looked_up(case: Case) -> bool:
    """Whether the source, or what is computed from it, picks rows of a table."""
    columns, after = case.context.run.columns, case.context.after_source
    taking = (n for n in range(len(columns)) if columns.functions[n] == "take")
    return any(value in after for n in taking for value in columns.inputs[n][1:])


def asked_behind(case: Case) -> Changes:
    """Watch what the embeddings give, let the model go on from there, and ask for the gradient in that."""
    context, file = case.context, case.context.question.call.span.file
    entered, name = context.entered_at, context.source.name
    block = tape_block(entered) if entered is not None else None
    tape = tape_name(block, entered) if block is not None and entered is not None else None
    asked = case.moved(context.question.call.span).node
    if block is None or tape is None or not isinstance(asked, ast.Call):
        return ()
    given = builders.argument(asked, 1, "sources")
    calls = [n for n in ast.walk(block) if isinstance(n, ast.Call) and [syntax.text_of(a) for a in n.args] == [name]]
    calls = [n for n in calls if simple_name(n) != "watch" and n is not asked]
    if given is None or len(calls) != 1 or syntax.text_of(given) != name:
        return ()
    call = calls[0]
    statement = syntax.statement_at(syntax.span_of(call, file))
    if statement is None or defined_in(file, call) is not None or scopes.is_module(call.func, file):
        return ()
    features, called = scopes.free_name(file, "features"), builders.written(call.func, file)
    watch, pen = f"{tape}.watch({features})", case.moved(syntax.span_of(call, file)).pen
    made = [simple_name(v) for v in syntax.values_given_to(syntax.text_of(call.func), syntax.span_of(call, file))]
    if made == ["Embedding"]:
        first = [f"{features} = {builders.written(call, file)}", watch]
        rest = builders.replace(call, file, features)
    elif made == ["Sequential"]:  # whose layers may have been called more than once, as it was built
        layer = scopes.free_name(file, "embedding")
        begin, go_on = (pen.say(text, m=called, e=layer, x=x) for text, x in zip(CHAIN, (name, features), strict=True))
        first = [f"{layer} = {pen.say(FOUND, m=called)}", f"{features} = {begin}", watch]
        rest = builders.replace(call, file, go_on)
    else:
        layer = scopes.free_name(file, "embedding")
        begin = pen.say("keras.Model({m}.inputs, {e}.output)({x})", m=called, e=layer, x=name)
        first = [f"{layer} = {pen.say(FOUND, m=called)}", f"{features} = {begin}", watch]
        go_on = pen.say("keras.Model({e}.output, {m}.outputs[0])", e=layer, m=called)
        rest = builders.replace(call, file, f"{go_on}({features})")
    watched = [n for n in block.body if isinstance(n, ast.Expr) and syntax.text_of(n.value) == f"{tape}.watch({name})"]
    if watched and watched[0].lineno < statement.lineno:  # whole numbers are watched in vain
        text = f"\n{builders.indent_of(watched[0], file)}".join(first)
        inserted = builders.replace_statement(watched[0], file, text)
    else:
        inserted = builders.insert_before(statement, file, *first)
    return (*inserted, *rest, *builders.replace(given, file, features), *pen.imports)


def embedded_first(case: Case) -> Changes:
    """Look up first what was made floating point to be asked for, and let the model go on from there.

    What is computed from it, a part of the way from a reference say, is computed with rows of the table then.
    """
    context, call, file, pen = case.context, case.call, case.file, case.pen
    behind, columns = backward_cone(context.run, context.source.ids), context.run.columns
    made = [n for n in range(len(columns)) if columns.functions[n] == "cast" and columns.outputs[n] in behind]
    nodes = dict.fromkeys(case.moved(columns[n].site.span).call for n in made)
    cast = next(iter(nodes), None) if len(nodes) == 1 else None
    first = syntax.statement_at(syntax.span_of(cast, file)) if cast is not None else None
    if cast is None or call is None or first is None or pen.dialect != "tensorflow" or len(call.args) != 1:
        return ()
    here = {syntax.function_at(syntax.span_of(n, file)) for n in (cast, call)}
    if simple_name(cast) != "cast" or len(here) != 1 or not isinstance(call.func, ast.Name | ast.Attribute):
        return ()
    makers = {simple_name(n) for n in set_at(case, call.func, lambda n: isinstance(n, ast.Call))}
    if not makers or not makers <= {"Sequential", "Model"}:  # others have no tensors of their layers
        return ()
    model, layer = builders.written(call.func, file), scopes.free_name(file, "embedding")
    return (
        *builders.insert_before(first, file, f"{layer} = {pen.say(FOUND, m=model)}"),
        *builders.replace(cast, file, f"{layer}({builders.written(cast.args[0], file)})"),
        *builders.rename_call(call, file, pen.say("keras.Model({e}.output, {m}.outputs[0])", e=layer, m=model)),
        *pen.imports,
    )
