"""What an error of PyTorch's is about, from its words and from the records: the places, and whose gradient is gone."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gradtape.diagnostics import Passage, Site, Span, syntax
from gradtape.explain.cause import place_in
from gradtape.explain.graph import BreakKind, Failure
from gradtape.recorders.torch import numbers, private

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import torch

    from gradtape.explain.graph import Operation
    from gradtape.recorders.torch.asked import Asked
    from gradtape.recorders.torch.autograd import Walk
    from gradtape.recorders.torch.frames import Frames
    from gradtape.recorders.torch.graph import Builder


def one_line(error: BaseException) -> str:
    """Return the first line of an error's text."""
    return next(iter(str(error).splitlines()), type(error).__name__)


def of_backward(
    error: BaseException, asked: Asked, walk: Walk, builder: Builder, freed: Mapping[int, Asked], target: torch.Tensor
) -> Failure:
    """Say what an error that a backward pass raised is about."""
    text = one_line(error)
    if private.SECOND_TIME.search(text):
        return _second_time(text, asked, builder, freed)
    if private.OVERWRITTEN.search(text):
        return _overwritten(text, asked, walk, builder)
    if private.NOT_SCALAR.search(text):
        made = builder.producers.get(asked.roots[0])
        shape = str(target.dtype).removeprefix("torch.") if target.is_complex() else str(tuple(target.shape))
        at: Site | Passage = made.site if made is not None else asked.site
        if made is not None and asked.kind == "autograd.grad":  # of many results, which are no loss that lacks a mean
            at = place_in(made, asked.site.code)
        return Failure("nonscalar-output", text, at, detail=shape)
    if private.WRONG_RULE.search(text):
        return _wrong_rule(text, walk, builder)
    if private.NO_DERIVATIVE.search(text):
        made = _made(walk, builder, private.without_derivative(text, walk.nodes))
        if made is not None and any(b.kind is BreakKind.PIECEWISE_CONSTANT for breaks in made.breaks for b in breaks):
            return Failure("", text)  # none that would be of use: the break on the way says more
        return Failure("missing-rule", text, made.site if made is not None else None)
    return Failure("", text)


def _made(walk: Walk, builder: Builder, place: int | None) -> Any:
    """Return the operation that a node is a part of."""
    owner = walk.owners[place] if place is not None else {}
    return next((builder.producers[n] for n in owner.values() if n in builder.producers), None)


def _second_time(text: str, asked: Asked, builder: Builder, freed: Mapping[int, Asked]) -> Failure:
    """Find where the new part of the graph takes a value from the part that an earlier backward pass used up."""
    root = asked.roots[0]
    if root in freed:
        return Failure("tape-used-up", text, asked.site, ((freed[root].site, "the graph was used up here"),))
    latest = max(by.seq for by in freed.values()) if freed else 0
    pending, seen, stale = [root], {root}, []
    while pending:
        operation = builder.producers.get(pending.pop())
        if operation is None or operation.seq < latest:
            continue
        for number in operation.inputs:
            by = _used_by(builder, number, freed) if 0 < number < latest else None
            if by is not None:
                stale.append((operation, number, by))
            elif number not in seen:
                seen.add(number)
                pending.append(number)
    also: list[tuple[Site | Passage, str]]
    if not stale:
        first = _used_by(builder, root, freed)
        where = ((first.site, "a part of the graph was used up here"),) if first is not None else ()
        return Failure("tape-used-up", text, asked.site, where)
    operation, number, by = min(stale, key=lambda found: found[0].seq)
    record = builder.by_seq[operation.seq]
    name = builder.name_of(number)
    at = _handed_on(record.frames, asked.site.code, name) if record.frames else operation.site
    origin = builder.made_by.get(number)
    once = _computed_once(origin.frames, asked.site.code) if origin is not None else None
    if once is not None:
        also = [(by.site, "its graph was used up here"), (operation.site, "it is used again here")]
        return Failure("tape-used-up", text, Passage(once.at), tuple(also), number, once.name, once=True)
    kept = {attribute for old, value, _ in stale for attribute in _attributes(old, value)}
    stored = _stored(origin.frames, kept) if origin is not None and by.site == asked.site else None
    if stored is not None and _read_before(operation, number, builder, latest):  # made once, not in each round
        name = next((n for n in syntax.assigned_names(stored.span) if n.rpartition(".")[2] in kept), name)
        also = [(by.site, "its graph was used up here"), (operation.site, "it is used again here")]
        return Failure("tape-used-up", text, stored, tuple(a for a in also if a[0] != stored), number, name, once=True)
    if stored is not None:
        at, used = stored, "the value of the earlier graph is read here"
        also = [(by.site, "the graph that it belongs to was used up here"), (operation.site, used)]
        names = builder.names.of_results(kept)
        return Failure("tape-used-up", text, at, tuple(a for a in also if a[0] != at), number, kept=names)
    if by.site != asked.site and origin is not None and not _of_earlier_round(origin.frames, record.frames):
        at = asked.site  # two passes through a value that was made once, not one that is carried from round to round
    also = [(by.site, "the graph that this value belongs to was used up here")]
    if at != operation.site:
        also.append((operation.site, "the value of the earlier graph is used here"))
    made = builder.producers.get(number)
    if made is not None and made.site.span != at.span:
        also.append((place_in(made, asked.site.code), "it was made here"))
    return Failure("tape-used-up", text, at, tuple(also), number, name)


