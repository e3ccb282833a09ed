import torch
from torch import nn

torch.manual_seed(0)
words = nn.Embedding(8, 3, sparse=True)
weight = nn.Parameter(torch.randn(3, 2))
optimizer = torch.optim.SGD([*words.parameters(), weight], lr=0.1)
grid = torch.eye(4).to_sparse_csr()
pairs = torch.tensor([[0, 1], [1, 2]])
for step in range(2):
    optimizer.zero_grad()
    hidden = words(torch.tensor([1, 2, 5, 7])) @ weight
    spread = torch.sparse.mm(torch.eye(4).to_sparse(), grid @ hidden)
    links = torch.sparse_coo_tensor(pairs, hidden[:2, 0], (2, 3)).to_dense()
    (spread.pow(2).sum() + links.sum()).backward()
    optimizer.step()
rows = torch.nested.nested_tensor([torch.ones(2), torch.ones(3)], requires_grad=True)
(rows * 2).to_padded_tensor(0.0).sum().backward()
print(rows.grad is not None)
