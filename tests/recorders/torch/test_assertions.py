"""`assert_gradients_flow` on PyTorch, alone and while somebody hears the whole test, as `pytest --gradients` does."""

import contextlib

import pytest

torch = pytest.importorskip("torch")

from gradtape.recorders.hearing import Hearing  # noqa: E402
from gradtape.testing import assert_gradients_flow  # noqa: E402


@pytest.fixture(params=[contextlib.nullcontext, lambda: Hearing(quiet=False)], ids=["alone", "heard"])
def around(request):
    return request.param


def test_a_function_and_what_it_detaches(around):
    w, b = torch.ones(3, requires_grad=True), torch.ones(3, requires_grad=True)
    with around():
        assert_gradients_flow(lambda: (w * b).sum(), [w, b])
        with pytest.raises(AssertionError, match="GT304 stop-gradient"):
            assert_gradients_flow(lambda: (w.detach() * b).sum(), [w, b])


def test_a_loss_that_was_computed(around):
    w, b = torch.ones(3, requires_grad=True), torch.ones(3, requires_grad=True)
    with around():
        loss = (w * 2).sum()
        with pytest.raises(AssertionError, match="from `loss` to `b`"):
            assert_gradients_flow(loss, [w, b])
        assert_gradients_flow(loss, w)
