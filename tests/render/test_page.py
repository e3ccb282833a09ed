"""The page without a browser: well formed, closed to the network, nothing of a program escapes into it."""

import json
import linecache
import re
import sys
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import pytest

from gradtape.diagnostics import Applicability, Edit, Suggestion
from gradtape.explain.report import Status
from gradtape.render import layout, listing, page, picture
from gradtape.render.markup import VOID
from tests.render.programs import EVIL, HELPER, LOOP, SMALL, TWO_FILES

ABOUT = page.About("train.py")


class Reader(HTMLParser):
    """Reads a page strictly: every element is closed in its place, no id is used twice."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.elements, self.ids, self.texts, self.errors = [], [], set(), [], []
        self.inside = {}
        self.feed(text)
        self.close()
        if self.open:
            self.errors.append(f"left open: {self.open}")

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if len(attributes) != len(attrs):
            self.errors.append(f"an attribute twice: {tag} {attrs}")
        self.elements.append((tag, attributes))
        if "id" in attributes:
            if attributes["id"] in self.ids:
                self.errors.append(f"an id twice: {attributes['id']}")
            self.ids.add(attributes["id"])
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.errors.append(f"</{tag}> closes nothing")

    def handle_data(self, data):
        self.texts.append((tuple(self.open), data))
        if self.open:
            self.inside[self.open[-1]] = self.inside.get(self.open[-1], "") + data

    def text(self, *, without=("script", "style")):
        return "".join(data for open, data in self.texts if not set(open) & set(without))

    def named(self, *names):
        return [attributes for tag, attributes in self.elements if tag in names]


@pytest.fixture
def read(reports):
    def make(program):
        made = page.page(reports(program), ABOUT)
        reader = Reader(made)
        assert not reader.errors
        return made, reader

    return make


@pytest.mark.parametrize("program", [SMALL, EVIL, LOOP], ids=["small", "evil", "loop"])
def test_it_is_well_formed_and_every_reference_has_its_place(read, program):
    _, reader = read(program)
    for _, attributes in reader.elements:
        for name in ("aria-controls", "aria-labelledby"):
            assert attributes.get(name) in {None, *reader.ids}
        if attributes.get("href"):
            assert attributes["href"].startswith("#")
            assert attributes["href"][1:] in reader.ids


def test_nothing_comes_from_elsewhere(read):
    made, reader = read(SMALL)
    assert not reader.named("link", "img", "iframe", "object", "embed", "base", "form")
    assert not [a for _, a in reader.elements if {"src", "style", "action"} & a.keys()]
    assert not [name for _, a in reader.elements for name in a if name.startswith("on")]
    outside = re.findall(r"(?:https?:)?//[\w.]+\.\w+|url\(|@import", re.sub(r"//.*", "", made))
    assert not outside


def test_the_policy_lets_only_our_own_program_and_style_in(read):
    _, reader = read(SMALL)
    (policy,) = (a["content"] for a in reader.named("meta") if a.get("http-equiv") == "Content-Security-Policy")
    parts = dict(part.split(" ", 1) for part in policy.split("; "))
    program = "".join(d for open, d in reader.texts if open and open[-1] == "script").partition("// The tape")[2]
    assert parts["default-src"] == "'none'"
    assert parts["style-src"] == _hash(reader.inside["style"])
    assert parts["script-src"] == _hash("// The tape" + program)


def _hash(text):
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def test_a_program_that_holds_markup_stays_text(read):
    made, reader = read(EVIL)
    assert len(reader.named("script")) == 2
    assert not reader.named("img", "i")
    assert len(reader.named("b")) == len([a for a in reader.named("li") if a.get("class") in {"note", "help"}])
    assert "</script><script>alert(1)</script><b>bold</b>" in reader.text()
    assert "onerror=alert(2)" in reader.text()
    assert not [a for _, a in reader.elements if "onerror" in a]
    assert made.count("</script>") == 2
    assert "\u202e" not in made
    assert "\\u202e" in reader.text()


def test_the_data_is_json_and_cannot_end_its_element(read):
    made, _ = read(EVIL)
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', made, re.DOTALL)[1]
    assert not set("<>&") & set(data)
    told = json.loads(data)
    assert "</script>" in told["tapes"][0]["sites"][0][6] + json.dumps(told)
    assert told["gradients"][0]["status"] == "none"


def test_every_finding_stands_there_with_the_words_of_the_terminal(reports):
    told = reports(SMALL)
    text = " ".join(Reader(page.page(told, ABOUT)).text().split())
    assert layout.tally(told) in text
    found = layout.merged(told)
    assert len(found) == 3
    for finding, extra in found:
        message = finding.diagnostic
        words = [message.headline, *message.notes, *extra, *message.helps, *(a.label for a in message.annotations)]
        for line in words:
            assert " ".join(line.replace("`", "").split()) in text
        for edit in message.suggestion.edits if message.suggestion else ():
            assert edit.replace_with.strip() in text
    for report in told:
        assert layout.ratio(report) in text
        assert (report.status is Status.OK) == (f"✓ {report.status}" in text) or report.status is Status.NONE


def test_every_line_of_the_source_is_there_and_the_breaks_are_marked(read):
    _, reader = read(SMALL)
    shown = [d for open, d in reader.texts if "code" in open]
    for line in SMALL.splitlines():
        assert line.strip() in "".join(shown)
    assert [a for a in reader.named("div") if a.get("id") == "f0L8"]
    marked = [d for open, d in reader.texts if "span" in open]
    assert any("np.floor(w * 2.0)" in d or "floor" in d for d in marked)


def test_the_source_is_coloured(reports):
    made = page.page(reports(SMALL.replace("unused =", '# why\nunused = "x" and')), ABOUT)
    for piece in ('<span class="k">with</span>', '<span class="c"># why</span>', '<span class="d">2.0</span>', '"s"'):
        assert piece in made


def test_an_edit_that_puts_a_line_in_keeps_the_one_that_stays(maker):
    finding = maker.floor()
    edit = Edit(maker.file, 5, "    import gt\n    loss = np.sum(np.floor(w) ** 2)")
    message = replace(finding.diagnostic, suggestion=Suggestion(Applicability.SKETCH, (edit,)))
    made = page.page([maker.report(replace(finding, diagnostic=message))], ABOUT)
    assert "<ins>+ import gt</ins>" in made
    assert "<code>  loss = np.sum(np.floor(w) ** 2)</code>" in made
    assert "<del>" not in made


def data_of(made):
    return json.loads(re.search(r'id="data">(.*?)</script>', made, re.DOTALL)[1])


def test_the_data_tells_the_tape(read):
    made, _ = read(SMALL)
    data = data_of(made)
    (tape,) = data["tapes"]
    names = [tape["names"][k] for k in tape["name"]]
    assert names.index("w") < names.index("floor") < names.index("sum")
    floor = names.index("floor")
    assert tape["breaks"][str(floor)][0][1] == "piecewise-constant"
    assert tape["inputs"][floor] == [names.index("multiply")]
    assert tape["inputs"][names.index("w")] is None
    w, slack, b, unused = data["gradients"]
    assert (w["status"], b["status"]) == ("none", "ok")
    assert w["findings"] == [[0, floor]]
    assert [floor, 0] in w["routes"][0]
    assert names[slack["findings"][0][1]] == "leave the tape"
    assert unused["routes"] == []
    assert names[unused["findings"][0][1]] == "unused"


def test_values_are_told_as_far_as_the_tape_has_them(read):
    made, _ = read(SMALL)
    (tape,) = data_of(made)["tapes"]
    names = [tape["names"][k] for k in tape["name"]]
    w = tape["summaries"][tape["value"][names.index("w")]]
    assert w == ["(3,)", "float64", 1.0, 1.0, 0, 0, 0, 3]


def test_a_loop_is_folded_and_nothing_is_lost(read):
    made, _ = read(LOOP)
    (tape,) = data_of(made)["tapes"]
    ((first, end, rounds),) = tape["folds"]
    assert rounds == 98
    assert end - first == 98 * 3
    assert len(tape["name"]) == 300 + 3 + 2


def test_a_report_without_a_graph_is_shown_without_a_tape(maker):
    made = page.page([maker.report(maker.floor(), times=3)], page.About("train.py", ("a remark <b>",)))
    reader = Reader(made)
    assert not reader.errors
    assert data_of(made)["gradients"] == [None]
    assert "no gradient flows from loss to w" in reader.text()
    assert "a remark <b>" in reader.text()


def test_a_page_without_gradients_says_so():
    reader = Reader(page.page([], ABOUT))
    assert not reader.errors
    assert "no gradient was asked for in this run" in reader.text()


def test_source_that_is_not_available_is_no_obstacle(reports):
    told = reports(SMALL, name="gone.py")
    Path("gone.py").unlink()
    linecache.clearcache()
    text = Reader(page.page(told, ABOUT)).text()
    assert "the source is not available" in text


@pytest.fixture
def helper(tmp_path, monkeypatch):
    (tmp_path / "helper_of_a_page.py").write_text(HELPER, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop("helper_of_a_page", None)


@pytest.mark.usefixtures("helper")
def test_runs_that_are_too_many_are_not_drawn_and_that_is_said(read, monkeypatch):
    monkeypatch.setattr(picture, "MOST_TOGETHER", 3)
    made, reader = read(TWO_FILES)
    assert len(data_of(made)["tapes"]) == 1
    assert "the tapes of 1 of these gradients are not drawn" in reader.text()


@pytest.mark.usefixtures("helper")
def test_every_file_is_a_tab_and_every_run_a_tape(read):
    made, reader = read(TWO_FILES)
    data = data_of(made)
    assert data["files"][:2] == ["train.py", "helper_of_a_page.py"]
    assert [t["title"] for t in data["tapes"]] == [
        "tape.gradient at train.py:11",
        "tape.gradient at train.py:11, run 2",
    ]
    assert [g["tape"] for g in data["gradients"]] == [0, 0, 1]
    tabs = [a for a in reader.named("button") if a.get("role") == "tab"]
    assert [a["aria-selected"] for a in tabs][:2] == ["true", "false"]
    assert "f1L5" in reader.ids
    assert len(reader.named("option")) == 2


def test_of_a_very_long_file_only_what_matters_is_shown(reports, monkeypatch):
    monkeypatch.setattr(listing, "LONG", 500)
    told = reports("#\n" * 2000 + SMALL)
    reader = Reader(page.page(told, ABOUT))
    assert not reader.errors
    assert "lines 1 to 1959 are not shown" in reader.text()
    assert "f0L2008" in reader.ids
    assert "f0L1000" not in reader.ids


def test_of_many_gradients_those_that_do_not_flow_stand_first(reports):
    names = ", ".join(f"p[{k}]" for k in range(40))
    program = f"""\
import numpy as np, gradtape as gt
p = [gt.Variable(1.0) for _ in range(40)]
with gt.GradientTape() as tape:
    loss = np.floor(p[30])
    for k in range(30):
        loss = loss + p[k]
tape.gradient(loss, [{names}])
"""
    reader = Reader(page.page(reports(program), ABOUT))
    assert not reader.errors
    assert "30 more gradients" in reader.text()
    rows = [a["data-gradient"] for a in reader.named("button") if "data-gradient" in a]
    assert rows[:10] == [str(k) for k in range(30, 40)]
    assert sorted(map(int, rows)) == list(range(40))
