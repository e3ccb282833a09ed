"""What `import gradtape` may load, and how the rooms stand on each other."""

import json
import re
import subprocess
import sys
from pathlib import Path
from pkgutil import walk_packages

import pytest

from gradtape import ops
from gradtape.ops import AT_ONCE

ROOT = Path(__file__).parents[2]
HEAVY = [
    "scipy", "rich", "tensorflow", "torch", "jax", "autograd",
    "gradtape.explain", "gradtape.recorders", "gradtape.render", "gradtape.cli", "gradtape.tf",
]  # fmt: skip
PROBE = """
import json, sys
import numpy
before = set(sys.modules)
import gradtape
for statement in {extra!r}:
    exec(statement)
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def loaded(*extra):
    done = subprocess.run(
        [sys.executable, "-c", PROBE.format(extra=extra)],
        capture_output=True, text=True, check=True, env={"PYTHONPATH": str(ROOT / "src"), "PATH": ""},
    )  # fmt: skip
    return json.loads(done.stdout)


def heavy(modules):
    return [m for m in modules if any(m == h or m.startswith(f"{h}.") for h in HEAVY)]


def test_importing_the_engine_loads_nothing_heavy():
    modules = loaded()
    assert heavy(modules) == []


def test_the_probe_sees_what_is_loaded():
    modules = loaded("import gradtape.render.plain")
    assert "gradtape.render" in heavy(modules)


def test_a_gradient_that_flows_loads_no_explanation():
    modules = loaded(
        "w = gradtape.Variable(2.0)\nwith gradtape.GradientTape() as t: y = w * w\nassert t.gradient(y, w) == 4.0"
    )
    assert heavy(modules) == []


def test_a_missing_gradient_loads_the_explanation_and_nothing_more():
    modules = loaded(
        "import warnings; warnings.simplefilter('ignore')\n"
        "w = gradtape.Variable(2.0)\nwith gradtape.GradientTape() as t: y = gradtape.constant(2.0)\nt.gradient(y, w)"
    )
    assert "gradtape.explain" in heavy(modules)
    assert not {"rich", "scipy", "gradtape.cli", "gradtape.tf"} & set(modules)


ENGINE = {
    "_config", "errors", "arrays", "diagnostics", "spaces", "tape",
    *(f"arrays.{name}" for name in [
        "_core", "core", "dispatch", "documenting", "doors", "failures", "frames", "leaving", "methods", "protocols",
        "record", "tensor", "ufunc_methods", "variable", "writing",
    ]),
    "diagnostics.sites",
    "spaces.kernels", "spaces.kernels.indexing", "spaces.numpy_space", "spaces.space",
    *(f"tape.{name}" for name in [
        "ambient", "asked", "gradient_tape", "missing", "namespaces", "oddness", "programs", "pulls", "query",
        "reverse", "structure", "usual",
    ]),
}  # fmt: skip
NEVER = {"cmath", "dataclasses", "pathlib", "pkgutil", "importlib.util", "numpy.fft"}
"""What NumPy does without, and so can we."""
OF_PYTHON = 10
"""So many modules of Python that NumPy does not load; five with 3.11, and versions differ."""


def rows(modules):
    return {m.removeprefix("gradtape.ops.") for m in modules if m.startswith("gradtape.ops.")}


def test_importing_loads_the_engine_and_no_more():
    modules = loaded()  # how long it takes is a benchmark: benchmarks/scaling.py
    ours = {m.removeprefix("gradtape.") for m in modules if m.startswith("gradtape.")}
    assert {m for m in ours if m.partition(".")[0] != "ops"} <= ENGINE
    assert rows(modules) == {*AT_ONCE, "domains", "model", "reading", "registry"}
    assert not NEVER & set(modules)
    assert len([m for m in modules if not m.startswith("gradtape")]) < OF_PYTHON


PROGRAM = """
import numpy as np
w, b = gradtape.Variable(np.ones((3, 2))), gradtape.Variable(np.zeros(2))
with gradtape.GradientTape() as tape:
    y = np.tanh(np.arange(6.0).reshape(2, 3) @ w + b)[:, 0]
    loss = np.mean(np.where(y > 0.5, y, y**2)) + np.sum(np.concatenate([y, w.T[1]])) + np.log(np.max(np.exp(y)))
tape.gradient(loss, [w, b])
"""


def test_the_usual_program_loads_no_rows_that_wait():
    assert rows(loaded(PROGRAM)) == {*AT_ONCE, "domains", "model", "reading", "registry"}


@pytest.mark.parametrize(
    "look",
    ["list(OPS)", "list(COMPOSITES)", "list(OPS.values())", "list(COMPOSITES.items())", "{**OPS}", "range(len(OPS))"],
)
def test_whoever_looks_at_the_table_sees_all_of_it(look):
    table = "OPS" if "OPS" in look else "COMPOSITES"
    modules = loaded(
        f"from gradtape.ops import COMPOSITES, OPS\nseen = {look}\nassert len(seen) == len({table}.loaded)",
    )
    assert rows(modules) == {m.name.removeprefix("gradtape.ops.") for m in walk_packages(ops.__path__, "gradtape.ops.")}


def test_whoever_asks_for_a_row_that_waits_gets_it():
    modules = loaded(
        "from gradtape.ops import COMPOSITES, OPS, row_named\nfrom gradtape.spaces.numpy_space import xp",
        "assert 'cholesky' in OPS and OPS['median'] is row_named('median') and 'norm' not in OPS",
        "assert COMPOSITES.get('norm') is row_named('norm') and OPS.get('norm') is None and callable(xp.rfft)",
    )
    assert rows(modules) < {m.name.removeprefix("gradtape.ops.") for m in walk_packages(ops.__path__, "gradtape.ops.")}
    assert rows(loaded("from gradtape.ops import OPS\nassert OPS['j0'].scipy == 'special.j0'")) > rows(modules)


def test_only_the_room_itself_knows_which_rows_are_there_yet():
    part = re.compile(r"\b(?:OPS|COMPOSITES)\.loaded\b")
    found = {p.relative_to(ROOT).as_posix() for p in (ROOT / "src").rglob("*.py") if part.search(p.read_text("utf-8"))}
    assert found == {"src/gradtape/ops/registry.py"}


def test_what_waits_is_there_when_somebody_asks():
    names = "['grad', 'ForwardAccumulator', 'custom_gradient', 'external', 'hessian', 'stop_gradient', 'checkpoint']"
    modules = loaded(
        f"assert all(callable(getattr(gradtape, name)) for name in {names})",
        "assert set(gradtape.__all__) <= set(dir(gradtape))",
        "from gradtape.diagnostics import Diagnostic, code_called",
        "try: gradtape.nothing\nexcept AttributeError as error: assert 'nothing' in str(error)\nelse: 1 / 0",
    )
    assert {"gradtape.tape.functional", "gradtape.diagnostics.codes"} <= set(modules)
