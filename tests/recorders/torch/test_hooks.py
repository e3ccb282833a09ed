"""Hooks that take a gradient away, or spoil it: told at the place where the hook answers, mended without it."""

import textwrap

import pytest

from .programs import expected, why
from .test_edits import flows_when_edited

HEAD = """
    import functools
    import torch
    from torch import nn
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    x = torch.randn(5, 3)
    """

ZEROS = {
    "on a value in between": """
        h = net[0](x)
        h.register_hook(lambda g: torch.zeros_like(g))  #~ custom-rule-none
        net[2](torch.tanh(h)).pow(2).mean().backward()
        """,
    "on a value that two operations use": """
        h = net[0](x)
        h.register_hook(lambda g: g - g)  #~ custom-rule-none
        (net[2](torch.tanh(h)).pow(2).mean() + h.pow(2).mean()).backward()
        """,
    "on a parameter, before many steps": """
        mask = torch.zeros(4, 3)
        net[0].weight.register_hook(lambda g: g * mask)  #~ custom-rule-none
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        for step in range(3):
            optimizer.zero_grad()
            net(x).pow(2).mean().backward()
            optimizer.step()
        """,
    "in place": """
        def freeze(g):
            g.zero_()  #~ custom-rule-none
        h = net[0](x)
        h.register_hook(freeze)
        net[2](torch.sin(h)).pow(2).mean().backward()
        """,
    "a method": """
        class Gate:
            def __init__(self, scale):
                self.scale = scale
            def apply(self, g):
                return g * self.scale  #~ custom-rule-none
        h = net[0](x)
        h.register_hook(Gate(0.0).apply)
        net[2](torch.tanh(h)).pow(2).mean().backward()
        """,
    "a part of a function": """
        def scaled(g, by):
            return g * by  #~ custom-rule-none
        h = net[0](x)
        h.register_hook(functools.partial(scaled, by=0.0))
        net[2](torch.tanh(h)).pow(2).mean().backward()
        """,
    "a function of PyTorch's": """
        h = net[0](x)
        h.register_hook(torch.zeros_like)  #~ custom-rule-none
        net[2](torch.tanh(h)).pow(2).mean().backward()
        """,
    "of a module": """
        def block(module, grad_input, grad_output):
            return tuple(torch.zeros_like(g) for g in grad_input)  #~ custom-rule-none
        net[2].register_full_backward_hook(block)
        net(x).pow(2).mean().backward()
        """,
    "in front of a module's": """
        def block(module, grad_output):
            return (grad_output[0] * 0,)  #~ custom-rule-none
        net[1].register_full_backward_pre_hook(block)
        net(x).pow(2).mean().backward()
        """,
    "asked for by autograd.grad": """
        h = net[0](x)
        h.register_hook(lambda g: g * 0)  #~ custom-rule-none
        torch.autograd.grad(net[2](torch.tanh(h)).pow(2).mean(), [h, net[0].bias, net[2].bias])
        """,
}

NOT_FINITE = """
    def unit(g):
        return g / g.norm()  #~ singular-point
    h = net[0](x)
    h.register_hook(unit)
    (net[2](torch.tanh(h)).pow(2) * 0).mean().backward()
    """

KEPT_HANDLE = """
    h = net[0](x)
    handle = h.register_hook(lambda g: g * 0)  #~ custom-rule-none
    net[2](torch.tanh(h)).pow(2).mean().backward()
    handle.remove()
    """

HARMLESS = """
    rows = torch.ones(4, 3)
    rows[0] = 0
    net[0].weight.register_hook(lambda g: g * rows)
    net[2].weight.register_hook(lambda g: None)
    net[2].bias.register_hook(lambda g: print(g.shape))
    h = net[0](x)
    gone = h.register_hook(lambda g: g * 0)
    gone.remove()
    h.register_hook(lambda g: g.clamp(-1, 1))
    net[1].register_full_backward_hook(lambda module, before, after: tuple(2 * g for g in before))
    net[2](net[1](h)).pow(2).mean().backward()
    """

TAKEN = """
    optimizers = {p: torch.optim.SGD([p], lr=0.1) for p in net.parameters()}
    def take(p):
        optimizers[p].step()
        optimizers[p].zero_grad()
    for p in net.parameters():
        p.register_post_accumulate_grad_hook(take)
    net(x).pow(2).mean().backward()
    print([p.grad for p in net.parameters()])
    """


def program(text):
    return textwrap.dedent(HEAD) + textwrap.dedent(text)


@pytest.mark.parametrize("name", ZEROS)
def test_a_hook_that_gives_zeros_is_told_where_it_answers(name, tmp_path):
    text = program(ZEROS[name])
    ran = why(text, tmp_path)
    assert ran.told == expected(text)
    assert {s for source, s in ran.statuses.items() if source.startswith("net.2")} <= {"ok"}
    flows_when_edited(text, tmp_path)


def test_a_hook_that_gives_what_is_no_number_is_told_where_it_answers(tmp_path):
    text = program(NOT_FINITE)
    assert why(text, tmp_path).told == expected(text)


def test_a_hook_whose_handle_is_used_is_not_taken_away(tmp_path):
    text = program(KEPT_HANDLE)
    ran = why(text, tmp_path)
    assert ran.told == expected(text)
    assert all(f.diagnostic.suggestion is None for r in ran.reports for f in r.findings)


def test_hooks_that_leave_a_gradient_are_not_told(tmp_path):
    ran = why(program(HARMLESS), tmp_path)
    assert not ran.told
    assert len(ran.statuses) == 4
    assert set(ran.statuses.values()) == {"ok"}
    assert not any(r.notes for r in ran.reports)


def test_a_gradient_that_a_hook_takes_as_soon_as_it_is_there_has_come(tmp_path):
    ran = why(program(TAKEN), tmp_path)
    assert not ran.told
    assert len(ran.statuses) == 4
    assert set(ran.statuses.values()) == {"ok"}
