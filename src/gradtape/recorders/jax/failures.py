"""Errors that came in the place of a gradient: what they are about, and which expression caused them."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import jax
import numpy as np
from jax.extend.core import jaxpr_as_fun

from gradtape.diagnostics import Passage, Site, syntax
from gradtape.explain import engine
from gradtape.explain.graph import Failure
from gradtape.explain.report import GradientReport, Status
from gradtape.recorders.jax import private
from gradtape.recorders.jax.asking import Source
from gradtape.recorders.jax.donated import given_away
from gradtape.recorders.jax.places import Place, among, here, is_users, raised_at
from gradtape.recorders.jax.program import NotReplayable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradtape.recorders.jax.asking import Asked
    from gradtape.recorders.jax.leaks import Leaks
    from gradtape.recorders.jax.recording import Recording

CONTROL, NUMBER, ARRAY = "traced-control-flow", "left-through-number", "left-through-numpy"
WRITE, REBUILT, RULE, CUSTOM = "array-assignment", "rebuilt-from-values", "missing-rule", "custom-rule-none"
STATE, WRITTEN = "state-boundary", "overwritten-value"
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

GONE = r"^Array has been deleted|Buffer has been deleted or donated"
STATE_WRITTEN = r"with a differentiated value on a non-differentiated array reference"
"""Words of errors that have no class of their own."""

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
    (r"(?i)\b(gradient|derivative|jvp|vjp|transpose)s?\b.* not (yet )?(supported|implemented)", RULE),
    (r"(?i)unimplemented .*\b(gradient|derivative|jvp|vjp)", RULE),
    (r"can't apply forward-mode .* to a custom_vjp", RULE),
    (r"^Derivatives of .* only valid under assumptions", RULE),
    (r"^Custom (VJP|JVP)|custom_(vjp|jvp).* (rule|must)|No (VJP|JVP) defined for custom", CUSTOM),
    (r"(requires|must be).* real-valued outputs .*got complex|requires real-valued outputs.*complex", SCALAR),
    (r"requires .*-valued (inputs|outputs)|input type .* dtype float0|dtype float0", INTEGER),
    (r"primal and tangent arguments to jax\.(jvp|linearize) do not match", INTEGER),
    (r"Gradient only defined for scalar-output functions", SCALAR),
    (r"function with aux output to return a two-element tuple", SCALAR),
    (r"is not a valid JAX type|as an abstract array\. The problematic value is of type", NO_VALUE),
    (r"differentiating with respect to argnums=.* requires at least \d+ positional arguments", NO_VALUE),
    (r"Shapes must be 1D sequences of concrete values|Slice entries must be static integers", NUMBER),
    (r"unsupported format string passed to \w*Tracer", NUMBER),
)
"""Errors of Python's own classes by their words, in JAX 0.10."""

OUTPUTS = re.compile(r"requires real-valued outputs.* but got (\w+)")
"""What is said of a function that gives whole numbers or truth values."""

LOOPS = {"while"}
CALLBACKS = {"pure_callback", "io_callback"}


def explained(asked: Asked, error: Exception, leaks: Leaks) -> tuple[GradientReport, ...]:
    """Report an error that came in the place of a question's gradients."""
    from gradtape.recorders.jax.explaining import plain_question, target_name

    failure = failure_of(asked, error, leaks)
    if failure is None:  # an error of the program's own
        name, call = target_name(asked), asked.place.site.span
        return tuple(GradientReport(asked.kind, call, name, s.name, Status.ERROR) for s in asked.sources)
    if failure.kind is NO_VALUE and asked.absent:
        asked.sources = [Source(name, np.zeros(())) for name in asked.absent]
    if failure.kind == INTEGER and OUTPUTS.search(failure.text):
        return _of_whole_numbers(asked, failure)
    reports = [engine.explain(plain_question(asked, s, Status.ERROR, failure=failure)) for s in asked.sources]
    whole = [r for r in reports if r.context is not None and not r.context.source.differentiable]
    if failure.kind not in {INTEGER, NO_VALUE} or not whole:
        return tuple(reports)
    # one of them among the sources ends the gradients of all
    return tuple(r if any(r is w for w in whole) else replace(whole[0], source=r.source) for r in reports)


