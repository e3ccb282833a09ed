"""The edits of findings: applied to the program they make the gradient flow, and leave everything else as it was."""

import ast

import pytest

from gradtape.diagnostics import Applicability
from gradtape.diagnostics.changes import applied
from gradtape.explain import Status

from .programs import run_program, unmarked
from .test_pages import WITH_PROGRAM, blocks


def edits_in(reports):
    """Return the edits of all findings by line, as a reader of the JSON would collect them."""
    found = {}
    for report in reports:
        for finding in report.findings:
            suggestion = finding.diagnostic.suggestion
            for edit in suggestion.edits if suggestion is not None else ():
                assert found.setdefault(edit.line, edit.replace_with) == edit.replace_with, "two edits of one line"
    return found


def mended(source, reports):
    return "".join(applied(source.splitlines(keepends=True), edits_in(reports)))


@pytest.mark.parametrize("code", WITH_PROGRAM, ids=str)
def test_the_edit_on_a_page_mends_its_program(code, tmp_path):
    wrong = unmarked(blocks(code.number)[0])
    reports = run_program(wrong, tmp_path)
    suggestions = [f.diagnostic.suggestion for r in reports for f in r.findings if f.diagnostic.suggestion is not None]
    if not suggestions or all(s.applicability is Applicability.SKETCH for s in suggestions):
        pytest.skip("the page says in words what to do")
    right = mended(wrong, reports)
    ast.parse(right)
    again = run_program(right, tmp_path, "mended.py")
    assert again
    wanted = {Status.OK, Status.ZERO} if reports[0].status is Status.NAN else {Status.OK}
    assert all(r.status in wanted and (not r.findings or r.status is Status.ZERO) for r in again), (right, again)


def suggestions_of(reports):
    return [f.diagnostic.suggestion for r in reports for f in r.findings]


def check(source, expected, folder):
    """Run a program, apply its edits, compare, run again."""
    reports = run_program(source, folder)
    assert any(r.findings for r in reports)
    right = mended(source, reports)
    assert right == expected
    again = run_program(right, folder, "mended.py")
    assert all(r.status is Status.OK for r in again), again


HEAD = "import gradtape as gt\nimport numpy as np\n"


def test_two_sources_get_their_watches_on_one_line(tmp_path):
    check(
        HEAD
        + """\
a = gt.constant([1.0, 2.0])
b = gt.constant([3.0, 4.0])
with gt.GradientTape() as tape:
    y = a * b  # the product
tape.gradient(y, [a, b])
""",
        HEAD
        + """\
a = gt.constant([1.0, 2.0])
b = gt.constant([3.0, 4.0])
with gt.GradientTape() as tape:
    tape.watch(a)
    tape.watch(b)
    y = a * b  # the product
tape.gradient(y, [a, b])
""",
        tmp_path,
    )


def test_a_block_on_the_line_of_its_with(tmp_path):
    check(
        HEAD + "x = gt.constant(2.0)\nwith gt.GradientTape() as tape: y = x * x; z = y\ntape.gradient(z, x)\n",
        HEAD
        + "x = gt.constant(2.0)\nwith gt.GradientTape() as tape: tape.watch(x); y = x * x; z = y\n"
        + "tape.gradient(z, x)\n",
        tmp_path,
    )


def test_two_breaks_on_one_line_are_mended_together(tmp_path):
    check(
        HEAD
        + """\
w = gt.Variable([1.4, 2.6])
with gt.GradientTape() as tape:
    loss = np.sum(np.floor(w) * np.ceil(w))
tape.gradient(loss, w)
""",
        HEAD
        + """\
w = gt.Variable([1.4, 2.6])
with gt.GradientTape() as tape:
    loss = np.sum(gt.straight_through(np.floor, w) * gt.straight_through(np.ceil, w))
tape.gradient(loss, w)
""",
        tmp_path,
    )


def test_what_ran_before_the_tape_moves_behind_its_watches(tmp_path):
    check(
        HEAD
        + """\
def loss_of(x):
    # centre it first
    y = (
        x - 1.0  # the centre
    )
    with gt.GradientTape() as tape:
        tape.watch(x)
        loss = np.sum(y * y)
    return tape.gradient(loss, x)
loss_of(gt.constant([1.5, 2.0]))
""",
        HEAD
        + """\
def loss_of(x):
    # centre it first
    with gt.GradientTape() as tape:
        tape.watch(x)
        y = (
            x - 1.0  # the centre
        )
        loss = np.sum(y * y)
    return tape.gradient(loss, x)
loss_of(gt.constant([1.5, 2.0]))
""",
        tmp_path,
    )


def test_a_target_computed_in_the_call_is_computed_inside(tmp_path):
    check(
        HEAD
        + """\
w = gt.Variable(3.0)
with gt.GradientTape() as tape:
    y = w * w
print(tape.gradient(np.sin(y), w))
""",
        HEAD
        + """\
w = gt.Variable(3.0)
with gt.GradientTape() as tape:
    y = w * w
    target = np.sin(y)
print(tape.gradient(target, w))
""",
        tmp_path,
    )
