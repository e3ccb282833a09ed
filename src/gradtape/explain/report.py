"""What an explanation says, as data: one `GradientReport` per gradient, one `Finding` per independent break."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from os import PathLike

    from gradtape.diagnostics import Code, Diagnostic, Span
    from gradtape.explain.cause import Context


class Status(StrEnum):
    """What came out of a gradient question for one source."""

    OK = "ok"
    NONE = "none"
    ZERO = "zero"
    NAN = "nan"
    PARTIAL = "partial"
    ERROR = "error"


class Excuse(StrEnum):
    """Whether a missing gradient may be nobody's business."""

    NONE = "none"
    PERHAPS = "perhaps"
    """Harmless if the author means it so; the run does not tell."""
    DECLARED = "declared"
    """The program itself says so: the source is not trainable, and others of the same call learn."""


@dataclass(frozen=True, slots=True)
class Step:
    """One operation on a route from a source to a target."""

    op: str
    span: Span


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason, with the message that tells it.

    Parameters
    ----------
    code : Code
        The cause; `cause` is its slug.
    diagnostic : Diagnostic
        The message: its primary annotation is where the path breaks, or the place that best explains it.
    proven : bool
        Whether the recorded operations prove it; otherwise the message says "possible".
    path : tuple of Step
        The route through the break, from the source to the target.
    excuse : Excuse
        Whether it may be harmless.
    source : str
        What the message calls the source.
    """

    code: Code
    diagnostic: Diagnostic
    proven: bool = True
    path: tuple[Step, ...] = ()
    excuse: Excuse = Excuse.NONE
    source: str = field(default="", compare=False)

    @property
    def cause(self) -> str:
        """The slug of the cause: `not-watched`, `piecewise-constant`, ..."""
        return self.code.slug


@dataclass(frozen=True, slots=True)
class GradientReport:
    """What became of one gradient.

    Parameters
    ----------
    kind : str
        The call that asked: `tape.gradient`, `tape.why`, `tf.gradients`.
    call : Span
        Where it was asked.
    target, source : str
        What they are called in the user's own program: `loss`, `layers[2].kernel`.
    status : Status
    findings : tuple of Finding
        Why, if the status is not `ok`; first break first. Independent breaks give one finding each.
    notes : tuple of Diagnostic
        Remarks on a healthy gradient: a branch carries none, an assignment is no part of it.
    times : int
        How often the same call gave the same answer.
    context : Context or None
        What the report was worked out from, the graph and the routes, for who wants to draw them; None where they were
        not kept.
    spoiled : bool
        Whether it is not finite since a variable, or a source that was asked for, was not before anything was computed.
    """

    kind: str
    call: Span
    target: str
    source: str
    status: Status
    findings: tuple[Finding, ...] = ()
    notes: tuple[Diagnostic, ...] = ()
    times: int = 1
    context: Context | None = field(default=None, compare=False, repr=False)
    spoiled: bool = False


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer of `tape.why`: prints as text, and can be read by a program.

    Attributes
    ----------
    gradients : tuple of GradientReport
        One per source.
    """

    gradients: tuple[GradientReport, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings of all sources, in order."""
        return tuple(f for g in self.gradients for f in g.findings)

    @property
    def first_diagnostic(self) -> Diagnostic | None:
        """The first finding's message, None if every gradient flows."""
        return next((f.diagnostic for f in self.findings), None)

    def __str__(self) -> str:
        from gradtape.render import plain

        return plain.explanation(self)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Show it in a notebook: the messages, and the routes as a picture."""
        from gradtape.render import notebook

        return notebook.explanation(self.gradients)

    def save(self, file: str | PathLike[str]) -> None:
        """Write a page to look at, or a picture of the routes, as `gradtape why --html` and `--svg` do.

        Parameters
        ----------
        file : str or path
            Ends in `.html` or `.svg`.

        Raises
        ------
        ValueError
            If it ends in something else.
        """
        from gradtape.render import files

        files.save(self.gradients, file)

    def one_lines(self) -> tuple[str, ...]:
        """Return the reasons in one line each, one per gradient that does not flow."""
        from gradtape.render import concise

        return concise.explanation(self)

    def to_json(self) -> list[dict[str, object]]:
        """Return the gradients in the form of `gradtape why --json`."""
        from gradtape.render import json_form

        return json_form.gradients(self.gradients)
