"""Losses that a `GradScaler` scales: what overflows until its scale has come down is nothing to tell."""

import pytest

from .programs import why

PROGRAM = """
    import torch
    from torch import nn
    torch.manual_seed(0)
    net = nn.Linear(3, 1)
    opt = torch.optim.SGD(net.parameters(), lr=0.01)
    scaler = torch.amp.GradScaler("cpu", init_scale=SCALE)
    x = torch.randn(6, 3)
    for k in range(STEPS):
        opt.zero_grad()
        loss = LOSS
        scaler.scale(loss).backward()
        scaler.step(opt)
        scaler.update()
    """


def _program(scale, steps, loss):
    return PROGRAM.replace("SCALE", scale).replace("STEPS", str(steps)).replace("LOSS", loss)


@pytest.mark.parametrize("steps", [4, 12])
def test_a_scale_that_comes_down_is_nothing_to_tell(steps, tmp_path):
    ran = why(_program("2.0**126", steps, "net(x).pow(2).mean() * 3"), tmp_path)
    assert ran.error is None
    assert not ran.told
    assert set(ran.statuses.values()) == {"ok"}


def test_an_overflow_in_between_is_nothing_to_tell(tmp_path):
    ran = why(_program("1.0", 6, "net(x).pow(2).mean() * (1e38 if k == 5 else 1.0)"), tmp_path)
    assert ran.error is None
    assert not ran.told


def test_a_scale_that_never_comes_down_enough_is_told(tmp_path):
    ran = why(_program("2.0**126", 2, "net(x).pow(2).mean() * 1e6"), tmp_path)
    assert ("overflow", 12) in ran.told
    assert set(ran.statuses.values()) == {"nan"}


def test_gradients_that_overflow_from_some_step_on_are_told(tmp_path):
    ran = why(_program("1.0", 9, "torch.exp(net(x).pow(2)).mean() * (1e38 if k > 3 else 1.0)"), tmp_path)
    assert ran.told


def test_a_root_at_zero_is_told_at_once(tmp_path):
    ran = why(_program("4.0", 3, "(net(x) * 0).pow(2).sum().sqrt()"), tmp_path)
    assert ran.told[0] == ("singular-point", 11)
