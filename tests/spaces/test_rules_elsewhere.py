"""Every rule of the table also runs on another library's arrays and gives NumPy's numbers: a namespace, no rewrite."""

from itertools import islice
from zlib import crc32

import numpy as np
import pytest

from gradtape.ops import OPS, Rule
from gradtape.testing.grads import outputs
from gradtape.testing.rules import cases_of, domain_at, pull_back, sample

jax = pytest.importorskip("jax")
import jax.numpy as jnp  # noqa: E402

from gradtape.spaces import jax_space  # noqa: E402

ROWS = [name for name, row in OPS.items() if any(isinstance(s, Rule) for s in row.statuses) and not row.plumbing]

QUICK = [name for name in ROWS if crc32(name.encode()) % (4 if "." in OPS[name].room else 2) == 0]
"""A half of NumPy's functions and a quarter of the families': JAX compiles each step of each anew, which takes long."""

NOT_TRACED = {
    "eigvals": "its values are real or complex by what is in the matrix, which is not known while JAX traces",
}


def calls(row):
    for case in cases_of(row):
        rng = np.random.default_rng(crc32(f"{row.name}{case}".encode()))
        yield case, [sample(a, domain_at(row, k), rng) for k, a in enumerate(case.args)]


def check_calls(row, chosen):
    for case, args in chosen:
        full = {**row.defaults, **case.params}
        with np.errstate(all="ignore"):
            ours = pull_back(row, args, case.params)
            value = row.kernel(*args, **full)
        theirs = pull_back(row, args, case.params, jax_space.xp, jnp.asarray)
        inside = [jnp.asarray(a) if isinstance(a, np.ndarray | np.generic) and a.dtype.kind == "f" else a for a in args]
        function = getattr(jax_space.xp, row.name)
        in_jax = function(inside, **full) if row.variadic else function(*inside, **full)
        agree(outputs(value) if row.gauge_free is None else [], outputs(in_jax) if row.gauge_free is None else [], case)
        agree(ours, theirs, case)


def agree(ours, theirs, case):
    for a, b in zip(ours, theirs, strict=True):
        assert (a is None) == (b is None)
        if a is not None:
            np.testing.assert_allclose(np.asarray(b), a, rtol=1e-8, atol=1e-9, err_msg=str(case))


@pytest.mark.parametrize("name", QUICK)
def test_the_rule_gives_numpy_s_numbers_in_jax(name):
    check_calls(OPS[name], islice(calls(OPS[name]), 1))


@pytest.mark.thorough
@pytest.mark.parametrize("name", ROWS)
def test_the_rule_gives_numpy_s_numbers_in_jax_for_every_case(name):
    check_calls(OPS[name], calls(OPS[name]))


@pytest.mark.thorough
@pytest.mark.parametrize("name", sorted(set(ROWS) - NOT_TRACED.keys()))
def test_the_rule_compiles(name):
    row = OPS[name]
    case, args = next(calls(row))
    arrays = []
    pull_back(row, args, case.params, jax_space.xp, lambda a: arrays.append(a) or jnp.asarray(a))

    def traced(*arrays):
        given = iter(arrays)
        found = pull_back(row, args, case.params, jax_space.xp, lambda _: next(given))
        return [g for g in found if g is not None]

    with np.errstate(all="ignore"):
        ours = [g for g in pull_back(row, args, case.params) if g is not None]
    agree(ours, jax.jit(traced)(*arrays), case)


def test_what_is_not_traced_is_not_stale():
    assert NOT_TRACED.keys() <= set(ROWS)


def test_an_operation_without_a_kernel_is_called_back_while_jax_traces():
    x = jnp.asarray([0.5, 1.5])
    compiled = jax.jit(lambda x: jax_space.xp.j0(x) * 2.0)(x)
    np.testing.assert_allclose(np.asarray(compiled), 2.0 * OPS["j0"].kernel(np.asarray(x)), rtol=1e-12)
    assert "j0" in jax_space.called_back


def test_what_neither_can_do_raises_numpy_s_error():
    with pytest.raises(ValueError, match="shape"):
        jax_space.xp.add(jnp.ones(2), jnp.ones(3))
    assert "add" not in jax_space.called_back
