"""Safe edits, of every program that the tests have: each mends its finding and changes no number of the program."""

import ast
import contextlib
import importlib.util
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import gradtape as gt
from gradtape.diagnostics import Applicability
from gradtape.diagnostics.changes import applied
from gradtape.explain import Status
from gradtape.explain.edits import builders, mends, together

from .programs import run_program
from .programs import unmarked as without_marks
from .test_cases import PROGRAMS, unmarked
from .test_edits import FORMS, HEAD, IN_TENSORFLOW, STAND_IN
from .test_pages import WITH_PROGRAM, blocks

IEEE = """\
w = gt.Variable({})
with gt.config(strong_zeros=False), np.errstate(all="ignore"):
    with gt.GradientTape() as tape:
        y = np.sum({})
    tape.gradient(y, w)
"""

SAFE_ONES = {
    "what runs right before the tape": "z = w * w\nwith gt.GradientTape() as tape:\n    y = z * 2.0\n",
    "what runs right after the tape": "with gt.GradientTape() as tape:\n    z = w * w\ny = z * 2.0\n",
    "the first derivative right after the outer tape": (
        "with gt.GradientTape() as outer:\n    with gt.GradientTape() as inner:\n        y = w**3\n"
        "g = inner.gradient(y, w)\nouter.gradient(g, w)\n"
    ),
    "a masked root": IEEE.format("2.0", "np.where(w > 3.0, np.sqrt(w - 2.0), w)"),
    "a masked quotient, on the other side": IEEE.format("2.0", "np.where(w == 2.0, w, np.exp(1.0 / (w - 2.0)) * 2.0)"),
    "a masked arc": IEEE.format("[0.5, 1.0]", "np.where(abs(w) < 1.0, np.arccos(w), 0.0)"),
    "a logistic function": IEEE.format("[-800.0, 1.0]", "1 / (1 + np.exp(-w))"),
    "a function of SciPy that ours has too": (
        "import scipy.linalg\nv = gt.Variable([[2.0, 1.0], [1.0, 3.0]])\nwith gt.GradientTape() as tape:\n"
        "    y = np.sum(scipy.linalg.expm(v))\ntape.gradient(y, v)\n"
    ),
    "a first derivative of PyTorch without its graph": (
        "import torch\nt = torch.tensor(2.0, requires_grad=True)\n(g,) = torch.autograd.grad(t**3, t)\n"
        "try:\n    torch.autograd.grad(g, t)\nexcept RuntimeError:\n    pass\n"
    ),
    "two calls of one tape": (
        "with gt.GradientTape() as tape:\n    y = w * w\ntape.gradient(y, w)\n"
        "try:\n    tape.gradient(y, w)\nexcept RuntimeError:\n    pass\n"
    ),
}
"""Programs after `w = gt.Variable(2.0)`; one that asks for nothing asks for the gradient of `y`."""


def asking(program):
    return program if ".gradient(" in program or "grad(" in program else f"{program}tape.gradient(y, w)\n"


def all_programs():
    """Yield every wrong program of the tests, with a name."""
    for code in WITH_PROGRAM:
        yield code.number, without_marks(blocks(code.number)[0])
    for path in PROGRAMS:
        yield f"{path.parent.name}-{path.stem}", unmarked(path.read_text(encoding="utf-8"))
    for name, (program, _) in FORMS.items():
        yield name, HEAD + program
    for k, (line, _) in enumerate(IN_TENSORFLOW):
        head = f"{STAND_IN}w = tf.Variable([1.5, 2.5])\nwith tf.GradientTape() as tape:\n    {line}\n"
        yield f"TensorFlow {k}", f"{head}tape.gradient(y, w)\n"
    for name, program in SAFE_ONES.items():
        yield name, f"{HEAD}w = gt.Variable(2.0)\n{asking(program)}"


EVERY = dict(all_programs())


def values_of(source, folder):
    """Run a program and return the numbers that its names hold in the end, or when it raised."""
    names = {}
    file = folder / "values.py"
    file.write_text(source)
    np.random.seed(0)  # noqa: NPY002
    with contextlib.suppress(Exception):  # the mistake may be an error
        exec(compile(source, str(file), "exec"), names)  # noqa: S102
    return {k: np.asarray(v) for k, v in names.items() if isinstance(v, gt.Tensor | float | np.ndarray)}


def safe_of(report):
    found = [f for f in report.findings if f.diagnostic.suggestion is not None]
    return [f for f in found if f.diagnostic.suggestion.applicability is Applicability.SAFE]


def check_safe(source, folder):
    """Make the safe edits of a program and no others; return how many there were."""
    reports = run_program(source, folder)
    safe = [f for r in reports for f in safe_of(r)]
    if not safe:
        return 0
    chosen = {e.line: e.replace_with for e in together.joint_edits(f.diagnostic.suggestion for f in safe)}
    right = "".join(applied(source.splitlines(keepends=True), chosen))
    again = run_program(right, folder, "mended.py")
    before, after = (Counter(f.code for r in rs for f in r.findings) for rs in (reports, again))
    for finding in safe:
        assert after[finding.code] < before[finding.code], (finding, right)
    for first, then in zip(reports, again, strict=False):
        if first.findings and len(safe_of(first)) == len(first.findings):
            assert then.status in {Status.OK, Status.ZERO}, (first, right)
    old, new = values_of(source, folder), values_of(right, folder)
    for name, value in old.items():
        known = ~np.isnan(value)  # where the finding was that a number is none
        np.testing.assert_allclose(new[name][known], value[known], rtol=1e-6, err_msg=f"{name}\n{right}")
    return len(safe)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", EVERY)
def test_safe_edits_mend_and_change_no_number(name, tmp_path):
    if not check_safe(EVERY[name], tmp_path):
        assert name not in SAFE_ONES, "no safe edit is offered"
        pytest.skip("no safe edit in this program")


@pytest.mark.filterwarnings("ignore")
def test_every_builder_of_safe_edits_is_tried(tmp_path, monkeypatch):
    """Who calls `safe` in the source of the edits is seen to offer a safe edit in some program here."""
    folder = Path(builders.__file__).parents[1]
    functions = [n for p in folder.rglob("*.py") for n in ast.walk(ast.parse(p.read_text())) if hasattr(n, "body")]
    able = {
        f.name
        for f in functions
        if isinstance(f, ast.FunctionDef)
        and any(isinstance(n, ast.Attribute) and ast.unparse(n) == "builders.safe" for n in ast.walk(f))
    }
    seen = set()

    def safe(*changes):
        if changes:
            seen.add(sys._getframe(1).f_code.co_name)
        return builders.suggestion(Applicability.SAFE, *changes)

    monkeypatch.setattr(builders, "safe", safe)
    for program in EVERY.values():
        with contextlib.suppress(pytest.skip.Exception):  # of another framework, which is tested with it
            run_program(program, tmp_path)
    if importlib.util.find_spec("torch") is None:
        able -= {"inner_recorded"}
    assert seen == able


@pytest.mark.parametrize("wrong", ["tape.stop_recording()", "w.assign(3.0)"])
def test_a_safe_edit_that_is_not_safe_would_be_noticed(tmp_path, monkeypatch, wrong):
    """Plant edits that do not mend, or that change a number."""
    monkeypatch.setitem(
        mends.MENDS,
        "stop-gradient",
        lambda case: builders.safe(*builders.insert_after(case.statement, case.file, wrong)),
    )
    program = f"{HEAD}w = gt.Variable(2.0)\nwith gt.GradientTape() as tape:\n    y = gt.stop_gradient(w)\n"
    with pytest.raises(AssertionError):
        check_safe(asking(program), tmp_path)
