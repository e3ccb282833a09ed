"""The distributions and measures of `scipy.stats`, on tensors."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from gradtape.arrays import doors
from gradtape.arrays.doors import SPACE
from gradtape.ops import loaded
from gradtape.scipy.publish import outside, publish

_find = publish(globals(), "stats", "stats")
_METHODS: dict[str, dict[str, str]] = {}
"""Row or composite by distribution and method."""
for _row in loaded("stats"):
    _parts = (_row.scipy or "").split(".")
    if _parts[0] == "stats" and len(_parts) == 3:
        _METHODS.setdefault(_parts[1], {})[_parts[2]] = _row.name


class Distribution:
    """A distribution of `scipy.stats` whose methods run on the tape.

    A method that is not in the table (`rvs`, `fit`) is SciPy's own: it computes on plain values, and the record says
    so. Calling the distribution freezes its parameters, as in SciPy.

    Examples
    --------
    >>> import gradtape as gt
    >>> from gradtape.scipy.stats import norm
    >>> mean = gt.Variable(0.5)
    >>> with gt.GradientTape() as tape:
    ...     y = norm.logpdf(1.0, loc=mean)
    >>> tape.gradient(y, mean)
    Tensor(0.5)
    """

    def __init__(self, name: str, args: tuple[Any, ...] = (), named: dict[str, Any] | None = None) -> None:
        self._name = name
        self._args = args
        self._named = named or {}

    def __call__(self, *args: Any, **named: Any) -> Distribution:
        """Return the distribution with its parameters fixed."""
        return Distribution(self._name, args, named)

    def __repr__(self) -> str:
        return f"<distribution {self._name}{' with fixed parameters' if self._args or self._named else ''}>"

    def __getattr__(self, method: str) -> Any:
        if method.startswith("_"):
            raise AttributeError(method)
        row = _METHODS[self._name].get(method)
        if row is None:
            theirs = getattr(getattr(import_module("scipy.stats"), self._name), method)
            function = outside(f"scipy.stats.{self._name}.{method}", theirs) if callable(theirs) else theirs
        else:
            function = doors.door(row)
        if not (self._args or self._named) or not callable(function):
            return function
        points = 0 if method in {"entropy", "mean", "var", "std", "median", "stats", "rvs"} else 1
        return lambda *args, **named: function(*args[:points], *self._args, *args[points:], **{**self._named, **named})

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *_METHODS[self._name]})


class gaussian_kde:  # noqa: N801 - SciPy's name
    """A density from a sample by normal kernels, differentiable in the sample, the weights and the points.

    Parameters
    ----------
    dataset : array_like
        Of shape (n,) or (dimensions, n).
    bw_method : {"scott", "silverman"} or float, optional
        The factor on the sample's spread: Scott's n**(-1/(d+4)) unless given.
    weights : array_like of shape (n,), optional

    Examples
    --------
    >>> import numpy as np
    >>> import scipy.stats
    >>> from gradtape.scipy.stats import gaussian_kde
    >>> sample = np.array([0.1, 0.4, 0.5, 0.9])
    >>> bool(np.allclose(gaussian_kde(sample)([0.3]).numpy(), scipy.stats.gaussian_kde(sample)([0.3])))
    True
    """

    def __init__(self, dataset: Any, bw_method: Any = None, weights: Any = None) -> None:
        data = SPACE.shaped(dataset)
        self.dataset = data if data.ndim > 1 else SPACE.reshape(data, shape=(1, -1))
        self.weights = weights
        self.d, self.n = self.dataset.shape
        counted = self.n if weights is None else 1.0 / SPACE.sum(SPACE.square(weights / SPACE.sum(weights)))
        if bw_method in {None, "scott"}:
            self.factor = counted ** (-1.0 / (self.d + 4))
        elif bw_method == "silverman":
            self.factor = (counted * (self.d + 2.0) / 4.0) ** (-1.0 / (self.d + 4))
        else:
            self.factor = bw_method

    def logpdf(self, x: Any) -> Any:
        """Return the logarithm of the density at points of shape (m,) or (dimensions, m)."""
        points = SPACE.shaped(x)
        return SPACE.kernel_density(points, self.dataset, self.factor, self.weights)

    def __call__(self, points: Any) -> Any:
        """Return the density at points."""
        return SPACE.exp(self.logpdf(points))

    pdf = __call__


for _name in _METHODS:
    globals()[_name] = Distribution(_name)
__all__ = sorted({*globals().get("__all__", ()), *_METHODS, "Distribution", "gaussian_kde"})  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    return _find(name)
