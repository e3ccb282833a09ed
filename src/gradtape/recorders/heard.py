"""What recorders heard in a run: one report per kind of answer, however often it was given."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from dataclasses import replace
from threading import RLock
from typing import TYPE_CHECKING

from gradtape.diagnostics import BY_SLUG, Annotation, Diagnostic, Severity
from gradtape.diagnostics.depth import room_to_think
from gradtape.explain.edits.together import reconciled
from gradtape.explain.report import Finding, GradientReport, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from gradtape.diagnostics import Site

VARIANTS = 200
"""How many different runs up to one call are explained; the report says how many more there were."""


SPOILED = (
    "after a gradient that is not finite was used, variables hold NaN or inf themselves: gradients that are lost only "
    "for that reason are not told again"
)


class Heard:
    """Collects reports in the order of the run; every recorder of a run writes into the same one.

    Parameters
    ----------
    to_draw : bool
        Keep the graphs of the reports, and what the values in them are like, for a page or a picture. A run of many
        steps would hold as many graphs otherwise.

    Attributes
    ----------
    remarks : list of str
        What somebody who reads the report should know about how it came about: that functions ran eagerly, that a hook
        does not fire in this version.
    not_looked_into : int
        How many questions came after ever new runs and were not explained.
    around : callable
        Returns a context manager in which an explanation is worked out: for who wants to know how long that takes.
    """

    def __init__(self, *, to_draw: bool = False) -> None:
        self.to_draw = to_draw
        self.around: Callable[[], AbstractContextManager[object]] = nullcontext
        self.forget()

    def forget(self) -> None:
        """Start anew: another test, or a process that was forked from the one that heard so much."""
        self._found: dict[Hashable, GradientReport] = {}
        self._known: dict[Hashable, list[Hashable]] = {}
        self._variants: dict[Hashable, int] = {}
        self._again: dict[Hashable, int] = {}
        """How often more the answers were given than their reports say, for a loop that asks at every step."""
        self._turn = RLock()
        self.not_looked_into = 0
        self.remarks: list[str] = []

    @property
    def reports(self) -> tuple[GradientReport, ...]:
        """What was found, in the order of the run, each kind of answer once, with edits that go together."""
        self._count_again()
        return reconciled(self._found.values())

    @contextmanager
    def apart(self, own: Heard) -> Iterator[None]:
        """Let another write down what is asked in a `with` block; afterwards it is a part of the whole."""
        before = (self._found, self._known, self._variants)
        self._found, self._known, self._variants = own._found, own._known, own._variants
        try:
            yield
        finally:
            self._count_again()
            self._found, self._known, self._variants = before
            self.add(own._found.values())

    def add(self, reports: Iterable[GradientReport]) -> None:
        """Take over what was found elsewhere, in another process of the run."""
        for report in reports:
            self._keep(report)

    def hear(self, call: Hashable, story: Hashable, explain: Callable[[], Iterable[GradientReport]]) -> bool:
        """Count a question, and explain it if its like was not heard before.

        Parameters
        ----------
        call : hashable
            Where and how it was asked, and roughly what came out.
        story : hashable
            What ran up to it: one call with one story has one answer.
        explain : callable
            Works out the reports; called only if they are new.

        Returns
        -------
        bool
            Whether its like was heard before.
        """
        key = (call, story)
        with self._turn:  # the program may have threads
            if key in self._known:
                for name in self._known[key]:
                    self._again[name] = self._again.get(name, 0) + 1
                return True
            if self._variants.get(call, 0) == VARIANTS:
                self.not_looked_into += 1
                return False
            self._variants[call] = self._variants.get(call, 0) + 1
            with self.around(), room_to_think():
                self._known[key] = list(filter(None, (self._keep(report) for report in explain())))
            return False

    def remark(self, text: str) -> None:
        """Say something about how the report came about, once."""
        if text not in self.remarks:
            self.remarks.append(text)

    def _keep(self, report: GradientReport) -> Hashable | None:
        """Write a report down, and return its name; None for what only follows from another one."""
        breaks = tuple((f.code, f.diagnostic.primary) for f in report.findings)
        name = (report.kind, report.call, report.target, report.source, report.status, breaks)
        spoiling = self._spoiling() if report.spoiled else {}
        if spoiling:
            self.remark(SPOILED)
            own = spoiling.get((report.kind, report.call, report.source))
            if own is not None:
                self._count(own, report.times)
            return own
        if name in self._found:
            self._count(name, report.times)
        else:
            self._found[name] = report if self.to_draw else replace(report, context=None)
        return name

    def _spoiling(self) -> dict[Hashable, Hashable]:
        """Return the gradients, by call and source, that were not finite before, and not for such a reason."""
        found = self._found.items()
        return {(r.kind, r.call, r.source): n for n, r in found if r.status is Status.NAN and not r.spoiled}

    def _count_again(self) -> None:
        with self._turn:
            again, self._again = self._again, {}
            for name, times in again.items():
                self._count(name, times)

    def _count(self, name: Hashable, times: int) -> None:
        report = self._found[name]
        self._found[name] = replace(report, times=report.times + times)


def failed_to_explain(
    error: Exception, kind: str, site: Site, answers: Sequence[tuple[str, str]]
) -> tuple[GradientReport, ...]:
    """Report that looking for the reason failed: a mistake of ours must not end somebody's training.

    Parameters
    ----------
    error : Exception
    kind : str
        The call that asked.
    site : Site
        Where it was asked.
    answers : sequence of (str, str)
        Per source its name and what came out: a value of `Status`.
    """
    code = BY_SLUG["not-explained"]
    message = Diagnostic(
        code,
        Severity.ERROR,
        "gradtape failed while it looked for the reason",
        (Annotation(site.span, "asked here", primary=True),),
        notes=(f"{type(error).__name__}: {error}",),
        helps=("please report this with the script; the script itself ran on unharmed",),
        proven=False,
    )
    return tuple(
        GradientReport(
            kind,
            site.span,
            "target",
            source,
            Status(sort),
            () if sort == Status.OK else (Finding(code, message, proven=False),),
        )
        for source, sort in answers
    )
