"""Interpolation of scattered data by radial functions."""

from __future__ import annotations

from itertools import combinations_with_replacement
from typing import TYPE_CHECKING, Any

from gradtape.ops import Index
from gradtape.scipy._values import plain, xp

if TYPE_CHECKING:
    from collections.abc import Callable

# of the squared distance: where it is 0 the functions are smooth or have the subgradient 0
KERNELS: dict[str, Callable[[Any], Any]] = {
    "linear": lambda s: -xp.sqrt(s),
    "thin_plate_spline": lambda s: 0.5 * s * xp.log(s),
    "cubic": lambda s: s * xp.sqrt(s),
    "quintic": lambda s: -s * s * xp.sqrt(s),
    "multiquadric": lambda s: -xp.sqrt(1.0 + s),
    "inverse_multiquadric": lambda s: 1.0 / xp.sqrt(1.0 + s),
    "inverse_quadratic": lambda s: 1.0 / (1.0 + s),
    "gaussian": lambda s: xp.exp(-s),
}
SMOOTH = {"multiquadric", "inverse_multiquadric", "inverse_quadratic", "gaussian"}
LEAST_DEGREE = {"multiquadric": 0, "linear": 0, "thin_plate_spline": 1, "cubic": 1, "quintic": 2}


class RBFInterpolator:
    """A sum of radial functions around the data, and a polynomial.

    Parameters
    ----------
    y : Tensor or array_like
        Places of the data, `(n, d)`.
    d : Tensor or array_like
        Values, `(n, ...)`.
    neighbors : None
        All data are used.
    smoothing : Tensor, float or array_like
        How far the sum may be from the data.
    kernel : str
        'linear', 'thin_plate_spline', 'cubic', 'quintic', 'multiquadric', 'inverse_multiquadric', 'inverse_quadratic',
        'gaussian'.
    epsilon : Tensor or float, optional
        Distances are multiplied by it; the last four need it.
    degree : int, optional
        Of the polynomial; -1 for none.

    Raises
    ------
    TypeError
        If only neighbours are to be used.
    ValueError
        If the kernel is unknown, needs `epsilon`, or the shapes do not fit.

    Examples
    --------
    >>> from gradtape.scipy.interpolate import RBFInterpolator
    >>> float(RBFInterpolator([[0.0], [1.0], [2.0]], [0.0, 2.0, 4.0])([[0.5]]).numpy().round(12)[0])
    1.0
    """

    def __init__(
        self,
        y: Any,
        d: Any,
        neighbors: None = None,
        smoothing: Any = 0.0,
        kernel: str = "thin_plate_spline",
        epsilon: Any = None,
        degree: int | None = None,
    ) -> None:
        if neighbors is not None:
            raise TypeError("RBFInterpolator uses all data here (neighbors=None)")
        if kernel not in KERNELS:
            raise ValueError(f"`kernel` must be one of {', '.join(KERNELS)}, not {kernel!r}")
        if epsilon is None and kernel in SMOOTH:
            raise ValueError(f"`epsilon` must be specified if `kernel` is not one of {sorted(set(KERNELS) - SMOOTH)}.")
        self.y, d = xp.shaped(y), xp.shaped(d)
        if self.y.ndim != 2 or d.shape[:1] != self.y.shape[:1]:
            raise ValueError(f"`y` must be 2-dimensional with one row for each value: {self.y.shape} and {d.shape}")
        self.kernel, self._smooth = KERNELS[kernel], kernel in SMOOTH
        self.epsilon = 1.0 if epsilon is None else epsilon
        n, ndim = self.y.shape
        most = max(LEAST_DEGREE.get(kernel, -1), 0) if degree is None else degree
        self._powers = [p for k in range(most + 1) for p in combinations_with_replacement(range(ndim), k)]
        low, high = plain(self.y).min(axis=0), plain(self.y).max(axis=0)
        self._shift, self._scale = (low + high) / 2.0, (high - low) / 2.0
        self._scale[self._scale == 0.0] = 1.0
        matrix = self._distances(self.y) + xp.diag(xp.broadcast_to(xp.shaped(smoothing) * 1.0, shape=(n,)))
        flat = xp.reshape(d, shape=(n, -1))
        if self._powers:
            p = self._polynomials(self.y)
            count = len(self._powers)
            below = xp.pad(xp.matrix_transpose(p), pad_width=((0, 0), (0, count)))
            matrix = xp.concatenate([xp.concatenate([matrix, p], axis=1), below], axis=0)
            flat = xp.pad(flat, pad_width=((0, count), (0, 0)))
        self._weights = xp.solve(matrix, flat)
        self._shape = d.shape[1:]

    def _distances(self, x: Any) -> Any:
        """Return the radial functions around all data at places."""
        apart = (xp.expand_dims(x, 1) - self.y) * self.epsilon
        squared = xp.sum(xp.square(apart), axis=-1)
        if self._smooth:
            return self.kernel(squared)
        same = plain(squared) == 0.0
        return xp.where(same, 0.0, self.kernel(xp.where(same, 1.0, squared)))

    def _polynomials(self, x: Any) -> Any:
        near = (x - self._shift) / self._scale
        columns = []
        for powers in self._powers:
            column = xp.ones_like(xp.getitem(near, Index((slice(None), 0))))
            for axis in powers:
                column = column * xp.getitem(near, Index((slice(None), axis)))
            columns.append(column)
        return xp.stack(columns, axis=1)

    def __call__(self, x: Any) -> Any:
        """Evaluate at places `(m, d)`; the result has shape `(m, ...)`.

        Raises
        ------
        ValueError
            If the places have another number of coordinates.
        """
        x = xp.shaped(x)
        if x.ndim != 2 or x.shape[1] != self.y.shape[1]:
            raise ValueError(f"`x` must have shape (m, {self.y.shape[1]}), not {x.shape}")
        functions = self._distances(x)
        if self._powers:
            functions = xp.concatenate([functions, self._polynomials(x)], axis=1)
        return xp.reshape(xp.matmul(functions, self._weights), shape=(x.shape[0], *self._shape))
