"""`gradtape why --html` and `--svg`."""

import pytest

TRAIN = """\
import numpy as np, gradtape as gt

w, b = gt.Variable([1.5, 2.5]), gt.Variable(1.0)
for step in range(3):
    with gt.GradientTape() as tape:
        loss = np.sum(np.floor(w)) * b
    tape.gradient(loss, [w, b])
print("end")
"""


def test_page_and_picture_are_written_beside_the_text(gradtape, tmp_path):
    ran = gradtape("why", "--html", "why.html", "--svg", "why.svg", "train.py", program=TRAIN)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith("end\n")
    assert "warning[GT302 piecewise-constant]" in ran.out
    made = (tmp_path / "why.html").read_text(encoding="utf-8")
    assert "<title>gradtape why train.py</title>" in made
    assert "asked 3 times" in made
    assert '"name":"w"' in made
    assert "no gradient from `loss` to `w`" in (tmp_path / "why.svg").read_text(encoding="utf-8")


def test_a_page_says_how_the_run_ended(gradtape, tmp_path):
    ran = gradtape("why", "--html", "why.html", "--json", "-", "train.py", program=TRAIN + "1 / 0\n")
    assert ran.status == 1
    assert "ZeroDivisionError" in (tmp_path / "why.html").read_text(encoding="utf-8")


def test_the_file_is_found_from_where_the_command_was_given(gradtape, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    gradtape("why", "--html", "why.html", "train.py", program=f"import os\nos.chdir('elsewhere')\n{TRAIN}")
    assert (tmp_path / "why.html").exists()


@pytest.mark.parametrize("flag", ["--html", "--svg"])
def test_a_file_that_cannot_be_written_is_refused_before_anything_runs(gradtape, flag):
    ran = gradtape("why", flag, "nowhere/why", "train.py", program=TRAIN)
    assert (ran.status, ran.out) == (2, "")
    assert f"why: {flag} nowhere/why cannot be written" in ran.err
    assert "help: name a file in a folder that exists" in ran.err


def test_what_draws_is_imported_only_where_something_is_drawn(gradtape):
    plain = gradtape("why", "train.py", program=TRAIN, PYTHONPROFILEIMPORTTIME="1")
    drawn = gradtape("why", "--html", "why.html", "train.py", program=TRAIN, PYTHONPROFILEIMPORTTIME="1")
    modules = ("gradtape.render.page", "gradtape.render.picture", "gradtape.recorders.values")
    assert [module in plain.err for module in modules] == [False] * 3
    assert [module in drawn.err for module in modules] == [True] * 3
