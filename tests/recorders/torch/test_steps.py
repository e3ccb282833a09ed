"""What steps of optimizers find: gradients thrown away before they are taken, and none that anybody asked for."""

import textwrap

import pytest

from .programs import expected, flows_when_edited, why

HEAD = """
    import torch
    from torch import nn
    torch.manual_seed(0)
    net = nn.Linear(3, 1)
    opt = torch.optim.SGD(net.parameters(), lr=0.1)
    x, y = torch.randn(8, 3), torch.randn(8, 1)
    def cost():
        return ((net(x) - y) ** 2).mean()
    """

WRONG = {
    "cleared between the two": """
    for _ in range(3):
        cost().backward()
        opt.zero_grad()  #~ overwritten-value
        opt.step()
    """,
    "filled with zeros by the module": """
    for _ in range(3):
        cost().backward()
        net.zero_grad(set_to_none=False)  #~ overwritten-value
        opt.step()
    """,
    "written to by hand": """
    for _ in range(3):
        cost().backward()
        for p in net.parameters():
            p.grad.zero_()  #~ overwritten-value
        opt.step()
    """,
    "taken away by hand": """
    for _ in range(3):
        cost().backward()
        for p in net.parameters():
            if p.grad is not None:
                p.grad = None  #~ overwritten-value
        opt.step()
    """,
    "deleted": """
    for _ in range(3):
        cost().backward()
        for p in net.parameters():
            del p.grad  #~ overwritten-value
        opt.step()
    """,
    "cleared by a closure after its backward pass": """
    def closure():
        loss = cost()
        loss.backward()
        opt.zero_grad()  #~ overwritten-value
        return loss
    for _ in range(3):
        opt.step(closure)
    """,
    "cleared when all parts were added up": """
    for _ in range(2):
        for part in range(2):
            (cost() / 2).backward()
        opt.zero_grad()  #~ overwritten-value
        opt.step()
    """,
    "a closure without a backward pass": """
    def closure():
        opt.zero_grad()
        loss = cost()
        return loss
    for _ in range(3):
        opt.step(closure)  #~ not-used
    """,
    "a closure of LBFGS that returns at once": """
    opt = torch.optim.LBFGS(net.parameters())
    def closure():
        opt.zero_grad()
        return cost() + 0.1
    opt.step(closure)  #~ not-used
    """,
    "a loop without a backward pass": """
    for _ in range(3):
        loss = cost()
        opt.step()  #~ not-used
        opt.zero_grad()
    """,
}

RIGHT = {
    "in the usual order": """
    for clear in (True, False):
        for _ in range(3):
            opt.zero_grad(set_to_none=clear)
            cost().backward()
            opt.step()
        for _ in range(3):
            cost().backward()
            opt.step()
            net.zero_grad(set_to_none=clear)
    """,
    "added up over several passes": """
    for k in range(8):
        (cost() / 4).backward()
        if k % 4 == 3:
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            opt.step()
            opt.zero_grad()
    """,
    "a bad batch is thrown away": """
    for k in range(4):
        loss = cost() * (float("inf") if k == 1 else 1.0)
        if loss.isfinite():
            loss.backward()
        if k == 2:
            opt.zero_grad()
        opt.step()
        opt.zero_grad()
    """,
    "closures that clear first": """
    for kind in (torch.optim.SGD, torch.optim.LBFGS):
        opt = kind(net.parameters(), lr=0.01)
        def closure():
            opt.zero_grad()
            loss = cost()
            loss.backward()
            return loss
        for _ in range(2):
            opt.step(closure)
    """,
    "a schedule that is only tried out": """
    schedule = torch.optim.lr_scheduler.StepLR(opt, 2)
    for _ in range(3):
        opt.step()
        schedule.step()
    with torch.no_grad():
        print(cost())
    opt.step()
    """,
    "two networks that take turns": """
    judge = nn.Linear(1, 1)
    second = torch.optim.SGD(judge.parameters(), lr=0.1)
    for _ in range(3):
        judge(net(x)).mean().backward()
        opt.step()
        opt.zero_grad()
        second.zero_grad()
        judge(net(x).detach()).mean().backward()
        second.step()
    """,
    "gradients read and clipped by hand": """
    for _ in range(3):
        opt.zero_grad()
        cost().backward()
        for p in net.parameters():
            p.grad.clamp_(-0.1, 0.1)
        opt.step()
    """,
}


@pytest.mark.parametrize("name", WRONG)
def test_what_left_a_step_without_gradients_is_told_and_mended(name, tmp_path):
    program = HEAD + WRONG[name]
    ran = why(program, tmp_path)
    assert ran.error is None
    assert ran.told == expected(program)
    lost = [report for report in ran.reports if report.kind == "optimizer.step"]
    assert {report.source for report in lost} == {"net.weight", "net.bias"}
    flows_when_edited(textwrap.dedent(program), tmp_path)


@pytest.mark.parametrize("name", RIGHT)
def test_a_step_that_finds_its_gradients_is_not_accused(name, tmp_path):
    ran = why(HEAD + RIGHT[name], tmp_path)
    assert ran.error is None
    assert not ran.told


def test_a_parameter_that_one_step_trained_is_not_told(tmp_path):
    ran = why(
        HEAD
        + """
    for k in range(3):
        opt.zero_grad()
        cost().backward()
        if k:
            opt.zero_grad()
        opt.step()
    """,
        tmp_path,
    )
    assert not ran.told
