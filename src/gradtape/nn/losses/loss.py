"""`Loss`: values per example, weighted, masked and reduced; and the classes that are made of functions."""

from __future__ import annotations

from inspect import Parameter, Signature, signature
from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.arrays import doors
from gradtape.arrays.dispatch import RELATED, Node, family_of, in_family, is_differentiable, usual
from gradtape.errors import ShapeError
from gradtape.nn.masks import both, mask_of
from gradtape.nn.named import told
from gradtape.tape.structure import flatten, rebuild

if TYPE_CHECKING:
    from collections.abc import Callable

xp = doors.SPACE
EPSILON = 1e-7
REDUCTIONS = ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none")


class Loss:
    """The base class of losses: write `call`, which gives one value per example.

    Parameters
    ----------
    name : str, optional
    reduction : {"sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none"} or None
        What becomes of the values: their mean, their sum, their mean, their sum divided by the sum of the weights, or
        themselves.
    dtype : dtype, optional
        That of the computation; the prediction's unless given.

    Raises
    ------
    ValueError
        If `reduction` is another word.

    Examples
    --------
    >>> import gradtape as gt
    >>> class Cubes(gt.nn.losses.Loss):
    ...     def call(self, y_true, y_pred):
    ...         return abs(y_pred - y_true) ** 3
    >>> Cubes()([0.0, 1.0], [2.0, 1.0])
    Tensor(4.)
    """

    def __init__(
        self, name: str | None = None, reduction: str | None = "sum_over_batch_size", dtype: Any = None
    ) -> None:
        self.name = name or type(self).__name__.lower()
        self.reduction = checked_reduction(reduction)
        self.dtype = None if dtype is None else np.dtype(dtype)

    __repr__ = told

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return one value per example."""
        raise NotImplementedError(f"{type(self).__name__} has no `call`")

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None, mask: Any = None) -> Any:
        """Compute the loss.

        Parameters
        ----------
        y_true, y_pred : array_like
            The truth and the prediction; of the same shape, unless the loss says otherwise.
        sample_weight : array_like, optional
            One weight per example, or per value before the reduction.
        mask : array_like of bool, optional
            Which values count, of the shape of the values before the reduction; the mask that layers gave to the
            prediction unless given.

        Returns
        -------
        Tensor
            A number, or the values if there is no reduction.

        Raises
        ------
        ShapeError
            If weights or mask do not fit the values.
        """
        mask = mask_of(y_pred) if mask is None and not isinstance(y_pred, list | tuple) else mask
        family = RELATED and family_of([v for _, v in flatten([y_true, y_pred])])
        if family:
            y_true, y_pred, sample_weight = usual(y_true), usual(y_pred), usual(sample_weight)
        y_pred = self._each(y_pred, floating)
        y_true = self._each(y_true, array)
        values = self.call(y_true, y_pred)
        valid = getattr(self, "valid", None)
        if valid:
            mask = both(mask, valid(y_true, y_pred))
        result = reduced(values, sample_weight, mask, self.reduction)
        return in_family(result, family) if family else result

    def _each(self, value: Any, convert: Callable[[Any, Any], Any]) -> Any:
        """Convert an array, or the arrays of a structure of tensors."""
        if isinstance(value, list | tuple | dict) and any(isinstance(v, Node | np.ndarray) for _, v in flatten(value)):
            leaves = (convert(leaf, self.dtype) for _, leaf in flatten(value))
            return rebuild(value, leaves.__next__)
        return convert(value, self.dtype)


def checked_reduction(reduction: str | None) -> str:
    """Read the word for a reduction."""
    word = "none" if reduction is None else reduction
    if word not in REDUCTIONS:
        raise ValueError(f"`reduction` is one of {', '.join(map(repr, REDUCTIONS))} or None, got {reduction!r}")
    return word


def array(value: Any, dtype: Any = None) -> Any:
    """Make an array of what is no tensor; with a dtype, floating point is cast to it."""
    held: Any = value._value if isinstance(value, Node) else np.asarray(value)
    if dtype is not None and is_differentiable(held) and held.dtype != dtype:
        return xp.cast(value, dtype=dtype) if isinstance(value, Node) else held.astype(dtype)
    return value if isinstance(value, Node) else held


def floating(value: Any, dtype: Any = None) -> Any:
    """Make a tensor of floating point: of `dtype`, of its own, or float32 for whole numbers."""
    held = value._value if isinstance(value, Node) else np.asarray(value)
    wanted = np.dtype(dtype) if dtype is not None else held.dtype if is_differentiable(held) else np.dtype(np.float32)
    if isinstance(value, Node):
        return value if held.dtype == wanted else xp.cast(value, dtype=wanted)
    return xp.identity(held.astype(wanted, copy=False))


def like(value: Any, other: Any) -> Any:
    """Give a truth the dtype of a prediction."""
    if not isinstance(value, Node):
        return np.asarray(value).astype(other.dtype, copy=False)
    return value if value._value.dtype == other.dtype else xp.cast(value, dtype=other.dtype)


def matched(y_true: Any, y_pred: Any, what: str = "the loss") -> tuple[Any, Any]:
    """Give a truth the dtype of the prediction, and both the same number of axes.

    Raises
    ------
    ShapeError
        If their shapes do not broadcast together.
    """
    y_true = like(y_true, y_pred)
    y_true, y_pred = of_one_rank(y_true, y_pred)
    try:
        np.broadcast_shapes(y_true.shape, y_pred.shape)
    except ValueError:
        raise ShapeError(
            f"{what}: `y_true` of shape {tuple(y_true.shape)} and `y_pred` of shape {tuple(y_pred.shape)} do not fit"
        ) from None
    return y_true, y_pred


def of_one_rank(a: Any, b: Any) -> tuple[Any, Any]:
    """Take off, or add, a last axis of length 1 where one of two arrays has one axis more."""
    if a.ndim == b.ndim + 1 and a.shape[-1] == 1:
        return (a, b.reshape(*b.shape, 1)) if b.ndim == 1 else (a.reshape(a.shape[:-1]), b)
    if b.ndim == a.ndim + 1 and b.shape[-1] == 1:
        return (a.reshape(*a.shape, 1), b) if a.ndim == 1 else (a, b.reshape(b.shape[:-1]))
    return a, b


def weights_of(values: Any, sample_weight: Any, mask: Any, reduction: str) -> Any:
    """Make one array of weights and mask: None if there is neither.

    A mean over masked values counts those that are left: each weighs as much more as there are fewer of them.
    """
    if mask is None:
        return None if sample_weight is None else like(sample_weight, values)
    kept = np.asarray(mask._value if isinstance(mask, Node) else mask).astype(bool)
    counted = kept.astype(values.dtype)
    if reduction in {"mean", "sum_over_batch_size"}:
        left = int(kept.sum())
        counted = counted * np.asarray(kept.size / left if left else 0.0, values.dtype)
    if sample_weight is None:
        return counted
    counted, weight = of_one_rank(counted, like(sample_weight, values))
    if weight.ndim < counted.ndim and weight.shape == counted.shape[: weight.ndim]:  # of examples, and a mask of steps
        weight = weight.reshape(weight.shape + (1,) * (counted.ndim - weight.ndim))
    return weight * counted


def reduced(values: Any, sample_weight: Any = None, mask: Any = None, reduction: str = "sum_over_batch_size") -> Any:
    """Weight, mask and reduce values.

    Raises
    ------
    ShapeError
        If the weights do not broadcast with the values.
    """
    values = values if isinstance(values, Node) else xp.identity(np.asarray(values))
    weight = weights_of(values, sample_weight, mask, reduction)
    if weight is not None:
        values, weight = of_one_rank(values, weight)
        try:
            values = values * weight
        except ValueError:
            raise ShapeError(
                f"`sample_weight` or `mask` of shape {tuple(weight.shape)} does not fit the values per example of "
                f"shape {tuple(values.shape)}"
            ) from None
    if reduction == "none" or values.shape in {(), (0,)}:
        return values
    total = xp.sum(values)
    if reduction == "sum":
        return total
    if reduction == "mean_with_sample_weight" and weight is not None:
        return xp.divide_no_nan(total, xp.sum(weight))
    return total / float(values.size) if values.size else total


class LossFunctionWrapper(Loss):
    """A function of truth and prediction as a loss.

    Parameters
    ----------
    fn : callable
        `fn(y_true, y_pred, **kwargs)`, one value per example.
    reduction : str or None
        See `Loss`.
    name : str, optional
    dtype : dtype, optional
    **kwargs
        For the function.

    Examples
    --------
    >>> import gradtape as gt
    >>> gt.nn.losses.LossFunctionWrapper(lambda t, p: (t - p) ** 2)([1.0, 3.0], [1.0, 1.0])
    Tensor(2.)
    """

    def __init__(
        self,
        fn: Callable[..., Any],
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name or getattr(fn, "__name__", None), reduction, dtype)
        self.fn = fn
        self.kwargs = kwargs

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return one value per example."""
        return self.fn(y_true, y_pred, **self.kwargs)


