"""Rotations in space, as unit quaternions with the scalar last, along the last axis.

The conversions are the usual ones (Diebel 2006, "Representing attitude"); every one is smooth at the identity, where
the functions of the angle are replaced by their series.
"""

from __future__ import annotations

from typing import Any

from gradtape.ops.registry import composite

TINY = 1e-6


def parts(v: Any) -> list[Any]:
    """Return the components along the last axis."""
    return [v[..., k] for k in range(v.shape[-1])]


def quaternion_of_vector(xp: Any, rotvec: Any) -> Any:
    """Turn a rotation vector (axis times angle) into a quaternion."""
    rotvec = xp.shaped(rotvec)
    squared = xp.sum(xp.square(rotvec), axis=-1, keepdims=True)
    small = xp.less(squared, TINY)
    angle = xp.sqrt(xp.where(small, 1.0, squared))
    factor = xp.where(small, 0.5 - squared / 48.0 + xp.square(squared) / 3840.0, xp.sin(0.5 * angle) / angle)
    scalar = xp.where(small, 1.0 - squared / 8.0 + xp.square(squared) / 384.0, xp.cos(0.5 * angle))
    return xp.concatenate([rotvec * factor, scalar], axis=-1)


def vector_of_quaternion(xp: Any, quat: Any) -> Any:
    """Turn a quaternion into a rotation vector of at most half a turn."""
    vector, scalar = quat[..., :3], quat[..., 3:]
    turn = xp.where(xp.less(scalar, 0.0), -1.0, 1.0)
    vector, scalar = vector * turn, scalar * turn
    squared = xp.sum(xp.square(vector), axis=-1, keepdims=True)
    small = xp.less(squared, TINY)
    size = xp.sqrt(xp.where(small, 1.0, squared))
    ratio = squared / xp.square(scalar)
    near = 2.0 / scalar * (1.0 - ratio / 3.0 + xp.square(ratio) / 5.0)
    return vector * xp.where(small, near, 2.0 * xp.arctan2(size, scalar) / size)


def matrix_of_quaternion(xp: Any, quat: Any) -> Any:
    """Turn a quaternion into a matrix."""
    x, y, z, w = parts(quat)
    rows = [
        [1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y - z * w), 2.0 * (x * z + y * w)],
        [2.0 * (x * y + z * w), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z - x * w)],
        [2.0 * (x * z - y * w), 2.0 * (y * z + x * w), 1.0 - 2.0 * (x * x + y * y)],
    ]
    return xp.stack([xp.stack(row, axis=-1) for row in rows], axis=-2)


def quaternion_of_matrix(xp: Any, matrix: Any) -> Any:
    """Turn a matrix into a quaternion: from the largest of four equal expressions, so that none is a division by 0."""
    m = [[xp.shaped(matrix)[..., i, j] for j in range(3)] for i in range(3)]
    trace = m[0][0] + m[1][1] + m[2][2]
    x2, y2, z2 = (1.0 - trace + 2.0 * m[k][k] for k in range(3))
    squares = xp.stack([x2, y2, z2, 1.0 + trace], axis=-1)
    xy, xz, yz = m[0][1] + m[1][0], m[0][2] + m[2][0], m[1][2] + m[2][1]
    xw, yw, zw = m[2][1] - m[1][2], m[0][2] - m[2][0], m[1][0] - m[0][1]
    table = [[x2, xy, xz, xw], [xy, y2, yz, yw], [xz, yz, z2, zw], [xw, yw, zw, 1.0 + trace]]
    candidates = xp.stack([xp.stack(row, axis=-1) for row in table], axis=-2)
    best = xp.argmax(xp.stop_gradient(squares), axis=-1)
    place = xp.expand_dims(xp.expand_dims(best, axis=-1), axis=-1)
    chosen = xp.take_along_axis(candidates, xp.broadcast_to(place, shape=(*best.shape, 1, 4)), axis=-2)[..., 0, :]
    return chosen / xp.vector_norm(chosen, axis=-1, keepdims=True)


def product(xp: Any, p: Any, q: Any) -> Any:
    """Return the quaternion of the rotation `q` followed by `p`."""
    (px, py, pz, pw), (qx, qy, qz, qw) = parts(p), parts(q)
    return xp.stack(
        [
            pw * qx + px * qw + py * qz - pz * qy,
            pw * qy - px * qz + py * qw + pz * qx,
            pw * qz + px * qy - py * qx + pz * qw,
            pw * qw - px * qx - py * qy - pz * qz,
        ],
        axis=-1,
    )


def about_axis(xp: Any, axis: str, angle: Any) -> Any:
    """Return the quaternion of a turn about a coordinate axis."""
    half = 0.5 * angle
    zero = xp.zeros_like(half)
    row = [zero, zero, zero, xp.cos(half)]
    row["xyz".index(axis)] = xp.sin(half)
    return xp.stack(row, axis=-1)


for _fn in (
    quaternion_of_vector,
    vector_of_quaternion,
    matrix_of_quaternion,
    quaternion_of_matrix,
):
    composite(_fn.__name__, _fn, numpy=None)
composite("quaternion_product", product, numpy=None)
composite("quaternion_about_axis", about_axis, numpy=None)
