"""What the tests of TensorFlow's names share."""

import pytest

from gradtape.arrays.dispatch import usual
from gradtape.testing import check_grads


@pytest.fixture
def smooth():
    """Compare gradients of a function of `tf` with differences; NumPy would take its tensors off the tape."""

    def check(function, points, order=2):
        check_grads(lambda *xs: usual(function(*xs)), points, order)

    return check
