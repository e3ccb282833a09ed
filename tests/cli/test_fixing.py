"""`gradtape why --fix`: a diff that applies, and with `--apply` edits that are made and tried."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

WRONG = """\
import gradtape as gt
import numpy as np

w = gt.Variable([0.4, 1.6])
x = gt.constant(3.0)
with gt.GradientTape() as tape:
    loss = np.sum(np.floor(w) ** 2) * x  # the loss, härter
gradient = tape.gradient(loss, [w, x])
print("end")
"""

RIGHT = WRONG.replace("tape:\n", "tape:\n    tape.watch(x)\n").replace(
    "np.floor(w)", "gt.straight_through(np.floor, w)"
)

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def git(folder, *arguments):
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


def in_bytes(folder, *flags):
    """Run the command on train.py and return what it prints as bytes: the encoding may be any."""
    return subprocess.run(
        [sys.executable, "-m", "gradtape", "why", *flags, "train.py"],
        cwd=folder,
        capture_output=True,
        check=True,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
    ).stdout


def test_the_diff_follows_the_report_and_changes_nothing(gradtape, tmp_path):
    ran = gradtape("why", "--fix", "train.py", program=WRONG)
    assert ran.status == 0
    assert ran.out.startswith("end\n-- gradtape why train.py -")
    assert ran.out.endswith(
        """
--- a/train.py
+++ b/train.py
@@ -4,6 +4,7 @@
 w = gt.Variable([0.4, 1.6])
 x = gt.constant(3.0)
 with gt.GradientTape() as tape:
-    loss = np.sum(np.floor(w) ** 2) * x  # the loss, härter
+    tape.watch(x)
+    loss = np.sum(gt.straight_through(np.floor, w) ** 2) * x  # the loss, härter
 gradient = tape.gradient(loss, [w, x])
 print("end")
"""
    )
    assert (tmp_path / "train.py").read_text() == WRONG
    assert [p.name for p in tmp_path.iterdir()] == ["train.py"]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", ["", "print('no line end')"])
@pytest.mark.parametrize("tool", [["patch", "-p1"], ["git", "apply"]])
def test_the_output_can_be_given_to_patch_and_git(gradtape, tmp_path, tool, end, last):
    if shutil.which(tool[0]) is None:
        pytest.skip(f"{tool[0]} is not installed")
    (tmp_path / "train.py").write_bytes((WRONG + last).replace("\n", end).encode())
    told = in_bytes(tmp_path, "--fix")
    flags = ["--binary"] if tool[0] == "patch" else []
    subprocess.run([*tool, *flags], input=told, cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "train.py").read_bytes() == (RIGHT + last).replace("\n", end).encode()


def test_apply_makes_the_edits_and_tries_them(gradtape, tmp_path):
    (tmp_path / "train.py").write_text(WRONG, encoding="utf-8")
    (tmp_path / "train.py").chmod(0o754)
    ran = gradtape("why", "--fix", "--apply", "train.py")
    assert ran.out.endswith(
        "edited train.py\nmended   d loss / d w: none before, ok now\nmended   d loss / d x: none before, ok now\n"
    )
    assert ran.out.count("end\n") == 1, "the second run's own output is not shown"
    assert ran.status == 0
    assert (tmp_path / "train.py").read_text(encoding="utf-8") == RIGHT
    assert (tmp_path / "train.py.orig").read_text(encoding="utf-8") == WRONG
    assert (tmp_path / "train.py").stat().st_mode & 0o777 == 0o754
    assert (tmp_path / "train.py.orig").stat().st_mode & 0o777 == 0o754


@pytest.mark.parametrize(
    ("encoding", "head"), [("utf-8-sig", ""), ("latin-1", "# coding: latin-1\n"), ("cp1252", "# coding: cp1252\n")]
)
def test_apply_keeps_encoding_and_line_ends(tmp_path, encoding, head):
    (tmp_path / "train.py").write_bytes((head + WRONG).replace("\n", "\r\n").encode(encoding))
    assert b"mended" in in_bytes(tmp_path, "--apply")
    assert (tmp_path / "train.py").read_bytes() == (head + RIGHT).replace("\n", "\r\n").encode(encoding)


def test_apply_writes_through_a_link(gradtape, tmp_path):
    (tmp_path / "real.py").write_text(WRONG, encoding="utf-8")
    (tmp_path / "train.py").symlink_to("real.py")
    assert "mended" in gradtape("why", "--apply", "train.py").out
    assert (tmp_path / "train.py").is_symlink()
    assert (tmp_path / "real.py").read_text(encoding="utf-8") == RIGHT


@needs_git
def test_a_file_that_git_has_needs_no_copy(gradtape, tmp_path):
    git(tmp_path, "init", "-q")
    (tmp_path / "train.py").write_text(WRONG, encoding="utf-8")
    git(tmp_path, "add", "train.py")
    git(tmp_path, "commit", "-qm", "first")
    assert "mended" in gradtape("why", "--apply", "train.py").out
    assert not (tmp_path / "train.py.orig").exists()
    git(tmp_path, "checkout", "--", "train.py")
    assert (tmp_path / "train.py").read_text(encoding="utf-8") == WRONG


def test_nothing_is_written_where_the_copy_would_overwrite_one(gradtape, tmp_path):
    (tmp_path / "train.py.orig").write_text("precious")
    ran = gradtape("why", "--apply", "train.py", program=WRONG)
    assert ran.status == 1
    assert "nothing was written" in ran.err
    assert "help: commit train.py, or move train.py.orig away" in ran.err
    assert (tmp_path / "train.py").read_text(encoding="utf-8") == WRONG
    assert (tmp_path / "train.py.orig").read_text() == "precious"


def test_a_file_that_cannot_be_written(gradtape, tmp_path):
    (tmp_path / "train.py").write_text(WRONG, encoding="utf-8")
    (tmp_path / "train.py").chmod(0o444)
    ran = gradtape("why", "--apply", "train.py")
    assert ran.status == 1
    assert "cannot be written" in ran.err


INPUT = f"name = input()\n{WRONG}"


def test_a_script_whose_input_is_used_up_is_not_called_a_defect(gradtape):
    ran = gradtape("why", "--apply", "train.py", program=INPUT, stdin="Bob\n")
    assert ran.status == 1
    assert "whether it is mended was not seen" in ran.out
    assert "a defect of gradtape" not in ran.out


RENAMED = {
    "a part": ("row = w[0]\n    loss = (w * w).sum()", "row", "d loss / d row, as w: none before, ok now"),
    "a model": ("loss = model.w * model.w", "model", "d loss / d model, as w: error before, ok now"),
}


@pytest.mark.parametrize(("body", "source", "told"), RENAMED.values(), ids=RENAMED)
def test_a_source_that_goes_by_another_name_is_not_gone(gradtape, body, source, told):
    program = f"""\
