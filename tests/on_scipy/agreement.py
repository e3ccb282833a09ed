"""What the functions of `gradtape.scipy` are held to: SciPy's values, and gradients that fit them."""

import numpy as np

import gradtape as gt
from gradtape.testing import check_grads


def arrays(value):
    """The floating-point arrays of a result, whatever it is packed in."""
    if isinstance(value, tuple | list):
        return [a for item in value for a in arrays(item)]
    return [value] if getattr(value, "dtype", np.dtype(int)).kind in "fc" else []


def check_agreement(ours, theirs, args, params, rtol=1e-10, atol=1e-11, order=2):
    """Compare all results, and the gradients to the second order in every floating-point array among the arguments."""
    moved = [k for k, a in enumerate(args) if isinstance(a, np.ndarray) and a.dtype.kind == "f"]
    got = arrays(ours(*[gt.constant(a) if k in moved else a for k, a in enumerate(args)], **params))
    expected = arrays(theirs(*args, **params))
    assert len(got) == len(expected) > 0
    for mine, other in zip(got, expected, strict=True):
        assert np.shape(mine) == np.shape(other)
        np.testing.assert_allclose(np.asarray(plain(mine)), other, rtol=rtol, atol=atol)

    def of_moved(*xs):
        found = ours(*[xs[moved.index(k)] if k in moved else a for k, a in enumerate(args)], **params)
        return [a for a in arrays(found) if isinstance(a, gt.Tensor)] or found

    check_grads(of_moved, [args[k] for k in moved], order=order)


def plain(value):
    return value.numpy() if isinstance(value, gt.Tensor) else value
