"""`gradtape why`: the script runs as always, and the report follows."""

import json

import pytest

TRAIN = """\
import sys
import gradtape as gt

print(sys.argv, __name__)
w = gt.Variable([1.0, 2.0])
b = gt.Variable(1.0)
for step in range(6):
    with gt.GradientTape() as tape:
        loss = (w * w).sum() if step % 2 else (w * w * w).sum()
    g = tape.gradient(loss, [w, b])
print("end")
"""


def test_the_script_runs_as_main_and_its_output_stays(gradtape):
    ran = gradtape("why", "train.py", "--json", "x", fake=True, program=TRAIN)
    own, _, report = ran.out.partition("-- gradtape why train.py -")
    assert own == "['train.py', '--json', 'x'] __main__\nend\n"
    assert "2 gradients asked for: 1 flows, 1 does not" in report
    assert "tape.gradient at train.py:10, asked 6 times" in report
    assert " ok      d loss / d source[0]\n" in report
    assert "warning[GT105 not-used]: no gradient flows\n   --> train.py:10:9\n" in report
    assert (ran.status, ran.err) == (0, "")


def test_each_kind_of_run_up_to_a_call_is_explained_once(gradtape):
    ran = gradtape("why", "train.py", fake=True, program=TRAIN, COUNT_EXPLAINED="1")
    assert (
        ran.err.count("explained") == 3
    )  # two lines make `loss`, and before the first question the variables were made


def test_json_into_a_file_keeps_the_text(gradtape, tmp_path):
    ran = gradtape("why", "--json", "why.json", "train.py", fake=True, program=TRAIN)
    told = json.loads((tmp_path / "why.json").read_text())
    assert "asked 6 times" in ran.out
    assert (told["schema"], told["script"], told["framework"], told["outcome"]) == (1, "train.py", "gradtape", "ok")
    assert [(g["status"], g["times"]) for g in told["gradients"]] == [("ok", 6), ("none", 6)]
    assert told["gradients"][1]["findings"][0]["file"] == "train.py"


def test_json_on_standard_output_replaces_the_text(gradtape):
    ran = gradtape("why", "--json", "-", "train.py", fake=True, program=TRAIN)
    own, brace, told = ran.out.partition("{")
    assert own.endswith("end\n")
    assert json.loads(brace + told)["outcome"] == "ok"


def test_the_file_is_called_as_the_user_called_it(gradtape, tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "here.py").write_text(TRAIN)
    name = str(tmp_path / "deep" / ".." / "deep" / "here.py")
    ran = gradtape("why", "--json", "-", name, fake=True)
    told = json.loads(ran.out[ran.out.index("{") :])
    assert told["script"] == name
    assert told["gradients"][0]["call"]["file"] == name


@pytest.mark.parametrize(
    ("ending", "status", "outcome", "shown"),
    [
        ("1 / 0", 1, "exception: ZeroDivisionError: division by zero", "ZeroDivisionError: division by zero"),
        ("sys.exit(3)", 3, "exception: SystemExit: 3", ""),
        ("sys.exit(0)", 0, "ok", ""),
        ("sys.exit()", 0, "ok", ""),
        ("sys.exit('no data')", 1, "exception: SystemExit: no data", "no data"),
        ("raise KeyboardInterrupt", -2, "exception: KeyboardInterrupt", "KeyboardInterrupt"),
    ],
)
def test_a_script_that_raises_is_explained_all_the_same(gradtape, ending, status, outcome, shown):
    ran = gradtape("why", "--json", "-", "train.py", fake=True, program=f"{TRAIN}{ending}\n")
    told = json.loads(ran.out[ran.out.index("{") :])
    assert (ran.status, told["outcome"], len(told["gradients"])) == (status, outcome, 2)
    assert ran.err.strip().endswith(shown)
    assert "gradtape/cli" not in ran.err.replace("\\", "/")


def test_a_traceback_starts_in_the_script(gradtape):
    ran = gradtape("why", "train.py", program="def f():\n    1 / 0\nf()\n")
    assert [line for line in ran.err.splitlines() if "line " in line] == [
        line for line in ran.err.splitlines() if "train.py" in line
    ]
    assert "the script ended with exception: ZeroDivisionError" in ran.out


def test_a_script_that_cannot_be_compiled(gradtape):
    ran = gradtape("why", "train.py", program="x = (\n")
    assert ran.status == 1
    assert "SyntaxError" in ran.err
    assert "Traceback" not in ran.err
    assert "outcome" not in ran.out
    assert "the script ended with exception: SyntaxError" in ran.out


def test_a_script_in_another_encoding(gradtape, tmp_path):
    (tmp_path / "old.py").write_bytes("# coding: latin-1\nprint('m\xfcll')\n".encode("latin-1"))
    assert gradtape("why", "old.py").out.startswith("müll\n")


def test_no_gradient_asked_for_says_what_to_do(gradtape):
    ran = gradtape("why", "train.py", program="import gradtape\n")
    assert ran.status == 0
    assert "no gradient was asked for in this run" in ran.out
    assert "help: ask in the part of the script that runs" in ran.out


def test_a_program_without_gradtape_has_no_framework(gradtape):
    ran = gradtape("why", "--json", "-", "train.py", program="x = 1\n")
    assert json.loads(ran.out)["framework"] == "none"


def test_a_script_that_changes_folder(gradtape, tmp_path):
    (tmp_path / "below").mkdir()
    program = f"import os\nos.chdir('below')\n{TRAIN}"
    ran = gradtape("why", "--json", "why.json", "train.py", fake=True, program=program)
    assert "--> train.py:12:9" in ran.out
    assert (tmp_path / "why.json").exists()


def test_neighbours_of_the_script_can_be_imported(gradtape, tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "helper.py").write_text("VALUE = 'found'\n")
    (tmp_path / "sub" / "go.py").write_text("import helper\nprint(helper.VALUE)\n")
    assert gradtape("why", "sub/go.py").out.startswith("found\n")


def test_a_failure_to_explain_leaves_the_script_alone(gradtape):
    program = TRAIN.replace("tape.gradient(loss, [w, b])", "tape.gradient(loss, [w, b], unconnected_gradients='zero')")
    ran = gradtape("why", "train.py", fake=True, program=program, FAIL_TO_EXPLAIN="1")
    assert "end\n" in ran.out
    assert "GT901 not-explained, possible" in ran.out
    assert "KeyError: 'a mistake of ours'" in ran.out
    assert ran.status == 0


def test_the_warning_is_silent_because_the_report_tells_it(gradtape):
    assert "MissingGradientWarning" not in gradtape("why", "train.py", fake=True, program=TRAIN).err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["why", "trian.py"], ["there is no script trian.py", "the nearest in that folder is train.py"]),
        (["why", "."], [". is a folder", "name the Python file"]),
        (
            ["why", "--json", "nowhere/x.json", "train.py"],
            ["--json nowhere/x.json cannot be written", "a folder that exists"],
        ),
        (["why"], ["SCRIPT", "gradtape why --help"]),
        (["wyh", "train.py"], ["wyh", "why"]),
        ([], ["COMMAND", "gradtape --help"]),
    ],
)
def test_errors_of_usage_name_the_argument_and_the_next_step(gradtape, arguments, told):
    ran = gradtape(*arguments, program="")
    assert ran.status == 2
    assert ran.out == ""
    for part in told:
        assert part in ran.err
