"""GT503: a branch, of Python's or of the framework's, skipped what uses the source."""

from __future__ import annotations

import ast
from bisect import bisect_right
from typing import TYPE_CHECKING

from gradtape.diagnostics import Span, syntax
from gradtape.explain.cause import Cause, Context, Stage
from gradtape.explain.graph import BreakKind

if TYPE_CHECKING:
    from collections.abc import Hashable

    from gradtape.explain.report import Finding
    from gradtape.explain.search import BreakGroup, Route


BY_CALL = {"__call__", "call", "forward"}
"""Methods that run when an object is called."""


def detect(context: Context) -> Finding | None:
    """Look, in the functions that ran, for a branch whose skipped side would bring the source to the target."""
    names = _names(context)
    for file, function in _functions(context):
        known = [*names, *syntax.parameters_for(file, function, names)]
        rounds = _loops_over(file, function, known)
        known += [name for _, names_ in rounds for name in names_]
        held = _held(file, function, names)
        for fork in syntax.forks_in(file, function):
            test = fork.test(file)
            skipped = [part for part in _skipped(context, fork, file) if _matters(part, test)]
            uses = [use for part in skipped for name in known for use in _uses(context, part, name, test)]
            uses += [use for part in skipped for name in held for use in _used_in_class(part, name, test)]
            uses = [use for use in uses if not _is_of_another(context, syntax.span_of(use, file))]
            uses = uses or _passed_over(context, fork, file, rounds)
            others = [] if uses else _skipped_for_one(context, fork, file, names)
            if not uses and not others:
                continue
            uses = uses or others
            word = "loop" if isinstance(fork.node, ast.For | ast.While) else "branch"
            return context.finding(
                "branch-not-taken",
                test,
                f"this {word} skipped the code that uses `{context.source.name}`",
                labels=((syntax.span_of(uses[0], file), f"`{syntax.text_of(uses[0])}` would be used here"),),
                helps=_helps(context, "None"),
                proven=not others and _decided(context, fork, test),
            )
    return None


def detect_break(context: Context, route: Route, group: BreakGroup) -> Finding | None:
    """Tell of a branch that the framework chose from several it was given."""
    name = group.links[0].operation.name
    label = f"{name} took a branch that does not use this value; another one would"
    return context.broken("branch-not-taken", route, group, label, helps=_helps(context, "zero"))


def _helps(context: Context, answer: str) -> tuple[str, ...]:
    where = f"{context.words.where}(condition, a, b)"
    return (
        f"compute both sides if it is always to flow: mix them by a weight, or choose by the element, `{where}`",
        f"or skip this source while the branch is not taken: {answer} is then the right answer",
    )


MAKERS = ("Variable", "Parameter", "add_weight")
"""How the names of calls end that give back what they make, and may compute with it."""


def _names(context: Context) -> list[str]:
    """Return what the program calls the source; a call that makes it in passing and uses it names its result."""
    names, made = [context.source.name], context.source.made
    columns = context.run.columns
    if made is not None:
        place = made.site.span
        node = syntax.expression_at(place)
        maker = syntax.text_of(node.func if isinstance(node, ast.Call) else node).endswith(MAKERS) if node else False
        readers = columns.readers(context.source.ids)
        in_passing = not maker and any(columns[number].site.span == place for number in readers)
        names += () if in_passing else syntax.assigned_names(place)
    return list(dict.fromkeys(names))


def _is_of_another(context: Context, use: Span) -> bool:
    """Whether the place reads another element of the container that the source was made in: `p["b"]` for `p["w"]`."""
    made = context.made_at(context.source)
    key = syntax.key_at(made) if made is not None else None
    for node in syntax.around(use):
        if isinstance(node, ast.Subscript) and syntax.span_of(node.value, use.file) == use:
            return key is not None and isinstance(node.slice, ast.Constant) and node.slice.value != key.value
    return False


Rounds = list[tuple[Span, list[str]]]
"""Loops over something that holds the source: where, and what one round calls its element."""


def _loops_over(file: str, function: ast.AST | None, known: list[str]) -> Rounds:
    root = function if function is not None else syntax.parse_file(file)
    found: Rounds = []
    for node in ast.walk(root) if root is not None else ():
        if isinstance(node, ast.For) and any(syntax.mentions(node.iter, name) for name in known):
            names = [n.id for n in ast.walk(node.target) if isinstance(n, ast.Name)]
            found.append((syntax.span_of(node, file), names))
    return found


def _passed_over(context: Context, fork: syntax.Fork, file: str, rounds: Rounds) -> list[ast.expr]:
    """Return where a branch inside a loop uses the loop's element, if the source is used nowhere at all.

    The branch ran in other rounds, with other elements; in the round of the source it did not.
    """
    began = _began(context)
    if any(context.run.columns.seqs[number] > began for number in context.run.columns.readers(context.source.ids)):
        return []
    whole = syntax.span_of(fork.node, file)
    names = [name for loop, names in rounds if loop.contains(whole) and loop != whole for name in names]
    return [use for side in fork.sides for part in side for name in names for use in syntax.mentions(part, name)]


