"""Explanations and tapes in a notebook: HTML that runs no program, so that it also shows where nobody trusts it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradtape.render import cards, layout, paths, picture, svg
from gradtape.render.assets import asset
from gradtape.render.markup import Markup, join, tag

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gradtape.explain.graph import Run
    from gradtape.explain.report import Finding, GradientReport

MOST = 40
"""Lines of a tape that are drawn."""


def explanation(reports: Sequence[GradientReport]) -> str:
    """Return what became of some gradients: a table, the messages, the picture of the routes.

    Parameters
    ----------
    reports : sequence of GradientReport
    """
    parts: list[str] = [tag("p", tag("strong", layout.tally(reports)))]
    parts += [_table(title, ones) for title, ones in layout.by_call(reports)]
    parts += [cards.card(finding.diagnostic, extra) for finding, extra in layout.merged(reports)]
    parts += [cards.card(note) for note in dict.fromkeys(note for report in reports for note in report.notes)]
    if any(report.context is not None for report in reports):
        drawn = tag("summary", "the routes on the tape")
        parts.append(tag("details", drawn, Markup(svg.routes(reports)), class_="routes"))
    return _framed(parts)


def tape(run: Run, facts: Iterable[tuple[str, str]]) -> str:
    """Return a tape: what is known of it, and its first lines.

    Parameters
    ----------
    run : Run
        What it recorded, and no more.
    facts : iterable of (str, str)
    """
    drawn = picture.of_run(run)
    table = tag("table", *(tag("tr", tag("th", name, scope="row"), tag("td", fact)) for name, fact in facts))
    shown = Markup(svg.tape(drawn, "a gradient tape", MOST)) if drawn.rows else ""
    return _framed([tag("p", tag("strong", "GradientTape")), table, shown])


def _table(title: str, ones: Iterable[tuple[GradientReport, str]]) -> Markup:
    rows = (
        tag(
            "tr",
            tag("td", str(report.status), class_=f"status {report.status}"),
            tag("th", layout.ratio(report), scope="row"),
            tag("td", join([_short(f) for f in report.findings], "; "), rare),
        )
        for report, rare in ones
    )
    return tag("table", tag("caption", title), *rows)


def _short(finding: Finding) -> str:
    primary = finding.diagnostic.primary
    place = f" at {paths.shown(primary.span.file)}:{primary.span.line}" if primary is not None else ""
    return f"{finding.code}{place}"


def _framed(parts: Iterable[str]) -> str:
    """Put parts into an element whose style holds for it alone."""
    style = f".gradtape {{\n{asset('colours.css')}{asset('words.css')}{asset('notebook.css')}}}\n{asset('themes.css')}"
    return tag("div", tag("style", Markup(style)), *parts, class_="gradtape")
