"""Terminal text, against golden files and, where a careless bless could hide it, against the columns themselves."""

import dataclasses
import re
from itertools import pairwise

import pytest

from gradtape.diagnostics import BY_NUMBER, Annotation, Diagnostic, Edit, Severity, Span, Suggestion
from gradtape.diagnostics.model import Applicability
from gradtape.explain.report import Explanation, Finding, Status
from gradtape.render import layout, plain


@pytest.mark.parametrize("unicode", [False, True], ids=["ascii", "unicode"])
def test_the_example_of_the_readme(maker, golden, unicode):
    text = plain.diagnostic(maker.floor().diagnostic, unicode=unicode)
    golden(f"readme.{'unicode' if unicode else 'ascii'}.txt", text + "\n")


def test_the_underline_stands_under_the_expression(maker):
    lines = plain.diagnostic(maker.floor().diagnostic).splitlines()
    source, under = next((a, b) for a, b in pairwise(lines) if "^" in b)
    assert source[under.index("^") : under.rindex("^") + 1] == "np.floor(w)"
    assert lines[1] == "  --> train.py:5:19"


def test_several_labels_on_one_line_and_distant_lines(maker, golden):
    message = maker.message(
        "np.floor(w)",
        ("w = gt.Variable(np.ones(3))", "`w` is made here"),
        ("loss", "the target"),
        ("np.sum(np.floor(w) ** 2)", "and is lost in this sum"),
        ("np.sign(w)", "here too"),
        label="constant between integers",
    )
    golden("several.txt", plain.diagnostic(message) + "\n")


def test_lines_between_neighbours_are_shown_and_distant_ones_are_not(maker):
    text = plain.diagnostic(
        maker.message("np.floor(w)", ("w = gt.Variable(np.ones(3))", "made here"), ("if g", "used"))
    )
    assert "4 | with gt.GradientTape() as tape:" in text
    assert "6 | g = tape" in text
    assert "..." not in text
    assert "1 | import" not in text


def test_tabs_and_wide_characters(maker):
    lines = plain.diagnostic(maker.message('"日本", w', ("müll", "its name"), label="wide")).splitlines()
    under = next(line for line in lines if "^" in line)
    source = lines[lines.index(under) - 1]
    columns = "".join(c * 2 if c in "日本" else c for c in source)  # what a terminal shows
    assert columns[under.index("^") : under.rindex("^") + 1] == '"日日本本", w'
    assert columns[under.index("-") : under.index("-") + 4] == "müll"
    assert "\t" not in source


def test_a_span_of_several_lines(maker, golden):
    golden(
        "multiline.txt",
        plain.diagnostic(
            maker.message("(\n    np.round(w)\n    + 1.0\n    + 2.0\n    + 3.0\n    + 4.0\n)", label="all this")
        )
        + "\n",
    )


def test_a_long_line_is_cut_around_the_underline(maker):
    text = plain.diagnostic(maker.message("np.sign(w)", label="zero"), width=60)
    lines = text.splitlines()
    assert max(map(len, lines[1:])) <= 60
    under = next(line for line in lines if "^" in line)
    source = lines[lines.index(under) - 1]
    assert source[under.index("^") : under.rindex("^") + 1] == "np.sign(w)"


def test_a_label_beyond_the_cut_is_not_lost(maker):
    text = plain.diagnostic(maker.message("long", ("np.sign(w)", "far to the right"), label="here"), width=60)
    assert "far to the right" in text
    assert "^^^^" in text


def test_notes_are_wrapped_with_a_hanging_indent(maker):
    message = dataclasses.replace(maker.floor().diagnostic, notes=("word " * 30,), helps=(), suggestion=None)
    lines = plain.diagnostic(message, width=60).splitlines()
    start = next(k for k, line in enumerate(lines) if "= note:" in line)
    assert lines[start + 1].startswith(" " * lines[start].index("word"))
    assert max(map(len, lines[start:])) <= 60


def test_a_missing_source_degrades_to_file_and_line():
    span = Span("<string>", 3, 5, 3, 9)
    message = Diagnostic(
        BY_NUMBER["GT302"], Severity.WARNING, "no gradient", (Annotation(span, "floor", primary=True),)
    )
    assert plain.diagnostic(message) == (
        "warning[GT302 piecewise-constant]: no gradient\n"
        "  --> <string>:3:5\n   |\n 3 | (the source is not available): floor"
    )


