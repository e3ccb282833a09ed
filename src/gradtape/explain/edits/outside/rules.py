"""Edits of derivatives that a program gives itself, or owes: of functions that the tape cannot see into."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from gradtape.diagnostics import Suggestion, scopes, syntax
from gradtape.diagnostics.changes import Change, insertion
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import parts, statements_of
from gradtape.explain.edits.outside.callbacks import without_callback
from gradtape.explain.graph import HOOK
from gradtape.explain.wording import asks_without_gradients

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.case import Case

NUMERIC = 'method="finite-difference"'
"""What makes `external` find a derivative from values of the function."""

OWN_RULES = {"custom_gradient"}
"""Decorators that take a derivative from what the function returns beside its value."""


def opened(case: Case) -> Suggestion | None:
    """Let the tape see into a function, or find its derivative from its values where it is no NumPy of the program."""
    for wrapper in _externals_of(case):
        function = _wrapped(wrapper, case.file)
        seen = function is not None and _is_numpy(function, case.file)
        if isinstance(wrapper, ast.Call):
            numeric = builders.add_argument(wrapper, case.file, NUMERIC)
            return builders.likely(*(builders.drop_call(wrapper, case.file) if seen else numeric))
        if seen:
            return builders.likely(*builders.drop_decorator(wrapper, case.file))
        pen = case.pen
        text = pen.say(f"functools.partial({builders.written(wrapper, case.file)}, {NUMERIC})")
        return builders.likely(*builders.replace(wrapper, case.file, text), *pen.imports)
    return without_callback(case)


def from_values(case: Case) -> Suggestion | None:
    """Find the derivative of a library's function from its values, where nobody wrote one."""
    call, file, pen = case.call, case.file, case.pen
    full = scopes.stands_for(call.func, file) if call is not None else None
    if call is None or full is None or call.keywords or pen.dialect != "gradtape":
        return None
    name = builders.written(call.func, file)
    more: Changes = ()
    module, _, last = full.removeprefix("gradtape.").rpartition(".")
    if full.startswith("gradtape.scipy."):  # those give tensors; SciPy's own give arrays
        known = scopes.imported_as(file, module, case.at)
        name = f"{known or module}.{last}"
        more = () if known is not None else builders.add_import(file, f"import {module}")
    text = f"{pen.say('gt.external')}({name}, {NUMERIC})"
    return builders.likely(*builders.rename_call(call, file, text), *more, *pen.imports)


def without_own_rule(case: Case) -> Suggestion | None:
    """Sketch the function without the derivative that it was given: the tape then has that of what it computes."""
    if case.pen.dialect == "torch":
        return _filled_in(case)
    for wrapper in _externals_of(case):
        given = next((k for k in wrapper.keywords if k.arg == "vjp"), None) if isinstance(wrapper, ast.Call) else None
        if given is not None and isinstance(wrapper, ast.Call):
            return builders.sketch(*builders.rename_argument(given, case.file, NUMERIC))
    removed = _without_jax_rule(case) or _passed_on(case)
    if removed:
        return builders.sketch(*removed)
    for function in _called(case):
        decorator = next((d for d in function.decorator_list if _last(d) in OWN_RULES), None)
        if decorator is not None:
            changes = _value_alone(function, case.file)
            return builders.sketch(*builders.drop_decorator(decorator, case.file), *changes) if changes else None
    return None


