"""`Rotation`, on tensors."""

from __future__ import annotations

from math import pi
from typing import Any

from gradtape.arrays.doors import SPACE
from gradtape.ops import load_families

load_families("spatial")
DEGREE = pi / 180.0


class Rotation:
    """Rotations in space, with the names of `scipy.spatial.transform.Rotation`.

    Held as unit quaternions, scalar last; one rotation or a stack of them. Make them by the `from_...` functions.

    Examples
    --------
    >>> import gradtape as gt
    >>> from gradtape.scipy.spatial.transform import Rotation
    >>> angle = gt.Variable(90.0)
    >>> with gt.GradientTape() as tape:
    ...     y = Rotation.from_euler("z", angle, degrees=True).apply([1.0, 0.0, 0.0])
    >>> y.numpy().round(6) + 0.0
    array([0., 1., 0.])
    """

    def __init__(self, quat: Any) -> None:
        self._quat = quat

    @classmethod
    def from_quat(cls, quat: Any) -> Rotation:
        """Make rotations from quaternions of shape (..., 4), scalar last; they are divided by their norm."""
        quat = SPACE.shaped(quat)
        if quat.shape[-1:] != (4,):
            raise ValueError(f"from_quat: a quaternion has 4 components along the last axis, not shape {quat.shape}")
        return cls(quat / SPACE.vector_norm(quat, axis=-1, keepdims=True))

    @classmethod
    def from_rotvec(cls, rotvec: Any, degrees: bool = False) -> Rotation:
        """Make rotations from vectors of shape (..., 3) along the axes, as long as the angles in radians."""
        rotvec = SPACE.shaped(rotvec)
        return cls(SPACE.quaternion_of_vector(rotvec * DEGREE if degrees else rotvec))

    @classmethod
    def from_matrix(cls, matrix: Any) -> Rotation:
        """Make rotations from orthogonal matrices of shape (..., 3, 3)."""
        return cls(SPACE.quaternion_of_matrix(matrix))

    @classmethod
    def from_euler(cls, seq: str, angles: Any, degrees: bool = False) -> Rotation:
        """Make a rotation from turns about axes: small letters about fixed axes, capitals about the turned ones.

        Parameters
        ----------
        seq : str
            One to three of "xyz" or of "XYZ".
        angles : array_like
            A number for one axis, or of shape (..., len(seq)), in radians unless `degrees`.
        degrees : bool
        """
        if not seq or set(seq.lower()) - set("xyz") or seq not in {seq.lower(), seq.upper()}:
            raise ValueError(f"from_euler: {seq!r} is no sequence of axes; use letters of 'xyz', or of 'XYZ'")
        angles = SPACE.shaped(angles)
        angles = angles * DEGREE if degrees else angles
        each = [angles] if len(seq) == 1 and angles.ndim == 0 else [angles[..., k] for k in range(len(seq))]
        turns = [SPACE.quaternion_about_axis(axis, a) for axis, a in zip(seq.lower(), each, strict=True)]
        total = turns[0]
        for turn in turns[1:]:
            total = SPACE.quaternion_product(*((total, turn) if seq.isupper() else (turn, total)))
        return cls(total)

    @classmethod
    def identity(cls) -> Rotation:
        """Return the rotation that turns nothing."""
        return cls(SPACE.shaped([0.0, 0.0, 0.0, 1.0]))

    def as_quat(self) -> Any:
        """Return quaternions of shape (..., 4), scalar last."""
        return self._quat

    def as_matrix(self) -> Any:
        """Return matrices of shape (..., 3, 3)."""
        return SPACE.matrix_of_quaternion(self._quat)

    def as_rotvec(self, degrees: bool = False) -> Any:
        """Return vectors of shape (..., 3) along the axes, as long as the angles, at most half a turn."""
        vector = SPACE.vector_of_quaternion(self._quat)
        return vector / DEGREE if degrees else vector

    def magnitude(self) -> Any:
        """Return the angles in radians."""
        return SPACE.vector_norm(SPACE.vector_of_quaternion(self._quat), axis=-1)

    def inv(self) -> Rotation:
        """Return the rotations back."""
        return Rotation(self._quat * SPACE.shaped([-1.0, -1.0, -1.0, 1.0]))

    def apply(self, vectors: Any, inverse: bool = False) -> Any:
        """Rotate vectors of shape (..., 3)."""
        matrix = (self.inv() if inverse else self).as_matrix()
        return SPACE.matmul(matrix, SPACE.expand_dims(SPACE.shaped(vectors), axis=-1))[..., 0]

    def __mul__(self, other: Rotation) -> Rotation:
        """Return the rotation that does `other` first and this one after it."""
        return Rotation(SPACE.quaternion_product(self._quat, other._quat))

    def __getitem__(self, index: Any) -> Rotation:
        return Rotation(self._quat[index])

    def __repr__(self) -> str:
        return f"Rotation.from_quat({self._quat})"
