"""JAX on one processor; where JAX is missing, nothing here is collected."""

import os

import pytest

os.environ.setdefault("JAX_PLATFORMS", "cpu")
pytest.importorskip("jax")
