"""Small programs that their own edits mend, with `#~ slug` where what is wrong must be told."""

HEAD = """
    import math
    import numpy as np
    import torch
    import torch.nn.functional as F
    from torch import nn
    torch.manual_seed(0)
    """

PROGRAMS = {
    "what is written reads the buffer that it is written to": """
        cell = nn.Linear(3, 3)
        buf = torch.zeros(4, 3)
        buf[0] = torch.ones(3)
        for t in range(1, 4):
            buf[t] = torch.tanh(cell(buf[t - 1]))  #~ overwritten-value
        buf.sum().backward()
        """,
    "a layer that works in place": """
        class Block(nn.Module):
            def __init__(self):
                super().__init__()
                self.linear, self.act = nn.Linear(4, 4), nn.ReLU(True)
            def forward(self, x):
                y = torch.exp(self.linear(x))
                return self.act(y - 1) + self.act(y)  #~ overwritten-value
        Block()(torch.randn(2, 4)).sum().backward()
        """,
    "a first value written into a leaf": """
        w = torch.zeros(4, requires_grad=True)
        w[0] = 1.0  #~ overwritten-value
        ((w - 2) ** 2).sum().backward()
        print(w.grad)
        """,
    "a computed value written into a parameter": """
        class Table(nn.Module):
            def __init__(self):
                super().__init__()
                self.rows, self.first = nn.Parameter(torch.randn(5, 3)), nn.Parameter(torch.ones(3))
            def forward(self, ids):
                self.rows[0] = self.first * 2  #~ overwritten-value
                return self.rows[ids]
        table = Table()
        table(torch.tensor([1, 2, 3, 4, 0])).pow(2).sum().backward()
        """,
    "two losses of one encoder": """
        encoder, a, b = nn.Linear(4, 3), nn.Linear(3, 1), nn.Linear(3, 1)
        one = torch.optim.SGD([*encoder.parameters(), *a.parameters()], lr=0.1)
        z = torch.tanh(encoder(torch.randn(6, 4)))
        first, second = a(z).pow(2).mean(), b(z).pow(2).mean()
        first.backward()
        one.step()
        second.backward()  #~ tape-used-up
        """,
    "the state of an LSTM carried on": """
        class Model(nn.Module):
            def __init__(self):
                super().__init__()
                self.rnn, self.state = nn.LSTM(3, 5), None
            def forward(self, x):
                y, self.state = self.rnn(x, self.state)  #~ tape-used-up
                return y
        model = Model()
        for step in range(3):
            model(torch.randn(4, 2, 3)).pow(2).mean().backward()
        """,
    "both states of a cell carried on": """
        cell = nn.LSTMCell(3, 5)
        h, c = torch.zeros(2, 5), torch.zeros(2, 5)
        for step in range(3):
            h, c = cell(torch.randn(2, 3), (h, c))  #~ tape-used-up
            h.pow(2).mean().backward()
        """,
    "too few answers of a backward": """
        class Clamp(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x, low, high):
                ctx.save_for_backward(x)
                ctx.low, ctx.high = low, high
                return x.clamp(low, high)
            @staticmethod
            def backward(ctx, g):
                x, = ctx.saved_tensors
                return g * ((x > ctx.low) & (x < ctx.high))  #~ custom-rule-none
        w = nn.Parameter(torch.linspace(-0.5, 2, 5))
        Clamp.apply(w, -1.0, 1.0).pow(2).sum().backward()
        """,
    "an answer that needs what was not kept": """
        class Levels(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x, top, n):
                ctx.save_for_backward(x, top)
                step = top / n
                return torch.round(torch.minimum(x.clamp(min=0), top) / step) * step
            @staticmethod
            def backward(ctx, g):
                x, top = ctx.saved_tensors
                return g * ((x > 0) & (x < top)), None, None  #~ custom-rule-none
        linear, top = nn.Linear(4, 5), nn.Parameter(torch.tensor(0.5))
        Levels.apply(linear(torch.randn(6, 4)), top, 7).pow(2).sum().backward()
        print(top.grad)
        """,
    "a backward that answers zeros for a flat function": """
        class Steps(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return torch.round(x)
            @staticmethod
            def backward(ctx, g):
                return torch.zeros_like(g)  #~ custom-rule-none
        w = nn.Parameter(torch.linspace(-0.5, 2, 5))
        Steps.apply(3 * w).pow(2).sum().backward()
        """,
    "a backward that answers zeros for one of two arguments": """
        class Scaled(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x, s):
                ctx.save_for_backward(s)
                return torch.tanh(x) * s
            @staticmethod
            def backward(ctx, g):
                s, = ctx.saved_tensors
                if s.ndim == 7:
                    return g, g
                return g * s, torch.zeros_like(s)  #~ custom-rule-none
        def scaled(x, s):
            return Scaled.apply(x, s)
        w, s = nn.Parameter(torch.linspace(-0.5, 2, 5)), nn.Parameter(torch.ones(5))
        scaled(w, s).pow(2).sum().backward()
        """,
    "one choice inside another": """
        x = nn.Parameter(torch.tensor([0.0, 0.4, 3.0, -1.0]))
        y = torch.where(x > 0, torch.where(x > 2, torch.log(x - 2), torch.rsqrt(x)), x)  #~ masked-branch
        y.sum().backward()
        """,
    "a choice in the branch that another one takes where it is false": """
        x = nn.Parameter(torch.tensor([0.0, 0.4, 3.0, -1.0]))
        far = x > 0.2
        y = torch.where(far, 1 / x, torch.where(x < -0.5, torch.log(-x) / x, 5 * x))  #~ masked-branch
        y.sum().backward()
        """,
    "a root in an inner choice that only the outer one hides": """
        x = nn.Parameter(torch.tensor([0.0, 0.4, 3.0]))
        y = torch.where(x > 0, torch.where(x < 2, torch.sqrt(x), x), torch.zeros_like(x))  #~ masked-branch
        y.sum().backward()
        """,
    "the logarithm of what is picked from a softmax": """
        scores = nn.Parameter(torch.tensor([[90.0, -90.0, 0.0], [0.0, 120.0, -30.0]]))
        chosen = F.softmax(scores, dim=1).gather(1, torch.tensor([[1], [2]])).squeeze(1)
        (-torch.log(chosen)).sum().backward()  #~ singular-point
        """,
    "a softmax that a small number does not save": """
        scores = nn.Parameter(torch.tensor([[90.0, -90.0, 0.0], [0.0, 120.0, -30.0]]))
        share = scores.softmax(dim=1)  #~ flat-region
        F.nll_loss((share + 1e-20).log(), torch.tensor([1, 2])).backward()
        """,
    "layers made anew in a loop after the optimizer": """
        net = nn.Sequential(nn.Linear(3, 3), nn.Tanh(), nn.Linear(3, 1))
        opt = torch.optim.SGD(net.parameters(), lr=0.1)
        for k in (0, 2):
            net[k] = nn.Linear(3, net[k].out_features)  #~ different-object
        for _ in range(2):
            opt.zero_grad()
            net(torch.ones(2, 3)).sum().backward()
            opt.step()
        """,
    "an expert for each row": """
        class Experts(nn.Module):
            def __init__(self):
                super().__init__()
                self.score, self.parts = nn.Linear(3, 2), nn.ModuleList([nn.Linear(3, 3), nn.Linear(3, 3)])
            def forward(self, x):
                scores = self.score(x)
                best = scores.argmax(dim=-1)  #~ no-derivative
                y = torch.zeros_like(x)
                for k, part in enumerate(self.parts):
                    rows = best == k
                    y[rows] = part(x[rows])
                return y
        net = Experts()
        net(torch.randn(8, 3)).pow(2).sum().backward()
        print(net.score.weight.grad)
        """,
    "a gradient read from what a module keeps": """
        class Body(nn.Module):
            def __init__(self):
                super().__init__()
                self.first, self.last = nn.Linear(3, 4), nn.Linear(4, 1)
            def forward(self, x):
                self.hidden = torch.tanh(self.first(x))  #~ nonleaf-grad-read
                return self.last(self.hidden)
        def weights(body, x):
            body(x).sum().backward()
            return body.hidden.grad
        body = Body()
        print(weights(body, torch.ones(2, 3)))
        """,
    "even steps up to a parameter": """
        end = nn.Parameter(torch.tensor(3.0))
        y = 1 - torch.linspace(0, end, steps=4)  #~ rebuilt-from-values
        opt = torch.optim.SGD([end], lr=0.1)
        (y * y * nn.Parameter(torch.ones(4))).sum().backward()
        opt.step()
        """,
    "an optimizer that is given what a method computes": """
        class Rates(nn.Module):
            def __init__(self):
                super().__init__()
                self.raw = nn.Parameter(torch.zeros(3))
            def rate(self):
                return F.softplus(self.raw)  #~ nonleaf-grad-read
        rates = Rates()
        opt = torch.optim.SGD([rates.rate()], lr=0.1)
        for _ in range(2):
            opt.zero_grad()
            rates.rate().sum().backward()
            opt.step()
        """,
    "a step between two passes through one result": """
        maker, judge = nn.Linear(2, 3), nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
        first, second = (torch.optim.SGD(n.parameters(), lr=0.1) for n in (judge, maker))
        for _ in range(2):
            made = maker(torch.randn(5, 2))
            score = judge(made)
            size = score.abs()
            loss_judge = size.mean()
            loss_maker = (1 - score).pow(2).mean()
            first.zero_grad()
            loss_judge.backward(retain_graph=True)
            first.step()  #~ overwritten-value
            second.zero_grad()
            loss_maker.backward()
            second.step()
        """,
    "a state that a module keeps from round to round": """
        class Cell(nn.Module):
            def __init__(self):
                super().__init__()
                self.mix, self.state = nn.Linear(3, 3), torch.zeros(3)
            def read(self, x):
                return x * torch.sigmoid(self.state)
            def forward(self, x):
                y = self.read(self.mix(x))
                self.state = 0.5 * self.state + y.mean(dim=0)  #~ tape-used-up
                return y
        cell = Cell()
        opt = torch.optim.SGD(cell.parameters(), lr=0.1)
        for _ in range(3):
            opt.zero_grad()
            cell(torch.randn(4, 3)).pow(2).sum().backward()
            opt.step()
        """,
    "a backward that asks for gradients while they are off": """
        class Squared(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                ctx.save_for_backward(x)
                return x.pow(2).sum()
            @staticmethod
            def backward(ctx, g):
                x = ctx.saved_tensors[0].detach().requires_grad_()
                y = x.pow(2).sum().requires_grad_()
                return torch.autograd.grad(y, x, g, allow_unused=True)[0]  #~ custom-rule-none
        w = nn.Parameter(torch.ones(3))
        Squared.apply(2 * w).backward()
        print(w.grad)
        """,
    "a list of tensors added up by NumPy": """
        layers = nn.ModuleList([nn.Linear(3, 3), nn.Linear(3, 3)])
        x = torch.randn(2, 3)
        found = []
        for layer in layers:
            x = torch.tanh(layer(x))
            found.append(x)
        total = np.mean(found, 0)  #~ left-through-numpy
        (total * 2).sum().backward()
        """,
    "an infinite derivative behind an overflow": """
        w, v = nn.Parameter(torch.tensor([0.0, 1.0])), nn.Parameter(torch.tensor([100.0, 110.0]))
        roots = torch.sqrt(w * 2)  #~ singular-point
        torch.log(torch.exp(v + roots).sum()).backward()  #~ overflow
        """,
    "a copy whose derivatives are only asked for": """
        import copy
        net = nn.Linear(3, 1)
        def adapted(x, y):
            fast = copy.deepcopy(net)  #~ different-object
            loss = F.mse_loss(fast(x), y)
            found = torch.autograd.grad(loss, list(fast.parameters()), create_graph=True)
            w, b = (p - 0.1 * g for p, g in zip((fast.weight, fast.bias), found))
            return F.mse_loss(F.linear(x, w, b), y)
        opt = torch.optim.SGD(net.parameters(), lr=0.1)
        adapted(torch.randn(4, 3), torch.randn(4, 1)).backward()
        opt.step()
        """,
    "a value that is read before the source comes into it": """
        def moved(state, shift):
            state["place"] = state["place"] + 2 * shift
            return state
        def energy(state, shift):
            size = (state["place"] ** 2).sum()  #~ not-used
            state = moved(state, shift)
            return 3 * size
        shift, place = torch.zeros(3, requires_grad=True), torch.ones(3, requires_grad=True)
        torch.autograd.grad(energy({"place": place}, shift), [place, shift])
        """,
    "a turned answer of a backward": """
        class Product(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x, w):
                ctx.save_for_backward(x, w)
                return x @ w.t()
            @staticmethod
            def backward(ctx, g):
                x, w = ctx.saved_tensors
                return g @ w, x.t() @ g  #~ custom-rule-none
        w = nn.Parameter(torch.randn(2, 3))
        Product.apply(torch.randn(4, 3), w).pow(2).sum().backward()
        """,
    "NumPy in a helper with another array": """
        def cost(a, b):
            return torch.from_numpy(np.linalg.norm(a[:, None] - b[None], axis=-1))
        net = nn.Linear(2, 2)
        out, other = net(torch.randn(6, 2)), torch.randn(5, 2)
        weights = F.softmax(torch.randn(6, 5, requires_grad=True), 1)
        (cost(out.detach().numpy(), other.numpy()) * weights).sum().backward()  #~ left-through-numpy
        print(net.weight.grad)
        """,
    "numbers of a helper made a marked tensor": """
        net = nn.Linear(3, 1)
        def score(v):
            return net(v).sum().item()  #~ left-through-number
        scores = torch.tensor([score(x) for x in torch.randn(4, 3)], requires_grad=True)
        ((scores - 1) ** 2).mean().backward()
        print(net.weight.grad)
        """,
    "a loss that was marked by hand": """
        model = nn.Linear(4, 1)
        hard = (torch.sigmoid(model(torch.randn(6, 4))) > 0.5).float()  #~ no-derivative
        loss = F.mse_loss(hard, torch.ones(6, 1))
        loss.requires_grad = True
        loss.backward()
        print(model.weight.grad)
        """,
    "overlap of truth values": """
        net = nn.Conv2d(1, 1, 3, padding=1)
        def loss_of(pred, target):
            hard = pred > 0.5  #~ no-derivative
            inter = (hard & target.bool()).float().sum()
            union = (hard | target.bool()).float().sum()
            return 1 - inter / (union + 1e-6)
        x, t = torch.randn(2, 1, 6, 6), (torch.rand(2, 1, 6, 6) > 0.5).float()
        loss = loss_of(torch.sigmoid(net(x)), t).requires_grad_()
        loss.backward()
        print(net.weight.grad)
        """,
    "counts of right and wrong": """
        model = nn.Linear(4, 1)
        x, y = torch.randn(6, 4), torch.tensor([[0], [1], [1], [0], [1], [0]])
        pred = torch.sigmoid(model(x)).gt(0.5)  #~ no-derivative
        tp, fp, fn = (pred & (y == 1)).sum(), (pred & (y == 0)).sum(), (~pred & (y == 1)).sum()
        loss = (1 - 2 * tp / (2 * tp + fp + fn + 1e-6)).requires_grad_()
        loss.backward()
        print(model.weight.grad)
        """,
    "accuracy": """
        model = nn.Linear(4, 3)
        x, y = torch.randn(6, 4), torch.tensor([0, 1, 2, 0, 1, 2])
        pred = model(x).argmax(dim=1)  #~ no-derivative
        loss = (pred != y).float().mean()
        loss.requires_grad_()
        loss.backward()
        print(model.weight.grad)
        """,
    "accuracy by the indices of the largest": """
        model = nn.Linear(4, 3)
        out, y = model(torch.randn(6, 4)), torch.tensor([0, 1, 2, 0, 1, 2])
        _, pred = torch.max(out, 1)  #~ no-derivative
        loss = (1 - pred.eq(y).float().mean()).requires_grad_()
        loss.backward()
        print(model.weight.grad)
        """,
    "rows of zeros and a one for the largest": """
        net = nn.Conv2d(1, 3, 1)
        logits, labels = net(torch.randn(2, 1, 4, 4)), torch.randint(0, 3, (2, 4, 4))
        pred = F.one_hot(logits.argmax(1), 3).float()  #~ no-derivative
        loss = (1 - (pred * F.one_hot(labels, 3)).mean()).requires_grad_()
        loss.backward()
        print(net.weight.grad)
        """,
    "a mask of the largest": """
        model, w = nn.Linear(4, 5), nn.Parameter(torch.ones(5))
        s = model(torch.randn(6, 4))
        index = s.topk(2, dim=1).indices  #~ no-derivative
        mask = torch.zeros_like(s).scatter(1, index, 1.0)
        (mask * w * torch.arange(5)).sum().backward()
        print(model.weight.grad)
        """,
    "a drawn row": """
        model, table = nn.Linear(4, 5), nn.Embedding(5, 2)
        draw = torch.distributions.Categorical(logits=model(torch.randn(6, 4)))
        action = draw.sample()  #~ sampled
        table(action).pow(2).sum().backward()
        print(model.weight.grad)
        """,
    "a histogram": """
        model, w = nn.Linear(4, 5), nn.Parameter(torch.ones(4))
        count = torch.histc(model(torch.randn(6, 4)), bins=4, min=-2, max=2)  #~ no-derivative
        (count * w).pow(2).sum().backward()
        print(model.weight.grad)
        """,
    "a row between two of an embedding": """
        where, table = nn.Parameter(torch.tensor([0.3, 2.2, 1.1])), nn.Embedding(4, 2)
        rows = table(where.long())  #~ integer-cast
        rows.sum().backward()
        print(where.grad)
        """,
    "a row of zeros and a one at a cast place": """
        place, w = nn.Parameter(torch.tensor([0.4, 1.7])), nn.Parameter(torch.ones(3))
        row = F.one_hot(place.long(), 4).float()  #~ integer-cast
        ((row @ torch.randn(4, 3)) * w).sum().backward()
        print(place.grad)
        """,
    "division in whole steps": """
        p, w = nn.Parameter(torch.tensor([0.3, 1.6])), nn.Parameter(torch.ones(2))
        b = p // 0.5  #~ piecewise-constant
        (b * w).sum().backward()
        """,
    "divided by the norm of zeros": """
        p = nn.Parameter(torch.zeros(2, 3))
        n = p / torch.sqrt((p ** 2).sum(-1, keepdim=True))  #~ singular-point
        (n.sum() + (p - 1).pow(2).sum()).backward()
        """,
    "equal singular values": """
        a = nn.Parameter(torch.eye(3))
        u, s, v = torch.linalg.svd(a)  #~ singular-point
        ((u[:, 0] * torch.tensor([1.0, 2.0, 3.0])).sum() + v.sum()).backward()
        """,
    "a penalty with cotangents, after another loss": """
        net = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
        x = torch.randn(6, 2)
        net(x).pow(2).mean().backward()
        x = x.clone().requires_grad_()
        y = net(x)
        slope = torch.autograd.grad(y, x, torch.ones_like(y), retain_graph=True)[0]  #~ inner-gradient-not-recorded
        (slope ** 2).mean().backward()
        """,
    "a pick of what has a root": """
        p = nn.Parameter(torch.tensor([[0.0, 0.0], [1.0, 1.0], [0.0, 0.0]]))
        d = (p[:, None] - p[None]).pow(2).sum(-1)
        far = d > 0
        r = torch.sqrt(d)  #~ masked-branch
        r[far].sum().backward()
        """,
    "data with gaps that are left out too late": """
        def huber(p, t):
            e = p - t
            return torch.where(e.abs() < 1, 0.5 * e ** 2, e.abs() - 0.5)  #~ masked-branch
        t = torch.randn(5, 2)
        t[0, 1] = float("nan")
        seen = torch.isfinite(t)
        huber(nn.Linear(3, 2)(torch.randn(5, 3)), t)[seen].sum().backward()
        """,
    "NumPy's spectrum, and NumPy behind it": """
        w, v = nn.Parameter(torch.randn(8)), nn.Parameter(torch.randn(5))
        spectrum = np.log1p(np.abs(np.fft.rfft(w.detach().numpy() * np.hanning(8))))  #~ left-through-numpy
        (torch.from_numpy(spectrum).float() * v).sum().backward()
        print(w.grad)
        """,
    "one batch for two losses": """
        maker, judge = nn.Linear(3, 4), nn.Linear(4, 1)
        def update_judge(made):
            loss = judge(made).pow(2).mean()
            loss.backward()
        def update_maker(made):
            loss = -judge(made).mean()
            loss.backward()  #~ tape-used-up
        made = torch.tanh(maker(torch.randn(5, 3)))
        update_judge(made)
        update_maker(made)
        """,
    "the nearest element at a place": """
        theta = nn.Parameter(torch.tensor([[1.0, 0.1, 0.0], [0.0, 1.0, 0.1]]))
        x, gain = torch.randn(1, 1, 6, 6), nn.Parameter(torch.ones(()))
        grid = F.affine_grid(theta[None], x.shape, align_corners=False)
        y = F.grid_sample(x, grid, mode="nearest", align_corners=False)  #~ piecewise-constant
        (gain * y).pow(2).mean().backward()
        """,
    "two breaks, the second under no_grad": """
        delta, head = nn.Parameter(torch.randn(4)), nn.Linear(4, 1)
        frozen = nn.Linear(4, 4).requires_grad_(False)
        x = torch.randn(5, 4)
        buffer = x.new_zeros(x.shape)
        buffer += delta.data  #~ stop-gradient
        with torch.no_grad():  #~ gradients-off
            h = torch.tanh(frozen(x + buffer))
        head(h).pow(2).mean().backward()
        print(delta.grad)
        """,
    "steps of training that make new tensors": """
        def step(weights, lr):
            with torch.no_grad():
                return [w - lr * w.grad for w in weights]  #~ rebound-name
        weights = [torch.randn(3, 4, requires_grad=True), torch.zeros(4, requires_grad=True)]
        x, y = torch.randn(8, 3), torch.randn(8, 4)
        for epoch in range(3):
            loss = (x @ weights[0] + weights[1] - y).pow(2).mean()
            loss.backward()
            weights = step(weights, 0.1)
        """,
    "a part of a tensor of inference mode": """
        class Table(nn.Module):
            def __init__(self):
                super().__init__()
                self.cache, self.linear = None, nn.Linear(4, 4)
            def forward(self, x):
                if self.cache is None:
                    self.cache = torch.arange(len(x))[:, None] * torch.ones(4)
                return torch.tanh(self.linear(x) * self.cache[: len(x)])
        table = Table()
        @torch.inference_mode()  #~ gradients-off
        def sample(model):
            return model(torch.randn(5, 4)).argmax(-1)
        sample(table)
        table(torch.randn(5, 4)).sum().backward()
        """,
    "a layer that starts with a part of the old one": """
        def shrink(layer, keep):
            new = nn.Linear(layer.in_features, len(keep))
            with torch.no_grad():
                new.weight.copy_(layer.weight[keep])
                new.bias.copy_(layer.bias[keep])
            return new
        net = nn.Sequential(nn.Linear(4, 6), nn.Tanh())
        net.head = nn.Linear(6, 5)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        net.head = shrink(net.head, torch.tensor([0, 2]))  #~ different-object
        for _ in range(2):
            optimizer.zero_grad()
            net(torch.randn(7, 4)).pow(2).mean().backward()
            optimizer.step()
        """,
    "points that are not marked": """
        net = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
        def points(n):
            return torch.rand(n), torch.rand(n)  #~ not-watched
        x, t = points(6)
        u = net(torch.stack([x, t], 1))
        ut = torch.autograd.grad(u.sum(), t, create_graph=True)[0]
        ux = torch.autograd.grad(u.sum(), x, create_graph=True)[0]
        (ut + ux).pow(2).mean().backward()
        """,
    "half precision": """
        lin = nn.Linear(64, 4).half()
        nn.init.constant_(lin.weight, 60.0)
        h = lin(torch.full((2, 64), 60.0).half())  #~ overflow
        (h / 1000).sum().pow(2).backward()
        """,
    "the root of infinity": """
        q = nn.Parameter(torch.full((4,), 400.0, dtype=torch.float16))
        e = q.pow(2).mean()  #~ overflow
        e.sqrt().backward()
        """,
}
"""What is wrong is told at its line, and the program flows once it is edited as it is told."""

