"""Small programs that their own edits mend: functions without a derivative, and functions that take numbers only."""

NUMBERS = {
    "a number that NumPy's function takes beside what left": """
        w = torch.tensor([1.0, 2.0], requires_grad=True)
        def loss_of(errors, n):
            e = errors.detach().numpy()  #~ left-through-numpy
            scaled = e / np.sqrt(n) + np.tanh(e)
            return torch.tensor(np.sum(scaled) / float(n), requires_grad=True)
        y = loss_of(w * w, 3)
        y.backward()
        print(w.grad)
        """,
    "a function without a derivative in its first argument": """
        shape, rate = nn.Parameter(torch.tensor(1.5)), nn.Parameter(torch.tensor(0.5))
        below = torch.special.gammainc(F.softplus(shape), rate * torch.tensor([0.3, 2.0]))  #~ missing-rule
        (-below.log().sum()).backward()
        """,
    "a function without any derivative": """
        k, w = nn.Parameter(torch.tensor(1.5)), nn.Parameter(torch.ones(4))
        y = torch.special.bessel_j0(k * torch.linspace(0.1, 1, 4))  #~ missing-rule
        (w * y).sum().backward()
        print(k.grad)
        """,
    "even steps between two numbers that were tensors": """
        low, high, w = nn.Parameter(torch.tensor(0.1)), nn.Parameter(torch.tensor(0.9)), nn.Parameter(torch.ones(8))
        t = torch.linspace(float(low), float(high), 8)  #~ left-through-number
        (torch.sin(t) * w).sum().backward()
        print(low.grad, high.grad)
        """,
    "a tensor filled with a number that was one, under a name": """
        k, u = nn.Parameter(torch.tensor(2.0)), nn.Parameter(torch.ones(3))
        value = k.item()  #~ left-through-number
        level = torch.full((3,), value, dtype=torch.float32)
        (u * level).sum().backward()
        print(k.grad)
        """,
    "one of two bounds": """
        top, linear = nn.Parameter(torch.tensor(0.2)), nn.Linear(3, 4)
        y = torch.clamp(linear(torch.randn(5, 3) * 3), 0, top.item())  #~ left-through-number
        y.pow(2).sum().backward()
        print(top.grad)
        """,
    "a slope": """
        slope, linear = nn.Parameter(torch.tensor(0.2)), nn.Linear(3, 4)
        y = F.leaky_relu(linear(torch.randn(5, 3)), slope.item())  #~ left-through-number
        y.pow(2).sum().backward()
        print(slope.grad)
        """,
    "a factor of what is added": """
        k, linear = nn.Parameter(torch.tensor(0.7)), nn.Linear(3, 4)
        y = linear(torch.randn(5, 3)).sub(torch.ones(4), alpha=k.item())  #~ left-through-number
        y.pow(2).sum().backward()
        print(k.grad)
        """,
    "results of a list made a tensor under the name of the list": """
        net, w = nn.Linear(3, 1), nn.Parameter(torch.ones(4, 1))
        found = []
        for x in torch.randn(4, 3):
            found.append(net(x))
        found = torch.FloatTensor(found)  #~ rebuilt-from-values
        (found * w).pow(2).mean().backward()
        print(net.weight.grad)
        """,
    "values of a dict moved to another dtype": """
        params = {"w": torch.randn(3, 3, requires_grad=True), "b": torch.zeros(3, requires_grad=True)}
        params = {k: v.to(torch.float64) for k, v in params.items()}  #~ nonleaf-grad-read
        ((torch.ones(2, 3, dtype=torch.float64) @ params["w"] + params["b"]) ** 2).mean().backward()
        print({k: p.grad for k, p in params.items()})
        """,
    "a tuple of leaves moved to another dtype": """
        ps = tuple(torch.randn(2, requires_grad=True).double() for _ in range(2))  #~ nonleaf-grad-read
        (ps[0] * ps[1]).sum().backward()
        print(ps[0].grad, ps[1].grad)
        """,
    "a rounded number": """
        k, w = nn.Parameter(torch.tensor(2.6)), nn.Parameter(torch.ones(3))
        n = round(k.item())  #~ left-through-number
        (w * n + n).sum().backward()
        print(k.grad)
        """,
    "a share of right answers by a threshold": """
        net, y = nn.Linear(3, 1), torch.tensor([[1.0], [0.0], [1.0]])
        p = torch.sigmoid(net(torch.randn(3, 3)))
        right = ((p > 0.5).float() == y).float().mean()  #~ no-derivative
        (1 - right).requires_grad_(True).backward()
        print(net.weight.grad)
        """,
    "a draw of zeros and ones": """
        gate, w = nn.Parameter(torch.zeros(4)), nn.Parameter(torch.ones(4))
        mask = torch.distributions.Bernoulli(logits=gate).sample()  #~ sampled
        (mask * w).sum().backward()
        print(gate.grad)
        """,
    "an interpolation that SciPy made before": """
        from scipy.interpolate import interp1d
        at, w = nn.Parameter(torch.tensor([0.2, 0.7])), nn.Parameter(torch.ones(2))
        table = interp1d(np.linspace(0, 1, 5), np.linspace(0, 1, 5) ** 2)
        y = torch.from_numpy(table(at.detach().numpy()))  #~ left-through-numpy
        (y * w).sum().backward()
        print(at.grad)
        """,
    "roots of negative numbers in methods between which is chosen": """
        class Lens(nn.Module):
            def __init__(self):
                super().__init__()
                self.scale = nn.Parameter(torch.tensor(1.3))
            def inside(self, x):
                root = torch.sqrt(1 - x**2)  #~ masked-branch
                return torch.atanh(root) / root
            def outside(self, x):
                root = torch.sqrt(x**2 - 1)  #~ masked-branch
                return torch.atan(root) / root
            def forward(self, r):
                x = r / self.scale
                return torch.where(x < 1, self.inside(x), self.outside(x))
        Lens()(torch.linspace(0.2, 3, 9)).sum().backward()
        """,
    "functions that end at one, in lambdas between which is chosen": """
        near = lambda u: torch.acosh(1 / u) / torch.sqrt(1 - u**2)  #~ masked-branch
        far = lambda u: torch.acos(1 / u) / torch.sqrt(u**2 - 1)  #~ masked-branch
        x = torch.linspace(0.2, 3, 9).requires_grad_()
        torch.where(x < 1, near(x), far(x)).sum().backward()
        """,
    "a power of what may be negative, in a function that is chosen": """
        def law(r, gamma):
            return r ** gamma  #~ masked-branch
        x, gamma = torch.linspace(-1.1, 1, 6).requires_grad_(), nn.Parameter(torch.tensor(0.7))
        torch.where(x > 0, law(x, gamma), 0.0).sum().backward()
        """,
}
"""What is wrong is told at its line, and the program flows once it is edited as it is told."""