def _skipped_for_one(context: Context, fork: syntax.Fork, file: str, names: list[str]) -> list[ast.expr]:
    """Return where a branch uses an attribute of one of several objects, for which it was skipped.

    The method ran more often than the branch in it, and more objects of the class were made than had the attribute
    read; what else reads it would have read that of this object as well.
    """
    columns, began, made = context.run.columns, _began(context), context.source.made
    if made is None or any(columns.seqs[number] > began for number in columns.readers(context.source.ids)):
        return []
    method, test = syntax.function_at(fork.test(file)), fork.test(file)
    own = [n for n in names if n.startswith("self.") and syntax.class_at(made.site.span) == syntax.class_at(test)]
    uses = [use for side in fork.sides for part in side for name in own for use in syntax.mentions(part, name)]
    if method is None or not uses or len(uses) != sum(len(syntax.mentions(method, name)) for name in own):
        return []
    ran: dict[tuple[Hashable, str], list[int]] = {}
    for number in (n for n in range(len(columns)) if columns.seqs[n] > began):
        ran.setdefault((columns.places[number], columns.functions[number]), []).append(number)
    whole, times = syntax.span_of(fork.node, file), {True: list[int](), False: list[int]()}
    for numbers in ran.values():
        place = columns[numbers[0]].site.span
        if place.file == file and syntax.function_at(place) is method:
            times[whole.contains(place)].append(len(numbers))
    inside, outside = (min(times[within], default=0) for within in (True, False))  # one call may do the same twice
    alike = [e.value for e in context.run.events if e.kind == "create" and e.site == made.site]
    idle = [v for v in alike if not any(columns.seqs[n] > began for n in columns.readers([v]))]
    return uses if 0 < inside < outside and outside - inside == len(idle) and outside == len(alike) else []


def _uses(context: Context, part: ast.AST, name: str, test: Span) -> list[ast.expr]:
    """Return where skipped code reads a name, itself or in a method that it calls; classes have their own `self.w`."""
    if not name.startswith("self."):
        return syntax.mentions(part, name)
    made = context.made_at(context.source)
    if made is not None and syntax.class_at(made) != syntax.class_at(test):
        return []
    return _used_in_class(part, name, test)


def _used_in_class(part: ast.AST, name: str, test: Span) -> list[ast.expr]:
    """Return where skipped code reads an attribute, itself or in a method of the same class that it calls."""
    return syntax.leads_to(part, name, _methods(test.file, syntax.class_at(test)))


def _held(file: str, function: ast.AST | None, names: list[str]) -> list[str]:
    """Return the attributes under which objects of a method's class hold what they were made with: `self.w`."""
    of_class = syntax.class_at(syntax.span_of(function, file)) if function is not None else None
    tree = syntax.parse_file(file)
    nodes = list(ast.walk(tree)) if tree is not None and of_class is not None else []
    holder = next((n for n in nodes if isinstance(n, ast.ClassDef) and n.name == of_class), None)
    found = []
    for call in nodes:
        if holder is None or not isinstance(call, ast.Call) or syntax.text_of(call.func) != of_class:
            continue
        fields = _fields(holder)
        given = [*zip(fields, call.args, strict=False), *((k.arg or "", k.value) for k in call.keywords)]
        taken = {parameter for parameter, value in given if syntax.text_of(value) in names}
        found += [f"self.{attribute}" for parameter in taken for attribute in fields.get(parameter, ())]
    return list(dict.fromkeys(found))


def _fields(holder: ast.ClassDef) -> dict[str, list[str]]:
    """Return the attributes that keep each argument of a constructor, in the order of the arguments."""
    init = next((n for n in holder.body if isinstance(n, ast.FunctionDef) and n.name == "__init__"), None)
    if init is None:  # a dataclass, or a named tuple
        names = [syntax.text_of(n.target) for n in holder.body if isinstance(n, ast.AnnAssign)]
        return {name: [name] for name in names}
    kept: dict[str, list[str]] = {name: [] for name in syntax.parameter_names(init)}
    for statement in syntax.walk_scope(init):
        target = statement.targets[0] if isinstance(statement, ast.Assign) else None
        value = statement.value if isinstance(statement, ast.Assign) else None
        pairs = [(target, value)]
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            pairs = list(zip(target.elts, value.elts, strict=False))
        for to, given in pairs:
            own = isinstance(to, ast.Attribute) and syntax.text_of(to.value) == "self"
            if isinstance(to, ast.Attribute) and own and isinstance(given, ast.Name) and given.id in kept:
                kept[given.id].append(to.attr)
    return kept


