"""The note that says for whom a missing gradient is harmless counts the sources that really get one."""

import pytest

from gradtape.explain.report import Excuse

from .programs import run_program

PROGRAM = """\
import gradtape as gt

w, unused = gt.Variable(2.0), gt.Variable(1.0)
frozen = gt.Variable(3.0, trainable=False)
with gt.GradientTape() as tape:{watch}
    loss = w * frozen
tape.gradient(loss, [w, frozen, unused])
"""


def told(watch, folder):
    reports = run_program(PROGRAM.format(watch=watch), folder)
    (note,) = [n for r in reports if r.source == "unused" for n in r.findings[0].diagnostic.notes if "harmless" in n]
    return sum(r.status == "ok" for r in reports), note


def test_a_frozen_source_is_not_counted(tmp_path):
    flowing, note = told("", tmp_path)
    assert flowing == 1
    assert note.endswith("the gradient flows to 1 of the 3 sources of this call")


def test_a_frozen_source_that_is_watched_is(tmp_path):
    flowing, note = told("\n    tape.watch(frozen)", tmp_path)
    assert flowing == 2
    assert note.endswith("the gradient flows to 2 of the 3 sources of this call")


SKIPPING = """\
import gradtape as gt

w, b = gt.Variable(1.0), gt.Variable(2.0)
for predict in (lambda: w * 3.0 + b, lambda: w * 3.0):
    with gt.GradientTape() as tape:
        loss = (predict() - 1.0) ** 2
    grads = tape.gradient(loss, [w, b])
    for v, g in zip([w, b], grads):
        if g is not None and v is w:
            v.assign_sub(0.01 * g)
"""


def test_what_a_loop_skips_is_not_called_harmless(tmp_path):
    """A loop updates nothing that has no gradient: that is no sign of what was meant."""
    (finding,) = [f for r in run_program(SKIPPING, tmp_path) for f in r.findings]
    assert finding.excuse is Excuse.PERHAPS
    (note,) = [n for n in finding.diagnostic.notes if "harmless" in n]
    assert note.startswith("harmless if `b` is not meant to learn: the program updates others")


@pytest.mark.parametrize(
    ("asked", "excuse"),
    [("[w, frozen]", Excuse.DECLARED), ("frozen", Excuse.PERHAPS), ("[unused, frozen]", Excuse.PERHAPS)],
)
def test_what_is_not_trainable_is_declared_harmless_beside_what_learns(tmp_path, asked, excuse):
    program = PROGRAM.format(watch="").replace("[w, frozen, unused]", asked)
    (found,) = [f for r in run_program(program, tmp_path) if r.source == "frozen" for f in r.findings]
    assert found.excuse is excuse


LINEAR = """\
import gradtape as gt

x, w = gt.Variable(2.0), gt.Variable(3.0)
with gt.GradientTape() as outer:
    with gt.GradientTape() as inner:
        y = x * w
    slope = inner.gradient(y, w)
outer.gradient(slope, [w, x])
"""


def test_a_derivative_that_does_not_contain_the_source_is_named_as_one(tmp_path):
    reports = run_program(LINEAR, tmp_path)
    (told,) = [f.diagnostic for r in reports for f in r.findings]
    assert "`slope` is a derivative, and does not contain `w`: by `w` its derivative is zero" in told.notes
    assert [str(r.status) for r in reports if r.source == "x"] == ["ok"]
