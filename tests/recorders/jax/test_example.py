"""The shipped JAX program is healthy, and each way of breaking it is told at the line that breaks it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradtape.explain import Status

from .test_reasons import heard

PROGRAM = Path(__file__).parents[3] / "examples" / "jax_orbit.py"

BREAKS = {
    "thrust in whole steps": (
        '    thrust = params["scale"] * jnp.tanh(params["thrust"])\n',
        '    thrust = params["scale"] * jnp.round(jnp.tanh(params["thrust"]))\n',
        {("GT302", 'jnp.round(jnp.tanh(params["thrust"]))')},
        {"params['thrust']": Status.ZERO},
    ),
    "the end of the flight is kept still": (
        "    end, path = fly(thrust, start, velocity)\n",
        "    end, path = lax.stop_gradient(fly(thrust, start, velocity))\n    thrust = lax.stop_gradient(thrust)\n",
        {("GT304", "lax.stop_gradient(fly(thrust, start, velocity))"), ("GT304", "lax.stop_gradient(thrust)")},
        {"params['thrust']": Status.ZERO, "params['scale']": Status.ZERO},
    ),
    "a distance to itself": (
        "    closest = jnp.min(jnp.linalg.norm(path, axis=-1))\n",
        "    closest = jnp.min(jnp.linalg.norm(path - path[-1], axis=-1))\n",
        {("GT401", "jnp.linalg.norm(path - path[-1], axis=-1)")},
        {"params['thrust']": Status.NAN, "params['scale']": Status.NAN},
    ),
    "a decision of Python's": (
        "    return jax.nn.relu(0.5 - closest)\n",
        "    return 0.5 - closest if closest < 0.5 else 0.0\n",
        {("GT508", "closest < 0.5")},
        {"params['thrust']": Status.ERROR, "params['scale']": Status.ERROR},
    ),
    "a number of numpy's": (
        "    return jnp.mean(jnp.sum(thrust**2, axis=-1))\n",
        "    import numpy as np\n\n    return np.mean(np.square(thrust))\n",
        {("GT201", "np.square(thrust)")},
        {"params['thrust']": Status.ERROR, "params['scale']": Status.ERROR},
    ),
    "a flight that is remembered": (
        "    end, path = fly(thrust, start, velocity)\n",
        (
            "    end, path = fly(thrust, start, velocity)\n    if 'path' in memory:\n"
            "        end = end + 0.0 * memory['path'][-1]\n    memory['path'] = path\n"
        ),
        {("GT509", "memory['path'] = path")},
        {"params['thrust']": Status.ERROR, "params['scale']": Status.ERROR},
    ),
}


def test_the_program_is_healthy(tmp_path):
    reports, error = heard(PROGRAM.read_text(encoding="utf-8"), tmp_path)
    assert error is None
    assert {r.source: (r.status, r.findings) for r in reports} == {
        "params['scale']": (Status.OK, ()),
        "params['thrust']": (Status.OK, ()),
    }


@pytest.mark.parametrize("name", BREAKS)
def test_each_way_of_breaking_it_is_told(name, tmp_path):
    before, after, places, statuses = BREAKS[name]
    source = PROGRAM.read_text(encoding="utf-8")
    assert source.count(before) == 1
    source = source.replace(before, after).replace("STEPS = 40", "STEPS = 40\nmemory = {}")
    if "remembered" in name:
        source = source.replace("@jax.jit\n", "")
    reports, _ = heard(source, tmp_path)
    found = {(f.code.number, f.diagnostic.primary.span.text) for r in reports for f in r.findings}
    assert found == places
    assert statuses.items() <= {r.source: r.status for r in reports}.items()
