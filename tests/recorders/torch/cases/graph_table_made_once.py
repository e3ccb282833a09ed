import torch
from torch import nn
import torch.nn.functional as F


class LightGCN(nn.Module):
    def __init__(self, n_users, n_items, dim):
        super().__init__()
        self.n_users = n_users
        self.nodes = nn.Embedding(n_users + n_items, dim)
        nn.init.normal_(self.nodes.weight, std=0.3)

    def propagate(self, adj, layers=2):
        h = self.nodes.weight
        total = h
        for _ in range(layers):
            h = adj @ h
            total = total + h
        return total / (layers + 1)

    def score(self, table, users, items):
        return (table[users] * table[self.n_users + items]).sum(dim=1)


def normalised_adjacency(n, edges):
    a = torch.zeros(n, n)
    a[edges[:, 0], edges[:, 1]] = 1.0
    a = a + a.T
    degree = a.sum(dim=1).clamp(min=1.0).rsqrt()
    return degree[:, None] * a * degree[None, :]


def bpr(model, table, users, liked, other):
    gap = model.score(table, users, liked) - model.score(table, users, other)
    return -F.logsigmoid(gap).mean()


def train(model, adj, triples, batch_size, lr):
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    table = model.propagate(adj)
    for users, liked, other in (t.T for t in triples.split(batch_size)):
        loss = bpr(model, table, users, liked, other)  #~ tape-used-up
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print("bpr", round(loss.item(), 4))


torch.manual_seed(0)
n_users, n_items = 6, 5
edges = torch.stack([torch.randint(0, n_users, (14,)), n_users + torch.randint(0, n_items, (14,))], dim=1)
adj = normalised_adjacency(n_users + n_items, edges)
triples = torch.stack(
    [torch.randint(0, n_users, (12,)), torch.randint(0, n_items, (12,)), torch.randint(0, n_items, (12,))], dim=1
)
model = LightGCN(n_users, n_items, dim=4)


def grad_state(g):
    if g is None:
        return "none"
    if not torch.isfinite(g).all():
        return "nan"
    return "ok" if bool((g != 0).any()) else "zero"


report = {"nodes": "error"}
try:
    train(model, adj, triples, batch_size=4, lr=0.1)
    report = {"nodes": grad_state(model.nodes.weight.grad)}
finally:
    print("RESULT", " ".join(f"{k}={v}" for k, v in report.items()))