import gradtape as gt
w = gt.Variable([1.0, 2.0])
class Model:
    def __init__(self):
        self.w = w
        self.trainable_variables = [self.w]
model = Model()
with gt.GradientTape() as tape:
    {body}
try:
    tape.gradient(loss, {source})
except TypeError:
    pass
"""
    ran = gradtape("why", "--apply", "train.py", program=program)
    assert told in ran.out
    assert "defect" not in ran.out


def test_a_program_that_asks_for_nothing_has_no_edit_and_says_so(gradtape):
    assert gradtape("why", "--fix", "train.py", program="x = 1\n").out.endswith(
        "no edit to make: no gradient was asked for\n"
    )


def test_a_module_beside_the_script_is_edited_too(gradtape, tmp_path):
    (tmp_path / "model.py").write_text("import numpy as np\n\ndef f(w):\n    return np.floor(w) * 2.0\n")
    program = """\
import gradtape as gt
from model import f
w = gt.Variable(1.5)
with gt.GradientTape() as tape:
    y = f(w)
tape.gradient(y, w)
"""
    ran = gradtape("why", "--apply", "train.py", program=program)
    assert "mended   d y / d w: none before, ok now" in ran.out
    assert (tmp_path / "model.py").read_text() == (
        "import numpy as np\nimport gradtape as gt\n\ndef f(w):\n    return gt.straight_through(np.floor, w) * 2.0\n"
    )
    assert (tmp_path / "train.py").read_text() == program


def test_an_installed_package_is_never_edited(gradtape, tmp_path):
    package = tmp_path / "venv" / "site-packages"
    package.mkdir(parents=True)
    (package / "tool.py").write_text(WRONG, encoding="utf-8")
    ran = gradtape("why", "--apply", "venv/site-packages/tool.py")
    assert "belongs to an installed package" in ran.out
    assert "no edit to make" in ran.out
    assert [p.name for p in package.iterdir()] == ["tool.py"]
    assert (package / "tool.py").read_text(encoding="utf-8") == WRONG


def test_a_file_that_changed_meanwhile_is_left_alone(gradtape, tmp_path):
    program = WRONG + "open(__file__, 'a').write('# more\\n')\n"
    ran = gradtape("why", "--apply", "train.py", program=program)
    assert "train.py changed while it ran" in ran.out
    assert (tmp_path / "train.py").read_text(encoding="utf-8") == program + "# more\n"


def test_a_healthy_program_needs_no_edit(gradtape, tmp_path):
    ran = gradtape("why", "--apply", "train.py", program=RIGHT)
    assert ran.out.endswith("no edit to make: every gradient flows\n")
    assert not (tmp_path / "train.py.orig").exists()


def test_an_edit_that_does_not_mend_is_told_and_can_be_taken_back(gradtape, tmp_path):
    program = WRONG + "import pathlib\nif 'watch' in pathlib.Path(__file__).read_text(): raise SystemExit(7)\n"
    program = program.replace("tape.gradient(loss, [w, x])", "tape.gradient(loss * (0 if EDITED else 1), [w, x])")
    program = program.replace(
        "w = gt", "EDITED = 'watch' in open(__file__).read().partition('EDITED')[2][300:]\nw = gt"
    )
    ran = gradtape("why", "--apply", "train.py", program=program)
    assert ran.status == 7
    assert "the edited script ended with exception: SystemExit: 7" in ran.out
    assert "still    d loss" in ran.out
    assert "is a defect of gradtape" in ran.out
    assert "help: `mv train.py.orig train.py` takes the edits back" in ran.out


def test_a_gradient_without_an_edit_is_no_defect_of_the_edits(gradtape):
    program = WRONG.replace("w = gt", "idle = gt.Variable(1.0)\nw = gt").replace("[w, x]", "[w, x, idle]")
    assert "idle]" in program
    ran = gradtape("why", "--apply", "train.py", program=program)
    assert "mended   d loss / d x" in ran.out
    assert "still    d loss / d idle" in ran.out
    assert ran.out.endswith("1 gradient that does not flow had no edit\n")


def test_a_gradient_that_was_there_in_some_rounds_is_matched_again(gradtape):
    program = (
        "import numpy as np\nimport gradtape as gt\nw = gt.Variable(2.0)\nfor step in range(2):\n"
        "    with gt.GradientTape() as tape:\n        y = w * 3.0\n        loss = y**2 if step else float(y) * 1.0\n"
        "    tape.gradient(loss, w)\n"
    )
    ran = gradtape("why", "--apply", "train.py", program=program)
    assert "gone" not in ran.out
    assert "mended   d loss / d w: none before, ok now" in ran.out


def test_the_scripts_own_status_and_arguments_stay(gradtape):
    program = WRONG + "import sys\nprint(sys.argv[1:])\nsys.exit(3)\n"
    ran = gradtape("why", "--fix", "train.py", "--fix", "--apply", program=program)
    assert ran.status == 3
    assert ran.out.startswith("end\n['--fix', '--apply']\n--")
    assert "edited" not in ran.out


def test_json_on_standard_output_and_a_diff_do_not_mix(gradtape):
    ran = gradtape("why", "--fix", "--json", "-", "train.py", program=WRONG)
    assert ran.status == 2
    assert "--json why.json" in ran.err


OPTIMIZER = """\
import numpy as np
import gradtape as gt

