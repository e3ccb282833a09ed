"""PyTorch, eager, on one thread, as everybody else here."""

from __future__ import annotations

from operator import mul
from typing import Any

import torch
from torch.nn import functional

from peers.peer import Peer, Spellings, loop

torch.set_num_threads(1)


def conv2d(x: Any, w: Any) -> Any:
    """Convolve with channels last, as the data has them; the two views cost next to nothing."""
    return functional.conv2d(x.permute(0, 3, 1, 2), w.permute(3, 2, 0, 1)).permute(0, 2, 3, 1)


def solve_lower(a: Any, b: Any) -> Any:
    """Solve for one right-hand side."""
    return torch.linalg.solve_triangular(a, b[:, None], upper=False)[:, 0]


def segment_sum(values: Any, labels: Any, segments: int) -> Any:
    """Add rows up by label."""
    return torch.zeros(segments, values.shape[1], dtype=values.dtype).index_add(0, labels, values)


class PyTorch(Peer):
    """Leaves that require gradients."""

    package = "torch"
    xp = Spellings(
        sin=torch.sin,
        exp=torch.exp,
        log=torch.log,
        sqrt=torch.sqrt,
        tanh=torch.tanh,
        sum=torch.sum,
        mean=torch.mean,
        einsum=torch.einsum,
        softplus=functional.softplus,
        relu=torch.relu,
        take=lambda x, rows: x[rows],
        segment_sum=segment_sum,
        conv2d=conv2d,
        cholesky=torch.linalg.cholesky,
        solve_lower=solve_lower,
        diagonal=torch.diagonal,
        rfft=torch.fft.rfft,
        irfft=torch.fft.irfft,
        matvec=torch.mv,
        weighed=mul,
        loop=loop,
    )

    def _tensors(self, inputs: Any, data: Any) -> tuple[Any, dict[str, Any]]:
        return [torch.tensor(x, requires_grad=True) for x in inputs], {k: torch.tensor(v) for k, v in data.items()}

    def gradient(self, program: Any, inputs: Any, data: Any) -> Any:
        """Ask for the gradients of the leaves."""
        leaves, data = self._tensors(inputs, data)
        return lambda: torch.autograd.grad(program(self.xp, leaves, data), leaves)

    def jacobian(self, program: Any, inputs: Any, data: Any) -> Any:
        """Use its vectorised Jacobian."""
        (x,), data = self._tensors(inputs, data)
        jacobian = torch.autograd.functional.jacobian
        return lambda: (jacobian(lambda x: program(self.xp, (x,), data), x, vectorize=True),)

    def hvp(self, program: Any, inputs: Any, data: Any) -> Any:
        """Differentiate the slope along the direction."""
        (x,), data = self._tensors(inputs, data)

        def run() -> Any:
            (slope,) = torch.autograd.grad(program(self.xp, (x,), data), x, create_graph=True)
            return torch.autograd.grad(slope, x, data["v"])

        return run

    def second(self, program: Any, inputs: Any, data: Any) -> Any:
        """Differentiate the sum of slopes."""
        (x,), data = self._tensors(inputs, data)

        def run() -> Any:
            (slope,) = torch.autograd.grad(program(self.xp, (x,), data).sum(), x, create_graph=True)
            return torch.autograd.grad(slope.sum(), x)

        return run

    def arrays(self, results: Any) -> Any:
        """Share the memory of tensors."""
        return tuple(r.detach().numpy() for r in results)


PEER = PyTorch()
