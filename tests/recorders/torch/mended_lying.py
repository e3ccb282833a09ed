"""Small programs whose values are written into plain arrays, or left lying, and that their own edits mend."""

LYING = {
    "entries of a matrix, two in a statement": """
        def rotation(angle):
            A = np.eye(3)
            A[0, 0], A[0, 1] = torch.cos(angle), -torch.sin(angle)  #~ array-assignment
            A[1, 0], A[1, 1] = torch.sin(angle), torch.cos(angle)
            return torch.from_numpy(A).float()
        angle, w = torch.tensor(0.3, requires_grad=True), torch.ones(3, requires_grad=True)
        (rotation(angle) @ w).sum().backward()
        print(angle.grad)
        """,
    "elements of an array, one in a round": """
        a, w = torch.ones(4, requires_grad=True), torch.ones(4, requires_grad=True)
        buffer = np.zeros(4)
        for i in range(4):
            buffer[i] = a[i] ** 2  #~ array-assignment
        signal = torch.tensor(buffer, dtype=torch.float32)
        (signal * w).sum().backward()
        print(a.grad)
        """,
    "entries that are added up in an array that a function returns": """
        def kernel(k):
            K = np.zeros((3, 3))
            for i in range(3):
                for j in range(3):
                    K[i, j] += torch.exp(-k * abs(i - j))  #~ array-assignment
            return K
        k, w = torch.tensor(0.5, requires_grad=True), torch.ones(3, 3, requires_grad=True)
        (torch.from_numpy(kernel(k)).float() * w).sum().backward()
        print(k.grad)
        """,
    "a head that is narrower than what it is computed from": """
        class Agent(nn.Module):
            def __init__(self):
                super().__init__()
                self.body, self.policy, self.value = nn.Linear(4, 6), nn.Linear(6, 3), nn.Linear(6, 1)
            def forward(self, x):
                h = torch.tanh(self.body(x))
                scores = self.policy(h)  #~ not-used
                return self.value(h)
        agent = Agent()
        agent(torch.randn(8, 4)).pow(2).mean().backward()
        print(agent.policy.weight.grad)
        """,
    "a product of matrices that is narrower": """
        w, heads = torch.randn(4, 6, requires_grad=True), torch.randn(6, 2, requires_grad=True)
        out = torch.randn(6, 1, requires_grad=True)
        h = torch.tanh(torch.randn(5, 4) @ w)
        votes = h @ heads  #~ not-used
        loss = (h @ out).pow(2).mean()
        loss.backward()
        print(heads.grad)
        """,
    "a layer as wide as what it is computed from": """
        class Deep(nn.Module):
            def __init__(self):
                super().__init__()
                self.first, self.second, self.last = nn.Linear(4, 6), nn.Linear(6, 6), nn.Linear(6, 1)
            def forward(self, x):
                h = torch.tanh(self.first(x))
                deeper = torch.tanh(self.second(h))  #~ not-used
                return self.last(h)
        net = Deep()
        net(torch.randn(8, 4)).pow(2).mean().backward()
        print(net.second.weight.grad)
        """,
    "learned steps that leaves take where they stand": """
        x = torch.randn(5, 3)
        w, b = torch.ones(3, requires_grad=True), torch.zeros(1, requires_grad=True)
        rate = torch.tensor(0.1, requires_grad=True)
        dw, db = torch.autograd.grad((x @ w + b).pow(2).mean(), [w, b], create_graph=True)
        with torch.no_grad():  #~ gradients-off
            w -= rate * dw
            b.sub_(rate * db)
        (x @ w + b).pow(2).mean().backward()
        print(rate.grad)
        """,
    "log-probabilities that are made a new tensor by another name": """
        policy, critic = nn.Linear(3, 2), nn.Linear(3, 1)
        def play(length):
            state, said, values = torch.zeros(3), [], []
            for _ in range(length):
                choice = torch.distributions.Categorical(logits=policy(state))
                action = choice.sample()  #~ sampled
                said.append(choice.log_prob(action))
                values.append(critic(state).squeeze())
                state = torch.roll(state, 1) + 0.1 * action
            return said, values
        def loss_of(said, values):
            value = torch.stack(values)
            gain = (1.0 - value).detach()
            return (value - 1.0).pow(2).mean() - (torch.tensor(said) * gain).mean()  #~ rebuilt-from-values
        loss_of(*play(4)).backward()
        print(policy.weight.grad)
        """,
    "a term that is only logged": """
        class Objective:
            def __init__(self):
                self.weights = {"one": 1.0, "two": 0.5}
            def __call__(self, h):
                first = one(h).pow(2).mean()
                second = two(h).pow(2).mean()  #~ not-used
                self.parts = {"first": first.item(), "second": second.item()}
                return self.weights["one"] * first
        one, two, objective = nn.Linear(3, 1), nn.Linear(3, 1), Objective()
        optimizer = torch.optim.SGD([*one.parameters(), *two.parameters()], lr=0.1)
        objective(torch.randn(5, 3)).backward()
        optimizer.step()
        print(objective.parts)
        """,
    "a loss that another one overwrites": """
        net = nn.Linear(3, 2)
        def objective(x, y, weight):
            loss = F.cross_entropy(net(x), y)
            if weight > 0:
                penalty = weight * (y == 1).float().mean()
                loss = penalty  #~ constant-target
            return loss
        objective(torch.randn(5, 3), torch.tensor([0, 1, 1, 0, 1]), 0.5).backward()
        """,
    "a term of a loss that another one overwrites": """
        one, two = nn.Linear(3, 1), nn.Linear(3, 1)
        x = torch.randn(5, 3)
        loss = one(x).pow(2).mean()
        loss = two(x).pow(2).mean()  #~ not-used
        optimizer = torch.optim.SGD([*one.parameters(), *two.parameters()], lr=0.1)
        loss.backward()
        optimizer.step()
        """,
    "a branch of a method, of an object that was given the source": """
        class Runoff:
            def __init__(self, melt, rain):
                self.melt, self.rain = melt, rain
            def daily(self, t, p):
                if t.mean() < 0.0:  #~ branch-not-taken
                    return torch.sigmoid(self.melt) * p
                return torch.sigmoid(self.rain) * p
        melt, rain = torch.tensor(0.2, requires_grad=True), torch.tensor(-0.4, requires_grad=True)
        loss = Runoff(melt, rain).daily(torch.ones(3), torch.ones(3)).sum()
        loss.backward()
        print(melt.grad, rain.grad)
        """,
    "fast weights that are loaded into the module": """
        model, rate = nn.Linear(3, 1), torch.tensor(-2.0, requires_grad=True)
        names, params = zip(*model.named_parameters())
        first = model(torch.randn(5, 3)).pow(2).mean()
        grads = torch.autograd.grad(first, params, create_graph=True)
        fast = {n: p - rate.exp() * g for n, p, g in zip(names, params, grads)}
        model.load_state_dict(fast)  #~ state-boundary
        model(torch.randn(5, 3)).pow(2).mean().backward()
        print(rate.grad)
        """,
    "a place that is rounded and then picks a row": """
        table, place = nn.Parameter(torch.randn(10, 3)), nn.Parameter(torch.tensor([2.3, 4.7]))
        rows = place.round().long()  #~ piecewise-constant integer-cast
        table[rows].pow(2).sum().backward()
        print(place.grad)
        """,
    "ranks, which are the order of the order": """
        net, x, y = nn.Linear(3, 1), torch.randn(8, 3), torch.randn(8)
        ranks = net(x).squeeze().argsort().argsort().float()  #~ no-derivative
        loss = (ranks - y.argsort().argsort().float()).pow(2).mean()
        loss.backward()
        """,
    "a clamp, between numbers that are written down": """
        w = torch.tensor([3.0, 4.0], requires_grad=True)
        (w.clamp(0, 1) * 2).sum().backward()  #~ flat-region
        """,
    "a scale below the least that is let through": """
        class Points(nn.Module):
            def __init__(self, start=1e-3, most=0.9):
                super().__init__()
                self.scale, self.most = nn.Parameter(torch.tensor([start])), most
            def forward(self, x):
                return x * self.scale.clamp_min(1e-2).clamp_max(self.most)  #~ flat-region
        Points()(torch.ones(3)).sum().backward()
        """,
    "leaves that a comprehension makes and changes": """
        scales = [torch.ones(2, requires_grad=True).to(torch.float64) for _ in range(2)]  #~ nonleaf-grad-read
        optimizer = torch.optim.SGD(scales, lr=0.1)
        (scales[0] * scales[1]).sum().backward()
        optimizer.step()
        """,
    "the gradient in another shape of what was used": """
        flat = torch.randn(6, requires_grad=True)
        final = flat * 2
        last = final.view(-1)  #~ different-object
        (g,) = torch.autograd.grad(final.pow(2).sum(), last)
        """,
    "a layer that a method makes once more in its place": """
        class Attention(nn.Module):
            def __init__(self):
                super().__init__()
                self.keys = nn.Linear(3, 3)
                self.output = nn.Linear(3, 3)
            def forward(self, x):
                x = torch.tanh(self.keys(x))
                self.output = nn.Linear(3, 3)  #~ different-object
                return self.output(x)
        model = Attention()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        model(torch.randn(4, 3)).pow(2).mean().backward()
        optimizer.step()
        """,
    "a sum of exponentials, along an axis that has no name": """
        x = torch.full((2, 3), 120.0, requires_grad=True)
        torch.log(torch.sum(torch.exp(x), 1)).sum().backward()  #~ overflow
        """,
    "a root of zero beside an overflow": """
        votes, poses = torch.zeros(3, requires_grad=True), torch.zeros(3, 2, requires_grad=True)
        nll = -torch.log(torch.exp(120.0 + votes + poses[:, 0]).sum())  #~ overflow
        penalty = poses.pow(2).sum(dim=1).sqrt().sum()  #~ singular-point
        (nll + 0.01 * penalty).backward()
        """,
}
"""What is wrong is told at its line, and the program flows once it is edited as it is told."""
