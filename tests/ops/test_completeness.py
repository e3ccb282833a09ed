"""The first test of the project: the table has an answer for everything."""

import dis
import inspect
from itertools import pairwise
from operator import attrgetter

import numpy as np
import pytest

from gradtape.arrays import doors
from gradtape.arrays.protocols import row_of
from gradtape.ops import AT_ONCE, COMPOSITES, OPS, Op, Rule, Status
from gradtape.ops.predicates import NO_ROW
from gradtape.spaces import numpy_space

UFUNCS = sorted({u.__name__ for u in vars(np).values() if isinstance(u, np.ufunc)})


@pytest.mark.parametrize("name", OPS)
def test_every_argument_has_a_rule_or_a_reason(name):
    row = OPS[name]
    assert len(row.statuses) == len(row.args) == len(row.rules) > 0
    for status in row.statuses:
        assert isinstance(status, Rule) != isinstance(status, Status)
        if isinstance(status, Status):
            assert len(status.reason) > 10
            assert status.reason[0].islower()
            assert not status.reason.endswith(".")
            assert status.cause


@pytest.mark.parametrize("name", UFUNCS)
def test_every_ufunc_of_numpy_is_in_the_table_or_listed_with_a_reason(name):
    ufunc = next(u for u in vars(np).values() if isinstance(u, np.ufunc) and u.__name__ == name)
    assert (row_of(ufunc) is not None) != (name in NO_ROW)
    assert all(len(reason) > 10 for reason in NO_ROW.values())


def codes(function):
    """The code of a function and of everything written inside it."""
    todo = [function.__code__]
    while todo:
        code = todo.pop()
        yield code
        todo += [c for c in code.co_consts if hasattr(c, "co_code")]


def names_used(function):
    """The attributes that a function reads of its `xp`."""
    for code in codes(function):
        instructions = list(dis.get_instructions(code))
        for here, after in pairwise(instructions):
            names = here.argval if isinstance(here.argval, tuple) and here.argval else (here.argval,)
            if here.opname.startswith("LOAD_") and names[-1] == "xp" and after.opname in {"LOAD_ATTR", "LOAD_METHOD"}:
                yield after.argval


def rule_functions():
    for row in OPS.values():
        for rule in filter(None, row.rules):
            yield row.name, rule.fn, False
            if rule.into is not None:
                yield row.name, rule.into, True
    for row in COMPOSITES.values():
        yield row.name, row.fn, False


def helpers():
    """The functions of the table's modules that rules hand their `xp` to."""
    from gradtape import ops

    for module in vars(ops).values():
        for function in vars(module).values() if getattr(module, "__name__", "").startswith("gradtape.ops.") else ():
            if inspect.isfunction(function) and "xp" in function.__code__.co_varnames:
                yield f"{module.__name__}.{function.__name__}", function, False


@pytest.mark.parametrize(("name", "function", "in_place"), [*rule_functions(), *helpers()])
def test_rules_call_only_names_that_every_namespace_has(name, function, in_place):
    allowed = set(OPS) | set(COMPOSITES) | (set(numpy_space.IN_PLACE) if in_place else set())
    assert set(names_used(function)) <= allowed


def test_what_is_loaded_at_once_needs_no_rows_that_wait():
    files = {f"gradtape.ops.{file}" for file in AT_ONCE}
    there = {row.name for row in OPS.values() if row.room in AT_ONCE} | set(numpy_space.IN_PLACE)
    there |= {row.name for row in COMPOSITES.values() if row.fn.__module__ in files}
    functions = [f for _, f, _ in (*rule_functions(), *helpers()) if f.__module__ in files]
    assert len(functions) > 200
    assert {name for f in functions for name in names_used(f)} <= there


def test_the_scan_sees_names():
    assert set(names_used(lambda xp, y, x: xp.cos(x) + next(xp.nonsense(k) for k in x))) == {"cos", "nonsense"}


def test_both_namespaces_offer_the_whole_table():
    for name in (*OPS, *COMPOSITES):
        assert callable(getattr(numpy_space.xp, name))
        assert callable(getattr(doors.SPACE, name))


NEWER = {"astype", "unstack", "cumulative_sum", "cumulative_prod", "matvec", "vecmat"}
"""Functions that NumPy 2.0 does not have yet."""


@pytest.mark.parametrize("name", [n for n, row in (*OPS.items(), *COMPOSITES.items()) if row.numpy is not None])
def test_a_row_stands_for_a_function_that_numpy_has_and_is_found_by_it(name):
    row = OPS.get(name) or COMPOSITES[name]
    try:
        function = attrgetter(row.numpy)(np)
    except AttributeError:
        assert row.numpy in NEWER
        return
    beside = doors.second_chances().get(row.numpy)
    assert row_of(function) is row or (beside is row and isinstance(row_of(function), Op))


def test_a_composite_has_the_kernel_that_it_says_and_no_other():
    composed = {row.name: row.fn.__module__.removeprefix("gradtape.ops.") for row in COMPOSITES.values()}
    kernels = {name for name, room in composed.items() if name in numpy_space.kernels_of(room)}
    assert kernels == {row.name for row in COMPOSITES.values() if row.kernel}


def test_the_table_does_not_import_numpy():
    import subprocess
    import sys

    code = "import sys; sys.modules['numpy'] = None\nimport importlib.util as u, types\n"
    code += (
        "p = types.ModuleType('gradtape'); p.__path__ = [sys.argv[1]]; sys.modules['gradtape'] = p\nimport gradtape.ops"
    )
    import gradtape

    done = subprocess.run(
        [sys.executable, "-c", code, gradtape.__path__[0]], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
