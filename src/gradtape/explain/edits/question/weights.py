"""Edits where a layer has a weight that no method reads: it comes in where its shape fits."""

from __future__ import annotations

import ast
import math
import re
from typing import TYPE_CHECKING, NamedTuple

from gradtape.diagnostics import syntax
from gradtape.diagnostics.changes import insertion
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import parts, simple_name, statements_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.case import Case
    from gradtape.explain.graph import Summary

Shape = tuple[int, ...]

FACTORS = ("scale", "gain", "gamma", "temperature", "factor", "gate")
"""What is in the names of weights that something is multiplied by."""

LINEAR = {"matmul", "einsum", "tensordot", "dot", "conv1d", "conv2d", "conv3d", "depthwise_conv2d", "linear", "mv"}
"""Functions before whose result a shift belongs that comes before an activation."""

BEGINNING = re.compile(r"(?:^|[._])[a-z]?0$|init|start|state")
"""How the names of weights look that a loop begins with."""

CONSTANTS = {"zeros": "+", "ones": "*"}
"""Functions that make what may stand in the place of a weight, and how the weight comes in beside it."""


class Place(NamedTuple):
    """An expression of a method, and the shapes of what it gave."""

    node: ast.expr
    shapes: list[Shape]


def brought_in(case: Case, methods: list[ast.FunctionDef], name: str) -> Changes | None:
    """Bring `self.bias` into what the first of some methods computes, or another one; None where no shape is known."""
    known = next(iter(_of_source(case)), None)
    if known is None:
        return None
    constant = _for_constant(case, methods[0], name, known)
    places = [_places(case, method) for method in methods]
    if constant or not any(places):
        return constant or None
    product = _second_product(case, methods[0], places[0], name, known)
    found = (
        product or _for_number(case, places[0], name, known) or _beside_value(case, methods[0], places[0], name, known)
    )
    return found or next((c for k in range(len(methods)) if (c := _along_new_axis(case, places[k], name, known))), ())


def layer_called(case: Case, forward: ast.FunctionDef, name: str) -> Changes:
    """Call a layer that no method calls, on what it gives as much for, or where a sum stands for what it gives."""
    known = _of_layer(case)
    shapes = {p.node: p.shapes for p in _places(case, forward)} if known is not None else {}
    if known is None:
        return ()
    given, gives = known
    for node, seen in shapes.items():
        inner = node.args[0] if isinstance(node, ast.Call) and node.args else None
        inside = [shape for p, of in shapes.items() if inner and _gives(p, inner, case.file) for shape in of]
        summed = simple_name(node) in {"reduce_sum", "reduce_mean", "sum", "mean"}
        if inner is None or not summed or not any(shape[-1:] == (given,) for shape in inside):
            continue
        if any((*shape[:-1], gives) == now for shape in inside for now in seen):
            return builders.replace(node, case.file, f"{name}({builders.written(inner, case.file)})")
    alike = [n for n, seen in shapes.items() if given == gives and any(s[-1:] == (given,) for s in seen)]
    whole = [n for n in alike if builders.parent_of(n, case.file) is syntax.statement_at(syntax.span_of(n, case.file))]
    if not whole:
        return ()
    span = syntax.span_of(whole[-1], case.file)
    begin = insertion(case.file, span.line, span.column, f"{name}(")
    return (begin, insertion(case.file, span.end_line, span.end_column, ")"))


def _of_layer(case: Case) -> tuple[int, int] | None:
    """Return how many columns the layer takes and gives that the source is a weight of, by its kernel."""
    values, source = case.context.run.values, case.context.source
    holder = source.path.rpartition("/")[0]
    kernels = [end for end in (source, *case.context.question.together) if end.path == f"{holder}/kernel"]
    shape = next((values[i].shape for end in (kernels or [source]) for i in end.ids if i in values), ())
    if kernels:
        return (shape[0], shape[1]) if len(shape) == 2 else None
    return (shape[0], shape[0]) if source.path.endswith(("/gamma", "/beta")) and len(shape) == 1 else None


def _gives(part: ast.expr, other: ast.expr, file: str) -> bool:
    """Whether an expression is another one, or is given the name that the other is."""
    named = isinstance(other, ast.Name) and other.id in syntax.assigned_names(syntax.span_of(part, file))
    return part is other or (
        named and builders.parent_of(part, file) is syntax.statement_at(syntax.span_of(part, file))
    )


def _of_source(case: Case) -> Iterator[Summary]:
    values = case.context.run.values
    yield from (values[i] for i in case.context.source.ids if i in values)


