"""TensorFlow's ways to say a window: sizes, strides, padding and formats, made the plain ones of the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradtape.nn.windows import Layout, same_pairs
from gradtape.tf.calls import static
from gradtape.tf.errors import InvalidArgumentError

if TYPE_CHECKING:
    from collections.abc import Sequence


def layout(what: str, x: Any, axes: int, data_format: str | None) -> Layout:
    """Read a data format: `"NHWC"`, `"NCHW"` and their kin."""
    if x.ndim < axes + 2:
        raise InvalidArgumentError(
            f"{what} takes a batch of {axes}-dimensional images with channels, got shape {x.shape}"
        )
    first = data_format is not None and data_format.upper().startswith("NC") and len(data_format) > 2
    return Layout(axes, (first and data_format != "NCW") or data_format == "NCW", tuple(x.shape[: x.ndim - axes - 1]))


def numbers(what: str, name: str, value: Any, axes: int, data_format: str | None) -> tuple[int, ...]:
    """Read one number per axis: TensorFlow takes a number, a list for the axes, or a list with batch and channels."""
    given = static(1 if value is None else value)
    if isinstance(given, int):
        return (given,) * axes
    if len(given) == 1:
        return (int(given[0]),) * axes
    if len(given) == axes:
        return tuple(int(n) for n in given)
    if len(given) != axes + 2:
        raise InvalidArgumentError(
            f"{what}: `{name}` is a number or a list of {axes} or {axes + 2} of them, got {given}"
        )
    first = data_format is not None and data_format.startswith("NC")
    inner = given[2:] if first else given[1:-1]
    if given[0] != 1 or given[1 if first else -1] != 1:
        raise InvalidArgumentError(f"{what}: `{name}` is 1 for the batch and the channels, got {given}")
    return tuple(int(n) for n in inner)


def padding_pairs(
    what: str,
    padding: Any,
    lengths: Sequence[int],
    size: Sequence[int],
    strides: Sequence[int],
    dilations: Sequence[int],
    data_format: str | None = None,
) -> tuple[tuple[int, int], ...]:
    """Write a padding out: `"VALID"` is none, `"SAME"` as much as every stride needs, the odd one behind."""
    if isinstance(padding, str):
        if padding.upper() == "VALID":
            return ((0, 0),) * len(lengths)
        if padding.upper() != "SAME":
            raise InvalidArgumentError(f"{what}: `padding` is 'SAME', 'VALID' or a list of pairs, got {padding!r}")
        return same_pairs(lengths, size, strides, dilations)
    given = [tuple(int(n) for n in pair) for pair in static(padding)]
    if len(given) == len(lengths) + 2:
        given = given[2:] if data_format is not None and data_format.startswith("NC") else given[1:-1]
    if len(given) != len(lengths) or any(len(pair) != 2 for pair in given):
        raise InvalidArgumentError(f"{what}: an explicit `padding` has a pair for each of the axes, got {padding!r}")
    return tuple((before, after) for before, after in given)
