"""`Metric`: numbers that are collected over many batches; means and sums of values."""

from __future__ import annotations

from inspect import Parameter, Signature, signature
from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.arrays.dispatch import Node, usual
from gradtape.arrays.record import unrecorded
from gradtape.arrays.variable import constant
from gradtape.errors import ShapeError
from gradtape.nn.losses.loss import of_one_rank
from gradtape.nn.masks import mask_of
from gradtape.nn.named import told

if TYPE_CHECKING:
    from collections.abc import Callable


class Metric:
    """The base class of metrics: write `collect`, which adds a batch to the numbers, and `outcome`.

    What is collected stands in attributes that `start` makes. Nothing is recorded on a tape, and sums are float64.

    Parameters
    ----------
    name : str, optional
    dtype : dtype, optional
        That of the result; float32 unless given.

    Examples
    --------
    >>> import numpy as np
    >>> import gradtape as gt
    >>> class Largest(gt.nn.metrics.Metric):
    ...     def start(self):
    ...         self.most = -np.inf
    ...
    ...     def collect(self, y_true, y_pred, sample_weight=None):
    ...         self.most = max(self.most, np.abs(y_true - y_pred).max())
    ...
    ...     def outcome(self):
    ...         return self.most
    >>> metric = Largest()
    >>> metric.update_state([1.0, 2.0], [1.0, 5.0])
    >>> metric.result()
    Tensor(3., dtype=float32)
    """

    def __init__(self, name: str | None = None, dtype: Any = None) -> None:
        self.name = name or type(self).__name__.lower()
        self.dtype = None if dtype is None else np.dtype(dtype)
        self.start()

    def __repr__(self) -> str:
        return told(self)

    def start(self) -> None:
        """Make the attributes that numbers are collected in."""

    def collect(self, *args: Any, **kwargs: Any) -> None:
        """Add a batch; the arguments are plain arrays."""
        raise NotImplementedError(f"{type(self).__name__} has no `collect`")

    def outcome(self) -> Any:
        """Return what the collected numbers come to."""
        raise NotImplementedError(f"{type(self).__name__} has no `outcome`")

    def reset_state(self) -> None:
        """Forget all batches."""
        self.start()

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Add a batch: truth, prediction and, optionally, weights.

        Parameters
        ----------
        y_true, y_pred : array_like
            What a mask that layers gave to the prediction leaves out does not count.
        sample_weight : array_like, optional
            One weight per example or per value.
        """
        mask = mask_of(args[1]) if len(args) > 1 else None
        if mask is not None and not isinstance(args[1], list | tuple):
            args, kwargs = (
                args[:2],
                {**kwargs, "sample_weight": masked_weight(mask, (*args, kwargs.get("sample_weight"))[2])},
            )
        with unrecorded():
            self.collect(*map(plain, args), **{name: plain(value) for name, value in kwargs.items()})

    def result(self) -> Any:
        """Return the value over all batches so far.

        Returns
        -------
        Tensor
        """
        return constant(np.asarray(self.outcome(), np.float32 if self.dtype is None else self.dtype))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Add a batch, and return the value over all so far."""
        self.update_state(*args, **kwargs)
        return self.result()


def plain(value: Any) -> Any:
    """Return the plain array of a tensor, an array or a list of numbers."""
    if value is None:
        return None
    value = usual(value)
    if isinstance(value, list | tuple) and any(isinstance(v, Node) for v in value):
        value = [v._value if isinstance(v, Node) else v for v in value]
    return np.asarray(value._value if isinstance(value, Node) else value)


def masked_weight(mask: Any, sample_weight: Any) -> Any:
    """Return weights that are 0 where a mask says so."""
    counted = plain(mask).astype(np.float64)
    if sample_weight is None:
        return counted
    counted, weight = of_one_rank(counted, plain(sample_weight))
    return counted * weight.reshape(weight.shape + (1,) * max(counted.ndim - weight.ndim, 0))


def weighted(values: Any, sample_weight: Any, reduce: Callable[..., Any] = np.mean) -> tuple[Any, Any]:
    """Multiply values by weights: also return the weights as they go with the values, None if there are none.

    Several values of one weight are reduced to one first.

    Raises
    ------
    ShapeError
        If they do not broadcast together.
    """
    values = np.asarray(values, np.float64)
    if sample_weight is None:
        return values, None
    weight = np.asarray(sample_weight, np.float64)
    values, weight = of_one_rank(values, weight)
    if weight.ndim < values.ndim and weight.shape == values.shape[: weight.ndim]:
        values = reduce(values, axis=tuple(range(weight.ndim, values.ndim)))
    try:
        weight = np.broadcast_to(weight, np.broadcast_shapes(values.shape, weight.shape))
    except ValueError:
        raise ShapeError(
            f"`sample_weight` of shape {weight.shape} does not fit values of shape {values.shape}"
        ) from None
    return values * weight, weight


