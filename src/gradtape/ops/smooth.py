"""Smooth replacements of steps, choices and orders: as `temperature` falls to 0 each tends to the hard function.

Where a hard function has derivative zero or none, training through it gets no signal; through these it does, at the
price of a value that is off by about the temperature. Public names: `gradtape.soft_floor` and so on.
"""

from __future__ import annotations

from typing import Any

from gradtape.ops.model import Index
from gradtape.ops.registry import composite

PI = 3.141592653589793
COLUMN, LINE = Index((..., slice(None), None)), Index((..., None, slice(None)))
"""Brackets that set the last axis upright, and flat, so that every pair of its elements meets."""


def soft_step(xp: Any, x: Any, temperature: Any = 0.1) -> Any:
    """Return a smooth `x > 0`: 0 far below zero, 1 far above, 1/2 at zero.

    The logistic function of `x / temperature`, written with `tanh` so that nothing overflows.

    Parameters
    ----------
    x : array_like
    temperature : float
        The width of the step.

    Returns
    -------
    Tensor
        Of the shape of `x`.

    Examples
    --------
    >>> import gradtape as gt
    >>> gt.soft_step([-5.0, 0.0, 5.0])
    Tensor([0. , 0.5, 1. ])
    """
    return 0.5 + 0.5 * xp.tanh(xp.shaped(x) / (temperature * 2.0))


def soft_sign(xp: Any, x: Any, temperature: Any = 0.1) -> Any:
    """Return a smooth sign, `tanh(x / temperature)`.

    Parameters
    ----------
    x : array_like
    temperature : float
        The width of the step.

    Returns
    -------
    Tensor
        Of the shape of `x`.

    Examples
    --------
    >>> import gradtape as gt
    >>> gt.soft_sign([-5.0, 0.0, 5.0])
    Tensor([-1.,  0.,  1.])
    """
    return xp.tanh(xp.shaped(x) / temperature)


def soft_plus(xp: Any, x: Any, temperature: Any = 1.0) -> Any:
    """Return a smooth positive part, `temperature * log(1 + exp(x / temperature))`.

    After Dugas and others, "Incorporating second-order functional knowledge", 2001.

    Parameters
    ----------
    x : array_like
    temperature : float
        How far around zero it is smooth; it lies above `max(x, 0)` by at most `0.69 * temperature`.

    Returns
    -------
    Tensor
        Of the shape of `x`.

    Examples
    --------
    >>> import gradtape as gt
    >>> gt.soft_plus(100.0)
    Tensor(100.)
    """
    return temperature * xp.logaddexp(xp.shaped(x) / temperature, 0.0)


def soft_abs(xp: Any, x: Any, temperature: Any = 0.1) -> Any:
    """Return a smooth absolute value, `sqrt(x**2 + temperature**2) - temperature`, which is 0 at 0.

    After Charbonnier and others, "Two deterministic half-quadratic regularization algorithms", 1994.

    Parameters
    ----------
    x : array_like
    temperature : float
        How far around zero it is round; it lies below `|x|` by at most the temperature.

    Returns
    -------
    Tensor
        Of the shape of `x`.

    Examples
    --------
    >>> import gradtape as gt
    >>> gt.soft_abs(0.0)
    Tensor(0.)
    """
    return xp.sqrt(xp.square(x) + temperature * temperature) - temperature


def soft_floor(xp: Any, x: Any, temperature: Any = 0.1) -> Any:
    """Return a smooth floor: a staircase with round edges, that never falls and rises 1 in 1.

    `floor(x)` is `x - 1/2` plus the sawtooth `arctan(cot(pi x)) / pi`; the Abel mean of the sawtooth's Fourier series,
    the Poisson kernel's integral, takes its place: `arctan(sin(2 pi x) / (1 + temperature - cos(2 pi x))) / pi`.

    Parameters
    ----------
    x : array_like
    temperature : float
        The width of the edges.

    Returns
    -------
    Tensor
        Of the shape of `x`.

    Examples
    --------
    >>> import gradtape as gt
    >>> gt.soft_floor([1.0, 1.3, 1.7], temperature=0.01).numpy().round(2)
    array([0.5, 1. , 1. ])
    """
    x = xp.shaped(x)
    turn = x * (2.0 * PI)
    return x - 0.5 + xp.arctan(xp.sin(turn) / (temperature + 1.0 - xp.cos(turn))) / PI


