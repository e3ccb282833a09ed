"""What `import gradtape` may load, and how the rooms stand on each other."""

import json
import subprocess
import sys
from pathlib import Path

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
        "_core", "core", "dispatch", "documenting", "doors", "failures", "leaving", "methods", "protocols", "record",
        "tensor", "ufunc_methods", "variable", "writing",
    ]),
    "diagnostics.depth", "diagnostics.sources", "diagnostics.spans",
    "spaces.kernels", "spaces.kernels.indexing", "spaces.numpy_space", "spaces.space",
    *(f"tape.{name}" for name in [
        "ambient", "asked", "gradient_tape", "missing", "namespaces", "pulls", "query", "reverse", "structure",
    ]),
}  # fmt: skip
OF_PYTHON = 20
"""So many modules of Python that NumPy does not load; nine with 3.11, and versions differ."""


def test_importing_loads_the_engine_and_no_more():
    modules = loaded()  # how long it takes is a benchmark: benchmarks/scaling.py
    ours = {m.removeprefix("gradtape.") for m in modules if m.startswith("gradtape.")}
    assert {m for m in ours if m.partition(".")[0] != "ops"} <= ENGINE
    assert {m for m in ours if m.startswith("ops.") and m.count(".") > 1} == set()  # families of rows wait
    assert len([m for m in modules if not m.startswith(("gradtape", "numpy."))]) < OF_PYTHON


def test_what_waits_is_there_when_somebody_asks():
    names = "['grad', 'ForwardAccumulator', 'custom_gradient', 'external', 'hessian', 'stop_gradient', 'checkpoint']"
    modules = loaded(
        f"assert all(callable(getattr(gradtape, name)) for name in {names})",
        "assert set(gradtape.__all__) <= set(dir(gradtape))",
        "from gradtape.diagnostics import Diagnostic, code_called",
        "try: gradtape.nothing\nexcept AttributeError as error: assert 'nothing' in str(error)\nelse: 1 / 0",
    )
    assert {"gradtape.tape.functional", "gradtape.diagnostics.codes"} <= set(modules)
