"""Hooks that do not fire are said, and whatever we get wrong never ends a script."""

import threading

import torch

from gradtape.recorders.frameworks import Options
from gradtape.recorders.torch import desk, private, probes

from .programs import why

HEALTHY = """
import torch
w = torch.ones(3, requires_grad=True)
(w ** 2).sum().backward()
"""


def test_every_hook_fires_in_this_version():
    assert probes.unseen(Options()) == []


def test_a_hook_that_does_not_fire_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(private, "BackwardFunction", None)
    ran = why(HEALTHY, tmp_path)
    assert ran.error is None
    assert any("custom functions" in remark for remark in ran.remarks)
    assert ran.statuses == {"w": "ok"}


def test_a_version_that_was_not_tested_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(private, "TESTED", ("1.0",))
    assert any("not among the versions" in remark for remark in why(HEALTHY, tmp_path).remarks)


def test_a_mistake_of_ours_is_reported_and_the_script_runs_on(tmp_path, monkeypatch):
    monkeypatch.setattr(desk, "DEBUG", False)
    monkeypatch.setattr("gradtape.recorders.torch.questions.Questions.about", lambda *_, **__: 1 / 0)
    ran = why(HEALTHY + "print('on')\n", tmp_path)
    assert ran.error is None
    assert "on" in ran.printed
    assert "ZeroDivisionError" in str(ran.reports)


def test_a_mistake_of_ours_outside_an_explanation_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(desk, "DEBUG", False)
    monkeypatch.setattr(private, "max_abs", lambda *_: 1 / 0)
    ran = why(HEALTHY + "print('on')\n", tmp_path)
    assert ran.error is None
    assert "on" in ran.printed
    assert any("ZeroDivisionError" in remark for remark in ran.remarks)


def test_everything_is_put_back(tmp_path):
    before = (
        torch.from_numpy,
        torch.nn.Parameter.__new__,
        torch.autograd.backward,
        torch.autograd.Function.__dict__["apply"],
        torch.compile,
        threading.Thread.run,
        torch.optim.Optimizer.add_param_group,
    )
    why(HEALTHY, tmp_path)
    after = (
        torch.from_numpy,
        torch.nn.Parameter.__new__,
        torch.autograd.backward,
        torch.autograd.Function.__dict__["apply"],
        torch.compile,
        threading.Thread.run,
        torch.optim.Optimizer.add_param_group,
    )
    assert before == after


def test_random_numbers_are_the_script_s_own(tmp_path):
    program = "import torch\ntorch.manual_seed(3)\nprint(torch.randn(2))\n"
    torch.manual_seed(3)
    expected = f"{torch.randn(2)}\n"
    assert why(program, tmp_path).printed == expected
