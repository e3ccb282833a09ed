"""What a name stands for at a place, by Python's scopes or else by the namespace that the text ran in."""

import ast
import sys
import types

import pytest

from gradtape.diagnostics import scopes, syntax

from .programs import run_program
from .test_edits import mended

PROGRAM = """\
import numpy as np
import scipy.special
import jax.numpy as jnp
from math import sqrt
from numpy import random as draw
top = np.floor
try:
    import torch
except ImportError:
    torch = None
def plain(x):
    return np.floor(x)  # numpy.floor
def shadowed(np, x):
    return np.floor(x)  # None
def given(xp, x):
    return xp.floor(x)  # numpy.floor
def by_default(x, xp=np):
    return xp.floor(x)  # numpy.floor
def in_two_ways(xp, x):
    return xp.floor(x)  # None
def own(x):
    import math as np
    return np.floor(x)  # math.floor
def assigned(x):
    np = x
    return [np.floor(x)]  # None
def around(x):
    xp = jnp
    def inner():
        return xp.floor(x)  # jax.numpy.floor
    return inner()
def of_module(x):
    global np
    return np.floor(x)  # numpy.floor
def in_comprehension(xs):
    return [np.floor(x) for x in xs]  # numpy.floor
def bound_in_comprehension(xs):
    return [np.floor() for np in xs]  # None
def first_iterable(np):
    return [0 for np in np.floor(1)]  # None
def optional(x):
    return torch.floor(x)  # torch.floor
def others(x):
    return scipy.special.erf(x)  # scipy.special.erf
def of_function(x):
    return sqrt(x)  # math.sqrt
def of_part(x):
    return draw.normal(x)  # numpy.random.normal
def of_value(x):
    return top(x)  # numpy.floor
class Holder:
    np = None
    xp = jnp
    kept = xp.floor(1)  # jax.numpy.floor
    def method(self, x, key=np):
        return xp.floor(x)  # None
    def other(self, x):
        return np.floor(x)  # numpy.floor
given(np, 1.0)
in_two_ways(np, 1.0)
in_two_ways(jnp, 1.0)
later = lambda np: np.floor(2)  # None
with open("f") as np_file: np_file.floor(3)  # None
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    return str(path)


@pytest.mark.parametrize(
    ("line", "expected"),
    [(number, text.partition("  # ")[2]) for number, text in enumerate(PROGRAM.splitlines(), 1) if "  # " in text],
    ids=str,
)
def test_a_name_means_what_its_scope_says(file, line, expected):
    calls = [
        n
        for n in ast.walk(syntax.parse_file(file))
        if isinstance(n, ast.Call) and n.lineno == line and syntax.text_of(n.func) != "open"
    ]
    assert [str(scopes.stands_for(c.func, file)) for c in calls] == [expected]


@pytest.mark.parametrize(
    ("module", "line", "expected"),
    [
        ("numpy", None, "np"),
        ("numpy", 12, "np"),
        ("numpy", 14, None),  # a parameter has the name
        ("numpy", 22, None),
        ("math", 22, "np"),
        ("math", 12, None),  # imported in another function only
        ("scipy.special", 12, "scipy.special"),
        ("numpy.random", 12, "draw"),
        ("jax", 12, None),
    ],
)
def test_a_module_is_called_by_a_name_that_can_be_read_there(file, module, line, expected):
    statement = next((n for n in ast.walk(syntax.parse_file(file)) if getattr(n, "lineno", 0) == line), None)
    at = syntax.span_of(statement, file) if statement is not None else None
    assert scopes.imported_as(file, module, at) == expected


def test_what_no_line_binds_is_looked_up_where_the_text_ran(tmp_path, monkeypatch):
    path = tmp_path / "starred.py"
    path.write_text("from helpers import *\ny = np.floor(x)\n")
    module = types.ModuleType("starred")
    module.__file__, module.np, module.x = str(path), sys.modules["numpy"], 2.0
    monkeypatch.setitem(sys.modules, "starred", module)
    call = syntax.parse_file(str(path)).body[1].value
    assert scopes.stands_for(call.func, str(path)) == "numpy.floor"
    assert scopes.stands_for(call.args[0], str(path)) is None
    assert scopes.imported_as(str(path), "numpy") == "np"


HEAD = "import gradtape as gt\nimport numpy as np\n"

EDITED = {
    "a parameter has the name of the module": (
        "def f(np, y):\n    return np.floor(y)\n",
        "f(np, w)",
        "    return gt.straight_through(np.floor, y)\n",
    ),
    "a module comes in under another name": (
        "def f(xp, y):\n    return xp.floor(y)\n",
        "f(np, w)",
        "    return gt.straight_through(xp.floor, y)\n",
    ),
    "a module that nobody can tell": (
        "def f(xp, y):\n    return xp.round(y)\nmodules = [np]\n",
        "f(modules[0], w)",
        "    return y + gt.stop_gradient(xp.round(y) - y)\n",
    ),
    "a module in an object": (
        "class Model:\n    np = np\n    def f(self, y): return self.np.floor(y)\n",
        "Model().f(w)",
        "    def f(self, y): return y + gt.stop_gradient(self.np.floor(y) - y)\n",
    ),
    "the name that the edit needs is taken": (
        "def f(gt, y):\n    return np.floor(y) + gt\n",
        "f(1.0, w)",
        "    return gradtape.straight_through(np.floor, y) + gt\n",
    ),
    "a method": (
        "def f(y):\n    return y.round(1)\n",
        "f(w)",
        "    return y + gt.stop_gradient(y.round(1) - y)\n",
    ),
    "a function of math by its own name": (
        "from math import sin\ndef f(y):\n    return sin(y) * w\n",
        "f(w.sum())",
        "    return np.sin(y) * w\n",
    ),
    "math comes under the name of another module": (
        "def f(y):\n    import math as np\n    return np.sin(y) * w\n",
        "f(w.sum())",
        "    return numpy.sin(y) * w\n",
    ),
}


@pytest.mark.parametrize(("functions", "call", "line"), EDITED.values(), ids=EDITED)
def test_an_edit_reads_names_as_their_scope_has_them(tmp_path, functions, call, line):
    wrong = (
        f"{HEAD}{functions}w = gt.Variable([1.25, 2.5])\nwith gt.GradientTape() as tape:\n"
        f"    loss = np.sum({call})\ntape.gradient(loss, w)\n"
    )
    reports = run_program(wrong, tmp_path)
    assert any(r.findings for r in reports)
    right = mended(wrong, reports)
    assert line in right
    again = run_program(right, tmp_path, "mended.py")
    assert [(str(r.status), r.findings) for r in again] == [("ok", ())], right
