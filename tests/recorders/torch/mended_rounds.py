"""Small programs that their own edits mend: leaves of a round, and what one round leaves for the next."""

import textwrap

TRAINING = """
    def train(model):
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            model(torch.randn(5, 4)).sum(1).pow(2).mean().backward()
            optimizer.step()
    """

ROUNDS = {
    "a gradient at the result of a step that was taken elsewhere": """
        class Attack:
            def __init__(self, net, size):
                self.net, self.size = net, size
            def moved(self, x, y):
                x = x.clone().requires_grad_()
                F.cross_entropy(self.net(x), y).backward()
                far = x + self.size * x.grad.sign()
                far = far.clamp(0, 1)  #~ nonleaf-grad-read
                return far
        def slope(net, x, y):
            F.cross_entropy(net(x), y).backward()
            return x.grad.clone()
        net, x, y = nn.Linear(4, 3), torch.rand(2, 4, requires_grad=True), torch.tensor([0, 2])
        other = Attack(net, 0.1).moved(x.detach(), y)
        print(slope(net, x, y) - slope(net, other, y))
        """,
    "a gradient at a step under another name": """
        def step(x, g):
            return x + 0.1 * g.sign()
        net, x, y = nn.Linear(4, 3), torch.rand(2, 4, requires_grad=True), torch.tensor([0, 2])
        F.cross_entropy(net(x), y).backward()
        far = step(x, x.grad)  #~ nonleaf-grad-read
        F.cross_entropy(net(far), y).backward()
        print(far.grad)
        """,
    "weights after an inner step that the outer gradient goes through": """
        x, y, w = torch.rand(8, 3), torch.rand(8), torch.zeros(3, requires_grad=True)
        (g,) = torch.autograd.grad(F.mse_loss(x @ w, y), w, create_graph=True)
        fast = w - 0.1 * g  #~ nonleaf-grad-read
        F.mse_loss(x @ fast, y + 1).backward()
        print(w.grad, fast.grad)
        """,
    "a leaf that a round moves in two statements": """
        def attack(net, x, y):
            far = x.clone().requires_grad_()
            for _ in range(3):
                F.cross_entropy(net(far), y).backward()
                far = far + 0.1 * far.grad.sign()
                far = torch.clamp(far, 0, 1)  #~ rebound-name
            return far
        attack(nn.Linear(4, 3), torch.rand(2, 4), torch.tensor([0, 2]))
        """,
    "a leaf that a round moves in two statements and clears": """
        w, x, y = torch.zeros(3, requires_grad=True), torch.rand(8, 3), torch.rand(8)
        for _ in range(3):
            F.mse_loss(x @ w, y).backward()
            with torch.no_grad():
                w = w - 0.1 * w.grad
                w = w.clamp(-1, 1)  #~ rebound-name
            w.grad.zero_()
        """,
    "rows of what was marked, given to an optimizer": """
        def rows(table, first, last):
            table.requires_grad_(True)
            return table[:, first:last]  #~ nonleaf-grad-read
        def tune(part, x):
            optimizer = torch.optim.Adam([part], lr=0.1)
            for _ in range(2):
                optimizer.zero_grad()
                (x @ part).pow(2).mean().backward()
                optimizer.step()
        part = rows(torch.randn(3, 5), 1, 4)
        tune(part, torch.randn(4, 3))
        """,
    "parts of a parameter, given to an optimizer": """
        w = nn.Parameter(torch.randn(3, 4))
        optimizer = torch.optim.SGD([w[0], w[2]], lr=0.1)  #~ nonleaf-grad-read
        for _ in range(2):
            optimizer.zero_grad()
            (w[0] * w[2]).sum().backward()
            optimizer.step()
        """,
    "scaled leaves that a function makes for an optimizer": """
        def start(*shape):
            return torch.randn(*shape, requires_grad=True) / 4  #~ nonleaf-grad-read
        weights = [start(3, 4), start(4)]
        optimizer = torch.optim.SGD(weights, lr=0.1)
        for _ in range(2):
            optimizer.zero_grad()
            (torch.ones(2, 3) @ weights[0] + weights[1]).pow(2).sum().backward()
            optimizer.step()
        """,
}

