import torch
from torch import nn


def forward(params, x):
    h = torch.tanh(x @ params["w1"] + params["b1"])
    return h @ params["w2"]


def adapt(params, x, y, lr=0.1):
    loss = (forward(params, x) - y).pow(2).mean()
    grads = torch.autograd.grad(loss, list(params.values()), create_graph=True)
    return {k: v - lr * g for (k, v), g in zip(params.items(), grads)}


torch.manual_seed(0)
params = {
    "w1": nn.Parameter(torch.randn(1, 5)),
    "b1": nn.Parameter(torch.zeros(5)),
    "w2": nn.Parameter(torch.randn(5, 1) * 0.3),
}
meta = torch.optim.Adam(params.values(), lr=0.01)
for _ in range(2):
    meta.zero_grad()
    total = 0.0
    for task in range(3):
        x = torch.rand(8, 1)
        y = torch.sin(x + task)
        total = total + (forward(adapt(params, x, y), x) - y).pow(2).mean()
    total.backward()
    meta.step()
    print(float(total))
