"""The exceptions: each is also the built-in one that a NumPy or TensorFlow user would catch."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradtape.diagnostics import Diagnostic, Site
    from gradtape.explain import Explanation


class GradtapeError(Exception):
    """The base of all of them.

    Attributes
    ----------
    diagnostic : Diagnostic or None
        The full story with its spans, where there is one; `str(error)` is the short one.
    """

    def __init__(self, message: str, diagnostic: Diagnostic | None = None) -> None:
        super().__init__(message)
        self.diagnostic = diagnostic


class OperandError(GradtapeError, TypeError):
    """An operation was given something that is no array."""


class RebindingError(OperandError, RuntimeError):
    """An augmented assignment would put a tensor in the place of a variable."""


class ShapeError(GradtapeError, ValueError):
    """Shapes that do not go together."""


class PositionError(GradtapeError, IndexError):
    """A position outside an array."""


class SourceError(GradtapeError, TypeError, ValueError):
    """A target, source or watched object that cannot be differentiated."""


class DTypeError(SourceError):
    """A dtype without derivatives where one with derivatives is needed."""


class UsedUpError(GradtapeError, RuntimeError):
    """A tape that is not persistent was asked for a second set of gradients."""


class TapeStateError(GradtapeError, RuntimeError, ValueError):
    """A tape was entered, paused or reset at a moment that does not allow it."""


class NotEnteredError(TapeStateError, TypeError, AttributeError):
    """A tape that was never entered was told to watch something or asked for a gradient."""


class NoGradientError(GradtapeError, NotImplementedError, LookupError):
    """A derivative exists and has no rule here."""


class RuleError(GradtapeError):
    """A derivative that the program gives itself returned something that does not fit.

    Attributes
    ----------
    site : Site or None
        Where the function was called.
    """

    site: Site | None = None


class RuleShapeError(RuleError, ShapeError):
    """It returned another number of gradients, or one of another shape."""


class RuleOperandError(RuleError, OperandError):
    """It returned something that is no gradient."""


class MissingLibraryError(GradtapeError, ImportError):
    """An operation needs a library that is not installed."""


class MissingGradientError(GradtapeError, ValueError):
    """A gradient is missing and `unconnected_gradients="raise"` asked for an error."""


class BrokenGradientError(GradtapeError, ValueError):
    """A gradient that was checked is missing, zero, not finite, or of no use.

    Attributes
    ----------
    explanation : Explanation or None
        The reasons, one report per gradient; `str(error)` is the same as text.
    """

    explanation: Explanation | None = None


class NotFiniteError(GradtapeError, RuntimeError):
    """An operation, or its derivative, made something infinite or not a number while numerics were checked."""


class CheckpointError(GradtapeError, ValueError):
    """A file is no checkpoint, is damaged, or does not fit what it is to be loaded into."""


class LeakError(GradtapeError, TypeError):
    """A recorded value left the tape and `config(leaks="raise")` asked for an error."""


class MissingGradientWarning(UserWarning):
    """A gradient came out as None; the text names the reason in one line."""


class LeakWarning(UserWarning):
    """A recorded value left the tape and `config(leaks="warn")` asked to be told."""


class MixedExamplesWarning(UserWarning):
    """A Jacobian per example was asked for, and the examples interact."""
