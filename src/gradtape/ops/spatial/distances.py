"""Distances between vectors (`scipy.spatial.distance`), to the nearest codes (`scipy.cluster.vq`).

At a distance of 0 the derivative is 0, a subgradient. Formulas as in SciPy's reference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradtape.ops.model import Unsupported
from gradtape.ops.registry import composite

if TYPE_CHECKING:
    from collections.abc import Callable


def cosine(xp: Any, u: Any, v: Any) -> Any:
    """Return one minus the cosine of the angle; vectors run along the last axis here as everywhere in this file."""
    product = xp.sum(u * v, axis=-1)
    return 1.0 - product / (xp.vector_norm(u, axis=-1) * xp.vector_norm(v, axis=-1))


def correlation(xp: Any, u: Any, v: Any) -> Any:
    """Return the cosine distance of the vectors less their means."""
    return cosine(xp, u - xp.mean(u, axis=-1, keepdims=True), v - xp.mean(v, axis=-1, keepdims=True))


def minkowski(xp: Any, u: Any, v: Any, p: float = 2) -> Any:
    """Return the p-norm of the difference."""
    return xp.norm(u - v, p, axis=-1)


def canberra(xp: Any, u: Any, v: Any) -> Any:
    """Return the sum of the relative distances; two zeros count as equal."""
    return xp.sum(xp.divide_no_nan(xp.abs(u - v), xp.abs(u) + xp.abs(v)), axis=-1)


METRICS: dict[str, Callable[..., Any]] = {
    "euclidean": lambda xp, u, v: xp.vector_norm(u - v, axis=-1),
    "sqeuclidean": lambda xp, u, v: xp.sum(xp.square(u - v), axis=-1),
    "cityblock": lambda xp, u, v: xp.sum(xp.abs(u - v), axis=-1),
    "chebyshev": lambda xp, u, v: xp.max(xp.abs(u - v), axis=-1),
    "minkowski": minkowski,
    "cosine": cosine,
    "correlation": correlation,
    "canberra": canberra,
    "braycurtis": lambda xp, u, v: xp.sum(xp.abs(u - v), axis=-1) / xp.sum(xp.abs(u + v), axis=-1),
}


def metric_named(metric: Any) -> Callable[..., Any]:
    """Return the formula of a metric."""
    if metric not in METRICS:
        raise Unsupported(f"the metric {metric!r} is none of {', '.join(METRICS)}")
    return METRICS[metric]


def between(xp: Any, rows_a: Any, rows_b: Any, metric: Any = "euclidean", **options: Any) -> Any:
    """Return the distance of each row of one matrix from each row of another."""
    rows_a, rows_b = xp.shaped(rows_a), xp.shaped(rows_b)
    formula = metric_named(metric)
    return formula(xp, xp.expand_dims(rows_a, axis=1), xp.expand_dims(rows_b, axis=0), **options)


def within(xp: Any, rows: Any, metric: Any = "euclidean", **options: Any) -> Any:
    """Return the distances between the rows of a matrix, each pair once."""
    rows = xp.shaped(rows)
    n = rows.shape[0]
    first = [i for i in range(n) for _ in range(i + 1, n)]
    second = [j for i in range(n) for j in range(i + 1, n)]
    return metric_named(metric)(xp, xp.take(rows, first, axis=0), xp.take(rows, second, axis=0), **options)


def square_form(xp: Any, distances: Any) -> Any:
    """Turn the list of `pdist` into a symmetric matrix, or a matrix into the list."""
    distances = xp.shaped(distances)
    if distances.ndim == 2:
        n = distances.shape[0]
        places = [i * n + j for i in range(n) for j in range(i + 1, n)]
        return xp.take(xp.ravel(distances), places)
    n = round((1.0 + (1.0 + 8.0 * distances.shape[0]) ** 0.5) / 2.0)
    order = iter(range(distances.shape[0]))
    number = {(i, j): next(order) for i in range(n) for j in range(i + 1, n)}
    padded = xp.concatenate([distances, xp.zeros_like(distances[:1])], axis=0)
    places = [[number.get((min(i, j), max(i, j)), distances.shape[0]) for j in range(n)] for i in range(n)]
    return xp.take(padded, places)


def nearest_code(xp: Any, obs: Any, code_book: Any, check_finite: bool = True) -> tuple[Any, Any]:
    """Return the nearest code of each observation and its distance; the choice has no derivative, the distance has."""
    obs, code_book = (v if v.ndim > 1 else xp.reshape(v, shape=(-1, 1)) for v in map(xp.shaped, (obs, code_book)))
    code = xp.argmin(between(xp, xp.stop_gradient(obs), xp.stop_gradient(code_book), "sqeuclidean"), axis=1)
    return code, xp.vector_norm(obs - xp.take(code_book, code, axis=0), axis=-1)


for _name, _fn in METRICS.items():
    composite(
        f"distance_{_name}",
        lambda xp, u, v, *args, _fn=_fn, **options: _fn(xp, xp.shaped(u), xp.shaped(v), *args, **options),
        scipy=f"spatial.distance.{_name}",
    )
composite("cdist", between, scipy="spatial.distance.cdist")
composite("pdist", within, scipy="spatial.distance.pdist")
composite("squareform", square_form, scipy="spatial.distance.squareform")
composite("vq", nearest_code, scipy="cluster.vq.vq")
composite(
    "whiten",
    lambda xp, obs, check_finite=True: obs / xp.std(xp.shaped(obs), axis=0),
    scipy="cluster.vq.whiten",
)
