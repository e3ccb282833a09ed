"""What happens when a gradient does not exist: the warning, the zeros, the error; and the way to the explanation.

The room `explain` is imported only here and only when somebody asks for a reason.
"""

from __future__ import annotations

import warnings
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from gradtape.arrays.dispatch import family_of, in_family
from gradtape.arrays.failures import located
from gradtape.arrays.frames import user_frame
from gradtape.arrays.tensor import wrap
from gradtape.errors import MissingGradientError, MissingGradientWarning, UsedUpError
from gradtape.tape.asked import Asked, Leaf, asked_from, story
from gradtape.tape.structure import flatten

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import FrameType

    from gradtape.arrays.record import Recording
    from gradtape.diagnostics import Site
    from gradtape.errors import GradtapeError
    from gradtape.explain import Explanation
    from gradtape.explain.graph import Failure
    from gradtape.explain.report import GradientReport

LISTENERS: list[Callable[[Asked], None]] = []
"""Called with every gradient question and its answer. They tell the reasons, so that nobody is warned as well."""

OBSERVERS: list[Callable[[Asked], None]] = []
"""Called too, and only look on: the warnings are as ever."""

_TOLD: dict[tuple[Any, ...], Explanation] = {}
"""The reasons that were already worked out, by call and by what ran up to it."""

_REASONS: dict[int, GradientReport] = {}
"""Why the newest gradient of a source is None, by the source's id: for who is handed that None (an optimizer)."""

_LOOKED_INTO: Counter[Site] = Counter()
MOST_TOLD = 1000
MOST_PER_CALL = 50
"""How often the reasons of one call are worked out for a warning: a program that never runs the same way twice is
told so instead of being slowed down.
"""


def somebody_listens() -> bool:
    """Whether a question with an answer has to be written down for anybody."""
    return bool(LISTENERS or OBSERVERS)


def announce(asked: Asked) -> None:
    """Tell the listeners."""
    for listener in (*LISTENERS, *OBSERVERS):
        listener(asked)


def explain_asked(asked: Asked, *, to_draw: bool = False) -> Explanation:
    """Work out why the gradients of a question are what they are; `to_draw` also tells what all values are like."""
    from gradtape.diagnostics.depth import room_to_think
    from gradtape.recorders import native

    with room_to_think():
        return native.explain(asked, to_draw=to_draw)


def about(what: str, at: Site | None = None, detail: str = "") -> Failure:
    """Say what an error is about that comes in the place of a gradient; see `explain.graph.Failure`."""
    from gradtape.explain.graph import Failure

    return Failure(what, "", at, detail=detail)


def fail(error: GradtapeError, asked: Asked) -> NoReturn:
    """Raise an error that came in the place of a gradient, after everybody who listens was told; it carries the reason.

    Raises
    ------
    GradtapeError
        The error.
    """
    announce(asked)
    with suppress(Exception):  # a mistake of ours must not take the error's place
        error.diagnostic = explain_asked(asked).first_diagnostic or error.diagnostic
    raise error


def refuse_used_up(recording: Recording, target: Any, sources: Any, frame: FrameType, used_at: Site) -> NoReturn:
    """Refuse a second set of gradients from a tape that is not persistent.

    Raises
    ------
    UsedUpError
    """
    targets = tuple(Leaf(path, value) for path, value in flatten(target))
    wanted = tuple(Leaf(path, value) for path, value in flatten(sources))
    error = located(
        UsedUpError,
        "A non-persistent GradientTape can only be used to compute one set of gradients (or jacobians); "
        f"this one gave its gradients at line {used_at.span.line}",
        frame,
        "ask for all gradients in one call, or make the tape with `GradientTape(persistent=True)`",
    )
    fail(error, asked_from("tape.gradient", recording, targets, wanted, None, frame, used_at=used_at))


def fill(asked: Asked, results: tuple[Any, ...], unconnected: str, frame: FrameType) -> tuple[Any, ...]:
    """Put what the caller asked for in the place of gradients that do not exist; for "untold", nothing.

    Raises
    ------
    MissingGradientError
        If `unconnected` is "raise".
    """
    if unconnected == "untold":
        return results
    if unconnected == "zero":
        return tuple(zeros_for(s.value) if r is None else r for s, r in zip(asked.sources, results, strict=True))
    if LISTENERS and unconnected != "raise":
        return results  # whoever listens was told already, and tells the reasons
    lines = one_line_reasons(asked, results)
    place = user_frame(frame)
    if unconnected == "raise":
        raise MissingGradientError("\n".join(lines), explain_asked(asked).first_diagnostic)
    registry = place.f_globals.setdefault("__warningregistry__", {})
    for line in lines:
        warnings.warn_explicit(
            line,
            MissingGradientWarning,
            place.f_code.co_filename,
            place.f_lineno,
            place.f_globals.get("__name__", "__main__"),
            registry,
        )
    return results


def zeros_for(source: Any) -> Any:
    """Return zeros in the form of a source, None for text, which has no zero."""
    if source._value.dtype.kind in "USO":
        return None
    family = family_of((source,))
    zeros = wrap(np.zeros_like(source._value))
    return zeros if family is None else in_family(zeros, family)


def one_line_reasons(asked: Asked, results: tuple[Any, ...]) -> tuple[str, ...]:
    """Return one line per missing gradient; a training loop that asks the same again does not pay again."""
    absent = tuple(k for k, r in enumerate(results) if r is None)
    key = (asked.site, absent, story(asked))
    if key not in _TOLD:
        if len(_TOLD) > MOST_TOLD:
            _TOLD.clear()
            _LOOKED_INTO.clear()
            _REASONS.clear()
        _LOOKED_INTO[asked.site] += 1
        if _LOOKED_INTO[asked.site] > MOST_PER_CALL:
            for k in absent:
                _REASONS.pop(asked.sources[k].id, None)
            return (f"{len(absent)} gradients are missing, and every run up to this call is another; `why` tells more",)
        from dataclasses import replace

        from gradtape.diagnostics.depth import room_to_think

        with room_to_think():
            told = explain_asked(asked)
            _TOLD[key] = replace(told, gradients=tuple(told.gradients[k] for k in absent))
    _REASONS.update(zip((asked.sources[k].id for k in absent), _TOLD[key].gradients, strict=True))
    return _TOLD[key].one_lines()


def reason_of(source: Any) -> GradientReport | None:
    """Return why the newest gradient of a tensor or variable is None, None if it is not or nobody was told why."""
    return _REASONS.get(source._id)


def forget_reasons(answered: Iterable[int]) -> None:
    """Forget why gradients were None of sources that have one now."""
    if _REASONS:
        for source in answered:
            _REASONS.pop(source, None)