def _without_jax_rule(case: Case) -> Changes:
    """Take away the decorator of a JAX function and the rules that it was given, unless it is flat without them."""
    tree, ended = syntax.parse_file(case.file), [link.operation.name for link in case.route if link.breaks]
    if not ended and case.call is not None:  # an error, or a rule that gave zeros
        ended = [_last(case.call.func)]
    functions = [f for f in syntax.functions_in(case.file) if f.name in ended[:1]]
    if tree is None or len(functions) != 1:
        return ()
    function = functions[0]
    words = {"custom_vjp", "custom_jvp"}
    own = [d for d in function.decorator_list if words & {n.rpartition(".")[2] for n in map(syntax.text_of, parts(d))}]
    inside = {_last(n) for s in function.body for n in parts_of(s)}
    if len(own) != 1 or inside & FLAT or any(_chooses_constants(n) for s in function.body for n in parts_of(s)):
        return ()
    changes: list[Change] = list(builders.drop_decorator(own[0], case.file))
    for statement in ast.walk(tree):
        given = statement.value if isinstance(statement, ast.Expr) else None
        if isinstance(statement, ast.Expr) and isinstance(given, ast.Call) and _gives_rule(given.func, function.name):
            changes += builders.remove(statement, case.file)
        if isinstance(statement, ast.FunctionDef):
            for decorator in statement.decorator_list:
                if _gives_rule(decorator, function.name):
                    changes += builders.drop_decorator(decorator, case.file)
    return tuple(changes)


def _passed_on(case: Case) -> Changes:
    """Hand on what arrives, where a rule of JAX's gives zeros of its shape: the gradient passes straight through."""
    node, rule = case.node, case.function
    if case.pen.dialect != "jax" or not isinstance(node, ast.Call) or not isinstance(rule, ast.FunctionDef):
        return ()
    arrived = syntax.parameter_names(rule)[-1:]
    if _last(node) != "zeros_like" or len(node.args) != 1 or [syntax.text_of(node.args[0])] != arrived:
        return ()
    return builders.replace(node, case.file, arrived[0])


FLAT = {"round", "floor", "ceil", "trunc", "sign", "heaviside", "argmax", "argmin", "rint", "stop_gradient", "astype"}
"""Functions that end a gradient by themselves."""


def parts_of(statement: ast.stmt) -> Iterator[ast.expr]:
    """Yield the expressions of a statement."""
    for child in ast.iter_child_nodes(statement):
        yield from parts(child)


def _chooses_constants(node: ast.expr) -> bool:
    """Whether an expression is a `where` between two numbers, or a comparison that is made a number."""
    if not isinstance(node, ast.Call) or _last(node) != "where":
        return False
    return all(isinstance(a, ast.Constant) for a in node.args[1:])


def _gives_rule(node: ast.expr, name: str) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and node.attr in {"defvjp", "defjvp", "defjvps"}
        and syntax.text_of(node.value).rpartition(".")[2] == name
    )


def _filled_in(case: Case) -> Suggestion | None:
    """Answer with the derivative of what `forward` computes where a `backward` of PyTorch's answers None."""
    unhooked = _without_hook(case)
    if unhooked is not None:
        return unhooked
    statement, backward = case.statement, case.function
    turned_on = _gradients_on(backward, case)
    if turned_on:
        return builders.likely(*turned_on)
    holder = next((n for n in syntax.around(case.at) if isinstance(n, ast.ClassDef)), None)
    forward = (
        next((n for n in holder.body if getattr(n, "name", "") == "forward"), None) if holder is not None else None
    )
    answers = getattr(statement, "value", None)
    counted = _counted(case, answers) if isinstance(statement, ast.Return) and answers is not None else ()
    if counted:
        return builders.likely(*counted)
    if not (isinstance(forward, ast.FunctionDef) and isinstance(backward, ast.FunctionDef)):
        return None
    elements = answers.elts if isinstance(answers, ast.Tuple) else [answers] if answers is not None else []
    none = [k for k, e in enumerate(elements) if _is_none(e) or _last(e) in ZEROS]
    position = case.route[0].position if case.route else -1
    position = none[0] if len(none) == 1 else position
    returned = [s.value for s in statements_of(forward) if isinstance(s, ast.Return)]
    parameters, came = syntax.parameter_names(forward)[1:], syntax.parameter_names(backward)[1:]
    if position not in none or position >= len(parameters) or len(came) != 1 or len(returned) != 1:
        return None
    value = _written_out(forward, returned[0]) if returned[0] is not None else None
    at_hand = {name for s in statements_of(backward) for name in syntax.names_in(s, ast.Store)}
    name = parameters[position]
    if value is None or name not in syntax.names_in(value, ast.Load):
        return None
    file, pen, first = case.file, case.pen, forward.body[-1]
    if _last(value) in FLAT and syntax.names_in(value, ast.Load) & set(parameters) == {name}:  # pass it straight on
        return builders.sketch(*builders.replace(elements[position], file, came[0]))
    context = syntax.parameter_names(forward)[0], syntax.parameter_names(backward)[0]
    missing = sorted(syntax.names_in(value, ast.Load) & set(parameters) - at_hand)
    kept = builders.insert_before(first, file, *(f"{context[0]}.{n} = {n}" for n in missing)) if missing else ()
    around = {n: f"{context[1]}.{n}" for n in missing}
    given = around.pop(name, name)
    text = ast.unparse(_Renamed(around).visit(value))
    text = pen.say(f"torch.func.vjp(lambda {name}: {{f}}, {given})[1]({came[0]})[0]", f=text)
    return builders.sketch(*kept, *builders.replace(elements[position], file, text), *pen.imports)


