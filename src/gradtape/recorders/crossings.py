"""Where a value left the tape and came back as a constant: the two ends are recorded, the way between is read.

A value that became an ndarray or a number is followed through the names of the source text: assignments, returns,
containers. The link is certain where the text leaves no choice (the conversion stands in the operand itself, or every
name on the way is assigned once), otherwise it is marked as possible.
"""

from __future__ import annotations

import ast
from bisect import bisect_left, bisect_right
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gradtape.arrays.record import LEAVING, EventKind
from gradtape.diagnostics import syntax
from gradtape.explain.graph import Break, BreakKind, Operation

if TYPE_CHECKING:
    from gradtape.arrays.record import Event
    from gradtape.diagnostics import Site, Span
    from gradtape.explain.graph import End
    from gradtape.recorders.native import Builder

MOST_AT_ONCE = 1000
"""How many values may have gone into one constant; a longer history is cut."""

MUTATORS = {"append", "extend", "add", "insert", "update", "setdefault"}


def find_crossings(builder: Builder, operations: list[Operation], targets: tuple[End, ...]) -> list[Operation]:
    """Return pseudo-operations that lead from a value that left to the operand, or target, that it became.

    `operations` is changed in place: an operand that was found gets an id of its own.
    """
    exits: dict[Site, list[Event]] = defaultdict(list)
    for event in builder.events:
        if event.kind in LEAVING:
            exits[event.site].append(event)
    if not exits:
        return []
    recorded = frozenset(operation.site.span for operation in operations)
    flows = {site: Flow(events[0], recorded) for site, events in exits.items()}
    found = _index_links(builder, operations, exits)
    entries: dict[tuple[Site, int, int], list[tuple[Site, bool]]] = {}
    since: dict[tuple[Site, int, int], int] = {}
    for number, operation in enumerate(operations):
        for position, value in enumerate(operation.inputs):
            if value:
                continue
            key = (operation.site, position, len(operation.inputs))
            if key not in entries:
                entries[key] = _origins(flows, operation.site, position, len(operation.inputs))
            constant = builder.fresh()
            links = [
                _crossing(builder, event, constant, sure)
                for origin, sure in entries[key]
                for event in _left(exits[origin], since.get(key, 0), operation.seq)
            ]
            since[key] = operation.seq
            if not links:
                continue
            found += links
            inputs = (*operation.inputs[:position], constant, *operation.inputs[position + 1 :])
            operation = operations[number] = replace(operation, inputs=inputs)  # noqa: PLW2901
    found += _target_links(builder, flows, exits, targets)
    return found


def _left(events: list[Event], since: int, until: int) -> list[Event]:
    """Return what left at one place since the last time, or else the newest: a constant may be used again."""
    first = bisect_right(events, since, key=lambda e: e.seq)
    last = bisect_left(events, until, key=lambda e: e.seq)
    return events[max(first, last - MOST_AT_ONCE) : last] or events[max(last - 1, 0) : last]


def _crossing(builder: Builder, event: Event, output: int, proven: bool) -> Operation:
    kind = BreakKind.LEFT_AS_NUMBER if event.kind is EventKind.LEFT_AS_NUMBER else BreakKind.LEFT_AS_ARRAY
    return Operation(
        event.seq,
        "leave the tape",
        (builder.version_at(event.value, event.seq),),
        output,
        event.site,
        ((Break(kind, "", proven),),),
        event.callers,
    )


def _index_links(builder: Builder, operations: list[Operation], exits: dict[Site, list[Event]]) -> list[Operation]:
    """Connect tensors that stood in the brackets of another with the value that was picked: positions carry nothing."""
    picked = [e for events in exits.values() for e in events if e.detail == "index"]
    by_site: dict[Site, list[Operation]] = defaultdict(list)
    for operation in operations:
        by_site[operation.site].append(operation)
    found = []
    for event in picked:
        picking = next((op for op in by_site[event.site] if op.seq > event.seq), None)
        if picking is not None:
            reason = "picks by position, and positions are integers"
            broken = (Break(BreakKind.NO_DERIVATIVE, reason),)
            source = builder.version_at(event.value, event.seq)
            found.append(Operation(event.seq, "getitem", (source,), picking.output, event.site, (broken,)))
    return found