def _places(case: Case, forward: ast.FunctionDef) -> list[Place]:
    """Return the expressions of a method whose shapes are known, in the order in which they were computed."""
    columns, values = case.context.run.columns, case.context.run.values
    whole, found = syntax.span_of(forward, case.file), dict[ast.expr, dict[int, Shape]]()
    for number in range(len(columns)):
        seen = values.get(columns.outputs[number])
        if seen is None:
            continue
        span = columns[number].site.span
        node = case.moved(span).node if span.file == case.file and whole.contains(span) else None
        if node is not None and not _is_unpacked(node, case.file):
            gave = found.setdefault(node, {})
            for value in columns.inputs[number]:
                gave.pop(value, None)  # one step of several that an expression takes
            gave[columns.outputs[number]] = seen.shape
    return [Place(node, list(gave.values())) for node, gave in found.items()]


def axes_of(case: Case, node: ast.expr) -> int:
    """Return how many axes what an expression gave last has; 0 where nobody saw it."""
    columns, values = case.context.run.columns, case.context.run.values
    span = syntax.span_of(node, case.file)
    made = [columns.outputs[n] for n in range(len(columns)) if columns[n].site.span == span]
    return len(values[made[-1]].shape) if made and made[-1] in values else 0


def _is_unpacked(node: ast.expr, file: str) -> bool:
    """Whether what an expression gives is parted into several names."""
    statement = builders.parent_of(node, file)
    return isinstance(statement, ast.Assign) and any(isinstance(t, ast.Tuple | ast.List) for t in statement.targets)


def fits(weight: Shape, place: Shape) -> bool:
    """Whether a weight broadcasts to a shape."""
    last = place[len(place) - len(weight) :] if len(place) >= len(weight) else ()
    return len(last) == len(weight) and all(w in (1, n) for w, n in zip(weight, last, strict=True))


def _for_constant(case: Case, forward: ast.FunctionDef, name: str, known: Summary) -> Changes:
    """Put the weight where zeros or ones of so many axes stand that nothing else is done to."""
    inside = dict.fromkeys(n for s in statements_of(forward) for n in parts(s))
    calls = [n for n in inside if isinstance(n, ast.Call) and simple_name(n) in CONSTANTS and n.args]
    alike = [
        n for n in calls if isinstance(n.args[0], ast.Tuple | ast.List) and len(n.args[0].elts) == len(known.shape)
    ]
    stored = [n for s in statements_of(forward) for n in syntax.names_in(s, ast.Store)]
    names = {n: syntax.assigned_names(syntax.span_of(n, case.file)) for n in alike}
    begun = BEGINNING.search(name) is not None
    once = [n for n in alike if begun or all(stored.count(own) == 1 for own in names[n])]
    if len(once) != 1:
        return ()
    call, whole = once[0], 1 not in known.shape
    text = builders.written(call, case.file)
    return builders.replace(call, case.file, name if whole else f"{name} {CONSTANTS[simple_name(call)]} {text}")


def _for_number(case: Case, places: list[Place], name: str, known: Summary) -> Changes:
    """Put the weight where a number is written down that is what the weight starts with: `0.25 * x`."""
    if known.low != known.high:
        return ()
    start, text = known.low, name
    if "log" in name and start == 0:
        start, text = 1.0, case.pen.call("exp", name)
    found = [
        n
        for place in places
        if isinstance(place.node, ast.BinOp) and any(fits(known.shape, shape) for shape in place.shapes)
        for n in _factors(place.node)
        if isinstance(n, ast.Constant)
        and isinstance(n.value, int | float)
        and math.isclose(n.value, start, rel_tol=1e-6)
    ]
    if len(found) != 1 or start == 0:
        return ()
    return builders.replace(found[0], case.file, text)


def _factors(node: ast.BinOp) -> list[ast.expr]:
    if isinstance(node.op, ast.Mult):
        return [node.left, node.right]
    return [node.right] if isinstance(node.op, ast.Div) else []


def _beside_value(case: Case, forward: ast.FunctionDef, places: list[Place], name: str, known: Summary) -> Changes:
    """Multiply by the weight what a method gives, if it is called so; else add it, before the activation if it can."""
    file, ones = case.file, known.low == known.high == 1.0
    factor = ones or (known.low != known.high and any(word in name.lower() for word in FACTORS))
    fitting = [p.node for p in places if any(fits(known.shape, shape) for shape in p.shapes)]
    shapes = {p.node: p.shapes for p in places}
    result = returned(forward)
    linear = [
        n for n in fitting if _is_linear(n) and not any(o is not n and _is_linear(o) and _holds(o, n) for o in fitting)
    ]
    ended = [n for n in fitting if n is result]
    if isinstance(result, ast.Name) and any(_gives(n, result, file) for n in fitting):
        ended = [result]
    chosen = (ended or linear if factor else linear or ended) or fitting[-1:]
    if not chosen:
        return () if result in shapes else _anyway(result, name, known, file)
    own = {word for word in name.removeprefix("self.").split("_") if len(word) > 1}
    alike = [n for n in chosen if own & {word for part in syntax.names_in(n, ast.Load) for word in _words(part)}]
    node = (alike or chosen)[-1]
    return (multiplied if factor else added)(node, name, file)


