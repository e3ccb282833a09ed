"""Small programs with one broken gradient each: the reason, at its line; and near misses that must stay silent."""

import pytest

from .programs import expected, why

BROKEN = {}
HEALTHY = {}


def broken(program):
    BROKEN[program.__name__] = program.__doc__


def healthy(program):
    HEALTHY[program.__name__] = program.__doc__


@broken
def moved_after_marking():
    """
    import torch
    x = torch.ones(3, requires_grad=True)
    y = x.to(torch.float64)  #~ nonleaf-grad-read
    (y ** 2).sum().backward()
    print(y.grad)
    """


@broken
def scaled_after_marking():
    """
    import torch
    def make(n):
        return torch.randn(n, requires_grad=True) * 0.1  #~ nonleaf-grad-read
    w = make(4)
    loss = (w - 1).pow(2).sum()
    loss.backward()
    print(w.grad is None)
    """


@broken
def marked_and_moved_in_a_function_that_was_given_it():
    """
    import torch
    def load(x):
        x.requires_grad_()
        return x.to(torch.float64)  #~ nonleaf-grad-read
    image = load(torch.ones(3))
    (image ** 2).sum().backward()
    print(image.grad)
    """


@healthy
def marked_last():
    """
    import torch
    x = torch.ones(3).to(torch.float64).requires_grad_()
    (x ** 2).sum().backward()
    assert x.grad is not None
    """


@broken
def numbers_made_a_tensor_again():
    """
    import torch
    a = torch.tensor(1.5, requires_grad=True)
    b = torch.tensor(0.25, requires_grad=True)
    y = torch.Tensor([a, 2.0, b])  #~ rebuilt-from-values
    (y * 2).sum().backward()
    """


@broken
def floats_made_a_tensor_again():
    """
    import torch
    a = torch.tensor(1.5, requires_grad=True)
    b = torch.tensor(0.25, requires_grad=True)
    y = torch.FloatTensor([a * 3, b])  #~ rebuilt-from-values
    (y * 2).sum().backward()
    """


@broken
def a_tensor_of_tensors():
    """
    import torch
    a = torch.tensor(1.5, requires_grad=True)
    b = torch.tensor(0.25, requires_grad=True)
    y = torch.as_tensor([a, b])  #~ rebuilt-from-values
    (y * 2).sum().backward()
    """


@broken
def a_parameter_of_a_result():
    """
    import torch
    x = torch.ones(2, requires_grad=True)
    p = torch.nn.Parameter(x * 2)  #~ rebuilt-from-values
    (p * 2).sum().backward()
    print(x.grad)
    """


@healthy
def a_plain_tensor_and_the_numbers_of_another():
    """
    import torch
    a = torch.tensor(1.5, requires_grad=True)
    shown = torch.Tensor([a])
    y = torch.Tensor([2.0, 3.0])
    (y * a).sum().backward()
    print(shown, torch.as_tensor(a) is a)
    """


@broken
def a_part_left_as_a_number():
    """
    import torch
    a = torch.tensor(1.5, requires_grad=True)
    n = (a * 2).item()  #~ left-through-number
    (a * n).backward()
    """


@broken
def a_part_was_rebuilt():
    """
    import torch
    a = torch.tensor(1.5, requires_grad=True)
    w = torch.tensor([a, a])  #~ rebuilt-from-values
    (w.sum() * a).backward()
    """


@healthy
def a_part_detached_on_purpose():
    """
    import torch
    x = torch.tensor([1.5, 0.5], requires_grad=True)
    n = (x * 2).detach().numpy().sum()
    (x * float(n)).sum().backward()
    """


@healthy
def logging_and_early_stopping():
    """
    import torch
    x = torch.tensor([1.5, 0.5], requires_grad=True)
    best, seen = 10.0, []
    for _ in range(4):
        loss = (x ** 2).sum()
        seen.append(loss.item())
        if loss.item() > best:
            break
        best = loss.item()
        loss.backward()
        print(best, float(x[0]))
    """


@healthy
def a_baseline_of_earlier_steps():
    """
    import torch
    x = torch.tensor([1.5, 0.5], requires_grad=True)
    base = 0.0
    for _ in range(3):
        loss = (x ** 2).sum() - base * x.sum()
        loss.backward()
        base = 0.9 * base + 0.1 * loss.item()
    """


@healthy
def retained():
    """
    import torch
    x = torch.ones(3, requires_grad=True)
    y = x * 2
    y.retain_grad()
    (y ** 2).sum().backward()
    assert y.grad is not None
    """


@broken
def an_optimizer_refuses_what_is_no_leaf():
    """
    import torch
    w = torch.randn(4, requires_grad=True) / 2  #~ nonleaf-grad-read
    torch.optim.SGD([w], lr=0.1)
    """


@broken
def rebound_under_no_grad():
    """
    import torch
    w = torch.tensor(1.0, requires_grad=True)
    for step in range(2):
        loss = (w - 3) ** 2
        loss.backward()
        with torch.no_grad():
            w = w - 0.1 * w.grad  #~ rebound-name
        w.grad.zero_()
    """