def _target_links(
    builder: Builder, flows: dict[Site, Flow], exits: dict[Site, list[Event]], targets: tuple[End, ...]
) -> list[Operation]:
    """Connect a target that is a plain array or number with the values that left on its way."""
    found = []
    for position, target in enumerate(targets):
        if target.kind not in {"array", "number"}:
            continue
        for site, flow in flows.items():
            sure = flow.reaches_argument(builder.asked.site.span, 0, "target", position)
            if sure is not None:
                id = next(iter(target.ids))
                left = _left(exits[site], builder.began, builder.asked.seq)
                found += [_crossing(builder, event, id, sure) for event in left]
    return found


def _origins(flows: dict[Site, Flow], site: Site, position: int, count: int) -> list[tuple[Site, bool]]:
    """Return the places where the constant operand of an operation left the tape, and whether that is certain."""
    node = _operand(site.span, position, count)
    if node is None:
        return []
    whole = syntax.span_of(node, site.span.file)
    found = [(origin, sure) for origin, flow in flows.items() if (sure := flow.reaches(node, site.span)) is not None]
    # a conversion that stands in the operand itself is nearer than any that names lead to
    ranks = [(whole.contains(origin.span), sure) for origin, sure in found]
    return [pair for pair, rank in zip(found, ranks, strict=True) if rank == max(ranks)]


def _operand(span: Span, position: int, count: int) -> ast.expr | None:
    """Return the source text of one operand of the operation at a span; None for a literal."""
    node: Any = syntax.expression_at(span)
    if node is None:
        statement = syntax.statement_at(span)
        node = statement.value if isinstance(statement, ast.AugAssign) else None
    if isinstance(node, ast.BinOp):
        node = (node.left, node.right)[min(position, 1)]
    elif isinstance(node, ast.Compare) and len(node.comparators) == 1:
        node = (node.left, node.comparators[0])[min(position, 1)]
    elif (
        isinstance(node, ast.Call)
        and len(node.args) >= count
        and not any(isinstance(a, ast.Starred) for a in node.args)
    ):
        node = node.args[position]
    literal = isinstance(node, ast.Constant) or (
        isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant)
    )
    return None if node is None or literal else node


