"""Tests of programs: that their gradients flow, or that a missing one is explained as it should be."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from sys import _getframe
from typing import TYPE_CHECKING, Any

from gradtape.arrays.frames import user_frame
from gradtape.diagnostics import Site, Span, code_called, sources, syntax
from gradtape.explain.report import Explanation, GradientReport, Status
from gradtape.recorders.hearing import heard_apart
from gradtape.recorders.pulls import status_of
from gradtape.recorders.summaries import array_of, summary
from gradtape.render import concise, layout, plain
from gradtape.tape.structure import flatten, rebuild
from gradtape.testing.asking import ask

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from gradtape.explain.report import Finding

_PROGRAMS = count(1)


def assert_gradients_flow(loss: Any, variables: Any, *, tape: Any = None, allow: Iterable[str] = ()) -> Any:
    """Ask for the gradients of a loss, and fail with the full diagnosis unless each one flows.

    A gradient flows if it is there, finite, and not zero in every element.

    Parameters
    ----------
    loss : callable or tensor
        A function of no arguments that computes the loss: it is run, recorded and differentiated. Or a loss that was
        computed already, of gradtape without a tape or of PyTorch. For JAX a function of the variables, as `jax.grad`
        takes it.
    variables : variable, tensor or a nested structure of them
        Of gradtape, TensorFlow, PyTorch or JAX.
    tape : GradientTape, optional
        The tape that recorded the loss, if one did: gradtape's or TensorFlow's.
    allow : iterable of str
        Codes or names of causes that are let through: "GT105", "not-used".

    Returns
    -------
    The gradients, in the structure of `variables`.

    Raises
    ------
    AssertionError
        If a gradient does not flow. The message is what `tape.why` says.
    ValueError
        If something in `allow` is no code.

    Notes
    -----
    Under `pytest --gradients` the recorders of frameworks begin anew after it: a second assertion about a loss of
    PyTorch that was computed before the first knows the gradient, but not its reason.

    Examples
    --------
    >>> import gradtape as gt
    >>> from gradtape.testing import assert_gradients_flow
    >>> w = gt.Variable(3.0)
    >>> assert_gradients_flow(lambda: w * w, w)
    Tensor(6.)
    >>> b = gt.Variable(0.0)
    >>> assert_gradients_flow(lambda: w * w, [w, b])
    Traceback (most recent call last):
        ...
    AssertionError: 2 gradients asked for: 1 flows, 1 does not...
    """
    __tracebackhide__ = True
    if isinstance(variables, Iterator):  # `model.parameters()`
        variables = list(variables)
    allowed = {code_called(word).number for word in allow}
    place = Site.of(user_frame(_getframe(1)))
    with heard_apart() as heard:
        try:
            gradients, failure = ask(loss, variables, tape), None
        except Exception as error:  # noqa: BLE001  the recorders may know why
            gradients, failure = [], error
    told = [r for r in heard.reports if r.call == place.span]
    if failure is not None and not any(r.findings for r in told):
        raise failure
    if failure is None:
        seen = _seen(variables, gradients, place)
        if not told or all(r.status is Status.OK for r in told) != all(r.status is Status.OK for r in seen):
            told = seen  # the numbers are right, whatever a recorder missed
    broken = [r for r in told if not (r.status is Status.OK or (r.findings and _codes(r) <= allowed))]
    if broken:
        raise AssertionError(_message(told, broken)) from failure
    found = iter(gradients)
    return rebuild(variables, lambda: next(found))


def assert_explains(program: Any, code: str, line: int | str) -> Finding:
    """Run a program and fail unless one of its gradients is explained by this cause at this line.

    Parameters
    ----------
    program : callable, str or Path
        A function of no arguments, the text of a program, or its file.
    code : str
        The code or name of the cause: "GT302", "piecewise-constant".
    line : int or str
        The number of the line to blame, or a text that stands in it.

    Returns
    -------
    Finding

    Raises
    ------
    AssertionError
        If the cause is not found, or found elsewhere; the message is all that was said.
    ValueError
        If there is no such code.

    Examples
    --------
    >>> from gradtape.testing import assert_explains
    >>> found = assert_explains('''
    ... import numpy as np, gradtape as gt
    ... w = gt.Variable(1.5)
    ... with gt.GradientTape() as tape:
    ...     loss = np.floor(w) * 2
    ... tape.gradient(loss, w)
    ... ''', "GT302", "np.floor(w)")
    >>> found.proven
    True
    """
    __tracebackhide__ = True
    wanted = code_called(code).number
    reports = explanations(program)
    findings = [f for r in reports for f in r.findings if f.code.number == wanted]
    for finding in findings:
        primary = finding.diagnostic.primary
        if primary is not None and line in (primary.span.line, *_texts(primary.span, line)):
            return finding
    what = f"{wanted} is said elsewhere than at {line!r}" if findings else f"{wanted} is not among what is said"
    said = plain.explanation(Explanation(reports)) if reports else "no gradient was asked for"
    raise AssertionError(f"{what}:\n\n{said}")


def explanations(program: Any) -> tuple[GradientReport, ...]:
    """Run a program in this process, and return what became of each gradient that it asked for.

    Parameters
    ----------
    program : callable, str or Path
        A function of no arguments, the text of a program, or its file.

    Returns
    -------
    tuple of GradientReport

    Examples
    --------
    >>> import gradtape as gt
    >>> from gradtape.testing import explanations
    >>> def train():
    ...     w = gt.Variable(2.0)
    ...     with gt.GradientTape() as tape:
    ...         loss = w * w
    ...     tape.gradient(loss, w)
    >>> [str(report.status) for report in explanations(train)]
    ['ok']
    """
    run = program if callable(program) else _runnable(program)
    with heard_apart() as heard:
        run()
    return heard.reports


def _runnable(program: str | Path) -> Callable[[], None]:
    name = str(program.absolute()) if isinstance(program, Path) else f"<program {next(_PROGRAMS)}>"
    data = program.read_bytes() if isinstance(program, Path) else program.encode()
    sources.keep(name, data)
    code = compile(data, name, "exec", dont_inherit=True)
    return lambda: exec(code, {"__name__": "__main__", "__file__": name})  # noqa: S102


def _texts(span: Span, line: int | str) -> tuple[int | str, ...]:
    """Return what to compare with a text that names a line: the text itself where the line has it."""
    return (line,) if isinstance(line, str) and line in span.source_line else ()


def _codes(report: GradientReport) -> set[str]:
    return {f.code.number for f in report.findings}


def _seen(variables: Any, gradients: Sequence[Any], place: Site) -> list[GradientReport]:
    """Report what no recorder heard: the gradients of a framework that none follows are judged by their numbers."""
    ends = [path for path, _ in flatten(variables)]
    names = syntax.argument_texts(place.span, 1, "variables", ends) or [f"variables{end}" for end in ends]
    target = (syntax.argument_texts(place.span, 0, "loss", [""]) or ["loss"])[0]
    return [
        GradientReport("assert_gradients_flow", place.span, target, name, _status(gradient))
        for name, gradient in zip(names, gradients, strict=True)
    ]


def _status(gradient: Any) -> Status:
    return status_of(None if gradient is None else summary(array_of(gradient)))


def _message(told: Sequence[GradientReport], broken: Sequence[GradientReport]) -> str:
    bare = [f"{concise.headline(r)}; no recorder saw how it was computed" for r in broken if not r.findings]
    parts = [layout.tally(told), *bare]
    if any(r.findings for r in broken):
        parts.append(plain.explanation(Explanation(tuple(r for r in broken if r.findings))))
    if bare:
        parts.append("help: pass a function that computes the loss, or run pytest with --gradients, to be told why")
    return "\n\n".join(parts)
