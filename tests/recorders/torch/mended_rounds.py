"""Small programs that their own edits mend: leaves of a round, and what one round leaves for the next."""

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
