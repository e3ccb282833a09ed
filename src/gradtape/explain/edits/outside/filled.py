"""Edits where PyTorch wants plain numbers, or Python a whole one: the same from tensors, which gradients pass."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from gradtape.diagnostics import Span, scopes, syntax
from gradtape.diagnostics.changes import Change
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import simple_name

if TYPE_CHECKING:
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.case import Case
    from gradtape.explain.edits.pen import Pen

NUMBERS: dict[str, dict[str, int]] = {
    "full": {"fill_value": 1},
    "full_like": {"fill_value": 1},
    "new_full": {"fill_value": 2},
    "linspace": {"start": 0, "end": 1},
    "logspace": {"start": 0, "end": 1},
    "arange": {"start": 0, "end": 1, "step": 2},
    "clamp": {"min": 1, "max": 2},
    "clip": {"min": 1, "max": 2},
    "hardtanh": {"min_val": 1, "max_val": 2},
    "leaky_relu": {"negative_slope": 1},
    "elu": {"alpha": 1},
    "celu": {"alpha": 1},
    "softplus": {"beta": 1},
    "add": {"alpha": 9},
    "add_": {"alpha": 9},
    "sub": {"alpha": 9},
    "sub_": {"alpha": 9},
    "addcmul": {"value": 9},
    "addcdiv": {"value": 9},
    "threshold": {"threshold": 1, "value": 2},
    "softshrink": {"lambd": 1},
    "hardshrink": {"lambd": 1},
    "dropout": {"p": 1},
    "pad": {"value": 3},
    "interpolate": {"size": 1, "scale_factor": 2},
    "uniform_": {"from": 1, "to": 2},
    "normal_": {"mean": 1, "std": 2},
    "normalize": {"p": 1, "eps": 3},
    "norm": {"p": 1},
    "logit": {"eps": 1},
    "nan_to_num": {"nan": 1},
    "renorm": {"p": 1, "maxnorm": 3},
    "layer_norm": {"eps": 4},
    "cross_entropy": {"label_smoothing": 6},
    "huber_loss": {"delta": 3},
    "smooth_l1_loss": {"beta": 3},
    "margin_ranking_loss": {"margin": 3},
    "triplet_margin_loss": {"margin": 3},
    "cosine_embedding_loss": {"margin": 3},
}
"""Which parameters take no tensor that has a history, with their positions where the tensor itself is the first."""

SAME_SHAPE = {"full": "ones", "full_like": "ones_like", "new_full": "new_ones"}
"""What makes the ones that a value can be multiplied by."""

SCALED = {"add", "add_", "sub", "sub_", "addcmul", "addcdiv"}
"""Functions that multiply what they add by a number."""

FORMULAS = {
    "leaky_relu": "torch.where({first} > 0, {x}, {k} * {x})",
    "elu": "torch.where({first} > 0, {x}, {k} * torch.expm1({x}.clamp(max=0)))",
    "softplus": "torch.nn.functional.softplus({k} * {first}) / {k}",
}
"""Functions by their formula; `first` is where what they work on is computed, `x` where it is read again."""


class Wanted(NamedTuple):
    """A call that wants plain numbers, and those arguments, by the names of the parameters."""

    call: ast.Call
    numbers: dict[str, ast.expr]

    @property
    def name(self) -> str:
        """The last part of the name of the function."""
        return simple_name(self.call)


def wanted_by(call: ast.AST | None, file: str) -> Wanted | None:
    """Return which arguments of a call must be plain numbers; None where it is no such function."""
    known = NUMBERS.get(simple_name(call)) if isinstance(call, ast.Call) else None
    if not isinstance(call, ast.Call) or known is None:
        return None
    method = isinstance(call.func, ast.Attribute) and not scopes.is_module(call.func.value, file)
    found = {name: builders.argument(call, max(0, place - method), name) for name, place in known.items()}
    return Wanted(call, {name: node for name, node in found.items() if node is not None})


def with_tensors(pen: Pen, wanted: Wanted, bare: dict[ast.expr, ast.expr]) -> Changes:
    """Write a call that gets numbers as one that gets tensors; nothing where it is not seen how.

    Parameters
    ----------
    pen : Pen
    wanted : Wanted
    bare : dict of expr to expr
        What stands inside the conversions to numbers, by those.
    """
    file, call = pen.file, wanted.call
    texts = {name: builders.operand(bare.get(node, node), file) for name, node in wanted.numbers.items()}
    if wanted.name in SAME_SHAPE:
        return _filled(wanted, texts, file)
    if wanted.name == "linspace":
        return _evenly(wanted, texts, file)
    if wanted.name in {"clamp", "clip"}:
        return _bounded(wanted, bare, texts, file)
    if wanted.name in SCALED:
        return _scaled(wanted, texts, file)
    value, number = builders.argument(call, 0, "input"), next(iter(texts.values()), "")
    if wanted.name not in FORMULAS or value is None or value in wanted.numbers.values():
        return ()
    first = name = builders.operand(value, file)
    if "{x}" in FORMULAS[wanted.name] and any(isinstance(n, ast.Call) for n in ast.walk(value)):
        name = scopes.free_name(file, "x")
        first = f"({name} := {builders.written(value, file)})"
    return (*builders.replace(call, file, pen.say(FORMULAS[wanted.name], first=first, x=name, k=number)), *pen.imports)


def _filled(wanted: Wanted, texts: dict[str, str], file: str) -> Changes:
    """Multiply ones by the value: `torch.ones_like(x) * k` for `torch.full_like(x, k)`."""
    call, value = wanted.call, wanted.numbers.get("fill_value")
    if value is None:
        return ()
    rest = [builders.written(a, file) for a in call.args if a is not value]
    rest += [builders.written(k, file) for k in call.keywords if k.value is not value]
    function = builders.written(call.func, file).removesuffix(wanted.name) + SAME_SHAPE[wanted.name]
    return builders.replace(call, file, f"{function}({', '.join(rest)}) * {texts['fill_value']}")


def _evenly(wanted: Wanted, texts: dict[str, str], file: str) -> Changes:
    """Stretch even steps from 0 to 1 by operators: `a + (b - a) * torch.linspace(0.0, 1.0, n)`."""
    call, start, end = wanted.call, wanted.numbers.get("start"), wanted.numbers.get("end")
    if start is None or end is None:
        return ()
    first, last = texts["start"], texts["end"]
    zero = isinstance(start, ast.Constant) and not start.value
    before = f"{last} * " if zero else f"{first} + ({last} - {first}) * "
    rest = {start: "0.0", end: "1.0"}
    given = [rest.get(a) or builders.written(a, file) for a in call.args]
    given += [f"{k.arg}={rest[k.value]}" if k.value in rest else builders.written(k, file) for k in call.keywords]
    return builders.replace(call, file, f"{before}{builders.written(call.func, file)}({', '.join(given)})")


def _bounded(wanted: Wanted, bare: dict[ast.expr, ast.expr], texts: dict[str, str], file: str) -> Changes:
    """Bound twice where one bound is a number and the other a tensor, which one call does not take."""
    call = wanted.call
    tensors = {name: node for name, node in wanted.numbers.items() if node in bare}
    if len(tensors) == len(wanted.numbers):
        pairs = ((node, builders.written(bare[node], file)) for node in tensors.values())
        return tuple(c for node, text in pairs for c in builders.replace(node, file, text))
    given = [builders.written(a, file) for a in call.args if a not in wanted.numbers.values()]
    given += [f"{n}={builders.written(a, file)}" for n, a in wanted.numbers.items() if n not in tensors]
    name = next(iter(tensors))
    plain = f"{builders.written(call.func, file)}({', '.join(given)})"
    return builders.replace(call, file, f"{plain}.clamp({name}={texts[name]})")


def _scaled(wanted: Wanted, texts: dict[str, str], file: str) -> Changes:
    """Multiply what is added by the number itself: `x.add(k * y)` for `x.add(y, alpha=k)`."""
    call, keyword = wanted.call, next(iter(texts), "")
    if not keyword or not call.args:
        return ()
    scaled = f"{texts[keyword]} * {builders.operand(call.args[-1], file)}"
    return (*builders.replace(call.args[-1], file, scaled), *builders.drop_argument(call, file, keyword))


def wanted_around(pen: Pen, node: ast.expr, file: str) -> Wanted | None:
    """Return the call of PyTorch's that takes an expression and can take no tensor there."""
    outer = next((n for n in reversed(builders.path_to(node, file)) if isinstance(n, ast.Call)), None)
    wanted = wanted_by(outer, file) if pen.dialect == "torch" else None
    return wanted if wanted is not None and node in wanted.numbers.values() else None


