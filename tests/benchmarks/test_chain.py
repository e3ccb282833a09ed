"""The benchmark runs, leaves absent rivals out by name, and refuses to time a wrong gradient."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

FILE = Path(__file__).parents[2] / "benchmarks" / "chain.py"


@pytest.fixture
def chain():
    spec = importlib.util.spec_from_file_location("chain", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def absent(name):
    raise ImportError(f"No module named {name!r}")


def test_contenders_agree_and_the_table_has_them_all(chain, monkeypatch):
    monkeypatch.setattr(chain, "with_torch", lambda links: absent("torch"))
    monkeypatch.setattr(chain, "with_autograd", lambda links: absent("autograd"))
    runs, left_out = chain.contenders(5)
    table = chain.table(chain.measure(runs, 2), 5)
    assert table.count("\n| ") == 3
    assert "| NumPy by hand |" in table
    assert left_out == [
        "autograd is left out: No module named 'autograd'",
        "torch is left out: No module named 'torch'",
    ]


def test_a_wrong_gradient_is_not_timed(chain):
    runs = {"NumPy by hand": chain.by_hand(5), "guess": lambda: np.zeros(10)}
    with pytest.raises(SystemExit, match="guess gives another gradient"):
        chain.measure(runs, 1)