PURPOSE = """
    body, head, value = nn.Linear(3, 8), nn.Linear(8, 2), nn.Linear(8, 1)
    x, r = torch.randn(9, 3), torch.randn(9)
    with torch.no_grad():
        old = torch.log_softmax(head(body(x).tanh().detach()), -1)[:, 0]
    for _ in range(2):
        h = body(x).tanh()
        chosen = torch.log_softmax(head(h.detach()), -1)[:, 0]
        v = value(h.detach())[:, 0]
        loss = -(torch.exp(chosen - old.detach()) * (r - v.detach())).mean() + (v - r).pow(2).mean()
        for module in (body, head, value):
            module.zero_grad()
        loss.backward()
    print(body.weight.grad)
    """
"""Two stops that end the only short ways, and some that are there for a reason: those stay where they are."""

KEPT = {
    "a place that a whole number picks": """
        feat, w = torch.randn(1, 3, 8, 8), nn.Parameter(torch.ones(1))
        c = nn.Parameter(torch.tensor(3.6))
        k = int(c)  #~ left-through-number
        (feat[:, :, k:k + 3, k:k + 3] * w).sum().backward()
        print(c.grad)
        """,
    "a copy that is made to be trained": """
        import copy
        net = nn.Linear(3, 1)
        def adapted(x, y):
            mine = copy.deepcopy(net)  #~ different-object
            inner = torch.optim.SGD(mine.parameters(), lr=0.1)
            (mine(x) - y).pow(2).mean().backward()
            inner.step()
            return mine
        x, y = torch.randn(6, 3), torch.randn(6, 1)
        (adapted(x, y)(x) - y).pow(2).mean().backward()
        print(net.weight.grad, net.bias.grad)
        """,
    "a branch by a truth value": """
        s, w = nn.Parameter(torch.tensor(0.3)), nn.Parameter(torch.ones(2))
        on = s > 0.2  #~ no-derivative
        y = w * on
        if on:
            y = y * 2
        y.sum().backward()
        print(s.grad)
        """,
    "elements picked by a truth value": """
        s, w = nn.Parameter(torch.tensor([0.3, 0.1])), nn.Parameter(torch.ones(2))
        on = s > 0.2  #~ no-derivative
        w[on].sum().backward()
        print(s.grad)
        """,
    "a learned step taken by each of several parameters": """
        net, rate = nn.Linear(3, 1), torch.tensor(0.1, requires_grad=True)
        x = torch.randn(5, 3)
        grads = torch.autograd.grad(net(x).pow(2).mean(), list(net.parameters()), create_graph=True)
        with torch.no_grad():  #~ gradients-off
            for p, g in zip(net.parameters(), grads):
                p -= rate * g
        net(x).pow(2).mean().backward()
        print(rate.grad)
        """,
    "a value with a history written into leaves": """
        net, scale = nn.Linear(3, 1), nn.Parameter(torch.tensor(0.5))
        with torch.no_grad():  #~ gradients-off
            for p in net.parameters():
                p.copy_(p * scale)
        net(torch.randn(5, 3)).pow(2).mean().backward()
        print(scale.grad)
        """,
    "a value with a history as the data of leaves": """
        net, scale = nn.Linear(3, 1), nn.Parameter(torch.tensor(0.5))
        for p in net.parameters():
            p.data = p.data * scale  #~ stop-gradient
        net(torch.randn(5, 3)).pow(2).mean().backward()
        print(scale.grad)
        """,
}
"""What is wrong is told, and there is no edit: none that would do is known, or it is what the program needs."""