ROUNDED = {"round": "torch.round", "int": "torch.trunc", "math.floor": "torch.floor", "math.ceil": "torch.ceil"}
"""What makes a whole number of a number, and of a tensor."""


def rounded_around(case: Case, pen: Pen, node: ast.expr) -> Changes | None:
    """Let the gradient pass where what left is made whole and computed with; None where a whole number is needed."""
    found: list[Change] = []
    inner = node
    for outer in reversed(builders.path_to(node, case.file)) if pen.dialect == "torch" else ():
        if not isinstance(outer, ast.expr):
            break
        called = syntax.text_of(outer.func) if isinstance(outer, ast.Call) else ""
        if isinstance(outer, ast.Call) and inner in outer.args and _is_size(outer, inner, case.file):
            return None
        if isinstance(outer, ast.Call) and called in ROUNDED and outer.args == [inner]:
            if not _is_computed_with(case, outer):
                return None
            name = scopes.free_name(case.file, "exact")
            whole, part = syntax.span_of(outer, case.file), syntax.span_of(inner, case.file)
            rounded = pen.say(f"{ROUNDED[called]}({name}) - {name}")
            found.append(Change(Span(case.file, whole.line, whole.column, part.line, part.column), f"(({name} := "))
            end = Span(case.file, part.end_line, part.end_column, whole.end_line, whole.end_column)
            found.append(Change(end, f") + ({rounded}).detach())"))
        inner = outer
    return tuple(found)


