"""One line, JSON, and the terminal."""

import dataclasses
import io
import json
import sys

from gradtape.explain.report import Explanation, Finding, Status
from gradtape.render import concise, json_form, layout, plain, terminal


def test_one_line_names_expression_place_reason_and_next_step(maker):
    (line,) = concise.explanation(
        Explanation((maker.report(maker.floor()), maker.report(source="b", status=Status.OK)))
    )
    assert line == (
        "no gradient from `loss` to `w`: `np.floor(w)` (train.py:5): floor is constant between integers, so its "
        "derivative is zero wherever it exists [GT302 piecewise-constant; `tape.why(loss, w)` tells more]"
    )


def test_one_line_stays_one_line(maker):
    expression = "(\n    np.round(w)\n    + 1.0\n    + 2.0\n    + 3.0\n    + 4.0\n)"
    message = maker.message(expression, label="two\nlines")
    line = concise.gradient(maker.report(Finding(message.code, message, proven=False), maker.floor()))
    assert "\n" not in line
    assert "possible: " in line
    assert "1 more break" in line


def test_a_label_that_continues_its_expression_reads_on(maker):
    message = maker.message("np.floor(w)", label="is constant")
    assert "`np.floor(w)` (train.py:5) is constant [" in concise.gradient(maker.report(Finding(message.code, message)))


def test_json_has_the_promised_form(maker):
    report = maker.report(maker.floor(), times=3)
    made = json_form.document([report], script="train.py", framework="gradtape", outcome="ok")
    assert json.loads(json.dumps(made)) == {
        "schema": 1,
        "script": "train.py",
        "framework": "gradtape",
        "outcome": "ok",
        "gradients": [
            {
                "call": {"file": "train.py", "line": 6, "column": 5, "kind": "tape.gradient"},
                "target": "loss",
                "source": "w",
                "status": "none",
                "times": 3,
                "notes": [],
                "findings": [
                    {
                        "code": "GT302",
                        "cause": "piecewise-constant",
                        "proven": True,
                        "harmless": "none",
                        "file": "train.py",
                        "line": 5,
                        "column": 19,
                        "end_line": 5,
                        "end_column": 30,
                        "expression": "np.floor(w)",
                        "message": "no gradient flows from `loss` to `w`: floor is constant between integers, so its "
                        "derivative is zero wherever it exists",
                        "help": "use a smooth or straight-through floor: `gt.straight_through(np.floor, w)`",
                        "notes": [
                            "the only route is w -> floor (5) -> power (5) -> sum (5) -> loss; nothing else uses `w`"
                        ],
                        "path": [{"op": "floor", "line": 5, "expression": "np.floor(w)"}],
                        "fix": {
                            "applicability": "likely",
                            "edits": [
                                {
                                    "file": "train.py",
                                    "line": 5,
                                    "replace_with": "    loss = np.sum(gt.straight_through(np.floor, w) ** 2)",
                                }
                            ],
                        },
                    }
                ],
            }
        ],
    }


def test_json_of_a_finding_without_a_place(maker):
    finding = maker.floor()
    message = dataclasses.replace(finding.diagnostic, annotations=(), suggestion=None)
    (made,) = json_form.gradients([maker.report(dataclasses.replace(finding, diagnostic=message))])
    assert made["findings"][0]["line"] is None
    assert made["findings"][0]["fix"] is None


def test_an_explanation_knows_its_forms(maker):
    told = Explanation((maker.report(maker.floor()),))
    assert str(told) == plain.explanation(told) == repr(told)
    assert told.one_lines() == concise.explanation(told)
    assert told.to_json() == json_form.gradients(told.gradients)


class Screen(io.StringIO):
    encoding = "ascii"

    def __init__(self, tty):
        super().__init__()
        self._tty = tty

    def isatty(self):
        return self._tty


def shown(maker, tty):
    screen = Screen(tty)
    terminal.report([maker.report(maker.floor())], screen)
    return screen.getvalue()


def test_a_pipe_gets_no_escape_codes(maker):
    text = shown(maker, tty=False)
    assert text == plain.report([maker.report(maker.floor())]) + "\n"


def test_a_terminal_gets_colour_and_the_same_text(maker, monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    text = shown(maker, tty=True)
    assert "\x1b[1;33mwarning" in text


def test_no_color_is_honoured(maker, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in shown(maker, tty=True)


def test_without_rich_the_text_is_plain(maker, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setitem(sys.modules, "rich.console", None)
    assert "warning[GT302" in shown(maker, tty=True)


def test_a_stream_that_lacks_a_character_gets_an_escape_for_it():
    screen = Screen(tty=False)
    terminal.show([(("müll", "text"),)], screen)
    assert screen.getvalue() == "m\\xfcll\n"


def test_the_tally_counts_in_words(maker):
    healthy = maker.report(status=Status.OK)
    assert layout.tally([healthy]) == "1 gradient asked for: 1 flows, 0 do not"
    assert layout.tally([healthy, healthy, maker.report()]) == "3 gradients asked for: 2 flow, 1 does not"