class Sum(Metric):
    """The weighted sum of values.

    Parameters
    ----------
    name : str, optional
    dtype : dtype, optional

    Examples
    --------
    >>> import gradtape as gt
    >>> metric = gt.nn.metrics.Sum()
    >>> metric([1.0, 2.0]), metric([3.0], sample_weight=[0.5])
    (Tensor(3., dtype=float32), Tensor(4.5, dtype=float32))
    """

    def __init__(self, name: str | None = "sum", dtype: Any = None) -> None:
        super().__init__(name, dtype)

    def start(self) -> None:
        """Make the attributes that numbers are collected in."""
        self.total = 0.0

    def collect(self, values: Any, sample_weight: Any = None) -> None:
        """Add a batch."""
        self.total += float(weighted(values, sample_weight, np.sum)[0].sum())

    def outcome(self) -> Any:
        """Return the sum."""
        return self.total


class _Averaged(Metric):
    """What is a weighted mean; 0 if there is nothing."""

    def start(self) -> None:
        """Make the attributes that numbers are collected in."""
        self.total, self.count = 0.0, 0.0

    def add(self, values: Any, sample_weight: Any) -> None:
        """Add values."""
        values, weight = weighted(values, sample_weight)
        self.total += float(values.sum())
        self.count += float(values.size if weight is None else weight.sum())

    def outcome(self) -> Any:
        """Return the mean."""
        return self.total / self.count if self.count else 0.0


class Mean(_Averaged):
    """The weighted mean of values; 0 if there are none.

    Parameters
    ----------
    name : str, optional
    dtype : dtype, optional

    Examples
    --------
    >>> import gradtape as gt
    >>> metric = gt.nn.metrics.Mean()
    >>> metric([1.0, 2.0]), metric([3.0])
    (Tensor(1.5, dtype=float32), Tensor(2., dtype=float32))
    """

    def __init__(self, name: str | None = "mean", dtype: Any = None) -> None:
        super().__init__(name, dtype)

    def collect(self, values: Any, sample_weight: Any = None) -> None:
        """Add a batch."""
        self.add(values, sample_weight)


class MeanMetricWrapper(_Averaged):
    """The weighted mean of a function of truth and prediction.

    Parameters
    ----------
    fn : callable
        `fn(y_true, y_pred, **kwargs)`, one value per example.
    name : str, optional
    dtype : dtype, optional
    **kwargs
        For the function.

    Examples
    --------
    >>> import gradtape as gt
    >>> metric = gt.nn.metrics.MeanMetricWrapper(lambda t, p: abs(t - p))
    >>> metric([1.0, 2.0], [1.0, 5.0])
    Tensor(1.5, dtype=float32)
    """

    def __init__(self, fn: Callable[..., Any], name: str | None = None, dtype: Any = None, **kwargs: Any) -> None:
        super().__init__(name or getattr(fn, "__name__", None), dtype)
        self.fn = fn
        self.kwargs = kwargs

    def collect(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add a batch."""
        self.add(plain(self.fn(y_true, y_pred, **self.kwargs)), sample_weight)


def metric_of(class_name: str, fn: Callable[..., Any], name: str, module: str, what: str) -> type[MeanMetricWrapper]:
    """Make the class of the mean of a function: name and dtype, then the function's own arguments."""
    own = list(signature(fn).parameters.values())[2:]
    kind = Parameter.POSITIONAL_OR_KEYWORD
    usual_ones = [Parameter("name", kind, default=name), Parameter("dtype", kind, default=None)]
    takes = Signature([Parameter("self", kind), *usual_ones, *(p.replace(kind=kind) for p in own)])

    def made(self: Any, *args: Any, **kwargs: Any) -> None:
        bound = takes.bind(self, *args, **kwargs)
        bound.apply_defaults()
        given = {p.name: bound.arguments[p.name] for p in own}
        vars(self).update(given)
        MeanMetricWrapper.__init__(self, fn, bound.arguments["name"], bound.arguments["dtype"], **given)

    made.__signature__ = takes  # type: ignore[attr-defined]
    more = f"    {', '.join(p.name for p in own)}\n        See the function `{fn.__name__}`.\n" if own else ""
    doc = f"{what}\n\n    Parameters\n    ----------\n    name : str, optional\n    dtype : dtype, optional\n{more}    "
    body = {"__init__": made, "__doc__": doc, "__module__": module, "__qualname__": class_name}
    return type(class_name, (MeanMetricWrapper,), body)