class Momentum:
    def __init__(self, parameters):
        self.parameters = parameters
        self.velocity = [np.zeros(p.shape) for p in parameters]

    def step(self, gradients):
        for i, (p, g) in enumerate(zip(self.parameters, gradients)):
            self.velocity[i] = 0.9 * self.velocity[i] + g
            self.parameters[i] = p - 0.1 * self.velocity[i]

a, b = gt.Variable([1.0, 2.0]), gt.Variable(3.0)
parameters = [a, b]
momentum = Momentum(parameters)
for _ in range(2):
    with gt.GradientTape() as tape:
        loss = np.sum(parameters[0] ** 2) * parameters[1]
    gradients = tape.gradient(loss, parameters)
    if gradients[0] is not None:
        momentum.step(gradients)
"""


def test_elements_of_a_list_that_an_optimizer_binds_anew_are_changed_in_place(gradtape):
    ran = gradtape("why", "--apply", "train.py", program=OPTIMIZER)
    assert "none    d loss / d parameters[0]  GT103 rebound-name at train.py:12" in ran.out
    assert "+            self.parameters[i].assign(p - 0.1 * self.velocity[i])" in ran.out
    assert "mended   d loss / d parameters[1], as a or b: none before, ok now" in ran.out
    assert "defect" not in ran.out


HIDING = """\
import numpy as np
import gradtape as gt
w = gt.Variable(0.4)
with gt.GradientTape() as tape:
    sign = 1.0 if w > 0.5 else -1.0
    state = np.array([0.1 * sign, 0.05])
    loss = np.sum(state * gt.constant(2.0))
tape.gradient(loss, w)
"""


def test_what_the_first_reason_hid_is_mended_by_the_next_run(gradtape, tmp_path):
    first = gradtape("why", "--fix-all", "--apply", "train.py", program=HIDING)
    assert "still    d loss / d w: none before, none now (GT203 at train.py:6)" in first.out
    assert "1 gradient ends at another place now, which the first one hid: run the command again" in first.out
    assert "defect" not in first.out
    (tmp_path / "train.py.orig").unlink()
    second = gradtape("why", "--fix-all", "--apply", "train.py")
    assert "mended   d loss / d w: none before, ok now" in second.out


AT_A_POINT = """\
import numpy as np
import gradtape as gt
x = gt.Variable([1.0, 1.0, 1.0])
np.seterr(all="ignore")
with gt.GradientTape() as tape:
    loss = np.sum(((x - np.mean(x)) / np.std(x)) ** 3)
tape.gradient(loss, x)
"""


def test_a_true_zero_in_the_place_of_no_number_is_mended(gradtape):
    ran = gradtape("why", "--apply", "train.py", program=AT_A_POINT)
    assert "mended   d loss / d x: nan before, zero now" in ran.out
    assert "defect" not in ran.out