def _computed_once(frames: Frames, asking: object) -> syntax.Kept | None:
    """Return what keeps a value that is computed once, in the function that asks or in one that it calls."""
    sites = [Site(*frame) for frame in frames]
    last = next((place for place, site in enumerate(sites) if site.code is asking), len(sites))
    return syntax.kept_once([site.span for site in sites[: last + 1]])


def _read_before(operation: Operation, number: int, builder: Builder, latest: int) -> bool:
    """Whether the same place read the same value before the newest backward pass: it is not made anew in each round."""
    same = (o for o in builder.operations if o.seq < latest and o.site == operation.site)
    return any(number in o.inputs for o in same)


def _attributes(operation: Operation, value: int) -> list[str]:
    """Return the last names of the attributes that an operation read a value from, as far as its text tells."""
    count, node = len(operation.inputs), syntax.expression_at(operation.site.span)
    operands = [syntax.operand_at(operation.site.span, k, count) for k, i in enumerate(operation.inputs) if i == value]
    if isinstance(node, ast.BinOp):  # where a number stands first, the tensor's own method gets them the other way
        operands = [node.left, node.right]
    return [node.attr for node in operands if isinstance(node, ast.Attribute)]


def _stored(frames: Frames, attributes: set[str]) -> Site | None:
    """Return where something became one of some attributes, `self.state = ...`, in the innermost function that does."""
    for site in (Site(*frame) for frame in frames):
        names = syntax.assigned_names(site.span)
        if any("." in name and name.rpartition(".")[2] in attributes for name in names):
            return site
    return None


def _of_earlier_round(made: Frames, used: Frames) -> bool:
    """Whether a value was made by code that comes after that which used it: then a loop brought it back.

    Both are followed from outside to where they part; what one call makes and uses in its order is of the same round.
    """
    for (code, one), (other_code, other) in zip(reversed(made), reversed(used), strict=False):
        if code is not other_code:
            return True
        if one != other:
            return one > other
    return True


def _handed_on(frames: Frames, code: object, name: str) -> Site:
    """Return where a value of the round before is handed on, seen from the code that asks, or else where it is used.

    `predict(x, h)` in a loop that goes on to give `h` a new value hands it on; `model(x)` keeps it somewhere inside.
    So does any call that is given the value by the `name` that it still has.
    """
    sites = [Site(*frame) for frame in frames]
    outermost = next((place for place, site in enumerate(sites) if site.code is code), 0)
    for site in reversed(sites[: outermost + 1]):
        node = syntax.expression_at(site.span)
        given = {name for a in getattr(node, "args", [node]) if a is not None for name in syntax.names_in(a, ast.Load)}
        if name in given or not given.isdisjoint(_kept_from_before(site.span)):
            return site
    return sites[0]


def _kept_from_before(span: Span) -> set[str]:
    """Return the names that may hold something from before: given later in the loop around, or earlier in the code."""
    inside = syntax.around(span)
    function = syntax.function_at(span)
    body = inside[inside.index(function) :] if function is not None else inside
    loop = next((node for node in reversed(body) if isinstance(node, ast.For | ast.While)), None)
    statement = syntax.statement_at(span)
    scope = loop or function or syntax.parse_file(span.file)
    if scope is None or statement is None:
        return set()
    kept = set()
    for node in syntax.walk_scope(scope):
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.NamedExpr):
            late = node.lineno >= statement.lineno
            if late == (loop is not None) or node is statement:
                kept |= syntax.names_in(node, ast.Store)
    return kept


def _used_by(builder: Builder, number: int, freed: Mapping[int, Asked]) -> Asked | None:
    """Return which backward pass used up what a value hangs on, None if its graph is whole."""
    pending, seen = [number], {number}
    while pending:
        value = pending.pop()
        record = builder.made_by.get(value)
        together = [out[0] for out in record.outputs] if record is not None else [value]
        by = next((freed[one] for one in together if one in freed), None)
        if by is not None:
            return by
        for source in record.inputs if record is not None else ():
            if source not in seen:
                seen.add(source)
                pending.append(source)
    return None