def _methods(file: str, of_class: str | None) -> list[ast.FunctionDef]:
    return [f for f in syntax.functions_in(file) if syntax.class_at(syntax.span_of(f, file)) == of_class]


def _functions(context: Context) -> list[tuple[str, ast.AST | None]]:
    """Return what to look through: the tape's `with` block, and the functions in which something ran since it began.

    Without a tape, the function that asked and those that made what the target depends on. A method of the source's own
    class in which nothing ran counts if one of these functions calls it.
    """
    tape, run = context.run.tape, context.run
    began = _began(context)
    if tape is not None:
        spans = run.places(began)
    else:
        spans = run.columns.spans(context.ways.relevant) + [e.site.span for e in run.events if e.kind == "branch"]
    found: dict[tuple[str, int], tuple[str, ast.AST | None]] = {}
    if tape is not None and tape.entered:
        entered = tape.entered[-1][1].span
        block = syntax.statement_at(entered)
        found[entered.file, getattr(syntax.function_at(entered), "lineno", 0)] = (entered.file, block)
    else:
        spans.append(context.question.call.span)
    for span in dict.fromkeys(spans):
        function = syntax.function_at(span)
        found.setdefault((span.file, getattr(function, "lineno", 0)), (span.file, function))
    return [*found.values(), *_called_methods(context, list(found.values()))]


def _called_methods(context: Context, ran: list[tuple[str, ast.AST | None]]) -> list[tuple[str, ast.AST | None]]:
    """Return the methods of the source's class that code which ran calls, by name or as the object itself."""
    made = context.made_at(context.source)
    own = syntax.class_at(made) if made is not None else None
    if made is None or own is None:
        return []
    known = {f.name for f in syntax.functions_in(made.file)}
    bodies = [function for _, function in ran if function is not None]
    called = set().union(*map(syntax.called_in, bodies)) if bodies else set()
    objects = BY_CALL if called - known else set()
    return [(made.file, m) for m in _methods(made.file, own) if m.name in called | objects and m not in bodies]


def _began(context: Context) -> int:
    tape = context.run.tape
    return tape.entered[-1][0] if tape is not None and tape.entered else 0


def _skipped(context: Context, fork: syntax.Fork, file: str) -> list[ast.AST]:
    """Return the sides of a fork in which nothing ran: an operation there would have left a record."""
    return [part for side in fork.sides if side and not _anything_in(context, side, file) for part in side]


def _matters(part: ast.AST, test: Span) -> bool:
    """Whether skipped code would have changed something: it returns, or assigns a name that is read elsewhere."""
    if isinstance(part, ast.expr) or any(isinstance(n, ast.Return) for n in ast.walk(part)):
        return True
    function = syntax.function_at(test) or syntax.parse_file(test.file)
    here = {id(n) for n in ast.walk(part)}
    read = {
        syntax.text_of(n)
        for n in (ast.walk(function) if function is not None else ())
        if isinstance(n, ast.Name | ast.Attribute) and isinstance(n.ctx, ast.Load) and id(n) not in here
    }
    stored = syntax.names_in(part, ast.Store)
    return bool(stored & read) or any(name.startswith("self.") for name in stored)


def _anything_in(context: Context, side: tuple[ast.AST, ...], file: str) -> bool:
    whole = syntax.span_of(side[0], file), syntax.span_of(side[-1], file)
    first, last = (whole[0].line, whole[0].column), (whole[1].end_line, whole[1].end_column)
    began = _began(context)
    return any(
        p.file == file and first <= (p.line, p.column) and (p.end_line, p.end_column) <= last
        for p in (*context.run.places(began), *_called_from(context, began))
    )


def _called_from(context: Context, began: int) -> list[Span]:
    """Return where the functions were called in which something ran: a call in a branch shows that it was taken."""
    columns = context.run.columns

    def spans() -> list[Span]:
        ways = dict.fromkeys(columns.callers[bisect_right(columns.seqs, began) :])
        return [site.span for site in dict.fromkeys(site for callers in ways for site in callers)]

    found: list[Span] = context.run.once(("called from", began), spans)
    return found


def _decided(context: Context, fork: syntax.Fork, test: Span) -> bool:
    """Whether the run itself shows which way the branch went: a tensor was asked, or the other side left records."""
    began = _began(context)
    if any(e.kind == "branch" and e.seq > began and test.contains(e.site.span) for e in context.run.events):
        return True
    return any(_anything_in(context, side, test.file) for side in fork.sides if side)


CAUSE = Cause("branch-not-taken", Stage.ABSENCE, detect)
BREAK = Cause("branch-not-taken", Stage.BREAK, detect_break, frozenset({BreakKind.NOT_TAKEN}))
