"""The same causes as people meet them: other spellings, deeper in classes, behind the errors that PyTorch raises."""

import textwrap

import pytest

from .programs import expected, why

PROGRAMS = {
    "rebound without no_grad": """
        import torch
        w = torch.randn(3, requires_grad=True)
        for step in range(2):
            loss = (w * 2).pow(2).sum()
            loss.backward()
            w = w - 0.1 * w.grad  #~ rebound-name
        """,
    "an attribute rebound, found by the error": """
        import torch
        class Model:
            def __init__(self):
                self.w = torch.zeros(3, requires_grad=True)
            def step(self, x, y):
                loss = (x @ self.w - y).pow(2).mean()
                loss.backward()
                with torch.no_grad():
                    self.w = self.w - 0.1 * self.w.grad  #~ rebound-name
        model = Model()
        for _ in range(2):
            model.step(torch.randn(5, 3), torch.randn(5))
        """,
    "a number wrapped again": """
        import torch
        from torch import nn
        net = nn.Linear(3, 1)
        def compute(x):
            return net(x).pow(2).mean().item()  #~ left-through-number
        loss = torch.tensor(compute(torch.ones(2, 3)), requires_grad=True)
        loss.backward()
        print(net.weight.grad)
        """,
    "a sum of numbers": """
        import torch
        from torch import nn
        net = nn.Linear(3, 1)
        losses = []
        for step in range(3):
            losses.append(net(torch.randn(2, 3)).pow(2).mean().item())  #~ left-through-number
        total = sum(losses) / len(losses)
        total.backward()
        """,
    "a number that may come back from what keeps it": """
        import torch
        from torch import nn
        one, two = nn.Linear(3, 1), nn.Linear(3, 1)
        class Scales(dict):
            def __missing__(self, key):
                return 1.0
        scales = Scales()
        def loss(x):
            scales["two"] = two(x).pow(2).mean().item()  #~ left-through-number
            return one(x).pow(2).mean() * scales["one"]
        optimizer = torch.optim.SGD([*one.parameters(), *two.parameters()], lr=0.1)
        loss(torch.ones(2, 3)).backward()
        optimizer.step()
        """,
    "through math": """
        import math
        import torch
        a = torch.tensor(0.5, requires_grad=True)
        b = torch.tensor(1.0, requires_grad=True)
        c = math.exp(a)  #~ left-through-number
        (b * c).backward()
        print(a.grad, b.grad)
        """,
    "through scipy": """
        import torch
        from scipy import ndimage
        x = torch.randn(4, 4, requires_grad=True)
        w = torch.ones(4, 4, requires_grad=True)
        smooth = ndimage.uniform_filter(x.detach().numpy(), 3)  #~ left-through-numpy
        loss = (torch.as_tensor(smooth) * w).sum()
        loss.backward()
        print(x.grad, w.grad)
        """,
    "a threshold as a loss": """
        import torch
        from torch import nn
        net = nn.Linear(3, 1)
        x, y = torch.randn(8, 3), torch.randint(0, 2, (8, 1)).float()
        predicted = (torch.sigmoid(net(x)) > 0.5).float()  #~ no-derivative
        loss = nn.functional.mse_loss(predicted, y)
        loss.requires_grad_()
        loss.backward()
        print(net.weight.grad)
        """,
    "nothing requires a gradient after argmax": """
        import torch
        from torch import nn
        net = nn.Linear(3, 2)
        best = net(torch.randn(4, 3)).argmax(1).float()  #~ no-derivative
        best.mean().backward()
        """,
    "topk's positions": """
        import torch
        x = torch.randn(6, requires_grad=True)
        v = torch.randn(6, requires_grad=True)
        values, places = x.topk(2)  #~ no-derivative
        v[places].sum().backward()
        print(x.grad, v.grad)
        """,
    "a cast to whole numbers": """
        import torch
        x = torch.tensor([0.2, 1.4], requires_grad=True)
        v = torch.ones(2, requires_grad=True)
        k = x.int()  #~ integer-cast
        (k * v).sum().backward()
        print(x.grad)
        """,
    "a parameter of whole numbers": """
        import torch
        from torch import nn
        class Model(nn.Module):
            def __init__(self):
                super().__init__()
                self.w = nn.Parameter(torch.arange(3))  #~ integer-source
        Model()
        """,
    "whole numbers marked": """
        import torch
        x = torch.arange(4)
        x.requires_grad_()  #~ integer-source
        """,
    "written into .data": """
        import torch
        from torch import nn
        layer = nn.Linear(2, 2, bias=False)
        u = torch.ones(2, 2, requires_grad=True)
        layer.weight.data.copy_(torch.sin(u))  #~ stop-gradient
        layer(torch.ones(1, 2)).sum().backward()
        print(u.grad)
        """,
    "copied under no_grad": """
        import torch
        from torch import nn
        layer = nn.Linear(2, 2, bias=False)
        u = torch.ones(2, 2, requires_grad=True)
        with torch.no_grad():  #~ gradients-off
            layer.weight.copy_(torch.sin(u))
        layer(torch.ones(1, 2)).sum().backward()
        print(u.grad)
        """,
    "a reentrant checkpoint": """
        import torch
        from torch import nn
        from torch.utils.checkpoint import checkpoint
        block, head = nn.Linear(3, 3), nn.Linear(3, 1)
        x = torch.randn(2, 3)
        h = checkpoint(block, x, use_reentrant=True)  #~ gradients-off
        head(h).sum().backward()
        print(block.weight.grad, head.weight.grad)
        """,
    "a decorated method": """
        import torch
        from torch import nn
        class Encoder(nn.Module):
            def __init__(self):
                super().__init__()
                self.net = nn.Sequential(nn.Linear(3, 4), nn.Tanh())
            @torch.no_grad  #~ gradients-off
            def forward(self, x):
                return self.net(x)
        class Model(nn.Module):
            def __init__(self):
                super().__init__()
                self.encoder, self.head = Encoder(), nn.Linear(4, 1)
            def forward(self, x):
                return self.head(self.encoder(x))
        model = Model()
        model(torch.randn(2, 3)).sum().backward()
        print({name: p.grad is None for name, p in model.named_parameters()})
        """,
    "a deep copy is trained": """
        import copy
        import torch
        from torch import nn
        model = nn.Linear(3, 1)
        twin = copy.deepcopy(model)  #~ different-object
        twin(torch.randn(2, 3)).sum().backward()
        print(model.weight.grad)
        """,
    "a slice is asked": """
        import torch
        x = torch.randn(5, 2, requires_grad=True)
        u = (x ** 2).sum(1)
        torch.autograd.grad(u.sum(), x[:, 0])  #~ different-object
        """,
    "a slice is asked, unused allowed": """
        import torch
        x = torch.randn(5, 2, requires_grad=True)
        t = x[:, :1]  #~ different-object
        u = torch.sin(x).sum()
        g, = torch.autograd.grad(u, t, allow_unused=True)
        print(g)
        """,
    "a view of a leaf written to": """
        import torch
        w = torch.ones(3, requires_grad=True)
        w[0] = 5.0  #~ overwritten-value
        """,
    "relu in place on what tanh kept": """
        import torch
        from torch import nn
        net = nn.Linear(2, 2)
        h = torch.tanh(net(torch.ones(1, 2)))
        y = torch.relu_(h)  #~ overwritten-value
        y.sum().backward()
        """,
    "a cached tensor": """
        import torch
        w = torch.ones(3, requires_grad=True)
        base = (w * 2).exp()
        for step in range(2):
            loss = (base * step).sum()  #~ tape-used-up
            loss.backward()
        """,
    "losses without a reduction": """
        import torch
        from torch import nn
        net = nn.Linear(3, 2)
        def compute(x, y):
            return nn.functional.cross_entropy(net(x), y, reduction="none")  #~ nonscalar-output
        loss = compute(torch.randn(4, 3), torch.tensor([0, 1, 0, 1]))
        loss.backward()
        """,
    "never marked, by autograd.grad": """
        import torch
        x = torch.linspace(0, 1, 5)  #~ not-watched
        w = torch.ones(5, requires_grad=True)
        y = (x ** 2 * w).sum()
        torch.autograd.grad(y, x)
        """,
    "frozen and forgotten": """
        import torch
        from torch import nn
        net = nn.Linear(3, 1)
        for p in net.parameters():
            p.requires_grad = False  #~ not-watched
        net(torch.randn(2, 3)).sum().backward()
        """,
    "a custom function answers with zeros": """
        import torch
        class Clip(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return x.clamp(0, 1)
            @staticmethod
            def backward(ctx, g):
                return torch.zeros_like(g)  #~ custom-rule-none
        x = torch.rand(3, requires_grad=True)
        Clip.apply(x * 2).sum().backward()
        print(x.grad)
        """,
    "a state that loses a gradient comes in with the second round": """
        import torch
        from torch import nn
        net, gate, h = nn.Linear(3, 3), nn.Linear(3, 3), torch.zeros(2, 3)
        opt = torch.optim.SGD([*net.parameters(), *gate.parameters()], lr=0.1)
        for _ in range(4):
            loss = (net(torch.ones(2, 3)) + h).pow(2).mean()
            h = h + torch.tanh(gate(torch.ones(2, 3))).detach()  #~ stop-gradient
            opt.zero_grad()
            loss.backward()
            opt.step()
        """,
    "a chain of probabilities that has become zero": """
        import torch
        torch.manual_seed(0)
        rates = torch.rand(200, 2, requires_grad=True)
        mix = torch.tensor([[0.3, 0.1], [0.1, 0.3]])
        state = torch.ones(2)
        for k in range(200):
            state = (state @ mix) * torch.sigmoid(rates[k])  #~ flat-region
        (state.sum() + 1e-20).log().backward()
        """,
    "too few gradients from a custom function": """
        import torch
        class Add(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x, y):
                return x + y
            @staticmethod
            def backward(ctx, g):
                return g  #~ custom-rule-none
        a, b = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
        Add.apply(a, b).sum().backward()
        """,
    "one logit": """
        import torch
        from torch import nn
        net = nn.Linear(3, 1)
        p = torch.softmax(net(torch.randn(4, 3)), dim=1)  #~ flat-region
        loss = -torch.log(p).mean()
        loss.backward()
        print(net.weight.grad)
        """,
    "a dead relu": """
        import torch
        w = torch.tensor([-1.0, -2.0], requires_grad=True)
        loss = torch.relu(w * 3).sum()  #~ flat-region
        loss.backward()
        print(w.grad)
        """,
    "clamped": """
        import torch
        x = torch.tensor([5.0, 7.0], requires_grad=True)
        loss = x.clamp(max=1.0).sum()  #~ flat-region
        loss.backward()
        print(x.grad)
        """,
    "the square root of nothing": """
        import torch
        x = torch.zeros(3, requires_grad=True)
        loss = torch.sqrt(x).sum()  #~ singular-point
        loss.backward()
        print(x.grad)
        """,
    "where, with a logarithm in the branch not taken": """
        import torch
        x = torch.tensor([0.0, 1.0], requires_grad=True)
        y = torch.where(x > 0, x.log(), torch.zeros_like(x))  #~ masked-branch
        y.sum().backward()
        print(x.grad)
        """,
    "roots that one pick leaves out, and another reader takes": """
        import torch
        x = torch.tensor([0.0, 4.0], requires_grad=True)
        roots = x.sqrt()  #~ singular-point
        (roots[x > 0].sum() + (roots * torch.tensor([0.0, 1.0])).sum()).backward()
        print(x.grad)
        """,
    "roots that a pick leaves out": """
        import torch
        x = torch.tensor([0.0, 4.0], requires_grad=True)
        roots = x.sqrt()  #~ masked-branch
        roots[x > 0].sum().backward()
        print(x.grad)
        """,
    "an exponential that overflows": """
        import torch
        x = torch.tensor([100.0, 1.0], requires_grad=True)
        y = torch.log(1 + torch.exp(x))  #~ overflow
        y.sum().backward()
        print(x.grad)
        """,
    "another leaf, made of the same numbers before there was a graph": """
        import numpy as np
        import torch
        from torch import nn
        pos = np.ones((6, 3))
        batch = {"pos": torch.from_numpy(pos).float(), "rel_pos": torch.from_numpy(pos - pos.mean(0)).float()}
        for leaf in [*batch.values(), torch.ones(2)]:
            leaf.requires_grad_()
        energy = nn.Linear(3, 1)(batch["rel_pos"]).sum()
        torch.autograd.grad(energy, batch["pos"])  #~ different-object
        """,
    "a leaf beside the one that is used, of another name": """
        import torch
        from torch import nn
        batch = {"pos": torch.ones(6, 3), "charges": torch.ones(6, 3)}
        for leaf in [*batch.values(), torch.ones(2)]:
            leaf.requires_grad_()
        energy = nn.Linear(3, 1)(batch["pos"]).sum()
        torch.autograd.grad(energy, batch["charges"])  #~ not-used
        """,
}