def _overwritten(text: str, asked: Asked, walk: Walk, builder: Builder) -> Failure:
    """Find the operation that kept a value, and the first write to it afterwards."""
    for place, node in enumerate(walk.nodes):
        if not private.overwritten(node):
            continue
        for output in walk.owners[place].values():
            operation = builder.producers.get(output)
            if operation is None:
                continue
            families = {_family(builder, number) for number in (*operation.inputs, output) if number}
            for event in builder.happened:
                if event.kind == "write" and event.seq > output and _family(builder, event.value) in families:
                    at = Site(*event.frames[0])
                    kept = (operation.site, "its old value was kept here for the backward pass")
                    name = written_text(at.span)
                    if name and at.span.text.startswith(f"{name}.step"):  # an optimizer writes to what it holds
                        name = builder.name_of(event.value)
                    origin = builder.made_by.get(output)
                    once = _computed_once(origin.frames, asked.site.code) if origin is not None else None
                    if once is not None:
                        held = (Passage(once.at), f"`{once.name}` keeps what was computed here of its old value")
                        return Failure("overwritten-value", text, at, (held,), output, name, once=True)
                    return Failure("overwritten-value", text, at, (kept,), event.value, name)
    return Failure("overwritten-value", text)


def _family(builder: Builder, number: int) -> int:
    """Return the first id of the memory that a value lies in: its tensor's, or that of the tensor it is a view of."""
    seen = set()
    while number not in seen:
        seen.add(number)
        first = builder.first.get(number, number)
        record = builder.made_by.get(first)
        if record is None or not record.what.view or not record.inputs or not record.inputs[0]:
            return first
        number = record.inputs[0]
    return number


def _wrong_rule(text: str, walk: Walk, builder: Builder) -> Failure:
    name = text.split(" ")[1] if text.startswith(("function ", "Function ")) else ""
    for place, node in enumerate(walk.nodes):
        if node.name() == name:
            made = _made(walk, builder, place)
            also = ((made.site, "called here"),) if made is not None else ()
            return Failure("custom-rule-none", text, numbers.answer_of(node), also)
    return Failure("custom-rule-none", text)


def of_operation(error: BaseException, record_site: Site) -> Failure | None:
    """Say what an error that an operation raised is about; None if it is not about gradients."""
    text = one_line(error)
    if private.LEAF_WRITTEN.search(text):
        return Failure("overwritten-value", text, record_site, detail=written_text(record_site.span))
    if private.INTEGERS.search(text):
        return Failure("integer-source", text, record_site)
    if private.ARRAY_OF_GRAPH.search(text):
        return Failure(BreakKind.LEFT_AS_ARRAY.value, text, record_site)
    if private.OF_A_BATCH.search(text):
        kind = "traced-control-flow" if _decides(record_site.span) else BreakKind.LEFT_AS_NUMBER.value
        return Failure(kind, text.partition(". For (1)")[0], record_site)
    if private.NOT_A_LEAF.search(text):
        return Failure("nonleaf-grad-read", text, record_site)
    if private.INFERENCE.search(text):
        return Failure(BreakKind.GRADIENTS_OFF.value, text, record_site, detail="inference_mode")
    return None


def _decides(span: Span) -> bool:
    """Whether a value decides which way the program goes: no call makes a number of it."""
    node = syntax.expression_at(span)
    name = syntax.text_of(node.func).rpartition(".")[2] if isinstance(node, ast.Call) else ""
    return name not in {"item", "tolist", "float", "int", "complex"}


def of_inference(failure: Failure, inputs: Sequence[int], builder: Builder) -> Failure:
    """Say where a tensor was made that is refused because inference mode was on then."""
    for number in inputs:
        record = builder.made_by.get(number)
        while record is not None and record.off is None and record.what.view and record.inputs:
            record = builder.made_by.get(record.inputs[0])  # a part of such a tensor, taken outside
        if record is not None and record.off is not None and failure.at is not None:
            also = (Site(*record.frames[0]) if record.frames else failure.at, "made here"), (failure.at, "refused here")
            return replace(failure, at=Site(*record.off.frames[0]), also=also)
    return failure


def written_text(span: Span) -> str:
    """Return what a statement writes to: `b` of `b[i] = 1`, `h` of `h += 1` and of `h.add_(1)`."""
    statement = syntax.statement_at(span)
    node: ast.AST | None = syntax.expression_at(span)
    if isinstance(statement, ast.AugAssign):
        node = statement.target
    elif isinstance(statement, ast.Assign) and any(isinstance(t, ast.Subscript) for t in statement.targets):
        node = statement.targets[0]
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        method = (node.func.attr.endswith("_") and syntax.is_method(node, span.file)) or node.func.attr == "step"
        node = node.func.value if method or not node.args else node.args[0]
    elif isinstance(node, ast.Call) and node.args:  # a layer, or a function, that works in place
        node = node.args[0]
    while isinstance(node, ast.Subscript):
        node = node.value
    return syntax.text_of(node) if isinstance(node, ast.expr) else ""