class Flow:
    """The names, and the calls, that carry a value which left at one place; each with whether that is certain.

    The flow ends where a recorded operation takes the value: what that makes is a tensor, and the graph knows it.
    """

    def __init__(self, event: Event, recorded: frozenset[Span]) -> None:
        self.span = event.site.span
        self._recorded = recorded
        self.carriers: dict[tuple[str, int], dict[str, bool]] = defaultdict(dict)
        self.expressions: list[tuple[Span, bool]] = []
        self._callers = event.callers
        self._absorb(self.span, sure=True)

    def reaches(self, node: ast.expr, span: Span) -> bool | None:
        """Whether an expression reads the value: True certainly, False possibly, None not at all."""
        whole = syntax.span_of(node, span.file)
        answers = [sure for place, sure in self.expressions if whole.contains(place)]
        names = self.carriers.get(_scope(span), {}) | self.carriers.get((span.file, 0), {})
        answers += [
            names[text]
            for part in ast.walk(node)
            if isinstance(part, ast.Name | ast.Attribute | ast.Subscript) and (text := ast.unparse(part)) in names
        ]
        return max(answers) if answers else None

    def reaches_argument(self, call: Span, position: int, keyword: str, leaf: int) -> bool | None:
        """Whether an argument of a call reads the value; of a literal list, the element at `leaf`."""
        node = syntax.expression_at(call)
        if not isinstance(node, ast.Call):
            return None
        given = next((k.value for k in node.keywords if k.arg == keyword), None)
        if given is None:
            given = node.args[position] if position < len(node.args) else None
        if isinstance(given, ast.List | ast.Tuple) and leaf < len(given.elts):
            given = given.elts[leaf]
        return None if given is None else self.reaches(given, call)

    def _absorb(self, span: Span, *, sure: bool) -> None:
        """Follow a carrying expression to whatever its statement does with it."""
        pending = [(span, sure)]
        while pending:
            here, certain = pending.pop()
            if any(place == here for place, _ in self.expressions):
                continue
            self.expressions.append((here, certain))
            statement = syntax.statement_at(here)
            if self._taken_by_tensor(getattr(statement, "value", None), here.file):
                continue
            scope = _scope(here)
            for name in _stored_names(statement, here):
                if name not in self.carriers[scope]:
                    once = certain and _assignments(here, name) <= 1
                    self.carriers[scope][name] = once
                    pending += [(place, once) for place in _reads(here, name)]
            pending += [(place, certain) for place in self._passed_on(statement, here)]

    def _taken_by_tensor(self, value: ast.expr | None, file: str) -> bool:
        """Whether a statement's value is a recorded operation; a comprehension is the place of its iteration alone."""
        whole = value is not None and not isinstance(
            value, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp
        )
        return whole and syntax.span_of(value, file) in self._recorded  # type: ignore[arg-type]

    def _passed_on(self, statement: ast.stmt | None, span: Span) -> list[Span]:
        """Return what carries the value outside its function: the calls that return it, the parameters that take it."""
        found: list[Span] = []
        function = syntax.function_at(span)
        if isinstance(statement, ast.Return) or isinstance(function, ast.Lambda):
            found += [
                site.span
                for site in self._callers
                if span.file != site.span.file or site.span.function != span.function
            ][:1]
            name = getattr(function, "name", None)
            tree = syntax.parse_file(span.file)
            if name is not None and tree is not None:
                found += [
                    syntax.span_of(call, span.file)
                    for call in ast.walk(tree)
                    if isinstance(call, ast.Call) and ast.unparse(call.func).rpartition(".")[2] == name
                ]
        return found


def _scope(span: Span) -> tuple[str, int]:
    return span.file, getattr(syntax.function_at(span), "lineno", 0)


def _stored_names(statement: ast.stmt | None, span: Span) -> list[str]:
    """Return the names that a statement gives the value of an expression in it to."""
    targets: list[ast.expr] = []
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AugAssign | ast.AnnAssign | ast.For):
        targets = [statement.target]
    elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        method = statement.value.func
        if isinstance(method, ast.Attribute) and method.attr in MUTATORS:
            targets = [method.value]
    if isinstance(statement, ast.Assign) and len(targets) == 1 and isinstance(targets[0], ast.Tuple):
        exact = syntax.assigned_names(span)
        if exact:
            return list(exact)
    names = []
    for target in targets:
        for part in target.elts if isinstance(target, ast.Tuple | ast.List) else [target]:
            while isinstance(part, ast.Subscript | ast.Starred):
                part = part.value  # noqa: PLW2901
            if isinstance(part, ast.Name | ast.Attribute):
                names.append(ast.unparse(part))
    return names


def _body(span: Span) -> ast.AST | None:
    return syntax.function_at(span) or syntax.parse_file(span.file)


def _assignments(span: Span, name: str) -> int:
    """Count the statements of a scope that assign a name."""
    body = _body(span)
    return sum(
        ast.unparse(node) == name
        for node in (syntax.walk_scope(body) if body is not None else ())
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store)
    )


def _reads(span: Span, name: str) -> list[Span]:
    """Return the places in a scope that read a name."""
    body = _body(span)
    return [syntax.span_of(node, span.file) for node in syntax.mentions(body, name)] if body is not None else []
