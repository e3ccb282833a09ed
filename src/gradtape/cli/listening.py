"""Hears every gradient question of a run, and has each kind of answer explained once, at the call."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from gradtape.diagnostics import BY_SLUG, Annotation, Diagnostic, Severity
from gradtape.errors import MissingGradientWarning
from gradtape.explain.report import Finding, GradientReport, Status
from gradtape.tape import missing
from gradtape.tape.asked import story

if TYPE_CHECKING:
    from collections.abc import Hashable
    from types import TracebackType

    from gradtape.tape.asked import Asked

VARIANTS = 200
"""How many different runs up to one call are explained; the report says how many more there were."""


class Listening:
    """Collects what was asked in a `with` block; the warnings about missing gradients are silent meanwhile."""

    def __init__(self) -> None:
        self._found: dict[Hashable, GradientReport] = {}
        self._known: dict[Hashable, list[Hashable]] = {}
        self._variants: dict[Hashable, list[Hashable]] = {}
        self.not_looked_into = 0
        self._quiet = warnings.catch_warnings()

    def __enter__(self) -> Self:
        self._quiet.__enter__()
        warnings.simplefilter("ignore", MissingGradientWarning)
        missing.LISTENERS.append(self.hear)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        missing.LISTENERS.remove(self.hear)
        self._quiet.__exit__(kind, error, traceback)

    @property
    def reports(self) -> tuple[GradientReport, ...]:
        """What was found, in the order of the run, each kind of answer once."""
        return tuple(self._found.values())

    def hear(self, asked: Asked) -> None:
        """Count a question, and explain it if its like was not heard before."""
        call = (
            asked.kind,
            asked.site.code.co_filename,
            asked.site.code.co_firstlineno,
            asked.site.lasti,
            answer(asked),
        )
        key = (call, story(asked))
        if key not in self._known:
            variants = self._variants.setdefault(call, [])
            if len(variants) == VARIANTS:
                self.not_looked_into += 1
                return
            variants.append(key)
            self._known[key] = [self._keep(report) for report in explained(asked)]
            return
        for name in self._known[key]:
            self._count(name)

    def _keep(self, report: GradientReport) -> Hashable:
        breaks = tuple((f.code, f.diagnostic.primary) for f in report.findings)
        name = (report.kind, report.call, report.target, report.source, report.status, breaks)
        if name in self._found:
            self._count(name)
        else:
            self._found[name] = report
        return name

    def _count(self, name: Hashable) -> None:
        report = self._found[name]
        self._found[name] = replace(report, times=report.times + 1)


def answer(asked: Asked) -> tuple[str, ...]:
    """Return what came out per source, roughly: as far as it can be seen without looking for reasons."""
    if asked.results is None:
        return ("",) * len(asked.sources)
    return tuple(_sort_of(getattr(result, "_value", result)) for result in asked.results)


def _sort_of(gradient: Any) -> str:
    if gradient is None:
        return "none"
    total = np.abs(gradient).sum()
    return "nan" if not np.isfinite(total) else "ok" if total else "zero"


def explained(asked: Asked) -> tuple[GradientReport, ...]:
    """Return the reasons; if working them out fails, say that, and let the script go on."""
    try:
        return missing.explain_asked(asked).gradients
    except Exception as error:  # noqa: BLE001  a mistake of ours must not end somebody's training
        return tuple(_unexplained(asked, error))


def _unexplained(asked: Asked, error: Exception) -> list[GradientReport]:
    code = BY_SLUG["not-explained"]
    call = asked.site.span
    message = Diagnostic(
        code,
        Severity.ERROR,
        "gradtape failed while it looked for the reason",
        (Annotation(call, "asked here", primary=True),),
        notes=(f"{type(error).__name__}: {error}",),
        helps=("please report this with the script; the script itself ran on unharmed",),
        proven=False,
    )
    sorts = answer(asked)
    return [
        GradientReport(
            asked.kind,
            call,
            "target",
            f"sources{leaf.path}",
            Status(sort or "error"),
            () if sort == "ok" else (Finding(code, message, proven=False),),
        )
        for leaf, sort in zip(asked.sources, sorts, strict=True)
    ]
