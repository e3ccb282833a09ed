"""The note that says for whom a missing gradient is harmless counts the sources that really get one."""

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
