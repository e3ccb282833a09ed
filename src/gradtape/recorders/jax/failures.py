"""Errors that came in the place of a gradient: what they are about, and which expression caused them."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import jax

from gradtape.diagnostics import Passage, Site, syntax
from gradtape.explain import engine
from gradtape.explain.graph import Failure
from gradtape.explain.report import GradientReport, Status
from gradtape.recorders.jax import private
from gradtape.recorders.jax.places import Place, among, here, is_users, raised_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradtape.recorders.jax.asking import Asked
    from gradtape.recorders.jax.leaks import Leaks
    from gradtape.recorders.jax.recording import Recording

CONTROL, NUMBER, ARRAY = "traced-control-flow", "left-through-number", "left-through-numpy"
WRITE, REBUILT, RULE, CUSTOM = "array-assignment", "rebuilt-from-values", "missing-rule", "custom-rule-none"
INTEGER, SCALAR, LEAKED, NO_VALUE = "integer-source", "nonscalar-output", "leaked-tracer", "not-a-value"

BY_TYPE: tuple[tuple[str, str], ...] = (
    ("UnexpectedTracerError", LEAKED),
    ("TracerBoolConversionError", CONTROL),
    ("NonConcreteBooleanIndexError", CONTROL),
    ("TracerIntegerConversionError", NUMBER),
    ("TracerArrayConversionError", ARRAY),
    ("ConcretizationTypeError", NUMBER),
)
"""JAX's errors by class, the special ones first."""

BY_TEXT: tuple[tuple[str, str], ...] = (
    (r"JAX arrays are immutable", WRITE),
    (r"setting an array element with a sequence", WRITE),
    (r"does not work for lax\.while_loop", RULE),
    (r"callbacks? do(es)? not support JVP", RULE),
    (r"rule .*for '.*' not implemented|rule for .* not implemented", RULE),
    (
        r"derivatives? .* (is|are) not implemented|not differentiable|[Dd]ifferentiation .*not (implemented|supported)",
        RULE,
    ),
    (r"can't apply forward-mode .* to a custom_vjp", RULE),
    (r"^Custom (VJP|JVP)|custom_(vjp|jvp).* (rule|must)|No (VJP|JVP) defined for custom", CUSTOM),
    (r"(requires|must be).* real-valued outputs .*got complex|requires real-valued outputs.*complex", SCALAR),
    (r"requires .*-valued (inputs|outputs)|input type .* dtype float0|dtype float0", INTEGER),
    (r"primal and tangent arguments to jax\.(jvp|linearize) do not match", INTEGER),
    (r"Gradient only defined for scalar-output functions", SCALAR),
    (r"is not a valid JAX type", NO_VALUE),
    (r"Shapes must be 1D sequences of concrete values", NUMBER),
)
"""Errors of Python's own classes by their words, in JAX 0.10."""

LOOPS = {"while"}
CALLBACKS = {"pure_callback", "io_callback"}


def explained(asked: Asked, error: Exception, leaks: Leaks) -> tuple[GradientReport, ...]:
    """Report an error that came in the place of a question's gradients."""
    from gradtape.recorders.jax.explaining import plain_question, target_name

    failure = failure_of(asked, error, leaks)
    if failure is None:  # an error of the program's own
        name, call = target_name(asked), asked.place.site.span
        return tuple(GradientReport(asked.kind, call, name, s.name, Status.ERROR) for s in asked.sources)
    if failure.kind == INTEGER:  # one whole number among the sources ends the gradients of all
        whole = next(
            (s for s in asked.sources if not plain_question(asked, s, Status.ERROR).source.differentiable), None
        )
        if whole is not None:
            report = engine.explain(plain_question(asked, whole, Status.ERROR, failure=failure))
            return tuple(replace(report, source=s.name) for s in asked.sources)
    return tuple(engine.explain(plain_question(asked, s, Status.ERROR, failure=failure)) for s in asked.sources)


def kind_of(error: BaseException) -> str:
    """Return the slug of the cause that speaks for an error; empty for an error that is not about gradients."""
    for name, kind in BY_TYPE:
        known = getattr(jax.errors, name, None)
        if known is not None and isinstance(error, known):
            return kind
    text = str(error)
    if isinstance(error, TypeError | ValueError | NotImplementedError | AttributeError):
        return next((kind for pattern, kind in BY_TEXT if re.search(pattern, text)), "")
    return ""


