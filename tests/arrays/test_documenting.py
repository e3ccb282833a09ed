"""What `help` says of functions that are made of rows is true of the row, and names a function that exists."""

from importlib import import_module

import numpy as np
import pytest

import gradtape as gt
import gradtape.numpy as gnp
from gradtape.arrays.documenting import docstring, home_of
from gradtape.ops import COMPOSITES, OPS
from gradtape.ops.model import NotYet, Rule

scipy = pytest.importorskip("scipy")
ROWS = {**OPS, **COMPOSITES}


def find(path):
    library, *rest = path.split(".")
    found = {"numpy": np, "scipy": scipy}[library]
    for k, name in enumerate(rest):
        try:
            found = getattr(found, name)
        except AttributeError:
            found = import_module(".".join([library, *rest[: k + 1]]))
    return found


def test_the_functions_that_they_name_exist():
    for row in ROWS.values():
        home = home_of(row)
        if home and (home.startswith("scipy.") or hasattr(np, "matvec")):  # NumPy 2.0 lacks what 2.2 has
            assert callable(find(home))
            assert f"`{home}`" in docstring(row)


def test_every_array_argument_is_told_with_what_flows_to_it():
    for row in OPS.values():
        text = docstring(row)
        for argument, status in zip(row.args, row.statuses, strict=True):
            entry = text.partition(f"\n{argument} : ")[2].split("\n")[1]
            assert entry.startswith("    Differentiable" if isinstance(status, Rule) else "    No gradient"), entry
            assert ("raises" in entry) == isinstance(status, NotYet)
            if not isinstance(status, Rule):
                assert status.reason in entry


def test_it_is_the_docstring_of_the_public_function():
    assert gnp.floor.__doc__ == docstring(OPS["floor"])
    assert "`numpy.mish`" not in gt.nn.mish.__doc__
