"""TensorFlow's error names."""

from __future__ import annotations

from gradtape.arrays.failures import MatrixError
from gradtape.errors import GradtapeError, OperandError, PositionError, ShapeError


class OpError(GradtapeError):
    """An operation refused its arguments."""

    @property
    def message(self) -> str:
        """What went wrong."""
        return str(self)


class InvalidArgumentError(OpError):
    """An index out of range, a value that is not finite, shapes or dtypes that do not go together."""


class InvalidShapeError(InvalidArgumentError, ShapeError):
    """Shapes that do not go together, for those who catch gradtape's own error, too."""


class InvalidPositionError(InvalidArgumentError, PositionError):
    """A position outside a tensor, for those who catch gradtape's own error, too."""


class InvalidDTypeError(InvalidArgumentError, OperandError):
    """Dtypes that do not go together, for those who catch gradtape's own error, too."""


class InvalidMatrixError(InvalidArgumentError, MatrixError):
    """A singular or indefinite matrix, for those who catch NumPy's `LinAlgError`, too."""


class FailedPreconditionError(OpError):
    """The state that an operation needs is not there."""


class NotFoundError(OpError):
    """Something that was asked for does not exist."""


class OutOfRangeError(OpError):
    """An iteration went past its end."""


class ResourceExhaustedError(OpError):
    """Out of memory."""


class UnimplementedError(OpError):
    """An operation exists and was not written for these arguments."""


class InternalError(OpError):
    """Something that should hold does not."""


class CancelledError(OpError):
    """An operation was stopped."""


class UnknownError(OpError):
    """Nobody knows."""


class AlreadyExistsError(OpError):
    """Something that was to be made is there already."""


class AbortedError(OpError):
    """An operation was given up."""


class DeadlineExceededError(OpError):
    """An operation took too long."""


class PermissionDeniedError(OpError):
    """Something may not be done."""


class UnauthenticatedError(OpError):
    """Nobody knows who asks."""


class UnavailableError(OpError):
    """Something that is needed is not there now."""


class DataLossError(OpError):
    """Data cannot be read back."""


def translated(error: ShapeError | PositionError | MatrixError) -> InvalidArgumentError:
    """Make TensorFlow's error of the engine's, with its text and its place."""
    kind: type[InvalidArgumentError] = InvalidShapeError
    if isinstance(error, PositionError):
        kind = InvalidPositionError
    elif isinstance(error, MatrixError):
        kind = InvalidMatrixError
    return error if isinstance(error, InvalidArgumentError) else kind(str(error), error.diagnostic)