def _gradients_on(backward: ast.AST | None, case: Case) -> Changes:
    """Turn gradients on in a `backward` of PyTorch's that asks for gradients itself: they are off while it runs."""
    if not isinstance(backward, ast.FunctionDef) or not asks_without_gradients(backward):
        return ()
    indent = builders.indent_of(backward.body[0], case.file)[: backward.col_offset]
    text = f"{case.pen.say('@torch.enable_grad()')}\n{indent}"
    return (insertion(case.file, backward.lineno, backward.col_offset + 1, text), *case.pen.imports)


def _without_hook(case: Case) -> Suggestion | None:
    """Take away the statement that registers a hook, where nothing but that stands in it."""
    hook = case.operation if case.operation is not None and case.operation.function == HOOK else None
    registered = next((site.span for site in hook.callers), None) if hook is not None else None
    statement = syntax.statement_at(registered) if registered is not None else None
    if registered is None or not isinstance(statement, ast.Expr):
        return None
    return builders.sketch(*builders.remove(statement, registered.file))


class _Renamed(ast.NodeTransformer):
    """Puts expressions in the place of names."""

    def __init__(self, instead: Mapping[str, str]) -> None:
        self.instead = {name: ast.parse(text, mode="eval").body for name, text in instead.items()}

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.instead.get(node.id, node)


def _written_out(function: ast.FunctionDef, value: ast.expr) -> ast.expr | None:
    """Return an expression without the names that the function gives values to; None where that is not simple."""
    made: dict[str, str] = {}
    for statement in function.body[:-1]:
        names = {name for name in syntax.names_in(statement, ast.Store) if "." not in name}
        target = statement.targets[0] if isinstance(statement, ast.Assign) else None
        if not names:
            continue
        if not isinstance(statement, ast.Assign) or not isinstance(target, ast.Name) or target.id in made:
            return None
        made[target.id] = ast.unparse(_Renamed(made).visit(_copy(statement.value)))
    return None if made.keys() & set(syntax.parameter_names(function)) else _Renamed(made).visit(_copy(value))


def _copy(node: ast.expr) -> ast.expr:
    return ast.parse(ast.unparse(node), mode="eval").body


ZEROS = {"zeros_like", "zeros", "new_zeros"}
"""Functions that make zeros, as answers of a derivative."""

WRONG_COUNT = re.compile(r"incorrect number of gradients \(expected (\d+), got (\d+)\)")
WRONG_SHAPE = re.compile(r"invalid gradient at index (\d+) - got \[([\d, ]*)\].* shape compatible with \[([\d, ]*)\]")


