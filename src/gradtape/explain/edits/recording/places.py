"""Edits that change where something runs: into the tape's block, out of a block without gradients."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from gradtape.diagnostics import Span, Suggestion, scopes, syntax
from gradtape.explain.cause import place_in
from gradtape.explain.edits import builders
from gradtape.explain.edits.blocks import ASKING, tape_block, tape_name
from gradtape.explain.edits.case import Case, assigned_before, simple_name
from gradtape.explain.edits.question import passing
from gradtape.explain.edits.question.sources import GRADIENTS_OFF
from gradtape.explain.edits.recording import anew, attributes, caches, datasets, handed, switches
from gradtape.explain.edits.tracing import choices
from gradtape.explain.graph import OUTSIDE, BreakKind
from gradtape.explain.search import backward_cone

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gradtape.explain.edits.builders import Changes


def into_tape(case: Case) -> Suggestion | None:
    """Move what ran outside the tape into its block: what ran before to its start, what ran after to its end."""
    context = case.context
    if case.pen.dialect == "jax":
        return builders.likely(*passing.computed_inside(case))
    entered = context.entered_at
    block = tape_block(entered) if entered is not None else None
    if any(b.kind is BreakKind.OTHER_THREAD for x in case.route for b in x.breaks):
        return None
    if entered is None or block is None:  # the tape is a library's
        anywhere = [place for place in _beside(case) if not attributes.makes_variables(case, place)]
        return builders.likely(*(attributes.computed_where_read(case) or anew.read_from_outside(anywhere)))
    file = entered.file
    inside = [place for place in _outside(case) if place.file == file]
    where = syntax.span_of(block, file)
    on_again = paused(case) or datasets.outside(case) or caches.computed_anew(case)
    if on_again:
        return builders.likely(*on_again)
    before = [p for p in inside if (p.line, p.column) < (where.line, where.column)]
    beside = [p for p in before if syntax.function_at(p) is syntax.function_at(entered)]
    statements = _statements(beside or before)
    again = [s for s in statements if not attributes.makes_variables(case, syntax.span_of(s, file))]
    with_source = [s for s in again if _makes_source(case, s)]
    if with_source:
        return builders.likely(*_parts_anew(case, with_source, block, entered))
    moved = moved_to_start(block, again, entered, file) if again == statements and again else STAYS
    question = syntax.statement_at(context.question.call.span)
    if not moved.changes:
        moved = _after(block, [p for p in inside if p.line > where.end_line], question, file)
    beside_tape = [place for place in _beside(case) if not attributes.makes_variables(case, place)]
    return (
        moved.suggestion()
        or builders.likely(*attributes.computed_where_read(case))
        or builders.likely(*anew.computed_where_read(beside_tape, block))
        or builders.likely(*attributes.argument_where_read(beside_tape))
    )


class Move(NamedTuple):
    """Changes that move statements over the edge of a block, and whether everything runs in the order that it had."""

    changes: Changes
    in_order: bool = False

    def suggestion(self) -> Suggestion | None:
        """Suggest the move; it is safe where nothing runs earlier or later than before."""
        return (builders.safe if self.in_order else builders.likely)(*self.changes)


STAYS = Move(())


def _makes_source(case: Case, statement: ast.stmt) -> bool:
    """Whether a statement before the tape makes what is asked for, of no variable: no tape can have seen that made."""
    source, whole, run = case.context.source, syntax.span_of(statement, case.file), case.context.run
    made = source.made if source.kind == "tensor" else None
    if made is None or backward_cone(run, source.ids) & run.variables:
        return False
    return any(whole.contains(site.span) for site in (made.site, *made.callers))


def _parts_anew(case: Case, statements: list[ast.stmt], block: ast.With | ast.AsyncWith, entered: Span) -> Changes:
    """Compute in the block, behind what it watches, the parts of a result that were computed with the source."""
    ran = [link.operation.site.span for _, link in case.route.broken]
    lines = anew.parts_from_others(statements[0], ran, entered.file) if len(statements) == 1 else []
    watches = _leading_watches(block, tape_name(block, entered))
    return builders.insert_after(watches[-1], entered.file, *lines) if watches and lines else ()


def _outside(case: Case) -> list[Span]:
    """Return where the operations of the route that the tape does not have were called, in the function of the tape."""
    tape = case.context.run.tape
    code = tape.entered[0][1].code if tape is not None and tape.entered else case.context.question.call.code
    links = [link for _, link in case.route.broken if any(b.kind in OUTSIDE for b in link.breaks)]
    return list(dict.fromkeys([case.at, *(place_in(link.operation, code).span for link in links)]))


def _beside(case: Case) -> list[Span]:
    """Return where they were called in the function of the tape, or in one that called it."""
    links = [link for _, link in case.route.broken if any(b.kind is BreakKind.BEFORE_TAPE for b in link.breaks)]
    places = [case.context.beside_tape(link.operation).span for link in links]
    return [place for place in dict.fromkeys(places) if place.file == case.file]


def paused(case: Case) -> Changes:
    """Take away the block that pauses the tape, if what ran stands in one, or what called it."""
    links = [link.operation for _, link in case.route.broken]
    sites = [[o.site.span, *(site.span for site in o.callers)] for o in links]
    around = next((spans for spans in sites if case.at in spans), [])
    for span in dict.fromkeys([case.at, *around]):
        for node in reversed(syntax.around(span)):
            items = node.items if isinstance(node, ast.With) else []
            if isinstance(node, ast.With) and [simple_name(i.context_expr) for i in items] == ["stop_recording"]:
                return builders.unwrap_block(node, span.file)
    return ()


def _statements(places: Iterable[Span]) -> list[ast.stmt]:
    found = [syntax.statement_at(place) for place in places]
    return list(dict.fromkeys(s for s in found if s is not None and not hasattr(s, "body")))


def moved_to_start(block: ast.With | ast.AsyncWith, statements: list[ast.stmt], entered: Span, file: str) -> Move:
    """Move statements that stand before the block, and what depends on them on the way, to its start.

    Of statements in a loop the whole loop is moved.
    """
    statements = list(dict.fromkeys(_next_to(s, block, file) for s in statements))
    around = builders.block_of(statements[0], file)
    if any(s not in around for s in statements):
        return STAYS
    holder = next((s for s in around if s is block or _holds(s, block, file)), None)
    if holder is None:
        return STAYS
    between = around[around.index(statements[0]) : around.index(holder)]
    moved = _with_dependents(between, statements)
    kept = [s for s in between if s not in moved]
    bound = {name for s in moved for name in syntax.names_in(s, ast.Store)}
    read = {name for s in moved for name in syntax.names_in(s, ast.Load)}
    if tape_name(block, entered) in bound | read:  # another tape of that name, or a question to it
        return STAYS
    if any(_roots(syntax.names_in(s, ast.Store)) & _roots(read) for s in kept[1:]):
        return STAYS
    if any(isinstance(s, ast.FunctionDef | ast.ClassDef) for s in moved) or any(
        syntax.names_in(s, ast.Load) & bound for s in kept
    ):
        return STAYS
    if isinstance(holder, ast.FunctionDef | ast.ClassDef) and not bound & syntax.names_in(block, ast.Load):
        return STAYS  # it is read elsewhere, where a name of this function is not seen
    watches = _leading_watches(block, tape_name(block, entered))
    in_order = not kept and holder is block
    if watches:
        return Move(_around_watches(moved, watches, block, file), in_order)
    return Move(builders.move_before(moved, block.body[0], file), in_order)


def _around_watches(
    moved: list[ast.stmt], watches: list[ast.stmt], block: ast.With | ast.AsyncWith, file: str
) -> Changes:
    """Move what makes the watched values before they are watched, and what is computed from them behind that."""
    watched = {name for s in watches for name in syntax.names_in(s, ast.Load)}
    first = _needed(moved, [s for s in moved if syntax.names_in(s, ast.Store) & watched])
    rest = [s for s in moved if s not in first]
    before = builders.move_before(first, block.body[0], file) if first else ()
    return (*before, *(builders.move_after(rest, watches[-1], file) if rest else ()))


def _next_to(statement: ast.stmt, block: ast.stmt, file: str) -> ast.stmt:
    """Return the statement around one that stands in the same statements as a block, or as what holds that."""
    path = builders.path_to(statement, file)
    outer = [n for n in path if isinstance(n, LOOPS) and not _holds(n, block, file)]
    inner = [n for n in path if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)]
    outer = [n for n in outer if not inner or path.index(n) > path.index(inner[-1])]
    return outer[0] if outer else statement


LOOPS = ast.For | ast.While | ast.If | ast.With
"""Statements that can be moved with everything in them."""


def _holds(statement: ast.stmt, block: ast.AST, file: str) -> bool:
    return syntax.span_of(statement, file).contains(syntax.span_of(block, file))


def _roots(names: Iterable[str]) -> set[str]:
    return {name.partition(".")[0] for name in names}


def _with_dependents(between: Sequence[ast.stmt], chosen: Sequence[ast.stmt]) -> list[ast.stmt]:
    """Return the chosen statements and those after them that read what they make."""
    moved: list[ast.stmt] = []
    made: set[str] = set()
    for statement in between:
        reads = syntax.names_in(statement, ast.Load)
        if statement in chosen or (made & reads and not isinstance(statement, ast.FunctionDef | ast.ClassDef)):
            moved.append(statement)
            made |= syntax.names_in(statement, ast.Store)
    return moved


def _leading_watches(block: ast.With | ast.AsyncWith, tape: str | None) -> list[ast.stmt]:
    found: list[ast.stmt] = []
    for statement in block.body:
        if not isinstance(statement, ast.Expr) or not isinstance(statement.value, ast.Call):
            break
        if syntax.text_of(statement.value.func) != f"{tape}.watch":
            break
        found.append(statement)
    return found


def _after(block: ast.With | ast.AsyncWith, places: Sequence[Span], question: ast.stmt | None, file: str) -> Move:
    """Move what stands after the block to its end: statements as they are, a part of an expression under a name."""
    around = builders.block_of(block, file)
    rest = around[around.index(block) + 1 :] if block in around else []
    statements = [s for s in dict.fromkeys(_next_to(s, block, file) for s in _statements(places)) if s in rest]
    if not statements:
        return STAYS
    if question in statements:
        return Move(_named_inside(block, question, places, file), rest[0] is question)
    return moved_to_end(block, statements, file)


def moved_to_end(block: ast.With | ast.AsyncWith, statements: Sequence[ast.stmt], file: str) -> Move:
    """Move statements that stand behind a block, at once or after others that do not matter to them, to its end."""
    around = builders.block_of(block, file)
    rest = around[around.index(block) + 1 :] if block in around else []
    if not statements or any(s not in rest for s in statements):
        inside = _last_inside(block, statements, file)
        return Move(builders.move_after(statements, block.body[-1], file)) if inside else STAYS
    group = rest[: rest.index(statements[-1]) + 1]
    moved = _needed(group, statements)
    return Move(builders.move_after(moved, block.body[-1], file), moved == group)


def _last_inside(block: ast.stmt, statements: Sequence[ast.stmt], file: str) -> bool:
    return bool(statements) and all(_holds(block, s, file) for s in statements)


def _needed(group: Sequence[ast.stmt], chosen: Sequence[ast.stmt]) -> list[ast.stmt]:
    """Return the chosen statements and those before them that make what they read."""
    moved: list[ast.stmt] = []
    wanted: set[str] = set()
    for statement in reversed(group):
        if statement in chosen or wanted & syntax.names_in(statement, ast.Store):
            moved.insert(0, statement)
            wanted |= syntax.names_in(statement, ast.Load)
    return moved


def asks(statement: ast.stmt) -> bool:
    """Whether a statement asks a tape for gradients."""
    return any(
        isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr in ASKING
        for n in ast.walk(statement)
    )


def _named_inside(block: ast.With | ast.AsyncWith, asking: ast.stmt, places: Sequence[Span], file: str) -> Changes:
    """Compute the target that is written in the call for gradients inside the block, and ask by its name."""
    call = next(
        (
            n
            for n in ast.walk(asking)
            if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr in ASKING
        ),
        None,
    )
    if call is None or not call.args:
        return ()
    target = call.args[0]
    where = syntax.span_of(target, file)
    if not any(where.contains(place) for place in places):
        return ()
    name = scopes.free_name(file, "target")
    text = builders.written(target, file)
    if "\n" in text:
        text = f"({text})"
    return (
        *builders.insert_after(block.body[-1], file, f"{name} = {text}"),
        *builders.replace(target, file, name),
    )


def gradients_on(case: Case) -> Suggestion | None:
    """Let gradients on where a block or a decorator turned them off."""
    file = case.file
    instead = next((b.instead for link in case.route for b in link.breaks if b.instead), "")
    if instead and case.call is not None:
        return builders.likely(*builders.set_argument(case.call, file, *instead.split("=")))
    failure = case.context.question.failure
    if failure is not None and failure.detail == INFERENCE:
        return _ordinary(case)
    writes = [link.operation.site.span for link in case.route if link.breaks and link.operation.name in handed.WRITING]
    if writes and case.pen.dialect == "torch":
        changes = handed.handed_to_call(case.moved(writes[0]), syntax.statement_at(writes[0]))
        if changes or any(link.breaks and link.operation.name == "copy" for link in case.route):
            return builders.sketch(*changes)  # a leaf takes no value that has a history
    tree = syntax.parse_file(file)
    for function in ast.walk(tree) if tree is not None else ():
        for decorator in getattr(function, "decorator_list", ()):
            if syntax.span_of(decorator, file).line == case.at.line and _turns_off(decorator):
                return builders.likely(*builders.drop_decorator(decorator, file))
    for node in [*reversed(syntax.around(case.at)), case.node]:
        items = [i.context_expr for i in node.items] if isinstance(node, ast.With | ast.AsyncWith) else []
        for item in items:
            if _turns_off(item):
                return _on_in_block(case, item)
        for decorator in getattr(node, "decorator_list", []):
            if _turns_off(decorator):
                return builders.likely(*builders.drop_decorator(decorator, file))
        if isinstance(node, ast.expr) and _turns_off(node):
            return _on_in_block(case, node)
    return _paused_suggestion(case)


def _on_in_block(case: Case, item: ast.expr) -> Suggestion | None:
    """Turn gradients on by what a block begins with; PyTorch then forbids to write into leaves."""
    changes = _turned_on(item, case.file)
    blocks = (n for n in syntax.around(case.at) if isinstance(n, ast.With))
    block = next((n for n in blocks if any(i.context_expr is item for i in n.items)), None)
    anew = handed.bound_anew(block.body, case.file) if block is not None and case.pen.dialect == "torch" else ()
    return builders.likely(*changes, *anew) if anew is not None else None


INFERENCE = "inference_mode"


def _ordinary(case: Case) -> Suggestion | None:
    """Turn gradients off by `no_grad`, whose results are ordinary tensors, in the place of `inference_mode`."""
    tree = syntax.parse_file(case.file)
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Attribute | ast.Name) and syntax.text_of(node).rpartition(".")[2] == INFERENCE:
            span = syntax.span_of(node, case.file)
            if span.line in range(case.at.line, case.at.end_line + 1):
                pen = case.pen
                changes = builders.replace(node, case.file, pen.say("torch.no_grad"))
                return builders.likely(*changes, *pen.imports)
    return None


def _paused_suggestion(case: Case) -> Suggestion | None:
    changes = paused(case)
    return builders.likely(*changes) if changes else None


def _turns_off(node: ast.expr) -> bool:
    text = syntax.text_of(node.func if isinstance(node, ast.Call) else node)
    return text.rpartition(".")[2] in GRADIENTS_OFF


def _turned_on(node: ast.expr, file: str) -> Changes:
    name = syntax.text_of(node.func if isinstance(node, ast.Call) else node)
    module, _, last = name.rpartition(".")
    if last == "set_grad_enabled" and isinstance(node, ast.Call) and node.args:
        return builders.replace(node.args[0], file, "True")
    return builders.replace(node, file, f"{module}.enable_grad()" if module else "torch.enable_grad()")


def both_sides(case: Case) -> Suggestion | None:
    """Compute both sides of a branch, each with a weight: a sketch, because the side that was skipped now runs.

    Chosen by `where`, the side that is not taken would get zeros.
    """
    expected = _expected(case) or switches.turned(case) or _taken_always(case)
    if expected:
        return builders.sketch(*expected)
    if case.pen.dialect == "jax" or not _is_smooth(case):
        return None
    chosen = choices.chosen_by_where(case, softly=True)
    return builders.sketch(*chosen.changes) if chosen is not None else None


def _is_smooth(case: Case) -> bool:
    """Whether a branch compares the sizes of tensors, so that a weight can stand for it."""
    inline = next((n for n in reversed(syntax.around(case.at)) if isinstance(n, ast.IfExp)), None)
    choice = case.statement if isinstance(case.statement, ast.If) else None
    test = inline.test if inline is not None else choice.test if choice is not None else None
    if not isinstance(test, ast.Compare) or len(test.ops) != 1:
        return False
    whole = syntax.span_of(test, case.file)
    asked = any(e.kind == "branch" and whole.contains(e.site.span) for e in case.context.run.events)
    return asked and isinstance(test.ops[0], ast.Lt | ast.LtE | ast.Gt | ast.GtE)


def _expected(case: Case) -> Changes:
    """Add what a draw decides about as often as it is drawn: `h = h + p * f(h)` for `if random() < p: h = h + f(h)`."""
    statement, file, scope = case.statement, case.file, case.function
    if not isinstance(statement, ast.If) or len(statement.body) != 1 or statement.orelse or scope is None:
        return ()
    test: ast.expr | None = statement.test
    if isinstance(test, ast.Name):
        test = assigned_before(scope, test.id, statement.lineno)
    first = statement.body[0]
    added = first.value if isinstance(first, ast.Assign) and isinstance(first.value, ast.BinOp) else None
    if not isinstance(test, ast.Compare) or not isinstance(test.ops[0], ast.Lt | ast.LtE) or added is None:
        return ()
    kept = isinstance(first, ast.Assign) and syntax.text_of(first.targets[0]) == syntax.text_of(added.left)
    if not kept or not isinstance(added.op, ast.Add) or not any(w in syntax.text_of(test.left) for w in DRAWN):
        return ()
    chance = builders.operand(test.comparators[0], file)
    text = f"{builders.written(added.left, file)} + {chance} * {builders.operand(added.right, file)}"
    return builders.replace_statement(statement, file, f"{builders.written(added.left, file)} = {text}")


def _taken_always(case: Case) -> Changes:
    """Run what a plain number or a switch decides about each time: chosen by `where` it would get zeros."""
    statement = case.statement
    plain = ast.Compare | ast.UnaryOp | ast.Attribute | ast.Name
    if not isinstance(statement, ast.If) or statement.orelse or not isinstance(statement.test, plain):
        return ()
    if any(
        e.kind == "branch" and e.site.span == syntax.span_of(statement.test, case.file) for e in case.context.run.events
    ):
        return ()
    if any(isinstance(n, ast.Return | ast.Continue | ast.Break) for s in statement.body for n in ast.walk(s)):
        return ()
    return builders.replace(statement.test, case.file, "True") if case.pen.dialect in {"tensorflow", "torch"} else ()


DRAWN = ("random", "uniform", "rand(")
"""What is in the text of a draw of a number."""
