"""NumPy's functions and methods in the words of PyTorch: an edit keeps the numbers and the shape of what it moves."""

import textwrap

import pytest

from .programs import edited, why

EXPRESSIONS = """
    np.repeat(np.repeat(a, 2, axis=0), 2, axis=1)
    np.roll(a, shift=1, axis=1)
    np.flip(a, axis=1).copy()
    np.flip(a, 0).copy()
    np.flip(a).copy()
    np.tile(a, 2)
    np.transpose(np.sin(a) + a)
    np.transpose(a, axes=(1, 0))
    np.std(a, axis=0)
    np.var(a, ddof=1)
    np.max(a, axis=1)
    np.min(a, 0)
    np.reshape(a, -1)
    np.round(a * 3, 1) + a
    np.dot(a, a.T)
    np.cumsum(np.exp(a + 1))
    np.clip(a, a_min=0.2, a_max=0.8)
    np.sort(a, axis=0)
    np.percentile(a, 30)
    np.triu(a, k=1)
    np.tensordot(a, a, axes=2)
    np.maximum(a, 0.3)
    np.arctan2(a, 1.0)
    np.meshgrid(a[0], a[1])[0]
    np.split(a, 2, axis=1)[0]
    np.column_stack([a, a])
    (np.sin(a).T @ a).max(axis=0).std()
    a.reshape(3, 2, 2).transpose(2, 0, 1)
    a.transpose()
    a.cumsum()
    a.round(1) + a
    a.repeat(2, axis=0)
    a.dot(a.T)
    np.abs(a).astype("float32").copy()
    np.dot(known.T, a)
    a @ known.T
    known - a
    np.eye(3, dtype=np.float32) @ a
    np.where(known > 0.5, a, known)
    np.concatenate([a, known])
    a[:, known[0] > 0.1] * known.mean()
    """.strip().splitlines()

PROGRAM = """
    import numpy as np
    import torch
    torch.manual_seed(0)
    w, s = torch.rand(3, 4, requires_grad=True), torch.ones((), requires_grad=True)
    known = np.arange(12, dtype=np.float32).reshape(3, 4) / 10
    a = w.detach().numpy()
    y = torch.from_numpy(np.asarray({}))
    loss = (y * s).sum()
    loss.backward()
    print(round(loss.item(), 3), tuple(y.shape))
    found = w.grad
    """


@pytest.mark.parametrize("expression", [line.strip() for line in EXPRESSIONS])
def test_the_same_is_computed_on_the_tape(expression, tmp_path):
    program = textwrap.dedent(PROGRAM).format(expression)
    ran = why(program, tmp_path)
    assert ran.told == [("left-through-numpy", 7)]
    new = edited(program, ran.reports)
    again = why(new, tmp_path)
    assert again.error is None, new
    assert "ByDifferences" not in new
    assert again.printed == ran.printed, new
    assert set(again.statuses.values()) <= {"ok", "partial"}, new


@pytest.mark.parametrize("call", ["np.zeros(int(n.item()))", "torch.ones(3).repeat(int(n.item()))"])
def test_a_size_is_left_alone(call, tmp_path):
    program = f"""
        import numpy as np
        import torch
        n, w = torch.tensor(2.0, requires_grad=True), torch.ones((), requires_grad=True)
        y = torch.as_tensor({call}) + w
        y.sum().backward()
        print(n.grad)
        """
    ran = why(program, tmp_path)
    assert all(f.diagnostic.suggestion is None for r in ran.reports for f in r.findings)
