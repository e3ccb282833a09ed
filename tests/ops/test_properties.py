"""Laws that hold for any shapes, indices and subscripts: tried on many."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import gradtape as gt
from gradtape.testing import check_grads

QUICK = settings(max_examples=60, deadline=None)
SLOW = settings(max_examples=600, deadline=None)


def gradient(f, *args):
    variables = [gt.Variable(a) for a in args]
    with gt.GradientTape() as tape:
        y = f(*variables)
    return [g.numpy() for g in tape.gradient(y, variables, unconnected_gradients="zero")], y.numpy()


def picked_elements_get_the_cotangent(data):
    shape = data.draw(hnp.array_shapes(min_dims=1, max_dims=3, max_side=4))
    index = data.draw(
        st.one_of(
            hnp.basic_indices(shape, allow_newaxis=True, allow_ellipsis=True),
            hnp.integer_array_indices(shape),
            hnp.arrays(bool, shape),
        )
    )
    x = np.arange(float(np.prod(shape))).reshape(shape)
    (g,), y = gradient(lambda t: t[index], x)
    expected = np.zeros(shape)
    np.add.at(expected, index, np.ones_like(y))
    assert np.array_equal(y, x[index])
    assert np.array_equal(g, expected)


def broadcasting_sums_back(data):
    shapes = data.draw(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3, min_side=0))
    a, b = (np.arange(1.0, 1.0 + np.prod(s)).reshape(s) for s in shapes.input_shapes)
    (ga, gb), y = gradient(lambda s, t: s * t, a, b)
    assert y.shape == shapes.result_shape
    assert ga.shape == a.shape
    assert gb.shape == b.shape
    np.testing.assert_allclose((ga * a).sum(), (a * b).sum())
    np.testing.assert_allclose((gb * b).sum(), (a * b).sum())


def einsum_agrees_with_differences(data):
    letters = "ijk"
    sizes = {"i": 2, "j": 3, "k": 1}
    terms = data.draw(st.lists(st.text(letters, max_size=3), min_size=1, max_size=3))
    used = sorted(set("".join(terms)))
    output = "".join(data.draw(st.permutations(used)))[: data.draw(st.integers(0, len(used)))]
    subscripts = f"{','.join(terms)}->{output}"
    rng = np.random.default_rng(0)
    arrays = [rng.uniform(0.5, 1.5, tuple(sizes[c] for c in t)) for t in terms]
    check_grads(lambda *xs: np.einsum(subscripts, *xs), arrays, order=1)


LAWS = [picked_elements_get_the_cotangent, broadcasting_sums_back, einsum_agrees_with_differences]


@pytest.mark.parametrize("law", LAWS)
def test_law(law):
    QUICK(given(st.data())(law))()


@pytest.mark.thorough
@pytest.mark.parametrize("law", LAWS)
def test_law_thoroughly(law):
    SLOW(given(st.data())(law))()


def test_second_order_through_picking_joining_and_sorting():
    def f(x):
        return (
            np.sort(x)[1] * x[0] ** 2
            + np.max(x) * np.prod(x)
            + np.cumprod(x)[::2] @ np.concatenate([x[2:], x[:1]])
            + np.std(x)
        )

    check_grads(f, [[0.5, -1.2, 2.0]], order=3)
