"""Gradients of `torch.func` and `torch.autograd.functional`: their zeros and NaN have reasons like any others."""

import pytest

from .programs import expected, why

BROKEN = {
    "nothing reaches the result": """
        import torch
        def f(x):
            return (x.detach() * 2).sum()  #~ stop-gradient
        x = torch.ones(3)
        torch.func.grad(f)(x)
        torch.func.vjp(f, x)[1](torch.tensor(1.0))
        """,
    "gradients are off inside": """
        import torch
        from torch import nn
        from torch.func import functional_call, grad_and_value
        model = nn.Linear(3, 1)
        params = dict(model.named_parameters())
        def loss(params, x):
            with torch.no_grad():  #~ gradients-off
                return functional_call(model, params, (x,)).sum()
        grad_and_value(loss)(params, torch.ones(2, 3))
        """,
    "a root at zero": """
        import torch
        def f(x):
            return (x.sqrt() * 0.0).sum()  #~ singular-point
        torch.func.grad(f)(torch.zeros(2))
        torch.autograd.functional.vjp(f, torch.zeros(2))
        """,
    "a jacobian of steps": """
        import torch
        def f(x):
            return torch.round(x) * 2  #~ piecewise-constant
        torch.autograd.functional.jacobian(f, torch.ones(3))
        """,
}

RIGHT = """
    import torch
    from torch import nn
    from torch.func import functional_call, grad
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    params = dict(model.named_parameters())
    grad(lambda p, x: functional_call(model, p, (x,)).sum())(params, torch.ones(2, 3))
    grad(lambda t: grad(lambda s: (s**3).sum())(t).sum())(torch.ones(2))
    torch.autograd.functional.hessian(lambda t: (t**3).sum(), torch.ones(2))
    functional_call(model, params, (torch.ones(2, 3),)).sum().backward()
    """

BATCHED = """
    import torch
    def f(x):
        return (x.detach() * x).sum()
    torch.vmap(torch.func.grad(f))(torch.ones(2, 2))
    torch.func.jacrev(torch.round)(torch.ones(2))
    torch.func.hessian(f)(torch.ones(2))
    print(torch.func.jvp(torch.sin, (torch.ones(2),), (torch.ones(2),)))
    """


@pytest.mark.parametrize("name", BROKEN)
def test_the_reason_is_told_at_its_line(name, tmp_path):
    ran = why(BROKEN[name], tmp_path)
    assert ran.error is None
    assert set(ran.told) == set(expected(BROKEN[name])), ran.reports


def test_what_is_right_stays_silent(tmp_path):
    ran = why(RIGHT, tmp_path)
    assert ran.error is None
    assert ran.reports
    assert not ran.told
    assert {"model.0.weight", "model.2.bias"} <= ran.statuses.keys()


def test_what_is_not_explained_is_said(tmp_path):
    ran = why(BATCHED, tmp_path)
    assert ran.error is None, ran.error
    assert not ran.told
    assert any("vmap" in remark for remark in ran.remarks)