def _words(name: str) -> list[str]:
    return name.rpartition(".")[2].split("_")


def _anyway(result: ast.expr | None, name: str, known: Summary, file: str) -> Changes:
    """Add one number to what a method gives, of which no shape is known."""
    if result is None or known.size != 1:
        return ()
    return added(result, name, file)


def _second_product(case: Case, forward: ast.FunctionDef, places: list[Place], name: str, known: Summary) -> Changes:
    """Add the product of what a method is given and a matrix that is made as another one, where that stands."""
    file = case.file
    parameters, made = syntax.parameter_names(forward), _shape_given(name, case)
    if len(known.shape) != 2 or not parameters or not made:
        return ()
    for node, shapes in places:
        factors = (
            node.args if isinstance(node, ast.Call) else [getattr(node, "left", node), getattr(node, "right", node)]
        )
        other = factors[1] if len(factors) > 1 else node
        matrix = simple_name(node) == "matmul" or isinstance(getattr(node, "op", None), ast.MatMult)
        if (
            not matrix
            or _shape_given(syntax.text_of(other), case) != made
            or known.shape[1] not in {s[-1] for s in shapes}
        ):
            continue
        text = builders.with_part(node, other, file, name)
        text = text.replace(builders.written(factors[0], file), parameters[0], 1)
        return added(node, text, file)
    return ()


def _shape_given(name: str, case: Case) -> str:
    """Return the shape that a weight is made with, as the program writes it."""
    made = [v for v in syntax.values_given_to(name, case.at) if isinstance(v, ast.Call)]
    shape = builders.argument(made[0], 0, "shape") if len(made) == 1 else None
    return ast.dump(shape) if shape is not None else ""


def _along_new_axis(case: Case, places: list[Place], name: str, known: Summary) -> Changes:
    """Add the weight to what was given a new axis, which is as long as the weight then: `h[:, :, None]`."""
    for node, shapes in places:
        index = node.slice if isinstance(node, ast.Subscript) else None
        new = isinstance(index, ast.Tuple) and any(isinstance(e, ast.Constant) and e.value is None for e in index.elts)
        last = [shape[len(shape) - len(known.shape) :] for shape in shapes if len(shape) >= len(known.shape)]
        if new and any(all(n in (1, w) for n, w in zip(shape, known.shape, strict=True)) for shape in last):
            return added(node, name, case.file)
    return ()


def returned(forward: ast.FunctionDef) -> ast.expr | None:
    """Return what a method gives, of several results the first."""
    found = [s.value for s in statements_of(forward) if isinstance(s, ast.Return) and s.value is not None]
    value = found[-1] if found else None
    return value.elts[0] if isinstance(value, ast.Tuple) and value.elts else value


def _is_linear(node: ast.expr) -> bool:
    """Whether an expression is a product of matrices, or a sum of such."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _is_linear(node.left) and _is_linear(node.right)
    return (isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult)) or simple_name(node) in LINEAR


def _holds(outer: ast.expr, inner: ast.expr) -> bool:
    return any(n is inner for n in ast.walk(outer))


def multiplied(node: ast.expr, factor: str, file: str) -> Changes:
    """Multiply an expression by a factor, behind it where it needs no parentheses."""
    span, product = syntax.span_of(node, file), isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div)
    if product or builders.operand(node, file) == span.text:
        whole = builders.replace(node, file, f"{span.text} * {factor}")
        if [change.text for change in whole] == [f"{span.text} * {factor}"]:
            return (insertion(file, span.end_line, span.end_column, f" * {factor}"),)
    return builders.replace(node, file, f"{builders.operand(node, file)} * {factor}")


def added(node: ast.expr, term: str, file: str) -> Changes:
    """Add a term to an expression: behind it, so that others can be added as well, where it needs no parentheses."""
    text, span = f"{builders.term(node, file)} + {term}", syntax.span_of(node, file)
    whole = builders.replace(node, file, text)
    if [change.text for change in whole] != [f"{span.text} + {term}"]:
        return whole
    return (insertion(file, span.end_line, span.end_column, f" + {term}"),)