def _of_whole_numbers(asked: Asked, failure: Failure) -> tuple[GradientReport, ...]:
    """Report that the function gives no real number: by what ended the way to it, or else by its dtype alone."""
    from gradtape.recorders.jax.explaining import missing, plain_question

    try:
        found = missing(asked)
    except NotReplayable:  # it was traced for the code around: the numbers are not known yet
        found = ()
    if found and all(report.findings for report in found):
        return tuple(replace(report, status=Status.ERROR) for report in found)
    dtype = OUTPUTS.search(failure.text)
    failure = replace(failure, at=_returned(asked))
    reports = []
    for source in asked.sources:
        question = plain_question(asked, source, Status.ERROR, failure=failure)
        whole = replace(question.targets[0], dtype=dtype[1] if dtype else "", differentiable=False)
        reports.append(engine.explain(replace(question, targets=(whole,))))
    return tuple(reports)


def kind_of(error: BaseException) -> str:
    """Return the slug of the cause that speaks for an error; empty for an error that is not about gradients."""
    for name, kind in BY_TYPE:
        known = getattr(jax.errors, name, None)
        if known is not None and isinstance(error, known):
            return kind
    text = str(error)
    if re.search(STATE_WRITTEN, text):
        return STATE
    if re.search(GONE, text):
        return WRITTEN
    if isinstance(error, TypeError | ValueError | NotImplementedError | AttributeError | IndexError):
        return next((kind for pattern, kind in BY_TEXT if re.search(pattern, text)), "")
    return ""


def of_jax(error: BaseException) -> BaseException:
    """Return the error of JAX's that a library has told in its own words; else the error itself."""
    here: BaseException | None = error
    while here is not None and not (here is error and kind_of(here)):
        if any(isinstance(here, getattr(jax.errors, name, ())) for name, _ in BY_TYPE):
            return here
        here = here.__cause__ or here.__context__
    return error


def failure_of(asked: Asked, raised: BaseException, leaks: Leaks) -> Failure | None:
    """Return what an error is about; None for one that has nothing to do with gradients."""
    error = of_jax(raised)
    kind, text = kind_of(error), next(iter(str(error).splitlines()), "")
    if not kind:
        return None
    place = raised_at(error) or raised_at(raised) or here() or asked.place
    leak = leaks.refused() if kind in {LEAKED, NUMBER, ARRAY, CONTROL} else None
    if leak is not None:
        kept = leaks.kept_at(leak)
        also = [(place.site, "it is used here, after that function has returned")]
        if not kept.span.contains(leak.made.site.span):
            also.append((leak.made.site, "the value is made here"))
        return Failure(LEAKED, text, kept, tuple(also))
    if kind is STATE:
        return Failure(STATE, text, _whole_write(place.site))
    if kind is WRITTEN:
        taken = given_away(place.site.span) or given_away(asked.place.site.span)
        also = [(place.site, "it is read here")] if taken is not None and taken[0].span != place.site.span else []
        return Failure(WRITTEN, text, taken[0], tuple(also), detail=taken[1]) if taken is not None else None
    if kind in {NUMBER, ARRAY, CONTROL, WRITE}:
        return Failure(_by_expression(kind, place.site), text, place.site, detail=_needed(str(error)))
    if kind is RULE:
        rule = _without_rule(asked.recording, text)
        at, what = rule if rule is not None else (place, "")
        what = "forwards" if "custom_vjp" in text else what
        return Failure(RULE, text, at.site, detail=what or _called(at.site))
    if kind is SCALAR:
        return Failure(SCALAR, text, _returned(asked), detail=_output(str(error)))
    if kind is NO_VALUE and asked.absent:
        return Failure(kind, text, asked.place.site, detail=_absent(asked))
    if kind in {INTEGER, NO_VALUE}:
        return Failure(kind, text, asked.place.site, detail=" ".join(map(str, asked.real)))
    return Failure(kind, text, _customs_place(asked.recording) or place.site)


