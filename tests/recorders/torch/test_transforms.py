"""Gradients of `torch.func` and `torch.autograd.functional`: their zeros and NaN have reasons like any others."""

import textwrap

import pytest

from .programs import expected, why
from .test_edits import flows_when_edited

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
    "none of the parameters is used": """
        import torch
        def loss(params, x):
            return (x * 2).sum()
        params = {"w": torch.ones(3), "b": torch.ones(2)}
        torch.func.grad(loss)(params, torch.ones(3))  #~ constant-target
        """,
    "one of the parameters is not used": """
        import torch
        def loss(params, x):
            return (params["w"] * x).sum()
        params = {"w": torch.ones(3), "b": torch.ones(2)}
        torch.func.grad(loss)(params, torch.ones(3))  #~ not-used
        """,
    "an argument of a vjp is not used": """
        import torch
        a, b = torch.ones(3), torch.ones(3)
        y, back = torch.func.vjp(lambda a, b: b * 2, a, b)
        back(torch.ones(3))  #~ not-used
        """,
    "a number is taken out": """
        import torch
        def f(x):
            k = x.sum().item()  #~ left-through-number
            return torch.ones(3).sum() * k
        torch.func.grad(f)(torch.ones(3))
        """,
    "a derivative forwards of steps": """
        import torch
        def f(x):
            return torch.round(x) * 2  #~ piecewise-constant
        torch.func.jvp(f, (torch.ones(3),), (torch.ones(3),))
        """,
    "a jacobian forwards of what is detached": """
        import torch
        def f(x, y):
            return {"one": x.detach() * y, "two": x.detach().cos()}  #~ stop-gradient
        torch.func.jacfwd(f)(torch.ones(3), torch.ones(3))
        """,
    "a jacobian forwards of a number": """
        import torch
        def f(x):
            k = int(x.sum())  #~ left-through-number
            return torch.ones(3) * k
        torch.func.jvp(f, (torch.ones(3),), (torch.ones(3),))
        """,
    "a jacobian forwards for the other argument": """
        import torch
        def f(x, y):
            return torch.sin(y)
        torch.func.jacfwd(f, argnums=0)(torch.ones(3), torch.ones(3))  #~ constant-target
        """,
    "a jacobian of steps": """
        import torch
        def f(x):
            return torch.round(x) * 2  #~ piecewise-constant
        torch.autograd.functional.jacobian(f, torch.ones(3))
        """,
}

OF_A_BATCH = {
    "a number is taken out of a value of a batch": """
        import torch
        def loss(w, x):
            scale = (w * x).sum().item()  #~ left-through-number
            return (w * scale).sum()
        torch.vmap(torch.func.grad(loss), in_dims=(None, 0))(torch.ones(3), torch.ones(4, 3))
        """,
    "a value of a batch decides": """
        import torch
        def loss(w, x):
            if (w * x).sum() > 0:  #~ traced-control-flow
                return (w * x).sum()
            return (w * 2).sum()
        torch.vmap(torch.func.grad(loss), in_dims=(None, 0))(torch.ones(3), torch.ones(4, 3))
        """,
    "a value of a batch decides between two": """
        import torch
        def loss(w, x):
            y = w * x
            return y.sum() if y[0] > 0 else (2 * y).sum()  #~ traced-control-flow
        torch.vmap(torch.func.grad(loss), in_dims=(None, 0))(torch.ones(3), torch.ones(4, 3))
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
    torch.func.jvp(lambda t: (t.detach() * t).sum(), (torch.ones(2),), (torch.ones(2),))
    torch.func.jvp(torch.round, (torch.ones(2),), (torch.zeros(2),))
    torch.func.jacfwd(lambda a, b: (a * b, b.sin()), argnums=(0, 1))(torch.ones(2), torch.ones(2))
    torch.func.jacfwd(torch.func.jacfwd(lambda t: t * 3))(torch.ones(2))
    torch.vmap(lambda t: torch.func.jvp(torch.sin, (t,), (t,)))(torch.ones(4, 2))
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
    assert not ran.remarks


@pytest.mark.parametrize("name", OF_A_BATCH)
def test_what_a_batch_does_not_allow_is_told_and_mended(name, tmp_path):
    program = textwrap.dedent(OF_A_BATCH[name])
    ran = why(program, tmp_path)
    assert isinstance(ran.error, RuntimeError)
    assert ran.told == expected(program)
    flows_when_edited(program, tmp_path)