def soft_ceil(xp: Any, x: Any, temperature: Any = 0.1) -> Any:
    """Return a smooth ceiling; see `soft_floor`.

    Parameters
    ----------
    x : array_like
    temperature : float
        The width of the edges.

    Returns
    -------
    Tensor
        Of the shape of `x`.

    Examples
    --------
    >>> import gradtape as gt
    >>> gt.soft_ceil(0.5, temperature=1e-9)
    Tensor(1.)
    """
    return -xp.soft_floor(-xp.shaped(x), temperature)


def soft_round(xp: Any, x: Any, temperature: Any = 0.1) -> Any:
    """Return a smooth rounding to the nearest whole number; see `soft_floor`.

    Parameters
    ----------
    x : array_like
    temperature : float
        The width of the edges.

    Returns
    -------
    Tensor
        Of the shape of `x`.

    Examples
    --------
    >>> import gradtape as gt
    >>> gt.soft_round([1.0, 2.0])
    Tensor([1., 2.])
    """
    return xp.soft_floor(xp.shaped(x) + 0.5, temperature)


def soft_max(xp: Any, x: Any, axis: Any = None, temperature: Any = 0.1, keepdims: bool = False) -> Any:
    """Return a smooth maximum, `temperature * log(sum(exp(x / temperature)))`.

    Parameters
    ----------
    x : array_like
    axis : int or tuple of int, optional
        Over everything unless given.
    temperature : float
        It lies above the maximum of n elements by at most `temperature * log(n)`.
    keepdims : bool
        Keep the axes with length 1.

    Returns
    -------
    Tensor

    Examples
    --------
    >>> import gradtape as gt
    >>> gt.soft_max([1.0, 9.0])
    Tensor(9.)
    """
    return temperature * xp.logsumexp(xp.shaped(x) / temperature, axis=axis, keepdims=keepdims)


def soft_min(xp: Any, x: Any, axis: Any = None, temperature: Any = 0.1, keepdims: bool = False) -> Any:
    """Return a smooth minimum; see `soft_max`.

    Parameters
    ----------
    x : array_like
    axis : int or tuple of int, optional
        Over everything unless given.
    temperature : float
        It lies below the minimum of n elements by at most `temperature * log(n)`.
    keepdims : bool
        Keep the axes with length 1.

    Returns
    -------
    Tensor

    Examples
    --------
    >>> import gradtape as gt
    >>> gt.soft_min([1.0, 9.0])
    Tensor(1.)
    """
    return -xp.soft_max(-xp.shaped(x), axis, temperature, keepdims)


def soft_argmax(xp: Any, x: Any, axis: int = -1, temperature: Any = 0.1) -> Any:
    """Return a smooth position of the maximum: the mean of the positions, weighted by a softmax of the elements.

    Parameters
    ----------
    x : array_like
    axis : int
        Along which positions count.
    temperature : float
        How much smaller elements still have weight.

    Returns
    -------
    Tensor
        Without that axis; not a whole number where several elements compete.

    Examples
    --------
    >>> import gradtape as gt
    >>> gt.soft_argmax([1.0, 9.0, 2.0])
    Tensor(1.)
    """
    x = xp.swapaxes(xp.shaped(x), axis, -1)
    weights = xp.exp((x - xp.soft_max(x, -1, temperature, keepdims=True)) / temperature)
    places = xp.cast([float(k) for k in range(x.shape[-1])], dtype=x.dtype)
    return xp.sum(weights * places, axis=-1)


