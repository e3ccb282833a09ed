"""Workflow commands: what GitHub's runner would read is what was meant."""

import re
from dataclasses import replace

import pytest

from gradtape.diagnostics import BY_NUMBER, Annotation, Diagnostic, Severity, Span
from gradtape.explain.report import Finding, GradientReport, Status
from gradtape.render import github


def read(command):
    """Read a command as the runner does: properties up to `::`, unescaped each by its own rules."""
    level, settings, text = re.fullmatch(r"::(\w+) (.*?)::(.*)", command, re.DOTALL).groups()
    values = dict(part.split("=", 1) for part in settings.split(","))
    both = {"%0D": "\r", "%0A": "\n"}
    own = both | {"%3A": ":", "%2C": ","}

    def plain(value, marks):
        for mark, sign in marks.items():
            value = value.replace(mark, sign)
        return value.replace("%25", "%")

    return level, {k: plain(v, own) for k, v in values.items()}, plain(text, both)


def report(file="a.py", label="is lost", end_line=3, status=Status.NONE, **more):
    span = Span(file, 3, 5, end_line, 9)
    message = Diagnostic(
        BY_NUMBER["GT302"], Severity.WARNING, "headline", (Annotation(span, label, primary=True),), **more
    )
    finding = Finding(BY_NUMBER["GT302"], message, message.proven)
    return GradientReport("tape.gradient", Span("a.py", 9, 1, 9, 4), "loss", "w", status, (finding,))


@pytest.mark.parametrize(
    "text",
    ["plain", "50 % lost", "a::b, c", "one\ntwo\r\nthree", "%0A stays", "::error::", "ü, 数 and `code`"],
)
def test_every_text_comes_through(text):
    (command,) = github.commands([report(label=text, helps=(text,))])
    assert "\n" not in command
    assert "\r" not in command
    _, _, message = read(command)
    assert message == f"no gradient from `loss` to `w`: {text}\nhelp: {text}"


@pytest.mark.parametrize("file", ["a.py", "with, comma.py", "with:colon.py", "50%.py", "new\nline.py"])
def test_every_file_name_comes_through(file):
    (command,) = github.commands([report(file=file)])
    level, place, _ = read(command)
    assert level == "error"
    assert place == {
        "file": file, "line": "3", "col": "5", "endLine": "3", "endColumn": "9", "title": "GT302 piecewise-constant",
    }  # fmt: skip


def test_columns_are_for_one_line_only():
    (command,) = github.commands([report(end_line=5)])
    assert read(command)[1] == {"file": "a.py", "line": "3", "endLine": "5", "title": "GT302 piecewise-constant"}


def test_what_flows_is_no_annotation_and_what_has_no_reason_is():
    assert list(github.commands([replace(report(status=Status.OK), findings=())])) == []
    (command,) = github.commands([report(status=Status.OK)])  # it vanished: a warning
    assert read(command)[0] == "warning"
    bare = GradientReport("backward", Span("a.py", 9, 1, 9, 4), "loss", "w", Status.ZERO)
    (command,) = github.commands([bare])
    assert read(command)[::2] == ("warning", "the gradient from `loss` to `w` is zero")


def test_what_is_only_possible_says_so():
    (command,) = github.commands([report(proven=False)])
    assert "possibly: is lost" in read(command)[2]
