"""Edits where a symbolic tensor of a model is asked for: compute its value, and go on from that."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import scopes, syntax
from gradtape.explain.edits import builders
from gradtape.explain.edits.blocks import ASKING, tape_block, tape_name
from gradtape.explain.edits.case import assigned_before, defined_in, never_read, parts, simple_name

if TYPE_CHECKING:
    from gradtape.diagnostics import Span
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.case import Case

INPUTS = ("input", "inputs")


def computed(case: Case) -> Changes:
    """Ask for the value that a symbolic tensor stands for: what the model got, or what it computes on its way."""
    entered, question, pen = case.context.entered_at, case.moved(case.context.question.call.span), case.pen
    if pen.dialect == "tensorflow" and simple_name(question.node or ast.Constant(None)) == "watch":
        return _watched(question)
    if simple_name(question.node or ast.Constant(None)) not in ASKING:
        return ()
    block = tape_block(entered) if entered is not None and entered.file == case.file else None
    asked = question.node.args[1] if isinstance(question.node, ast.Call) and len(question.node.args) > 1 else None
    if block is None or entered is None or asked is None or pen.dialect != "tensorflow":
        return ()
    symbol = asked
    if isinstance(asked, ast.Name):
        value = assigned_before(question.function, asked.id, asked.lineno) if question.function is not None else None
        outside = syntax.values_given_to(asked.id, question.at)
        symbol = value if value is not None else outside[0] if len(outside) == 1 else asked
    is_input = isinstance(symbol, ast.Attribute) and symbol.attr in INPUTS
    if all(target.kind == "symbolic" for target in case.context.question.targets):
        return _both_computed(question, symbol, tape_name(block, entered)) if question.at != entered else ()
    call = _model_call(block, symbol, case.file) or (_handed_on(block, case.file) if is_input else None)
    if call is None:
        return ()
    given = builders.written(call.args[0], case.file)
    if isinstance(symbol, ast.Attribute) and symbol.attr in INPUTS:
        tape = tape_name(block, entered)
        if not isinstance(call.args[0], ast.Name | ast.Attribute) or tape is None:
            return ()
        wanted = f"[{given}]" if symbol.attr == "inputs" else given
        watch = builders.insert_before(block.body[0], case.file, f"{tape}.watch({given})")
        return (*watch, *builders.replace(asked, case.file, wanted))
    return _given_as_well(case, call, symbol, asked)


MADE = {"uniform", "normal", "random", "rand", "randn", "zeros", "ones", "constant", "array", "expand_dims", "stack",
        "linspace", "convert_to_tensor"}  # fmt: skip
"""Functions that make values to run a model on."""


def _both_computed(question: Case, symbol: ast.expr, tape: str | None) -> Changes:
    """Run the model on values while the tape records, and ask for what it gave, where all that is asked is symbolic."""
    call, statement, file, pen = question.call, question.statement, question.file, question.pen
    model = _model_of(symbol)
    if statement is None or tape is None or not model or not isinstance(call, ast.Call) or len(call.args) != 2:
        return ()
    target, (values, score) = (
        builders.written(call.args[0], file),
        (scopes.free_name(file, n) for n in ("values", "score")),
    )
    drawn = pen.say(f"tf.random.uniform((1, *{model}.input_shape[1:]))")
    given = _values_for(question.function, question.at.line) or drawn
    lines = [f"{values} = {given}", f"{tape}.watch({values})"]
    asked = values
    if isinstance(symbol, ast.Attribute) and symbol.attr in INPUTS:
        lines.append(pen.say(f"{score} = keras.Model({model}.inputs, {target})({values})"))
    else:
        asked = scopes.free_name(file, "features")
        outputs = f"[{builders.written(symbol, file)}, {target}]"
        lines.append(pen.say(f"{asked}, {score} = keras.Model({model}.inputs, {outputs})({values})"))
    before = (c for line in lines for c in builders.insert_before(statement, file, line))
    source = builders.replace(call.args[1], file, asked)
    return (*before, *builders.replace(call.args[0], file, score), *source, *pen.imports)


def _model_of(symbol: ast.expr) -> str:
    """Return the model that a symbol belongs to: `m` of `m.input`, `m.get_layer("a").output`, `m.layers[1].output`."""
    while isinstance(symbol, ast.Attribute | ast.Call | ast.Subscript):
        symbol = symbol.func if isinstance(symbol, ast.Call) else symbol.value
        if isinstance(symbol, ast.Attribute) and symbol.attr in {"get_layer", "layers"}:
            return syntax.text_of(symbol.value)
        if isinstance(symbol, ast.Name):
            return symbol.id
    return ""


def _values_for(scope: ast.AST | None, line: int) -> str:
    """Return the one name that holds values before a line, as a function makes them that makes arrays."""
    found = {
        target.id
        for n in (syntax.walk_scope(scope) if scope is not None else ())
        if isinstance(n, ast.Assign) and n.lineno < line
        for target in n.targets
        if isinstance(target, ast.Name) and any(simple_name(part) in MADE for part in parts(n.value))
    }
    return found.pop() if len(found) == 1 else ""


def _given_as_well(case: Case, call: ast.Call, symbol: ast.expr, asked: ast.expr) -> Changes:
    """Let a model give the value beside its result: `features, y = keras.Model(m.inputs, [features, m.output])(x)`.

    A model that begins at the value would not do: what the result is made of may go around it.
    """
    pen, file, statement = case.pen, case.file, syntax.statement_at(syntax.span_of(call, case.file))
    if not isinstance(symbol, ast.Attribute) or symbol.attr != "output" or statement is None:
        return ()
    model, middle = builders.written(call.func, file), builders.written(symbol, file)
    name = scopes.free_name(file, "features")
    both = pen.say("keras.Model({m}.inputs, [{s}, {m}.outputs[0]])", m=model, s=middle)
    target = statement.targets[0] if isinstance(statement, ast.Assign) and statement.value is call else None
    if isinstance(target, ast.Name):
        computed = (*builders.rename_call(call, file, both), *builders.replace(target, file, f"{name}, {target.id}"))
    else:
        result, given = scopes.free_name(file, "result"), builders.arguments_of(call, file)
        computed = (
            *builders.insert_before(statement, file, f"{name}, {result} = {both}{given}"),
            *builders.replace(call, file, result),
        )
    return (*computed, *builders.replace(asked, file, name), *pen.imports)


def _watched(case: Case) -> Changes:
    """Watch the value that a symbolic tensor stands for, go on from it, and ask for the gradient in it."""
    call, statement, block = case.call, case.statement, tape_block(case.at)
    asked = call.args[0] if call is not None and call.args else None
    if block is None or statement is None or case.function is None or not isinstance(asked, ast.Name | ast.Attribute):
        return ()
    if _others_asked(case.function, block, call, asked):
        return builders.remove(statement, case.file)
    made = assigned_before(case.function, asked.id, asked.lineno) if isinstance(asked, ast.Name) else None
    symbol = made if made is not None else asked
    given = never_read(case.function) if isinstance(case.function, ast.FunctionDef) and _is_input(symbol) else []
    if len(given) == 1 and made is not None:  # the function is given values, and reads the symbol in their place
        return builders.replace(made, case.file, given[0])
    outside = syntax.values_given_to(asked.id, case.at) if isinstance(asked, ast.Name) and made is None else []
    if [simple_name(n) for n in outside] == ["Input"]:  # the model is run on its own input, in the place of values
        values = _values_for(syntax.parse_file(case.file), block.lineno)
        reads = [n for n in syntax.mentions(case.function, syntax.text_of(asked)) if n.lineno >= block.lineno]
        return tuple(c for n in reads for c in builders.replace(n, case.file, values)) if values else ()
    run = _model_call(block, symbol, case.file, case.at)
    changes = _gone_through(case, run, symbol, asked, statement) if run is not None else ()
    name = syntax.text_of(asked)
    later = [n for n in syntax.mentions(case.function, name) if n.lineno > asked.lineno]
    features = scopes.free_name(case.file, "features")
    return (*changes, *(c for n in later for c in builders.replace(n, case.file, features))) if changes else ()


def _others_asked(scope: ast.AST, block: ast.With | ast.AsyncWith, watch: ast.Call | None, watched: ast.expr) -> bool:
    """Whether the tape is asked for gradients in what it records, and never in what it is told to watch."""
    tape = watch.func.value if watch is not None and isinstance(watch.func, ast.Attribute) else None
    asks = [
        n
        for n in syntax.walk_scope(scope)
        if isinstance(n, ast.Call)
        and isinstance(n.func, ast.Attribute)
        and n.func.attr in ASKING
        and tape is not None
        and syntax.text_of(n.func.value) == syntax.text_of(tape)
    ]
    recorded = {name for s in block.body for name in syntax.names_in(s, ast.Store)}
    sources = [n.args[1] for n in asks if len(n.args) > 1]
    names = [n for source in sources for n in ast.walk(source) if isinstance(n, ast.Name)]
    elsewhere = not any(syntax.mentions(source, syntax.text_of(watched)) for source in sources)
    return bool(names) and len(sources) == len(asks) and elsewhere and {n.id for n in names} <= recorded


def _is_input(symbol: ast.expr) -> bool:
    """Whether a symbol is what a model gets: `m.input`, `m.inputs[0]`."""
    whole = symbol.value if isinstance(symbol, ast.Subscript) else symbol
    return isinstance(whole, ast.Attribute) and whole.attr in INPUTS


def _gone_through(case: Case, call: ast.Call, symbol: ast.expr, asked: ast.expr, before: ast.stmt) -> Changes:
    """Compute the value by a model that ends there, and the rest by one that begins there."""
    pen, file = case.pen, case.file
    if not isinstance(symbol, ast.Attribute) or symbol.attr != "output":
        return ()
    name, model, middle = scopes.free_name(file, "features"), builders.written(call.func, file), syntax.text_of(symbol)
    given = ", ".join(builders.written(a, file) for a in (*call.args, *call.keywords))
    first = pen.say("keras.Model({m}.inputs, {s})({x})", m=model, s=middle, x=given)
    rest = pen.say("keras.Model({s}, {m}.outputs[0])", s=middle, m=model)
    return (
        *builders.insert_before(before, file, f"{name} = {first}"),
        *builders.rename_call(call, file, rest),
        *builders.replace(call.args[0], file, name),
        *builders.replace(asked, file, name),
        *pen.imports,
    )


def _model_call(block: ast.AST, symbol: ast.expr, file: str, besides: Span | None = None) -> ast.Call | None:
    """Return the call of the model in a tape's block: of the one that the symbol names, or of the only one."""
    calls = [
        n
        for n in ast.walk(block)
        if isinstance(n, ast.Call)
        and isinstance(n.func, ast.Name | ast.Attribute)
        and n.args
        and not scopes.is_module(n.func, file)
        and defined_in(file, n) is None
        and not _is_builtin(n.func)
        and syntax.span_of(n, file) != besides
        and simple_name(n) not in ASKING
    ]
    text = syntax.text_of(symbol)
    named = [n for n in calls if text.startswith(f"{syntax.text_of(n.func)}.")]
    found = named or calls
    return found[0] if len(found) == 1 else None


def _handed_on(block: ast.AST, file: str) -> ast.Call | None:
    """Return the one call in a tape's block of a function of the file that calls something on what it gets."""
    found = []
    for call in (n for n in ast.walk(block) if isinstance(n, ast.Call) and len(n.args) == 1 and not n.keywords):
        function = defined_in(file, call)
        names = syntax.parameter_names(function) if function is not None else []
        inner = [n for n in ast.walk(function) if isinstance(n, ast.Call)] if function is not None else []
        if any(names[:1] == [syntax.text_of(a)] for n in inner for a in n.args):
            found.append(call)
    return found[0] if len(found) == 1 else None


def _is_builtin(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in {"float", "int", "len", "list", "print", "range", "tuple", "zip"}