def soft_clip(xp: Any, x: Any, low: Any, high: Any, temperature: Any = 0.1) -> Any:
    """Return smooth bounds: a positive part that begins at `low` less one that begins at `high`.

    Parameters
    ----------
    x, low, high : array_like
    temperature : float
        How far around the bounds it is round.

    Returns
    -------
    Tensor

    Examples
    --------
    >>> import gradtape as gt
    >>> gt.soft_clip([-9.0, 0.5, 9.0], 0.0, 1.0, temperature=0.01)
    Tensor([0. , 0.5, 1. ])
    """
    return low + xp.soft_plus(xp.shaped(x) - low, temperature) - xp.soft_plus(xp.shaped(x) - high, temperature)


def soft_where(xp: Any, margin: Any, a: Any, b: Any, temperature: Any = 0.1) -> Any:
    """Return a smooth choice: `a` where `margin` is positive, `b` where it is negative, a mixture between them.

    Write the condition `x > y` as the margin `x - y`; the margin has a derivative, a condition has none.

    Parameters
    ----------
    margin, a, b : array_like
    temperature : float
        How far around margin 0 both count.

    Returns
    -------
    Tensor

    Examples
    --------
    >>> import gradtape as gt
    >>> gt.soft_where([-5.0, 5.0], 1.0, 2.0)
    Tensor([2., 1.])
    """
    step = xp.soft_step(margin, temperature)
    return step * a + (1.0 - step) * b


def soft_sort(xp: Any, x: Any, axis: int = -1, temperature: Any = 0.1) -> Any:
    """Return a smooth ascending sort: each place holds a mixture of the elements that are near its value.

    After Prillo and Eisenschlos, "SoftSort: a continuous relaxation for the argsort operator", 2020.

    Parameters
    ----------
    x : array_like
    axis : int
        Along which to sort.
    temperature : float
        How far apart elements may be and still mix.

    Returns
    -------
    Tensor
        Of the shape of `x`.

    Examples
    --------
    >>> import gradtape as gt
    >>> gt.soft_sort([3.0, 1.0, 2.0], temperature=0.01)
    Tensor([1., 2., 3.])
    """
    x = xp.swapaxes(xp.shaped(x), axis, -1)
    apart = -xp.abs(xp.getitem(xp.sort(x, axis=-1), COLUMN) - xp.getitem(x, LINE))
    weights = xp.exp((apart - xp.soft_max(apart, -1, temperature, keepdims=True)) / temperature)
    return xp.swapaxes(xp.sum(weights * xp.getitem(x, LINE), axis=-1), axis, -1)


def soft_rank(xp: Any, x: Any, axis: int = -1, temperature: Any = 0.1) -> Any:
    """Return smooth ranks from 0: how many elements are smaller, each counted by a smooth step.

    After Qin, Liu and Li, "A general approximation framework for direct optimization of information retrieval
    measures", 2010.

    Parameters
    ----------
    x : array_like
    axis : int
        Along which elements are compared.
    temperature : float
        The width of the steps.

    Returns
    -------
    Tensor
        Of the shape of `x`.

    Examples
    --------
    >>> import gradtape as gt
    >>> gt.soft_rank([3.0, 1.0, 2.0], temperature=0.01)
    Tensor([2., 0., 1.])
    """
    x = xp.swapaxes(xp.shaped(x), axis, -1)
    gaps = xp.getitem(x, COLUMN) - xp.getitem(x, LINE)
    return xp.swapaxes(xp.sum(xp.soft_step(gaps, temperature), axis=-1) - 0.5, axis, -1)


NAMES = (
    soft_step,
    soft_sign,
    soft_plus,
    soft_abs,
    soft_floor,
    soft_ceil,
    soft_round,
    soft_max,
    soft_min,
    soft_argmax,
    soft_clip,
    soft_where,
    soft_sort,
    soft_rank,
)
for _function in NAMES:
    composite(_function.__name__, _function, numpy=None)