def _whole_write(site: Site) -> Site | Passage:
    """Return the statement that writes, where the place is what it writes to."""
    return Passage(syntax.stored_whole(site.span))


def _absent(asked: Asked) -> str:
    """Say why an argument that is asked for by its position is not there."""
    name = asked.absent[0]
    if name in asked.by_name:
        return f"`{name}` is passed by name, and `argnums` counts what is passed by position"
    return f"there is no `{name}` here: `argnums` counts from 0 what is passed by position"


# -- conversions ------------------------------------------------------------------------------------------------------


def _needed(text: str) -> str:
    """Say what a plain number was needed for, if not to compute with it."""
    if re.search(r"must be statically specified|first argument of jnp\.\w+\(\)\. To make", text):
        return "count"
    if re.search(r"Shapes must be 1D|Slice entries must be static", text):
        return "size"
    return "text" if "format string" in text else ""


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
    """Whether a call makes an array of a list that is written there; a solver may get one beside its function."""
    listed = ast.List | ast.Tuple | ast.ListComp | ast.GeneratorExp
    return isinstance(node, ast.Call) and bool(node.args) and isinstance(node.args[0], listed)


# -- rules ------------------------------------------------------------------------------------------------------------


def _without_rule(recording: Recording | None, text: str) -> tuple[Place, str] | None:
    """Return the operation whose derivative nobody wrote, and what it is: a loop, a callback, or its own name."""
    if recording is None:
        return None
    named = re.search(r"'([\w-]+)' not implemented", text)
    names = LOOPS if "while_loop" in text else CALLBACKS if "callback" in text else {named[1]} if named else set()
    what = "loop" if names is LOOPS else "callback" if names is CALLBACKS else ""
    what = "conditions" if "assumptions on the input" in text else what
    reached = set(recording.sources)
    failed = recording.failed_in[0] if recording.failed_in is not None else None
    for entry in (*recording.entries, *((failed,) if failed is not None else ())):
        if entry.place is None or reached.isdisjoint(entry.inputs):
            continue
        reached.update(entry.outputs)
        for name, place, trial in _inside(entry.primitive.name, entry.params, entry.place):
            if name in names or (not names and entry is failed and trial is not None and _refuses(trial, text)):
                return place, what
    return (failed.place, what) if failed is not None and failed.place is not None else None


def _inside(name: str, params: dict[str, Any], place: Place) -> Iterator[tuple[str, Place, Any]]:
    """Yield the primitives that an operation consists of, itself first, each with the user's expression.

    The third part is the primitive alone, as a closed jaxpr; None for the operation itself.
    """
    yield name, place, None
    for value in params.values():
        for jaxpr in value if isinstance(value, tuple | list) else (value,):
            inner = getattr(jaxpr, "jaxpr", jaxpr)
            for equation in getattr(inner, "eqns", ()):
                own = among(private.frames(equation.source_info.traceback)) or place
                below = list(_inside(equation.primitive.name, equation.params, own))
                yield (*below[0][:2], private.alone(inner, equation) if len(below) == 1 else None)
                yield from below[1:]


def _refuses(trial: Any, text: str) -> bool:
    """Whether JAX says of one primitive alone what it said of the whole."""
    like = [jax.ShapeDtypeStruct(v.shape, v.dtype) for v in trial.in_avals]
    try:
        jax.eval_shape(lambda *values: jax.jvp(jaxpr_as_fun(trial), values, values), *like)
    except Exception as error:  # noqa: BLE001  whatever it is, only the words count
        return text in str(error)
    return False


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
    if "two-element tuple" in text:
        alone = "got type <class 'tuple'>" not in text
        return f"{'one result' if alone else 'no pair'}, and `has_aux=True` takes a pair: the number, and the rest"
    shape = re.search(r"Output had shape: (\(.*?\))\.", text)
    if shape:
        return f"an array of shape {shape[1]}"
    kind = re.search(r"got (complex\w*)", text)
    if kind:
        return f"{kind[1]}, not real"
    if "Output was None" in text:
        return "None: the function returns nothing"
    return "a tuple" if "Output was (" in text else "no single number"
