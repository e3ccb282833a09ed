"""Small programs that their own edits mend: copies, values of whole numbers, results that keep no gradient, orders."""

OBJECTS = {
    "steps that bind two attributes anew": """
        class Factors:
            def __init__(self):
                self.rows = torch.randn(4, 2, requires_grad=True)
                self.columns = torch.randn(3, 2, requires_grad=True)
            def step(self, rate):
                self.rows = self.rows - rate * self.rows.grad  #~ rebound-name
                self.columns = self.columns - rate * self.columns.grad
        factors = Factors()
        for _ in range(2):
            factors.rows.grad = factors.columns.grad = None
            (factors.rows @ factors.columns.T).pow(2).mean().backward()
            factors.step(0.1)
        """,
    "a result that the question computes anew": """
        def gradients(x, scores, steps):
            w = torch.zeros(3, 2, requires_grad=True)
            for _ in range(steps):
                shares = scores.softmax(dim=1)
                loss = -(shares * (x @ w).log_softmax(dim=1)).sum()
                (g,) = torch.autograd.grad(loss, w, create_graph=True)
                w = w - 0.1 * g
            return torch.autograd.grad(w.pow(2).sum(), [x, scores.softmax(dim=1)])  #~ different-object
        gradients(torch.randn(4, 3, requires_grad=True), torch.randn(4, 2, requires_grad=True), 2)
        """,
    "a result whose gradient the function reads that computed it": """
        class Model(nn.Module):
            def __init__(self):
                super().__init__()
                self.embed, self.out = nn.Embedding(9, 4), nn.Linear(4, 2)
            def forward(self, e):
                return self.out(torch.tanh(e).mean(1))
        def attribute(model, tokens):
            e = model.embed(tokens)  #~ nonleaf-grad-read
            model(e)[:, 0].sum().backward()
            return e, e.grad.norm(dim=-1)
        e, size = attribute(Model(), torch.tensor([[1, 2]]))
        """,
    "a copy that took steps of its own": """
        import copy
        def adapted(net, x, y):
            mine = copy.deepcopy(net)  #~ different-object
            inner = torch.optim.SGD(mine.parameters(), lr=0.1)
            for _ in range(2):
                inner.zero_grad()
                F.mse_loss(mine(x), y).backward()
                inner.step()
            return mine
        def outer(net, x, y):
            mine = adapted(net, x, y)
            loss = F.mse_loss(mine(x), y)
            return torch.autograd.grad(loss, list(net.parameters()))
        outer(nn.Linear(2, 1), torch.randn(6, 2), torch.randn(6, 1))
        """,
    "a template that is copied by a container": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.cell = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True)
                self.encoder = nn.TransformerEncoder(self.cell, 2, enable_nested_tensor=False)  #~ different-object
                self.out = nn.Linear(8, 2)
            def forward(self, x):
                return self.out(self.encoder(x)).mean()
        net = Net()
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        net(torch.randn(2, 3, 8)).backward()
        optimizer.step()
        """,
    "a template that the program copies": """
        import copy
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.block = nn.Linear(4, 4)
                self.blocks = nn.ModuleList([copy.deepcopy(self.block) for _ in range(2)])  #~ different-object
            def forward(self, x):
                for block in self.blocks:
                    x = torch.tanh(block(x))
                return x.pow(2).mean()
        net = Net()
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        net(torch.randn(2, 4)).backward()
        optimizer.step()
        """,
    "a picture of whole numbers, marked by a function": """
        net = nn.Conv2d(1, 1, 3)
        def attack(x):
            x.requires_grad_()  #~ integer-source
            net(x / 255.0).sum().backward()
            return x.grad.sign()
        picture = torch.from_numpy(np.full((6, 6), 100, dtype=np.uint8))[None, None]
        attack(picture)
        print(picture.grad)
        """,
    "drawn whole numbers, marked by their attribute": """
        counts, w = torch.randint(0, 9, (3,)), nn.Parameter(torch.ones(3))
        counts.requires_grad = True  #~ integer-source
        (counts * w).sum().backward()
        """,
    "many results of a model, asked for at once": """
        class Field(nn.Module):
            def __init__(self):
                super().__init__()
                self.a, self.b = nn.Linear(2, 8), nn.Linear(8, 1)
            def forward(self, x):
                return self.b(torch.tanh(self.a(x)))
        field = Field()
        def velocity(x):
            x.requires_grad_(True)
            phi = field(x)  #~ nonscalar-output
            return torch.autograd.grad(phi, x, create_graph=True)[0], phi
        slope, phi = velocity(torch.randn(5, 2))
        ((slope**2).mean() + phi.abs().mean()).backward()
        """,
    "rows in the order of scores, which a method gives": """
        class Tour(nn.Module):
            def __init__(self):
                super().__init__()
                self.scores, self.shift = nn.Parameter(torch.randn(5)), nn.Parameter(torch.zeros(5, 2))
            def order(self):
                return torch.argsort(self.scores)  #~ no-derivative
            def forward(self, points):
                return (points + self.shift).index_select(0, self.order())
        tour = Tour()
        optimizer = torch.optim.SGD(tour.parameters(), lr=0.1)
        path = tour(torch.randn(5, 2))
        (path[1:] - path[:-1]).norm(dim=1).sum().backward()
        optimizer.step()
        """,
    "rows in the order of scores, downwards": """
        s, x, linear = nn.Parameter(torch.randn(5)), torch.randn(5, 3), nn.Linear(3, 1)
        order = s.argsort(descending=True)  #~ no-derivative
        (linear(x[order]).squeeze(1) * torch.arange(5.0)).sum().backward()
        print(s.grad)
        """,
    "a position that becomes a row of zeros and a one later": """
        policy, value, s = nn.Linear(3, 4), nn.Linear(7, 1), torch.randn(5, 3)
        action = torch.argmax(policy(s), 1)  #~ no-derivative
        rows = F.one_hot(action, 4).float()
        (-value(torch.cat([s, rows], 1)).mean()).backward()
        print(policy.weight.grad)
        """,
    "a sum that a loop with steps carries on": """
        net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        total = 0
        for _ in range(3):
            total = total + net(torch.randn(2, 3)).pow(2).mean()  #~ tape-used-up
            optimizer.zero_grad()
            total.backward()
            optimizer.step()
        """,
    "a list of results that a loop with steps carries on": """
        net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
        optimizer, seen = torch.optim.SGD(net.parameters(), lr=0.1), []
        for _ in range(3):
            seen.append(net(torch.randn(3)))
            loss = torch.stack(seen).pow(2).mean()  #~ tape-used-up
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        """,
    "a state of a module behind a number": """
        class Memory(nn.Module):
            def __init__(self):
                super().__init__()
                self.f, self.kept = nn.Sequential(nn.Linear(3, 3), nn.Tanh(), nn.Linear(3, 3)), torch.zeros(3)
            def forward(self, x):
                self.kept = 0.5 * self.kept + self.f(x).mean(0)  #~ tape-used-up
                return x * self.kept
        memory = Memory()
        optimizer = torch.optim.SGD(memory.parameters(), lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            memory(torch.randn(4, 3)).pow(2).mean().backward()
            optimizer.step()
        """,
    "a loss that is computed once for a closure": """
        w = nn.Parameter(torch.randn(3))
        optimizer = torch.optim.LBFGS([w], max_iter=3)
        loss = (torch.tanh(w) ** 2).sum()
        def closure():
            optimizer.zero_grad()
            loss.backward()  #~ tape-used-up
            return loss
        optimizer.step(closure)
        """,
    "a mask written into a layer's weight, under no_grad": """
        class Masked(nn.Module):
            def __init__(self):
                super().__init__()
                self.linear, self.scores = nn.Linear(6, 4), nn.Parameter(torch.randn(4, 6))
            def forward(self, x):
                mask = torch.sigmoid(self.scores)
                with torch.no_grad():  #~ gradients-off
                    self.linear.weight.copy_(self.linear.weight * mask)
                return self.linear(x)
        net = Masked()
        net(torch.randn(5, 6)).pow(2).mean().backward()
        print(net.scores.grad)
        """,
    "a mask multiplied into the data of a weight": """
        net, gate = nn.Linear(6, 4), nn.Parameter(torch.randn(4, 6))
        optimizer = torch.optim.SGD([*net.parameters(), gate], lr=0.1)
        def loss_of(x):
            net.weight.data.mul_(torch.sigmoid(gate))  #~ stop-gradient
            return net(x).pow(2).mean()
        for _ in range(2):
            optimizer.zero_grad()
            loss_of(torch.randn(5, 6)).backward()
            optimizer.step()
        """,
    "a module's own weight, changed before it is read": """
        class Own(nn.Module):
            def __init__(self):
                super().__init__()
                self.weight, self.s = nn.Parameter(torch.randn(4, 6)), nn.Parameter(torch.zeros(4, 6))
            def forward(self, x):
                with torch.no_grad():  #~ gradients-off
                    self.weight *= torch.sigmoid(self.s)
                return F.linear(x, self.weight)
        net = Own()
        net(torch.randn(5, 6)).pow(2).mean().backward()
        print(net.s.grad)
        """,
    "a row picked by where the largest is": """
        net, rows = nn.Linear(3, 4), nn.Parameter(torch.randn(4, 2))
        k = (net(torch.randn(5, 3)) * 2).max(dim=1)[1]  #~ no-derivative
        rows[k].pow(2).sum().backward()
        print(net.weight.grad)
        """,
    "a row picked by where the smallest is, as a plain number": """
        net, rows = nn.Linear(3, 4), nn.Parameter(torch.randn(4, 2))
        k = net(torch.randn(3)).argmin()  #~ no-derivative
        rows[k.item()].pow(2).sum().backward()
        print(net.weight.grad)
        """,
}
"""What is wrong is told at its line, and the program flows once it is edited as it is told."""

SHOWN = {
    "a value that a method computes once more": """
        class Field(nn.Module):
            def __init__(self):
                super().__init__()
                self.net = nn.Linear(3, 1)
            def scaled(self, points):
                return points * 0.5 + 0.1
            def height(self, points):
                unit = self.scaled(points)
                return self.net(unit).squeeze(-1)
        def slopes(field, points):
            unit = field.scaled(points).requires_grad_()
            height = field.height(points)  #~ different-object
            return torch.autograd.grad(height.sum(), unit)
        slopes(Field(), torch.ones(4, 3))
        """,
    "an order that is shown as well": """
        s, x, linear = nn.Parameter(torch.randn(5)), torch.randn(5, 3), nn.Linear(3, 1)
        order = s.argsort()  #~ no-derivative
        print(order.tolist())
        (linear(x[order]).squeeze(1) * torch.arange(5.0)).sum().backward()
        print(s.grad)
        """,
    "a position that leaves as a number": """
        gate, experts, x = nn.Linear(4, 3), nn.ModuleList([nn.Linear(4, 2), nn.Linear(4, 2)]), torch.randn(5, 4)
        best = gate(x)[:, :2].topk(1, dim=1).indices.squeeze(1)  #~ no-derivative
        torch.stack([experts[i](x[k]) for k, i in enumerate(best.tolist())]).pow(2).mean().backward()
        print(gate.weight.grad)
        """,
}
"""What is wrong is told, and there is no edit: a whole number is wanted as well."""
