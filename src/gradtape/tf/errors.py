"""TensorFlow's error names."""

from __future__ import annotations

from gradtape.errors import GradtapeError, ShapeError


class OpError(GradtapeError):
    """An operation refused its arguments."""


class InvalidArgumentError(OpError, ShapeError, IndexError):
    """An index out of range, a value that is not finite, a condition that holds twice."""