@healthy
def updated_in_place():
    """
    import torch
    w = torch.tensor(1.0, requires_grad=True)
    for step in range(3):
        loss = (w - 3) ** 2
        loss.backward()
        with torch.no_grad():
            w -= 0.1 * w.grad
        w.grad.zero_()
    """


@broken
def never_marked():
    """
    import torch
    w = torch.zeros(3)  #~ not-watched
    x, y = torch.randn(8, 3), torch.randn(8)
    loss = (x @ w - y).pow(2).mean()
    loss.backward()
    print(w.grad)
    """


@broken
def marked_too_late():
    """
    import torch
    w = torch.ones(3)
    v = torch.ones(3, requires_grad=True)
    y = w * 2  #~ not-watched
    w.requires_grad_()
    (y + v).sum().backward()
    print(w.grad, v.grad)
    """


@broken
def under_no_grad():
    """
    import torch
    from torch import nn
    encoder, head = nn.Linear(3, 4), nn.Linear(4, 1)
    def features(x):
        with torch.no_grad():  #~ gradients-off
            return torch.relu(encoder(x))
    optimizer = torch.optim.SGD([*encoder.parameters(), *head.parameters()], lr=0.1)
    loss = head(features(torch.randn(5, 3))).pow(2).mean()
    loss.backward()
    optimizer.step()
    """


@broken
def under_inference_mode():
    """
    import torch
    x = torch.ones(3, requires_grad=True)
    @torch.inference_mode()  #~ gradients-off
    def encode(x):
        return x * 3
    loss = encode(x).sum()
    loss.backward()
    """


@broken
def gradients_turned_off_for_good():
    """
    import torch
    from torch import nn
    net = nn.Linear(2, 1)
    def evaluate():
        torch.set_grad_enabled(False)  #~ gradients-off
        return net(torch.ones(1, 2)).item()
    evaluate()
    net(torch.ones(1, 2)).sum().backward()
    """


@healthy
def frozen_on_purpose():
    """
    import torch
    from torch import nn
    backbone, head = nn.Linear(3, 4), nn.Linear(4, 1)
    for p in backbone.parameters():
        p.requires_grad_(False)
    optimizer = torch.optim.Adam(head.parameters())
    for step in range(2):
        optimizer.zero_grad()
        with torch.no_grad():
            features = backbone(torch.randn(5, 3))
        head(features).pow(2).mean().backward()
        optimizer.step()
    for p in [*backbone.parameters(), *head.parameters()]:
        if p.grad is not None:
            print(p.grad.norm())
    """


@broken
def detached():
    """
    import torch
    a = torch.ones(3, requires_grad=True)
    b = torch.ones(3, requires_grad=True)
    hidden = (a * 2).detach()  #~ stop-gradient
    (hidden * b).sum().backward()
    print(a.grad, b.grad)
    """


@broken
def rounded():
    """
    import torch
    x = torch.tensor([0.3, 1.7], requires_grad=True)
    loss = torch.round(x * 4).sum()  #~ piecewise-constant
    loss.backward()
    print(x.grad)
    """


@broken
def read_as_a_number():
    """
    import torch
    a = torch.tensor(2.0, requires_grad=True)
    b = torch.tensor(3.0, requires_grad=True)
    scale = a.item()  #~ left-through-number
    (b * scale).backward()
    print(a.grad, b.grad)
    """


@broken
def through_numpy():
    """
    import numpy as np
    import torch
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    v = torch.tensor([1.0, 1.0], requires_grad=True)
    s = np.sin(x.detach().numpy())  #~ left-through-numpy
    loss = (torch.from_numpy(s) * v).sum()
    loss.backward()
    print(x.grad, v.grad)
    """


@broken
def refused_by_numpy():
    """
    import numpy as np
    import torch
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = np.sin((x * 2).numpy())  #~ left-through-numpy
    """


@broken
def positions():
    """
    import torch
    x = torch.tensor([[0.1, 0.9, 0.2], [0.8, 0.1, 0.3]], requires_grad=True)
    v = torch.ones(2, requires_grad=True)
    best = x.argmax(dim=1).float()  #~ no-derivative
    (best * v).sum().backward()
    print(x.grad, v.grad)
    """


@broken
def drawn():
    """
    import torch
    from torch.distributions import Normal
    mu = torch.zeros(3, requires_grad=True)
    w = torch.ones(3, requires_grad=True)
    z = Normal(mu, 1.0).sample()  #~ sampled
    (z * w).sum().backward()
    print(mu.grad, w.grad)
    """


@broken
def rebuilt_from_entries():
    """
    import torch
    a = torch.tensor(0.3, requires_grad=True)
    v = torch.ones(2, requires_grad=True)
    r = torch.tensor([a.cos(), a.sin()])  #~ rebuilt-from-values
    (r * v).sum().backward()
    print(a.grad, v.grad)
    """


@broken
def a_second_time():
    """
    import torch
    w = torch.ones(3, requires_grad=True)
    loss = (w ** 2).sum()
    loss.backward()
    loss.backward()  #~ tape-used-up
    """