REDUCING = """    reduction : {"sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none"} or None
        What becomes of the values; see `Loss`.
    name : str, optional
    dtype : dtype, optional
"""


def loss_of(class_name: str, fn: Callable[..., Any], module: str) -> type[LossFunctionWrapper]:
    """Make the class of a function: its arguments after truth and prediction, then those of `Loss`."""
    own = list(signature(fn).parameters.values())[2:]

    def made(self: Any, *args: Any, **kwargs: Any) -> None:
        bound = takes.bind(self, *args, **kwargs)
        bound.apply_defaults()
        given = {k: v for k, v in bound.arguments.items() if k != "self"}
        vars(self).update({p.name: given[p.name] for p in own})
        LossFunctionWrapper.__init__(
            self, fn, given["reduction"], given["name"], given["dtype"], **{p.name: given[p.name] for p in own}
        )

    kind = Parameter.POSITIONAL_OR_KEYWORD
    rest = [
        Parameter("reduction", kind, default="sum_over_batch_size"),
        Parameter("name", kind, default=fn.__name__),
        Parameter("dtype", kind, default=None),
    ]
    takes = Signature([Parameter("self", kind), *(p.replace(kind=kind) for p in own), *rest])
    made.__signature__ = takes  # type: ignore[attr-defined]
    body = {"__init__": made, "__doc__": _document(fn), "__module__": module, "__qualname__": class_name}
    return type(class_name, (LossFunctionWrapper,), body)


def _document(fn: Callable[..., Any]) -> str:
    """Turn a function's description into its class's: truth and prediction come with the call."""
    text = (fn.__doc__ or "").replace("Return ", "Reduce ", 1)
    head, _, rest = text.partition("    Parameters\n    ----------\n")
    lines = rest.splitlines(keepends=True)
    start = 0
    if lines and lines[0].startswith("    y_true, y_pred"):
        start = next((k for k, line in enumerate(lines[1:], 1) if not line.startswith("        ")), len(lines))
    arguments, _, _ = "".join(lines[start:]).partition("\n\n    Returns\n")
    arguments = "" if arguments.lstrip().startswith("Returns") else arguments.rstrip() + "\n"
    return f"{head}    Parameters\n    ----------\n{arguments.lstrip(chr(10))}{REDUCING}    "