def failure_of(asked: Asked, error: Exception, leaks: Leaks) -> Failure | None:
    """Return what an error is about; None for one that has nothing to do with gradients."""
    kind, text = kind_of(error), next(iter(str(error).splitlines()), "")
    if not kind:
        return None
    place = raised_at(error) or here() or asked.place
    leak = leaks.refused() if kind in {LEAKED, NUMBER, ARRAY, CONTROL} else None
    if leak is not None:
        kept = leaks.kept_at(leak)
        also = [(place.site, "it is used here, after that function has returned")]
        if not kept.span.contains(leak.made.site.span):
            also.append((leak.made.site, "the value is made here"))
        return Failure(LEAKED, text, kept, tuple(also))
    if kind in {NUMBER, ARRAY, CONTROL, WRITE}:
        return Failure(_by_expression(kind, place.site), text, place.site)
    if kind is RULE:
        rule = _without_rule(asked.recording, text)
        at, what = rule if rule is not None else (place, "")
        what = "forwards" if "custom_vjp" in text else what
        return Failure(RULE, text, at.site, detail=what or _called(at.site))
    if kind is SCALAR:
        return Failure(SCALAR, text, _returned(asked), detail=_output(text))
    if kind in {INTEGER, NO_VALUE}:
        return Failure(kind, text, asked.place.site, detail=" ".join(map(str, asked.real)))
    return Failure(kind, text, _customs_place(asked.recording) or place.site)


# -- conversions ------------------------------------------------------------------------------------------------------


def _by_expression(kind: str, site: Site) -> str:
    """Say by the expression what a value was to become: part of an array, a new array, a number of rounds."""
    span = site.span
    statement, node = syntax.statement_at(span), syntax.expression_at(span)
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    if isinstance(statement, ast.AugAssign):
        targets = [statement.target]
    if kind in {ARRAY, WRITE} and any(
        isinstance(t, ast.Subscript) and syntax.span_of(t, span.file).contains(span) for t in targets
    ):
        return WRITE
    if kind == WRITE:
        return REBUILT if _lists_values(node) else WRITE
    if kind == ARRAY and _lists_values(node):
        return REBUILT
    if kind == NUMBER and isinstance(statement, ast.For) and syntax.span_of(statement.iter, span.file).contains(span):
        return CONTROL
    return kind


def _lists_values(node: ast.AST | None) -> bool:
    """Whether a call makes an array of a list that is written there."""
    return isinstance(node, ast.Call) and any(
        isinstance(a, ast.List | ast.Tuple | ast.ListComp | ast.GeneratorExp) for a in node.args
    )


# -- rules ------------------------------------------------------------------------------------------------------------


def _without_rule(recording: Recording | None, text: str) -> tuple[Place, str] | None:
    """Return the operation whose derivative nobody wrote, and what it is: a loop, a callback, or its own name."""
    if recording is None:
        return None
    named = re.search(r"'([\w-]+)' not implemented", text)
    names = LOOPS if "while_loop" in text else CALLBACKS if "callback" in text else {named[1]} if named else set()
    what = "loop" if names is LOOPS else "callback" if names is CALLBACKS else ""
    reached = set(recording.sources)
    failed = recording.failed_in[0] if recording.failed_in is not None else None
    for entry in (*recording.entries, *((failed,) if failed is not None else ())):
        if entry.place is None or reached.isdisjoint(entry.inputs):
            continue
        reached.update(entry.outputs)
        for name, place in _inside(entry.primitive.name, entry.params, entry.place):
            if name in names:
                return place, what
    return (failed.place, what) if failed is not None and failed.place is not None else None


def _inside(name: str, params: dict[str, Any], place: Place) -> Iterator[tuple[str, Place]]:
    """Yield the primitives that an operation consists of, itself first, each with the user's expression."""
    yield name, place
    for value in params.values():
        for jaxpr in value if isinstance(value, tuple | list) else (value,):
            for equation in getattr(getattr(jaxpr, "jaxpr", jaxpr), "eqns", ()):
                own = among(private.frames(equation.source_info.traceback)) or place
                yield from _inside(equation.primitive.name, equation.params, own)


def _called(site: Site) -> str:
    node = syntax.expression_at(site.span)
    return f"`{syntax.text_of(node.func)}`" if isinstance(node, ast.Call) else ""


def _customs_place(recording: Recording | None) -> Site | None:
    """Return where a function with a rule of its own was called last."""
    entries = recording.entries if recording is not None else []
    if recording is not None and recording.failed_in is not None:
        entries = [*entries, recording.failed_in[0]]
    return next((e.place.site for e in reversed(entries) if e.place and e.primitive.name.startswith("custom")), None)


# -- results ----------------------------------------------------------------------------------------------------------


def _returned(asked: Asked) -> Any:
    """Return where the function gives back its result, if there is one such place; else the call."""
    code = getattr(asked.function, "__code__", None)
    if code is None or not is_users(code):  # a gradient of a gradient
        return asked.transformed_at.site
    returned = syntax.results_of(code)
    return Passage(syntax.span_of(returned[0], code.co_filename)) if len(returned) == 1 else asked.place.site


def _output(text: str) -> str:
    shape = re.search(r"Output had shape: (\(.*?\))\.", text)
    if shape:
        return f"an array of shape {shape[1]}"
    kind = re.search(r"got (complex\w*)", text)
    if kind:
        return f"{kind[1]}, not real"
    if "Output was None" in text:
        return "None: the function returns nothing"
    return "a tuple" if "Output was (" in text else "no single number"
