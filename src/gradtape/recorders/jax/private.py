"""Every name of JAX that is not public, in one place: what a new version may move is looked for here alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jax._src import core
from jax._src.array import ArrayImpl
from jax._src.interpreters import ad, batching
from jax._src.lax import lax
from jax._src.traceback_util import register_exclusion

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType

SUPPORTED = ((0, 9, 2), (0, 11, 0))
"""The versions that the tests pass with: from the first up to the second, which nobody has tried."""

Tracer = core.Tracer
Literal = core.Literal
DIFFERENTIATING = (ad.LinearizeTrace, ad.JVPTrace)
"""The traces that carry tangents: `process_primitive` and its siblings see every operation under a transformation."""

PROCESSING = ("process_primitive", "process_custom_jvp_call", "process_custom_vjp_call")
"""Their methods; all take the operation first and name its arguments `tracers`."""

ESCAPING = (core, "escaped_tracer_error")
"""The function that makes the error about a traced value that outlived its function; takes the value."""

STOPPING = (lax, "_stop_gradient")
"""The function that stops one array's gradients; it takes tangents off before any trace sees the operation."""

CONCRETE = ArrayImpl
"""The class of arrays that hold numbers."""

leave_out_of_tracebacks = register_exclusion


def current_trace() -> Any:
    """Return the trace that operations run under now."""
    return core.trace_ctx.trace


def differentiates(value: Any, trace: Any) -> bool:
    """Whether a value carries a tangent of this trace."""
    return isinstance(value, Tracer) and value._trace is trace


def below(value: Any, trace: Any) -> Any:
    """Return what a value is to the code around a transformation: without the tangent that it carries there."""
    value = value.primal if differentiates(value, trace) else value
    while isinstance(value, batching.BatchTracer):
        value = value.val
    return value


def of_batch(value: Any, trace: Any) -> tuple[Any, int | None]:
    """Return the whole batch of a value under a `vmap`, and its axis; the value itself and None if it has none."""
    batched = isinstance(value, batching.BatchTracer) and value._trace is trace and value.batch_dim is not None
    return (value.val, value.batch_dim) if batched else (value, None)


def batches(trace: Any) -> bool:
    """Whether a trace is a `vmap`'s."""
    return isinstance(trace, batching.BatchTrace)


def primal(value: Any) -> Any:
    """Return what a value is without the tangents that it carries."""
    while isinstance(value, ad.LinearizeTracer | ad.JVPTracer):
        value = value.primal
    return value


def alive(tracer: Any) -> bool:
    """Whether a traced value's trace is among those that run now."""
    return any(trace is tracer._trace for trace in traces())


def traces() -> Iterator[Any]:
    """Yield the traces that operations run under now, innermost first."""
    trace = current_trace()
    while trace is not None:
        yield trace
        trace = getattr(trace, "parent_trace", None)


def origin(tracer: Any) -> Any:
    """Return the traceback of where a traced value was made, if JAX kept it."""
    return getattr(getattr(tracer, "_line_info", None), "traceback", None)


def under_named_axes() -> bool:
    """Whether code runs once per device (`shard_map`, `pmap`) or under a `vmap` with a named axis."""
    return bool(core.get_axis_env().axis_sizes)


def frames(traceback: Any) -> Iterator[tuple[CodeType, int]]:
    """Yield code and instruction of a traceback as JAX keeps it with an equation, innermost first."""
    if traceback is not None:
        yield from zip(*traceback.raw_frames(), strict=True)


def made_by(traced: Any) -> str:
    """Return the function that a jaxpr was traced from: `loss at /path/train.py:12`; empty where it is not known."""
    info = getattr(traced, "debug_info", None)
    return str(getattr(info, "func_src_info", "") or "")


def rule_at(custom: Any) -> tuple[str, str, int]:
    """Return name, file and line of the rule of a function that has one of its own; empty where it is not known.

    `custom` is the function that the program made with `custom_vjp` or `custom_jvp`, or the settings of the operation
    that it became.
    """
    if isinstance(custom, Mapping):
        text = made_by(custom.get("bwd", custom.get("jvp_jaxpr_fun")))
        name, _, place = text.partition(" at ")
        file, _, line = place.rpartition(":")
        return name, file, int(line) if line.isdigit() else 0
    rule = getattr(custom, "bwd", None) or getattr(custom, "jvp", None)
    code = getattr(rule, "__code__", None)
    return (code.co_name, code.co_filename, code.co_firstlineno) if code is not None else ("", "", 0)


def alone(jaxpr: Any, equation: Any) -> Any:
    """Return a closed jaxpr of one equation; its inputs are the equation's that are no literal numbers."""
    variables = [v for v in equation.invars if not isinstance(v, Literal)]
    only = jaxpr.replace(
        constvars=(),
        invars=variables,
        outvars=list(equation.outvars),
        eqns=[equation],
        debug_info=jaxpr.debug_info.with_unknown_names(),
    )
    return core.ClosedJaxpr(only, ())
