"""A picture and its gradients as compact JSON: what the page's program draws."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from gradtape.render import paths
from gradtape.render.markup import Markup

if TYPE_CHECKING:
    from gradtape.explain.graph import Summary
    from gradtape.explain.report import GradientReport
    from gradtape.render.picture import Picture, Row


LONGEST = 40
"""Characters of a setting that are shown."""


class Table:
    """Distinct things in the order in which they were first met; each is told by its number."""

    def __init__(self) -> None:
        self.numbers: dict[Any, int] = {}

    def __call__(self, thing: Any) -> int:
        """Return the number of a thing, a new one if it was not met before."""
        return self.numbers.setdefault(thing, len(self.numbers))

    def __iter__(self) -> Any:
        return iter(self.numbers)


def tape(picture: Picture, files: Table, title: str) -> dict[str, Any]:
    """Return the rows of a tape as columns of numbers, with the tables that they point into.

    An input is told by the row that made it, -1 where none did, and `-row - 2` where the line to it would be too long.

    Parameters
    ----------
    picture : Picture
    files : Table
        The files of the page.
    title : str
        What the tape is called where there are several.
    """
    names, sites, summaries = Table(), Table(), Table()
    values = [_told(picture.values.get(row)) for row in range(len(picture.rows))]
    columns: dict[str, list[Any]] = {
        "name": [names(row.name) for row in picture.rows],
        "site": [-1 if row.site is None else sites(row.site) for row in picture.rows],
        "lane": list(picture.lanes.lane),
        "inputs": [
            [-source - 2 if away and source >= 0 else source for source, away in zip(row.inputs, far, strict=True)]
            if row.operation
            else None
            for row, far in zip(picture.rows, picture.lanes.far, strict=True)
        ],
        "value": [-1 if told is None else summaries(told) for told in values],
    }
    return {
        "title": title,
        "names": list(names),
        "sites": [_place(site.span, files) for site in sites],
        "summaries": list(summaries),
        **columns,
        "breaks": {k: _breaks(row) for k, row in enumerate(picture.rows) if any(row.breaks)},
        "callers": {
            k: [[files(s.span.file), s.span.line, s.span.function] for s in row.operation.callers]
            for k, row in enumerate(picture.rows)
            if row.operation is not None and row.operation.callers
        },
        "params": {
            k: ", ".join(f"{name}={_cut(str(value))}" for name, value in row.operation.params.items())
            for k, row in enumerate(picture.rows)
            if row.operation is not None and row.operation.params
        },
        "folds": picture.folds,
        "leftOut": picture.left_out,
    }


def gradient(report: GradientReport, place: int, picture: Picture, findings: list[tuple[int, int]]) -> dict[str, Any]:
    """Return one gradient: its ends on the tape, its routes, its findings.

    Parameters
    ----------
    report : GradientReport
    place : int
        The number of the tape.
    picture : Picture
    findings : list of (int, int)
        The number of each finding on the page, and its row on the tape.
    """
    context = report.context
    assert context is not None  # noqa: S101 - a picture is made of reports that have one
    return {
        "tape": place,
        "name": report.source,
        "target": report.target,
        "status": str(report.status),
        "sources": picture.source(context.source),
        "targets": picture.shown(context.question.target_ids),
        "routes": [picture.route(route) for route in context.routes],
        "findings": findings,
    }


def embedded(data: Any) -> Markup:
    """Return data as JSON that may stand in a script element: nothing in it can end the element or open a comment."""
    told = json.dumps(data, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    for sign in "<>&":
        told = told.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(told)


def _place(span: Any, files: Table) -> list[Any]:
    text = " ".join(span.text.split())
    return [files(span.file), span.line, span.column, span.end_line, span.end_column, span.function, text]


def _breaks(row: Row) -> list[list[Any]]:
    return [[k, str(one.kind), one.reason, one.proven] for k, found in enumerate(row.breaks) for one in found]


def _told(value: Summary | None) -> tuple[Any, ...] | None:
    if value is None:
        return None
    shape = f"({', '.join(map(str, value.shape))}{',' if len(value.shape) == 1 else ''})"
    numbers = (None, None) if math.isnan(value.low) else (_short(value.low), _short(value.high))
    return (shape, value.dtype, *numbers, value.zeros, value.nans, value.infs, value.size)


def _cut(told: str) -> str:
    return told if len(told) <= LONGEST else told[: LONGEST - 3] + "..."


def _short(number: float) -> float:
    return float(f"{number:.4g}")


def title_of(report: GradientReport) -> str:
    """Return what the tape of a report is called: the call that asked it."""
    return f"{report.kind} at {paths.shown(report.call.file)}:{report.call.line}"
