"""The page of `gradtape why --html`: findings, source and tape side by side, in one file that needs no network."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from gradtape.explain.report import Status
from gradtape.render import cards, compact, layout, listing, paths, picture
from gradtape.render.assets import asset
from gradtape.render.markup import Markup, join, tag

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gradtape.diagnostics import Span
    from gradtape.explain.report import Finding, GradientReport

STYLES = ("words.css", "page.css")
PROGRAMS = ("model.js", "strokes.js", "tape.js", "page.js")
SIGNS = {Status.OK: "\u2713", Status.NONE: "\u2715", Status.ZERO: "\u25cb", Status.PARTIAL: "\u25d0"}


MANY = 16
"""Gradients of one call that a table shows at once: those that do not flow first."""


class About(NamedTuple):
    """What stands at the head of a page.

    Parameters
    ----------
    script : str
        What was run, as the user called it.
    remarks : tuple of str
        What a reader should know about how the report came about.
    """

    script: str
    remarks: tuple[str, ...] = ()


def page(reports: Sequence[GradientReport], about: About) -> str:
    """Return the whole page.

    Parameters
    ----------
    reports : sequence of GradientReport
        With the graphs that they were worked out from, if the tape is to be shown.
    about : About
    """
    told = _Page(reports)
    style = "\n".join((f":root {{\n{asset('colours.css')}}}", *map(asset, STYLES)))
    program = "\n".join(map(asset, PROGRAMS))
    policy = (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(program)}; "
        "base-uri 'none'; form-action 'none'"
    )
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", f"gradtape why {about.script}"),
        tag("style", Markup(style)),
    )
    body = tag(
        "body",
        tag("a", "skip to the findings", href="#findings", class_="skip"),
        _header(reports, about),
        _switch(),
        tag("main", told.findings(about), told.sources(), _tape(told.titles)),
        tag("p", "", class_="unseen", id="said", role="status", aria_live="polite"),
        tag("script", compact.embedded(told.data), type="application/json", id="data"),
        tag("script", Markup(program)),
    )
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def _hash(content: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"


def _header(reports: Sequence[GradientReport], about: About) -> Markup:
    healthy = sum(r.status is Status.OK for r in reports)
    return tag(
        "header",
        tag("h1", tag("span", "gradtape why", class_="product"), " ", about.script),
        tag("p", layout.tally(reports), class_="tally good" if healthy == len(reports) else "tally bad"),
        tag(
            "div",
            tag(
                "label",
                tag("span", "search operations, expressions, lines", class_="unseen"),
                tag(
                    "input", type="search", id="search", placeholder="search  /", autocomplete="off", spellcheck="false"
                ),
            ),
            tag("span", "", id="matches", class_="matches"),
            tag("button", "?", type="button", id="help", aria_label="keys", aria_expanded="false"),
            tag("button", "", type="button", id="theme", aria_label="colours: as the system has them"),
            class_="tools",
        ),
        tag("div", _keys(), id="keys", hidden="hidden"),
    )


KEYS = (
    ("/", "search; Enter and Shift+Enter go through what was found"),
    ("n, p", "next and previous break on the tape"),
    ("arrow keys, Page Up, Page Down, Home, End", "move along the source or the tape"),
    ("Enter", "show an operation and its line, or the operations of a line"),
    ("right, left", "open and close rounds of a loop"),
    ("+, -, 0", "zoom the tape; all of it"),
    ("Escape", "let go of what is marked"),
    ("solid line", "the value depends on the source of that colour, and a gradient can flow"),
    ("dotted line", "it depends on it, but no gradient can flow: the path broke before"),
    ("\u2715", "where the path of a gradient breaks; grey where nobody asked for it"),
)


def _keys() -> Markup:
    return tag("dl", *(join((tag("dt", key), tag("dd", what))) for key, what in KEYS))


def _switch() -> Markup:
    """Return the row of buttons that choose a pane where only one fits."""
    panes = (("findings", "Findings"), ("source", "Source"), ("tape", "Tape"))
    buttons = (
        tag("button", name, type="button", data_pane=pane, aria_pressed="true" if k == 0 else "false")
        for k, (pane, name) in enumerate(panes)
    )
    return tag("nav", *buttons, class_="switch", aria_label="what to show")


def _tape(titles: list[str]) -> Markup:
    options = (tag("option", title, value=k) for k, title in enumerate(titles))
    zoom = (("closer", "+", "zoom in"), ("farther", "\u2212", "zoom out"), ("whole", "all", "show the whole tape"))
    bar = tag(
        "div",
        tag("h2", "Tape"),
        tag("label", tag("span", "which tape", class_="unseen"), tag("select", *options, id="which"))
        if len(titles) > 1
        else "",
        tag("span", "", id="extent", class_="extent"),
        tag("button", "unfold all", type="button", id="unfold", aria_pressed="false", hidden="hidden"),
        tag(
            "span",
            *(tag("button", sign, type="button", id=i, aria_label=told) for i, sign, told in zoom),
            class_="zoom",
        ),
        class_="bar",
    )
    rows = tag(
        "div",
        tag("div", "", id="rows", class_="rows"),
        tag("div", "", id="height", class_="height"),
        id="scroller",
        class_="scroller",
        tabindex=0,
        role="listbox",
        aria_label="operations of the tape, in the order of the run",
    )
    return tag(
        "section",
        bar,
        tag(
            "div",
            rows,
            tag("canvas", "", id="lanes", aria_hidden="true"),
            tag("canvas", "", id="map", class_="map", aria_hidden="true"),
            class_="drawing",
        ),
        tag("div", "", id="details", class_="details", role="region", aria_label="the chosen operation", tabindex=-1),
        tag("noscript", tag("p", "The tape is drawn by a program, which this browser does not run.", class_="absent")),
        id="tape",
        class_="pane",
        aria_label="Tape",
    )


def _where(finding: Finding, report: GradientReport) -> str:
    """Return the place of a finding, as short as it can be beside the call that asked."""
    primary = finding.diagnostic.primary
    same = primary is not None and primary.span.file == report.call.file
    return f"line {primary.span.line}" if primary is not None and same else layout.where(finding)


class _Page:
    """Numbers what a page refers to: files, findings, tapes."""

    def __init__(self, reports: Sequence[GradientReport]) -> None:
        self.reports = reports
        self.files = compact.Table()
        self.merged = layout.merged(reports)
        self.numbers = {layout.told_of(finding): k for k, (finding, _) in enumerate(self.merged)}
        self.rows: dict[int, tuple[int, int]] = {}
        self.titles: list[str] = []
        self.notes: dict[str, list[listing.Note]] = defaultdict(list)
        self.used: dict[str, set[int]] = defaultdict(set)
        for report in reports:
            self._use(report.call)
        for finding, _ in self.merged:
            self._say(finding)
        self.not_drawn = sum(report.context is not None for report in reports)
        self.data = self._data()

    def _use(self, span: Span) -> None:
        self.files(span.file)
        self.used[span.file].add(span.line)

    def _say(self, finding: Finding) -> None:
        message = finding.diagnostic
        for annotation in message.annotations:
            self._use(annotation.span)
            code = message.code.number if message.code else ""
            self.notes[annotation.span.file].append(
                listing.Note(annotation, self.numbers[layout.told_of(finding)], code)
            )

    def _data(self) -> dict[str, object]:
        tapes: list[dict[str, object]] = []
        gradients: dict[int, dict[str, object]] = {}
        order = {id(report): k for k, report in enumerate(self.reports)}
        for place, (drawn, told) in enumerate(picture.of(self.reports)):
            title = compact.title_of(told[0])
            again = sum(known.startswith(title) for known in self.titles)
            self.titles.append(f"{title}, run {again + 1}" if again else title)
            tapes.append(compact.tape(drawn, self.files, self.titles[-1]))
            for report in told:
                found = [(self.numbers[layout.told_of(f)], drawn.place_of(report, f)) for f in report.findings]
                for number, row in found:
                    if row >= 0:
                        self.rows.setdefault(number, (place, row))
                self.not_drawn -= 1
                gradients[order[id(report)]] = compact.gradient(report, place, drawn, found)
            for site in drawn.sites:
                self.used[site.span.file].add(site.span.line)
        return {
            "files": [paths.shown(file) for file in self.files],
            "tapes": tapes,
            "gradients": [gradients.get(k) for k in range(len(self.reports))],
            "codes": [finding.code.number for finding, _ in self.merged],
        }

    # -- findings ---------------------------------------------------------------------------------------------------

    def findings(self, about: About) -> Markup:
        """Return the pane with the table of gradients and the messages."""
        said = [tag("p", remark, class_="remark") for remark in about.remarks]
        if self.not_drawn:
            told = (
                f"the tapes of {self.not_drawn:,} of these gradients are not drawn: the runs are too many for one page"
            )
            said.append(tag("p", told, class_="remark"))
        if not self.reports:
            said.append(tag("p", "no gradient was asked for in this run", class_="absent"))
        remarks = dict.fromkeys(note for report in self.reports for note in report.notes)
        return tag(
            "section",
            tag("div", tag("h2", "Gradients"), class_="bar"),
            tag(
                "div",
                *said,
                *self._tables(),
                tag("h2", "Why") if self.merged else "",
                *(self._card(k, finding, extra) for k, (finding, extra) in enumerate(self.merged)),
                tag("h2", "Remarks") if remarks else "",
                *(cards.card(note, links=self._links()) for note in remarks),
                class_="inside",
            ),
            id="findings",
            class_="pane",
            aria_label="Findings",
        )

    def _tables(self) -> Iterable[Markup]:
        for title, ones in layout.by_call(self.reports):
            broken = [one for one in ones if one[0].status is not Status.OK]
            first = ones if len(ones) <= MANY else (broken or ones)[:MANY]
            yield self._table(first, self._place(ones[0][0].call, title))
            rest = [one for one in ones if one not in first]
            if rest:
                yield tag("details", tag("summary", f"{len(rest):,} more gradients"), self._table(rest, title))

    def _table(self, ones: Iterable[tuple[GradientReport, str]], title: str) -> Markup:
        order = {id(report): k for k, report in enumerate(self.reports)}
        head = tag("tr", *(tag("th", name, scope="col") for name in ("status", "gradient, and why it does not flow")))
        rows = (self._row(order[id(report)], report, rare) for report, rare in ones)
        return tag("table", tag("caption", title), tag("thead", head), tag("tbody", *rows), class_="gradients")

    def _row(self, number: int, report: GradientReport, rare: str) -> Markup:
        why = [
            tag("a", str(f.code), f", {_where(f, report)}", href=f"#finding-{self.numbers[layout.told_of(f)]}")
            for f in report.findings
        ]
        sign = tag("span", SIGNS.get(report.status, "!"), class_="sign", aria_hidden="true")
        name = tag(
            "button",
            tag("span", "", class_="swatch", data_swatch=number),
            layout.ratio(report),
            type="button",
            data_gradient=number,
            aria_pressed="false",
        )
        return tag(
            "tr",
            tag("td", sign, " ", str(report.status), class_=f"status {report.status}"),
            tag(
                "td",
                name,
                *(tag("span", link, class_="reason") for link in why),
                tag("span", rare, class_="rare") if rare else "",
            ),
        )

    def _card(self, number: int, finding: Finding, extra: tuple[str, ...]) -> Markup:
        more: tuple[Markup, ...] = ()
        if number in self.rows:
            place, row = self.rows[number]
            more = (tag("a", "on the tape", href="#tape", data_tape=place, data_row=row),)
        return cards.card(finding.diagnostic, extra, self._links(more), id=f"finding-{number}", tabindex=-1)

    def _links(self, more: tuple[Markup, ...] = ()) -> cards.Links:
        return cards.Links(self._place, more)

    def _place(self, span: Span, shown: str) -> Markup:
        if span.file not in self.files.numbers:
            return tag("span", shown)
        return tag("a", shown, href=f"#f{self.files(span.file)}L{span.line}")

    # -- source -----------------------------------------------------------------------------------------------------

    def sources(self) -> Markup:
        """Return the pane with the files, one tab each."""
        known = list(self.files)
        tabs = (
            tag(
                "button",
                paths.shown(file),
                type="button",
                role="tab",
                id=f"tab-{k}",
                aria_controls=f"file-{k}",
                aria_selected="true" if k == 0 else "false",
                tabindex=0 if k == 0 else -1,
            )
            for k, file in enumerate(known)
        )
        bodies = (
            tag(
                "div",
                listing.listing(k, file, self.notes[file], self.used[file]),
                class_="file",
                role="tabpanel",
                id=f"file-{k}",
                aria_labelledby=f"tab-{k}",
                tabindex=0,
                data_file=k,
            )
            for k, file in enumerate(known)
        )
        return tag(
            "section",
            tag("div", tag("h2", "Source"), tag("div", *tabs, role="tablist", class_="tabs"), class_="bar"),
            *bodies,
            id="source",
            class_="pane",
            aria_label="Source",
        )