@broken
def a_hidden_state_carried_over():
    """
    import torch
    from torch import nn
    cell = nn.GRUCell(2, 3)
    h = torch.zeros(1, 3)
    for step in range(2):
        h = cell(torch.ones(1, 2), h)  #~ tape-used-up
        h.pow(2).sum().backward()
    """


@broken
def a_saved_value_overwritten():
    """
    import torch
    x = torch.ones(3, requires_grad=True)
    h = x.exp()
    h += 1  #~ overwritten-value
    h.sum().backward()
    """


@broken
def a_view_of_a_saved_value_overwritten():
    """
    import torch
    x = torch.ones(3, 2, requires_grad=True)
    h = x.sigmoid()
    column = h[:, 0]
    column.mul_(2)  #~ overwritten-value
    h.sum().backward()
    """


@broken
def a_step_between_two_backwards():
    """
    import torch
    from torch import nn
    f, g = nn.Linear(2, 2), nn.Linear(2, 1)
    opt_g = torch.optim.SGD(g.parameters(), lr=0.1)
    h = f(torch.ones(1, 2))
    out = g(h)
    out.sum().backward(retain_graph=True)
    opt_g.step()  #~ overwritten-value
    out.pow(2).sum().backward()
    """


@broken
def a_leaf_written_to():
    """
    import torch
    w = torch.ones(3, requires_grad=True)
    w += 1  #~ overwritten-value
    """


@broken
def not_a_scalar():
    """
    import torch
    from torch import nn
    net = nn.Linear(2, 3)
    loss = net(torch.ones(4, 2)).pow(2)  #~ nonscalar-output
    loss.backward()
    """


@broken
def integers():
    """
    import torch
    x = torch.tensor([1, 2, 3], requires_grad=True)  #~ integer-source
    """


@broken
def a_penalty_without_create_graph():
    """
    import torch
    x = torch.ones(3, requires_grad=True)
    y = (x ** 3).sum()
    g, = torch.autograd.grad(y, x)  #~ inner-gradient-not-recorded
    g.pow(2).sum().backward()
    """


@healthy
def a_penalty_with_create_graph():
    """
    import torch
    x = torch.ones(3, requires_grad=True)
    y = (x ** 3).sum()
    g, = torch.autograd.grad(y, x, create_graph=True)
    g.pow(2).sum().backward()
    assert x.grad is not None
    """


@broken
def a_custom_function_answers_none():
    """
    import torch
    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, y):
            return x * 2 + y
        @staticmethod
        def backward(ctx, g):
            return None, g  #~ custom-rule-none
    a = torch.ones(3, requires_grad=True)
    b = torch.ones(3, requires_grad=True)
    Double.apply(a, b).sum().backward()
    print(a.grad, b.grad)
    """


@broken
def a_copy_is_asked():
    """
    import torch
    x = torch.ones(3, requires_grad=True)
    loss = (x ** 2).sum()
    copied = x.clone()  #~ different-object
    torch.autograd.grad(loss, copied)
    """


@broken
def a_replaced_parameter():
    """
    import torch
    from torch import nn
    net = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    net[1] = nn.Linear(4, 5)  #~ different-object
    loss = net(torch.ones(2, 3)).pow(2).mean()
    loss.backward()
    optimizer.step()
    """


@healthy
def two_losses_by_turns():
    """
    import torch
    from torch import nn
    g, d = nn.Linear(2, 2), nn.Linear(2, 1)
    opt_g, opt_d = (torch.optim.SGD(m.parameters(), lr=0.1) for m in (g, d))
    for step in range(2):
        fake = g(torch.randn(4, 2))
        opt_d.zero_grad()
        d(fake.detach()).mean().backward()
        opt_d.step()
        opt_g.zero_grad()
        (-d(fake).mean()).backward()
        opt_g.step()
        for m in (g, d):
            for p in m.parameters():
                print(p.grad.norm() if p.grad is not None else "none")
    """


@healthy
def logging_does_not_leave():
    """
    import torch
    from torch import nn
    net = nn.Linear(2, 1)
    optimizer = torch.optim.Adam(net.parameters())
    total = 0.0
    for step in range(3):
        optimizer.zero_grad()
        loss = net(torch.ones(1, 2)).pow(2).mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        total += loss.item()
    print(total)
    """


@healthy
def straight_through():
    """
    import torch
    x = torch.tensor([0.3, 1.7], requires_grad=True)
    y = x + (torch.round(x) - x).detach()
    y.sum().backward()
    assert x.grad is not None
    """


@pytest.mark.parametrize("name", BROKEN)
def test_the_reason_is_told_at_its_line(name, tmp_path):
    ran = why(BROKEN[name], tmp_path)
    assert ran.told == expected(BROKEN[name]), [(r.source, str(r.status), r.findings) for r in ran.reports]


@pytest.mark.parametrize("name", HEALTHY)
def test_what_flows_is_left_alone(name, tmp_path):
    ran = why(HEALTHY[name], tmp_path)
    assert ran.error is None
    assert not ran.told
    assert set(ran.statuses.values()) <= {"ok"}, ran.statuses
    assert ran.reports
