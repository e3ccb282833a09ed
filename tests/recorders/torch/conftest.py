"""Programs of PyTorch are run in this process, each with a recorder of its own; without PyTorch nothing is tested."""

import pytest

pytest.importorskip("torch")

import torch

from gradtape.recorders.torch import desk

collect_ignore = ["cases"]
"""Programs that `test_cases.py` runs; they are no tests by themselves."""


@pytest.fixture(autouse=True)
def mistakes_of_ours_are_raised(monkeypatch):
    monkeypatch.setattr(desk, "DEBUG", True)
    grad = torch.is_grad_enabled()
    yield
    torch.set_grad_enabled(grad)
