"""Flat grey-scale morphology: the smallest and largest values around each element, and what is made of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradtape.scipy._values import xp
from gradtape.scipy.ndimage.filters import maximum_filter, minimum_filter, per_axis, refuse_output


def refuse_structure(structure: Any) -> None:
    """Refuse structuring elements that are not flat."""
    if structure is not None:
        raise TypeError("grey-scale morphology is flat here: give `size` or `footprint` instead of `structure`")


def _sizes(x: Any, size: Any, axis: int) -> list[int]:
    return [int(size) if k == axis % x.ndim else 1 for k in range(x.ndim)]


def _places(x: Any, origin: int, axis: int) -> list[int]:
    return [origin if k == axis % x.ndim else 0 for k in range(x.ndim)]


def maximum_filter1d(
    input: Any,
    size: int,
    axis: int = -1,
    output: None = None,
    mode: str = "reflect",
    cval: float = 0.0,
    origin: int = 0,
) -> Any:
    """Choose the largest neighbour along one axis."""
    x = xp.shaped(input)
    return maximum_filter(x, _sizes(x, size, axis), None, output, mode, cval, _places(x, origin, axis))


def minimum_filter1d(
    input: Any,
    size: int,
    axis: int = -1,
    output: None = None,
    mode: str = "reflect",
    cval: float = 0.0,
    origin: int = 0,
) -> Any:
    """Choose the smallest neighbour along one axis."""
    x = xp.shaped(input)
    return minimum_filter(x, _sizes(x, size, axis), None, output, mode, cval, _places(x, origin, axis))


def grey_erosion(
    input: Any,
    size: Any = None,
    footprint: Any = None,
    structure: None = None,
    output: None = None,
    mode: str = "reflect",
    cval: float = 0.0,
    origin: Any = 0,
) -> Any:
    """Choose the smallest neighbour."""
    refuse_structure(structure)
    return minimum_filter(input, size, footprint, output, mode, cval, origin)


def grey_dilation(
    input: Any,
    size: Any = None,
    footprint: Any = None,
    structure: None = None,
    output: None = None,
    mode: str = "reflect",
    cval: float = 0.0,
    origin: Any = 0,
) -> Any:
    """Choose the largest of the elements whose neighbour an element is: the neighbourhood is mirrored."""
    refuse_structure(structure)
    refuse_output(output)
    x = xp.shaped(input)
    if footprint is None and size is not None:
        footprint = np.ones([int(n) for n in per_axis(size, x.ndim, "size")], bool)
    mirrored = None if footprint is None else np.flip(np.asarray(footprint, bool))
    even = [0] * x.ndim if mirrored is None else [int(n % 2 == 0) for n in mirrored.shape]
    origins = [-o - e for o, e in zip(per_axis(origin, x.ndim, "origin"), even, strict=True)]
    return maximum_filter(x, None, mirrored, output, mode, cval, origins)


def grey_opening(input: Any, size: Any = None, footprint: Any = None, structure: None = None, **options: Any) -> Any:
    """Erode and dilate: what is smaller than the neighbourhood and bright disappears."""
    return grey_dilation(
        grey_erosion(input, size, footprint, structure, **options), size, footprint, structure, **options
    )


def grey_closing(input: Any, size: Any = None, footprint: Any = None, structure: None = None, **options: Any) -> Any:
    """Dilate and erode: what is smaller than the neighbourhood and dark disappears."""
    return grey_erosion(
        grey_dilation(input, size, footprint, structure, **options), size, footprint, structure, **options
    )


def morphological_gradient(
    input: Any, size: Any = None, footprint: Any = None, structure: None = None, **options: Any
) -> Any:
    """Return the difference of dilation and erosion."""
    wide, narrow = (f(input, size, footprint, structure, **options) for f in (grey_dilation, grey_erosion))
    return wide - narrow
