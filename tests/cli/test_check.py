"""`gradtape check`: the exit status says whether all gradients flow, and each format says where they do not."""

import json
import re

import pytest

TWO = """\
import gradtape as gt
import numpy as np

layers = [gt.Variable([1.0, 2.0], name="first"), gt.Variable([1.0, 2.0], name="second")]
head = gt.Variable(3.0)
with gt.GradientTape() as tape:
    loss = np.sum(np.floor(layers[0]) * layers[1])
tape.gradient(loss, [layers[0], layers[1], head])
"""
FLOWS = "import gradtape as gt\nw = gt.Variable(1.0)\nwith gt.GradientTape() as t:\n    y = w * w\nt.gradient(y, w)\n"


@pytest.mark.parametrize(
    ("program", "status"),
    [
        (FLOWS, 0),
        (TWO, 1),
        (f"{TWO}1 / 0\n", 1),
        (f"{FLOWS}1 / 0\n", 3),
        (f"{FLOWS}import sys\nsys.exit(0)\n", 0),
        (f"{FLOWS}import sys\nsys.exit(1)\n", 3),
        (f"{FLOWS}import os\nos._exit(0)\n", 0),
        (f"{FLOWS}import os\nos._exit(9)\n", 3),
        ("x = (\n", 3),
        ("x = 1\n", 4),
    ],
)
@pytest.mark.parametrize("form", ["text", "concise", "github", "json"])
def test_the_exit_status(gradtape, program, status, form):
    assert gradtape("check", "--format", form, "train.py", program=program).status == status


@pytest.mark.parametrize(
    ("options", "status"),
    [
        (["--allow", "GT302"], 1),
        (["--allow", "GT302", "--allow", "not-used"], 0),
        (["--allow", "105", "--ignore", "layers[0]"], 0),
        (["--ignore", "head"], 1),
        (["--ignore", "head", "--ignore", "layers*"], 0),
        (["--ignore", "layers"], 1),
    ],
)
def test_what_is_let_through(gradtape, options, status):
    ran = gradtape("check", *options, "train.py", program=TWO)
    assert ran.status == status
    allowed = {0: "2 gradients that do not flow are allowed", 1: "1 gradient that does not flow is allowed"}
    assert (allowed[status] in ran.out) == (options != ["--ignore", "layers"])


FROZEN = """\
import gradtape as gt
w, mean = gt.Variable(2.0), gt.Variable(0.0, trainable=False)
with gt.GradientTape() as tape:
    loss = (w - mean) ** 2
tape.gradient(loss, {})
"""


def test_what_the_program_declares_not_trainable_passes(gradtape):
    ran = gradtape("check", "train.py", program=FROZEN.format("[w, mean]"))
    assert ran.status == 0
    assert "1 gradient that does not flow is allowed" in ran.out
    assert "harmless: the program says that it is not trainable" in ran.out


def test_it_fails_where_nothing_learns(gradtape):
    assert gradtape("check", "train.py", program=FROZEN.format("mean")).status == 1


def test_the_option_for_what_is_meant_is_printed(gradtape):
    ran = gradtape("check", "train.py", program=TWO)
    assert "help: if that is meant: `gradtape check --ignore head ...`" in ran.out
    assert gradtape("check", "--ignore", "head", "--allow", "GT302", "train.py", program=TWO).status == 0


def test_an_unknown_code_is_an_error_of_usage(gradtape):
    ran = gradtape("check", "--allow", "GT999", "train.py", program=TWO)
    assert ran.status == 2
    assert "--allow GT999 is no code" in ran.err


LOSS = """\
import gradtape as gt
import numpy as np
w = gt.Variable(0.5)
with gt.GradientTape() as tape:
    y = w
    for _ in range({steps}):
        y = y * {factor}
    loss = {loss}
tape.gradient(loss, w)
"""
VANISHED = LOSS.format(steps=50, factor=0.1, loss="1.0 + y")
EXPLODED = LOSS.format(steps=50, factor=1e4, loss="np.sin(y)")
STATIONARY = LOSS.format(steps=1, factor=0.0, loss="(w - 0.5) ** 2")
DEAD = LOSS.format(steps=1, factor=1.0, loss="np.clip(y, 2.0, 3.0)")
UNDERFLOWN = LOSS.format(steps=400, factor=0.1, loss="y")
NAN = LOSS.format(steps=1, factor=0.0, loss="np.sqrt(y)")