WITHHELD = {
    "the chance of a dropout": """
        k, linear = nn.Parameter(torch.tensor(0.3)), nn.Linear(3, 4)
        F.dropout(linear(torch.randn(5, 3)), k.item()).pow(2).sum().backward()  #~ left-through-number
        print(k.grad)
        """,
    "the chance of a dropout, under a name": """
        k, linear = nn.Parameter(torch.tensor(0.3)), nn.Linear(3, 4)
        p = float(torch.sigmoid(k))  #~ left-through-number
        F.dropout(linear(torch.randn(5, 3)), p).pow(2).sum().backward()
        print(k.grad)
        """,
    "a number of rounds": """
        k, w = nn.Parameter(torch.tensor(2.6)), nn.Parameter(torch.ones(3))
        n = round(k.item())  #~ left-through-number
        y = w
        for _ in range(n):
            y = y * 2
        (y * n).sum().backward()
        print(k.grad)
        """,
    "a size": """
        k, w = nn.Parameter(torch.tensor(2.6)), nn.Parameter(torch.ones(3))
        rest = torch.zeros(int(k.item()))  #~ left-through-number
        torch.cat([w, rest]).pow(2).sum().backward()
        print(k.grad)
        """,
    "neighbours that SciPy finds, two results at once": """
        from scipy.spatial import cKDTree
        at, w = nn.Parameter(torch.zeros(3, 2)), nn.Parameter(torch.ones(3))
        tree = cKDTree(np.arange(12.0).reshape(6, 2))
        far, which = tree.query(at.detach().numpy())  #~ left-through-numpy
        (torch.tensor(far) * w).sum().backward()
        print(at.grad)
        """,
    "a draw of zeros and ones that is judged by its score": """
        gate, baseline = nn.Parameter(torch.zeros(4)), nn.Parameter(torch.zeros(()))
        chances = torch.distributions.Bernoulli(logits=gate)
        mask = chances.sample()  #~ sampled
        reward = (mask * torch.arange(4.0)).sum() - baseline
        reward.pow(2).backward()
        print(gate.grad, chances.log_prob(mask).sum())
        """,
}
"""What is wrong is told, and there is no edit, because nothing takes a tensor in the place of the number."""
