"""JAX on one processor; where JAX is missing, nothing here is collected."""

import os

import pytest

os.environ.setdefault("JAX_PLATFORMS", "cpu")
pytest.importorskip("jax")

collect_ignore = ["cases"]
"""Programs that `test_cases.py` runs; they are no tests by themselves."""


@pytest.fixture(autouse=True)
def float32():
    from tests.explain.programs import as_installed

    with as_installed(["jax"]):
        yield