@pytest.mark.parametrize("form", ["text", "concise", "github", "json"])
@pytest.mark.parametrize(
    ("program", "status", "strict", "said"),
    [
        (FLOWS, 0, 0, ""),
        (VANISHED, 0, 1, "GT405"),
        (EXPLODED, 0, 1, "GT406"),
        (STATIONARY, 0, 1, "zero"),
        (DEAD, 1, 1, "GT404"),
        (UNDERFLOWN, 1, 1, "GT405"),
        (NAN, 1, 1, "GT401"),
    ],
)
def test_what_is_right_and_of_little_use_is_a_warning(gradtape, program, status, strict, said, form):
    """The table of decision 30."""
    lenient = gradtape("check", "--format", form, "train.py", program=program)
    assert lenient.status == status
    assert gradtape("check", "--strict", "--format", form, "train.py", program=program).status == strict
    assert said in lenient.out


def test_a_warning_can_be_allowed_by_its_cause_too(gradtape):
    assert gradtape("check", "--strict", "--allow", "vanishing", "train.py", program=VANISHED).status == 0
    ran = gradtape("check", "train.py", program=VANISHED)
    assert "1 gradient of little use passes; with --strict it fails" in ran.out


def test_a_warning_is_one_for_github(gradtape):
    ran = gradtape("check", "--format", "github", "train.py", program=VANISHED)
    assert re.search(r"^::warning file=train\.py,line=7.*GT405", ran.out, re.MULTILINE)
    assert "arrives, and is of no use" in ran.out


def test_concise_is_one_line_per_finding_like_a_linter(gradtape):
    ran = gradtape("check", "--format", "concise", "train.py", program=TWO)
    lines = ran.out.splitlines()
    assert len(lines) == 2
    assert all(re.match(r"train\.py:\d+:\d+: GT\d{3} no gradient from `loss` to `[^`]+`: .+", line) for line in lines)
    assert lines[0].startswith("train.py:7:19: GT302 no gradient from `loss` to `layers[0]`: `np.floor(layers[0])`: ")
    assert ran.err == "gradtape check: 3 gradients asked for: 1 flows, 2 do not\n"


def test_concise_says_nothing_where_all_flows(gradtape):
    assert gradtape("check", "--format", "concise", "train.py", program=FLOWS).out == ""


def test_json_is_that_of_why_and_the_status(gradtape):
    ran = gradtape("check", "--format", "json", "train.py", program=TWO)
    told = json.loads(ran.out)
    assert told["status"] == 1
    assert [g["status"] for g in told["gradients"]] == ["none", "ok", "none"]


def test_annotations_of_github(gradtape):
    ran = gradtape("check", "--format", "github", "train.py", program=f"{TWO}print('no line end', end='')\n")
    commands = [line for line in ran.out.splitlines() if line.startswith("::")]
    assert len(commands) == 2
    assert commands[0].startswith(
        "::error file=train.py,line=7,col=19,endLine=7,endColumn=38,title=GT302 piecewise-constant::"
        "no gradient from `loss` to `layers[0]`: "
    )
    assert "%0Ahelp: " in commands[0]
    assert "no line end\n::error" in ran.out


@pytest.mark.parametrize(
    ("program", "told"), [("x = 1\n", "no gradient was asked for"), ("1 / 0", "ZeroDivisionError")]
)
def test_a_run_that_says_nothing_about_gradients_is_an_annotation_too(gradtape, program, told):
    ran = gradtape("check", "--format", "github", "train.py", program=program)
    (command,) = [line for line in ran.out.splitlines() if line.startswith("::")]
    assert command.startswith("::error file=train.py,title=gradtape::")
    assert told in command


def test_annotations_name_files_as_the_repository_does(gradtape, tmp_path):
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "train.py").write_text(TWO)
    ran = gradtape("check", "--format", "github", "models/train.py")
    assert "::error file=models/train.py," in ran.out
    ran = gradtape("check", "--format", "github", "models/train.py", GITHUB_WORKSPACE=str(tmp_path / "models"))
    assert "::error file=train.py," in ran.out