SIZED = {
    "zeros", "ones", "empty", "rand", "randn", "randint", "eye", "range", "view", "reshape", "expand", "repeat", "tile",
    "unfold", "roll", "topk", "chunk", "split", "narrow", "flip", "new_zeros", "new_ones", "movedim", "select",
    "squeeze", "unsqueeze", "islice",
}  # fmt: skip
"""Functions whose arguments are sizes, counts and axes."""

MAKING = {"zeros", "ones", "empty", "rand", "randn", "randint", "eye", "range", "islice"}
"""Those of them that get no value first."""


def _is_size(call: ast.Call, argument: ast.expr, file: str) -> bool:
    """Whether an argument of a call is a size, a count or an axis: not the value first in a function's arguments."""
    name = simple_name(call)
    works_on = call.args[0] is argument and name not in MAKING and not builders.is_method(call, file)
    return name in SIZED and not works_on


def _is_computed_with(case: Case, node: ast.expr) -> bool:
    """Whether a number is a part of an expression, or has a name that is nothing but that wherever it is read."""
    names = syntax.assigned_names(syntax.span_of(node, case.file))
    scope = case.function
    reads = [n for name in names for n in syntax.mentions(scope, name)] if scope is not None else []
    reads = [n for n in reads if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)]
    return all(isinstance(builders.parent_of(n, case.file), ast.BinOp | ast.UnaryOp) for n in reads or [node])