def test_a_span_beyond_an_edited_file_still_prints(maker):
    span = Span(maker.file, 1, 900, 1, 950)
    message = Diagnostic(None, Severity.NOTE, "moved", (Annotation(span, "was here", primary=True),))
    assert "was here" in plain.diagnostic(message)


def test_a_second_file_has_its_own_heading(maker, tmp_path):
    (tmp_path / "model.py").write_text("def f(w):\n    return w\n")
    message = maker.message("np.floor(w)")
    other = Annotation(Span(str(tmp_path / "model.py"), 2, 5, 2, 13), "comes back here")
    text = plain.diagnostic(dataclasses.replace(message, annotations=(*message.annotations, other)))
    assert "  ::: model.py:2:5" in text
    assert text.index("--> train.py") < text.index("::: model.py")


def test_a_file_elsewhere_keeps_its_full_name(maker, tmp_path, monkeypatch):
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    assert f"--> {maker.file}:5:19" in plain.diagnostic(maker.floor().diagnostic)


def test_not_proven_says_possible(maker):
    message = dataclasses.replace(maker.floor().diagnostic, proven=False)
    assert plain.diagnostic(message).startswith("warning[GT302 piecewise-constant, possible]: ")


def test_an_edit_that_removes_a_line(maker):
    suggestion = Suggestion(Applicability.SKETCH, (Edit(maker.file, 6, ""),))
    text = plain.diagnostic(dataclasses.replace(maker.floor().diagnostic, suggestion=suggestion))
    assert text.splitlines()[-1] == " 6 - g = tape.gradient(loss, w)"
    assert "edit, a sketch to adapt: train.py:6" in text


def test_control_characters_do_not_reach_the_terminal(maker, tmp_path):
    (tmp_path / "evil.py").write_text("x = '\x1b[2J'\n")
    span = Span(str(tmp_path / "evil.py"), 1, 1, 1, 4)
    text = plain.diagnostic(Diagnostic(None, Severity.NOTE, "x", (Annotation(span, primary=True),)))
    assert "\x1b" not in text


def test_color_only_adds_escape_codes(maker):
    message = maker.floor().diagnostic
    colored = plain.diagnostic(message, color=True)
    assert colored != plain.diagnostic(message)
    bare = re.sub(r"\x1b\[[\d;]*m", "", colored)
    assert [line.rstrip() for line in bare.splitlines()] == plain.diagnostic(message).splitlines()


def test_an_explanation_shows_healthy_gradients_in_a_line_each(maker, golden):
    note = Diagnostic(
        None,
        Severity.NOTE,
        "the branch itself carries no gradient",
        (Annotation(maker.span("if g is None"), primary=True),),
    )
    told = Explanation((maker.report(maker.floor()), maker.report(source="b", status=Status.OK, notes=(note,))))
    golden("explanation.txt", plain.explanation(told) + "\n")


def test_a_report_groups_by_call_and_says_a_shared_break_once(maker, golden):
    reports = (
        maker.report(maker.floor(), times=200),
        maker.report(maker.floor("b"), source="b", times=200),
        maker.report(source="scale", status=Status.OK, times=199),
    )
    text = plain.report(reports)
    assert text.count("np.floor(w)") == 2  # the line itself, and again before the edit
    assert "the same holds for d loss / d b" in text
    golden("report.txt", text + "\n")


def test_different_breaks_are_not_merged(maker):
    other = maker.message("np.sign(w)", label="sign is flat", source="b")
    text = plain.report((maker.report(maker.floor()), maker.report(Finding(other.code, other), source="b")))
    assert "sign is flat" in text
    assert "the same holds" not in text


def test_a_missing_reason_is_not_silent(maker):
    assert "none    d loss / d w" in plain.explanation(Explanation((maker.report(),)))


def test_of_a_long_line_that_an_edit_changes_the_change_stays_in_sight():
    old = "x = 1; " * 60 + "y = np.floor(w); " + "x = 1; " * 60
    new = old.replace("np.floor(w)", "w")
    same = layout._shared([old, new])
    shown = layout._fitted(old, 80, same)
    assert len(shown) == 80
    assert "y = np.floor(w)" in shown
    assert layout._fitted("x = 1", 80, 3) == "x = 1"