CACHED = {
    "angles in a dict, computed once per length": """
        class Angles(nn.Module):
            def __init__(self):
                super().__init__()
                self.rates, self.known = nn.Parameter(torch.ones(4)), {}
            def of(self, n):
                if n not in self.known:
                    self.known[n] = torch.arange(n)[:, None] * self.rates  #~ tape-used-up
                return self.known[n]
            def forward(self, x):
                return x * self.of(len(x)).cos()
        train(Angles())
        """,
    "a table that a method makes for lengths that are new": """
        class Rotary(nn.Module):
            def __init__(self):
                super().__init__()
                self.rates, self.longest = nn.Parameter(torch.ones(4)), 0
            def make(self, n):
                self.longest = n
                angles = torch.outer(torch.arange(n).float(), self.rates)
                self.register_buffer("cosines", angles.cos(), persistent=False)  #~ tape-used-up
            def forward(self, x):
                if len(x) > self.longest:
                    self.make(len(x))
                return x * self.cosines[: len(x)]
        train(Rotary())
        """,
    "a kernel that a function returns early": """
        kernels, scale = {}, nn.Parameter(torch.ones(4))
        def kernel(n):
            if n in kernels:
                return kernels[n]
            made = torch.exp(-(torch.arange(n)[:, None] / scale) ** 2)
            kernels[n] = made  #~ tape-used-up
            return made
        optimizer = torch.optim.SGD([scale], lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            (torch.randn(5, 4) * kernel(5)).sum().pow(2).backward()
            optimizer.step()
        """,
    "a table that is tried first": """
        class Mix(nn.Module):
            def __init__(self):
                super().__init__()
                self.logits, self.known = nn.Parameter(torch.zeros(4)), {}
            def forward(self, x):
                try:
                    weights = self.known[len(x)]
                except KeyError:
                    weights = torch.softmax(self.logits, 0)
                    self.known[len(x)] = weights  #~ tape-used-up
                return x * weights
        train(Mix())
        """,
    "a table in the other side of a branch": """
        class Mix(nn.Module):
            def __init__(self):
                super().__init__()
                self.logits = nn.Parameter(torch.zeros(4))
            def forward(self, x):
                if hasattr(self, "weights"):
                    weights = self.weights
                else:
                    self.weights = weights = torch.softmax(self.logits, 0)  #~ tape-used-up
                return x * weights
        train(Mix())
        """,
    "a function whose results are all kept": """
        from functools import lru_cache
        class Mix(nn.Module):
            def __init__(self):
                super().__init__()
                self.logits = nn.Parameter(torch.zeros(4))
            @lru_cache
            def weights(self):
                return torch.softmax(self.logits, 0)  #~ tape-used-up
            def forward(self, x):
                return x * self.weights()
        train(Mix())
        """,
    "a default that is computed and kept": """
        class Mix(nn.Module):
            def __init__(self):
                super().__init__()
                self.logits, self.known = nn.Parameter(torch.zeros(4)), {}
            def forward(self, x):
                return x * self.known.setdefault(len(x), torch.softmax(self.logits, 0))  #~ tape-used-up
        train(Mix())
        """,
    "features that a loop computes in its first round": """
        net = nn.ModuleList([nn.Linear(3, 4), nn.Linear(4, 1)])
        optimizer, features, x = torch.optim.SGD(net.parameters(), lr=0.1), None, torch.randn(6, 3)
        for _ in range(3):
            if features is None:
                features = torch.tanh(net[0](x))  #~ tape-used-up
            optimizer.zero_grad()
            net[1](features).pow(2).mean().backward()
            optimizer.step()
        """,
    "a product of weights that is kept, with its graph": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.a, self.b = nn.Parameter(torch.randn(4, 4)), nn.Parameter(torch.randn(4, 4))
                self.product = None
            def weight(self):
                if self.product is None:
                    self.product = self.a @ self.b
                return self.product
            def forward(self, x):
                return x @ self.weight()
        net = Net()
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            net(torch.randn(5, 4)).pow(2).mean().backward(retain_graph=True)
            optimizer.step()  #~ overwritten-value
        """,
    "a part of a loss that an object computes when it is made": """
        class Prior:
            def __init__(self, net, z):
                self.net, self.z = net, z
                self.energy = net(z).pow(2).sum()  #~ tape-used-up
            def loss(self, x):
                return self.energy + (self.z - x).pow(2).sum()
        z = torch.ones(3, requires_grad=True)
        prior = Prior(nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)), z)
        optimizer = torch.optim.SGD([z], lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            prior.loss(torch.zeros(3)).backward()
            optimizer.step()
        """,
    "what is computed once for a closure that makes the loss": """
        net, x = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)), torch.randn(6, 3)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        made = net(x)
        def closure():
            optimizer.zero_grad()
            loss = (made - 1).pow(2).mean()  #~ tape-used-up
            loss.backward()
            return loss
        for _ in range(3):
            optimizer.step(closure)
        """,
    "a list of a module that each round adds to": """
        class Bank(nn.Module):
            def __init__(self):
                super().__init__()
                self.encode, self.memory = nn.Linear(4, 3), []
            def forward(self, x):
                z = torch.tanh(self.encode(x))
                self.memory.append(z)
                keys = torch.cat(self.memory)  #~ tape-used-up
                return (z @ keys.T).softmax(-1) @ keys
        bank = Bank()
        optimizer = torch.optim.SGD(bank.parameters(), lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            loss = bank(torch.randn(5, 4)).pow(2).mean()
            loss.backward()
            optimizer.step()
        """,
    "a sum in a dict that a loop with steps carries on": """
        net, seen = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)), {"loss": 0.0}
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        for _ in range(3):
            loss = net(torch.randn(5, 3)).pow(2).mean()
            seen["loss"] += loss  #~ tape-used-up
            objective = loss + 0.1 * seen["loss"]
            optimizer.zero_grad()
            objective.backward()
            optimizer.step()
        """,
}

ROUNDS |= {name: textwrap.dedent(TRAINING) + textwrap.dedent(program) for name, program in CACHED.items()}

CARRIED = {
    "results of a function that several rounds of a loop go through": """
        def batches(encoder, data):
            return [encoder(x) for x in data]
        encoder, head = nn.Sequential(nn.Linear(3, 4), nn.Tanh()), nn.Linear(4, 1)
        optimizer = torch.optim.SGD([*encoder.parameters(), *head.parameters()], lr=0.1)
        made = batches(encoder, torch.randn(2, 5, 3))
        for _ in range(2):
            for z in made:
                optimizer.zero_grad()
                head(z).pow(2).mean().backward()  #~ tape-used-up
                optimizer.step()
        """,
}
"""A graph that is retained would go on with old values, and what else would do nobody knows."""