SILENT = {
    "an average that goes on after the target": """
        import torch
        from torch import nn
        net, mean = nn.Linear(3, 3), torch.zeros(())
        opt = torch.optim.SGD(net.parameters(), lr=0.1)
        for _ in range(3):
            loss = net(torch.ones(2, 3)).pow(2).mean() - 0.1 * mean
            mean = 0.9 * mean + 0.1 * loss.detach()
            opt.zero_grad()
            loss.backward()
            opt.step()
        """,
    "retained graph": """
        import torch
        w = torch.ones(3, requires_grad=True)
        loss = (w ** 2).sum()
        loss.backward(retain_graph=True)
        loss.backward()
        """,
    "hidden state detached": """
        import torch
        from torch import nn
        cell = nn.GRUCell(2, 3)
        h = torch.zeros(1, 3)
        for step in range(3):
            h = cell(torch.ones(1, 2), h.detach())
            h.pow(2).sum().backward()
        """,
    "a checkpoint with an input that is differentiated": """
        import torch
        from torch import nn
        from torch.utils.checkpoint import checkpoint
        block, head = nn.Linear(3, 3), nn.Linear(3, 1)
        x = torch.randn(2, 3, requires_grad=True)
        head(checkpoint(block, x, use_reentrant=True)).sum().backward()
        print(block.weight.grad is None)
        head(checkpoint(block, x, use_reentrant=False)).sum().backward()
        """,
    "a target network": """
        import copy
        import torch
        from torch import nn
        q = nn.Linear(3, 2)
        target = copy.deepcopy(q)
        optimizer = torch.optim.Adam(q.parameters())
        for step in range(2):
            x = torch.randn(4, 3)
            with torch.no_grad():
                goal = 1 + 0.9 * target(x).max(1).values
            loss = nn.functional.mse_loss(q(x).max(1).values, goal)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            for a, b in zip(q.parameters(), target.parameters()):
                b.data.mul_(0.9).add_(a.data, alpha=0.1)
        """,
    "a custom function that is right": """
        import torch
        class Double(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x, k):
                ctx.k = k
                return x * k
            @staticmethod
            def backward(ctx, g):
                return g * ctx.k, None
        x = torch.ones(3, requires_grad=True)
        Double.apply(x, 2.0).sum().backward()
        """,
    "LBFGS with a closure": """
        import torch
        x = torch.tensor([3.0, -1.0], requires_grad=True)
        optimizer = torch.optim.LBFGS([x], max_iter=5)
        def closure():
            optimizer.zero_grad()
            loss = ((x - 1) ** 2).sum()
            loss.backward()
            return loss
        optimizer.step(closure)
        optimizer.step(closure)
        """,
    "MAML's inner step": """
        import torch
        w = torch.tensor([1.0, 2.0], requires_grad=True)
        inner = ((w - 1) ** 2).sum()
        g, = torch.autograd.grad(inner, w, create_graph=True)
        fast = w - 0.1 * g
        ((fast - 2) ** 2).sum().backward()
        """,
    "a net compiled": """
        import torch
        from torch import nn
        net = torch.compile(nn.Linear(3, 1))
        net(torch.ones(1, 3)).sum().backward()
        """,
    "transforms of torch.func": """
        import torch
        from torch.func import grad, jacrev, vmap
        x = torch.ones(3, requires_grad=True)
        print(vmap(grad(lambda a: (a ** 2).sum()))(torch.ones(2, 3)), jacrev(lambda a: a ** 2)(x.detach()))
        print(torch.autograd.functional.jacobian(lambda a: a ** 2, torch.ones(3)))
        (x ** 2).sum().backward()
        """,
    "hooks and a thread": """
        import threading
        import torch
        w = torch.ones(3, requires_grad=True)
        w.register_hook(lambda g: g * 2)
        def work():
            (w ** 2).sum().backward()
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        assert w.grad is not None
        """,
    "gradients asked for before any backward pass": """
        import torch
        w = torch.ones(3, requires_grad=True)
        for step in range(2):
            if w.grad is not None:
                w.grad.zero_()
            (w ** 2).sum().backward()
        """,
    "a step by hand on .data": """
        import torch
        w = torch.ones(3, requires_grad=True)
        for step in range(3):
            loss = (w ** 2).sum()
            loss.backward()
            w.data -= 0.1 * w.grad.data
            w.grad = None
        """,
    "an adapter that starts at zero": """
        import torch
        from torch import nn
        a, b = nn.Linear(4, 2, bias=False), nn.Linear(2, 4, bias=False)
        nn.init.zeros_(b.weight)
        optimizer = torch.optim.SGD([a.weight, b.weight], lr=0.1)
        x, y = torch.randn(8, 4), torch.randn(8, 4)
        for step in range(3):
            optimizer.zero_grad()
            (x + b(a(x)) - y).pow(2).mean().backward()
            optimizer.step()
        """,
    "an error that has nothing to do with gradients": """
        import torch
        w = torch.ones(3, requires_grad=True)
        (w ** 2).sum().backward()
        try:
            torch.ones(3) @ torch.ones(4)
        except RuntimeError:
            pass
        try:
            w.numpy()
        except RuntimeError:
            print(w.detach().numpy())
        """,
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_reason_is_told_at_its_line(name, tmp_path):
    program = textwrap.dedent(PROGRAMS[name])
    ran = why(program, tmp_path)
    assert ran.told == expected(program), [(r.source, str(r.status), r.findings) for r in ran.reports]


@pytest.mark.parametrize("name", SILENT)
def test_what_flows_is_left_alone(name, tmp_path):
    ran = why(textwrap.dedent(SILENT[name]), tmp_path)
    assert ran.error is None
    assert not ran.told
    assert ran.reports
    assert set(ran.statuses.values()) <= {"ok"}, ran.statuses


def test_a_function_in_place_names_what_it_writes_to(tmp_path):
    program = """
        import torch
        import torch.nn.functional as F
        x = torch.sigmoid(torch.ones(3, requires_grad=True))
        F.relu_(x).sum().backward()
        """
    (finding,) = [f for r in why(program, tmp_path).reports for f in r.findings]
    assert finding.diagnostic.headline.startswith("`x` was overwritten")


def test_a_draw_is_called_as_the_program_calls_it(tmp_path):
    program = """
        import torch
        from torch.distributions import Normal
        mu = torch.zeros(3, requires_grad=True)
        Normal(mu, torch.ones(3)).sample().sum().backward()
        """
    (finding,) = [f for r in why(program, tmp_path).reports for f in r.findings]
    assert finding.diagnostic.primary.label.startswith("sample draws")


def test_rows_are_said_to_be_made_from_what_they_are_read_from(tmp_path):
    program = """
        import torch
        from torch import nn
        batch = torch.ones(2, 6, 3, requires_grad=True)
        energy = nn.Linear(3, 1)(batch).sum()
        torch.autograd.grad(energy, [frame for frame in batch])
        """
    first = why(program, tmp_path).reports[0].findings[0]
    assert first.cause == "different-object"
    assert "made here from `batch`" in first.diagnostic.primary.label
