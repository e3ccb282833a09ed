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
    "gradients of a batch": """
        import torch
        def f(x):
            return (x.detach() * 2).sum()  #~ stop-gradient
        torch.vmap(torch.func.grad(f))(torch.ones(4, 3))
        """,
    "a root at zero in a batch of which only the arguments are many": """
        import torch
        from torch import nn
        from torch.func import functional_call, grad, vmap
        net = nn.Linear(3, 2)
        params = dict(net.named_parameters())
        def loss(p, x):
            y = functional_call(net, p, (x,))
            return torch.sqrt((y * 0).pow(2).sum())  #~ singular-point
        vmap(grad(loss), in_dims=(None, 0))(params, torch.randn(5, 3))
        """,
    "jacrev of steps": """
        import torch
        def f(x):
            return torch.round(x) * 2  #~ piecewise-constant
        torch.func.jacrev(f)(torch.ones(3))
        """,
    "jacrev of a root at zero": """
        import torch
        def f(x):
            return torch.sqrt(x) * x  #~ singular-point
        torch.func.jacrev(f)(torch.zeros(3))
        """,
    "hessian of what is detached": """
        import torch
        def f(x):
            return (x.detach() ** 3).sum()  #~ stop-gradient
        torch.func.hessian(f)(torch.ones(3))
        """,
    "hessian of a root at zero": """
        import torch
        def f(x):
            return torch.sqrt(x).pow(3).sum()  #~ singular-point
        torch.func.hessian(f)(torch.zeros(3))
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
    each = torch.vmap(grad(lambda p, x: functional_call(model, p, (x,)).sum()), in_dims=(None, 0))
    each(params, torch.ones(5, 2, 3))
    torch.func.jacrev(lambda t: torch.sin(t) * t.sum())(torch.ones(3))
    torch.func.hessian(lambda t: (t**3).sum())(torch.ones(3))
    torch.func.hessian(lambda t: (t * 3).sum())(torch.ones(3))
    grad(lambda t: grad(lambda s: (s * 3).sum())(t).sum())(torch.ones(2))
    """

FORWARDS = """
    import torch
    def f(x):
        return (x.detach() * x).sum()
    print(torch.func.jvp(torch.sin, (torch.ones(2),), (torch.ones(2),)))
    print(torch.func.jacfwd(torch.round)(torch.ones(2)))
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


def test_forward_derivatives_are_said_not_to_be_explained(tmp_path):
    ran = why(FORWARDS, tmp_path)
    assert ran.error is None, ran.error
    assert not ran.told
    assert any("jacfwd" in remark for remark in ran.remarks)
    assert not any("jacfwd" in remark for remark in why(RIGHT, tmp_path).remarks)