def _counted(case: Case, answers: ast.expr) -> Changes:
    """Answer one gradient per argument, each of its argument's shape, where an error says what does not fit."""
    failure, file = case.context.question.failure, case.file
    elements = answers.elts if isinstance(answers, ast.Tuple) else [answers]
    wrong = WRONG_COUNT.search(failure.text) if failure is not None else None
    if wrong is not None:
        wanted, given = int(wrong[1]), int(wrong[2])
        kept = [builders.written(e, file) for e in elements]
        if given != len(kept) or any(not _is_none(e) for e in elements[wanted:]):
            return ()
        text = ", ".join((kept + ["None"] * wanted)[:wanted])
        return (Change(syntax.span_of(answers, file), text),)
    wrong = WRONG_SHAPE.search(failure.text) if failure is not None else None
    position = int(wrong[1]) if wrong is not None else len(elements)
    if wrong is None or position >= len(elements):
        return ()
    came, asked = (wrong[k].split(", ") for k in (2, 3))
    if len(came) != 2 or came != asked[::-1]:
        return ()
    return builders.replace(elements[position], file, f"{builders.operand(elements[position], file)}.T")


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _value_alone(function: ast.FunctionDef, file: str) -> Changes:
    """Return the value where a function returns it with its gradient function; that one goes if it has a name."""
    found: list[Change] = []
    for statement in statements_of(function):
        if not isinstance(statement, ast.Return):
            continue
        pair = statement.value
        if not isinstance(pair, ast.Tuple) or len(pair.elts) != 2:
            return ()
        found += builders.keep_part(pair, pair.elts[0], file)
        rule = pair.elts[1]
        inner = [s for s in function.body if isinstance(s, ast.FunctionDef) and s.name == syntax.text_of(rule)]
        found += [change for s in inner for change in builders.remove(s, file)]
    return tuple(dict.fromkeys(found))


def _called(case: Case) -> Iterator[ast.FunctionDef]:
    """Yield the functions of the file that the call at the place may go to, known by their names."""
    name = _last(case.call.func) if case.call is not None else ""
    tree = syntax.parse_file(case.file)
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.FunctionDef) and node.name == name:
            yield node


def _externals_of(case: Case) -> Iterator[ast.expr]:
    """Yield what makes the called function an external one: its decorator, or the call whose result has its name."""
    for function in _called(case):
        yield from (d for d in function.decorator_list if _is_external(d, case.file))
    name = _last(case.call.func) if case.call is not None else ""
    tree = syntax.parse_file(case.file)
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Assign) and any(_last(target) == name for target in node.targets):
            yield from (n for n in parts(node.value) if isinstance(n, ast.Call) and _is_external(n.func, case.file))


def _is_external(node: ast.expr, file: str) -> bool:
    called = node.func if isinstance(node, ast.Call) else node
    return scopes.stands_for(called, file) in {"gradtape.external", "gradtape.tf.external"}


def _wrapped(wrapper: ast.expr, file: str) -> ast.FunctionDef | ast.Lambda | None:
    """Return the function that is made external, where the file has it."""
    if not isinstance(wrapper, ast.Call):
        holder = next((n for n in reversed(builders.path_to(wrapper, file)) if isinstance(n, ast.FunctionDef)), None)
        return holder if holder is not None and wrapper in holder.decorator_list else None
    given = wrapper.args[0] if len(wrapper.args) == 1 and not wrapper.keywords else None
    if isinstance(given, ast.Lambda):
        return given
    functions = [f for f in syntax.functions_in(file) if given is not None and f.name == _last(given)]
    return functions[0] if len(functions) == 1 else None


def _is_numpy(function: ast.FunctionDef | ast.Lambda, file: str) -> bool:
    """Whether a function computes with operators and NumPy's functions alone, and writes into no array."""
    body = function.body if isinstance(function, ast.FunctionDef) else [function.body]
    inside = [n for part in body for n in ast.walk(part)]
    calls = [n.func for n in inside if isinstance(n, ast.Call)]
    written = any(isinstance(n, ast.Subscript) and isinstance(n.ctx, ast.Store) for n in inside)
    return not written and all((scopes.stands_for(f, file) or "").startswith("numpy.") for f in calls)


def _last(node: ast.expr) -> str:
    return syntax.text_of(node.func if isinstance(node, ast.Call) else node).rpartition(".")[2]
