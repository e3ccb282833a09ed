"""`Optimizer`: what all optimizers share. A subclass brings its hyperparameters, its slots and one update rule."""

from __future__ import annotations

from itertools import groupby
from operator import is_
from sys import _getframe
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from gradtape.arrays.dispatch import Node
from gradtape.arrays.failures import located
from gradtape.arrays.variable import Variable, constant, take_over
from gradtape.errors import DTypeError, NotFiniteError, OperandError, SourceError, TapeStateError
from gradtape.optim import gradients, updates
from gradtape.optim.averages import Averaging
from gradtape.optim.common import Common
from gradtape.optim.decay import Decaying
from gradtape.optim.gradients import Pair
from gradtape.optim.state import Kept
from gradtape.tape.gradient_tape import GradientTape
from gradtape.tape.structure import flatten

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from types import FrameType


class Optimizer(Averaging, Decaying, Kept, Common):
    """The base of the optimizers: everything but slots and rule.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
        A callable takes no arguments and gives the rate of the step.
    weight_decay : float, optional
        Before each step, `w -= weight_decay * learning_rate * w`.
    clipnorm : float, optional
        Scale the gradient of each variable to a Euclidean norm of at most this.
    clipvalue : float, optional
        Clip the elements of gradients to `[-clipvalue, clipvalue]`.
    global_clipnorm : float, optional
        Scale all gradients together to a Euclidean norm of at most this. Only one of the three can be given.
    use_ema : bool
        Keep an exponential moving average of the variables.
    ema_momentum : float
        `average = ema_momentum * average + (1 - ema_momentum) * variable`, between 0 and 1.
    ema_overwrite_frequency : int, optional
        Put the averages into the variables every so many steps; otherwise `finalize_variable_values` does it.
    loss_scale_factor : float, optional
        `scale_loss` multiplies the loss by it, and `apply` divides the gradients by it.
    gradient_accumulation_steps : int, optional
        Update once every so many calls, with the mean of their gradients; at least 2.
    name : str, optional
        The name of the class in lower case unless given.

    Attributes
    ----------
    learning_rate : Variable or Tensor
        The rate of the next step; can be assigned.
    iterations : Variable or Tensor
        How many updates there were.
    variables : list of Variable
        The state: steps, learning rate, slots.

    Notes
    -----
    The arguments, their defaults and the numbers are those of Keras 3. Variables of half precision are updated in
    float32 and keep their slots in it; complex ones are updated as pairs of real numbers.

    An optimizer of one's own is a subclass with fields, `slots` and `rule`; see `gradtape/optim/README.md`.
    """

    BLOCKWISE: ClassVar[bool] = True
    """Whether the rule works element by element: then it runs on blocks that fit into the cache."""

    PAIRS: ClassVar[bool] = True
    """Whether the rule may see complex numbers as pairs of real ones."""

    # -- what a subclass brings ---------------------------------------------------------------------------------------

    def slots(self, value: Any, name: str) -> dict[str, Any]:  # noqa: ARG002
        """Return what is kept for a variable: by the slot's name, a number to fill it with or an array to start from.

        Parameters
        ----------
        value : ndarray
            The variable's value.
        name : str
            The variable's name, empty if it has none.
        """
        return {}

    def constants(self, real: Any, rate: Any, step: int) -> Any:  # noqa: ARG002
        """Return the numbers that the rule needs in a step, computed once for all variables of a dtype.

        Parameters
        ----------
        real : type
            The NumPy scalar type of the computation, `numpy.float32` or wider: give every number this type.
        rate : scalar of that type
            The learning rate.
        step : int
            The number of this update, from 1.
        """
        return rate

    def rule(self, constants: Any, w: Any, g: Any, out: Any, *slots: Any) -> None:
        """Write the new value into `out` and the new slots into themselves; `w` and `g` must not be written to.

        Parameters
        ----------
        constants
            What `constants` returned.
        w, g : ndarray
            The variable and its gradient.
        out : ndarray
            Of the same shape, not initialized: may be used for intermediate results.
        *slots : ndarray
            In the order of `slots`.
        """
        raise NotImplementedError(f"{type(self).__name__} has no rule")

    def begin_update(self, rate: float) -> None:
        """Run before the rule runs on the first variable of an update."""

    # -- state -----------------------------------------------------------------------------------------------------

    def __post_init__(self) -> None:
        super().__post_init__()
        self.built = False
        self._iterations = Variable(np.int64(0), trainable=False, name="iteration")
        self._trainable_variables: list[Variable] = []
        self._places: dict[int, int] = {}
        self._kept: list[dict[str, Variable]] = []
        self._ruled: list[list[Variable]] = []
        self._by_place: dict[str, Variable] = {}
        self._shared: dict[str, Variable] = {}
        self._not_decayed: tuple[frozenset[int], re.Pattern[str] | None] = (frozenset(), None)
        self._told: set[int] = set()

    @property
    def iterations(self) -> Any:
        """How many updates there were: the steps, or the groups of accumulated steps."""
        if self.gradient_accumulation_steps:
            return constant(self._updates_done())
        return self._iterations

    def _updates_done(self) -> int:
        return int(self._iterations._value) // (self.gradient_accumulation_steps or 1)

    def build(self, variables: Any) -> None:
        """Make the slots; the first `apply` does it unless it was done.

        Parameters
        ----------
        variables : list or nested structure of Variable, or something with `trainable_variables`
            All variables that will ever be updated, in the order in which gradients will come.

        Raises
        ------
        SourceError, DTypeError
            If something in it is no variable that can be trained.
        """
        if not self.built:
            self._build(gradients.variables_of(variables, _getframe(1)), _getframe(1))

    def _build(self, variables: Mapping[str, Variable], frame: FrameType) -> None:
        kept = []
        for path, variable in variables.items():
            if variable._value.dtype.kind == "c" and not self.PAIRS:
                raise located(
                    DTypeError,
                    f"{gradients.called(variable, path, frame)} is complex, and {type(self).__name__} factors matrices "
                    "of real numbers",
                    frame,
                    "use Adam for it, or keep its real and imaginary part as two variables",
                )
            kept.append(self._slots_for(variable))
        self._kept = kept
        self._trainable_variables = list(variables.values())
        self._places = {id(variable): k for k, variable in enumerate(self._trainable_variables)}
        self._by_place = dict(variables)
        self._ruled = [[slot for name, slot in slots.items() if name not in updates.COMMON] for slots in kept]
        self._shared = self.shared(self._trainable_variables)
        self.built = True

    def shared(self, variables: Sequence[Variable]) -> dict[str, Variable]:  # noqa: ARG002
        """Return what is kept for all variables together."""
        return {}

    def _slots_for(self, variable: Variable) -> dict[str, Variable]:
        value = np.asarray(variable._value)
        wide = updates.computed_in(value.dtype)
        first: dict[str, Any] = {"average": 0.0} if self.use_ema else {}
        if self.gradient_accumulation_steps:
            first["gradient_accumulator"] = 0.0
        first |= self.slots(value, variable.name or "")
        name = variable.name or "variable"
        return {
            slot: Variable(
                updates.filled(value.shape, start, wide),
                trainable=False,
                name=f"{name}_{slot}",
            )
            for slot, start in first.items()
        }

    # -- an update ----------------------------------------------------------------------------------------------------

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Any]]) -> Any:
        """Update variables with their gradients.

        Parameters
        ----------
        grads_and_vars : iterable of (gradient, variable)
            `zip(gradients, variables)`; both may be nested structures.

        Returns
        -------
        Variable
            The number of calls so far.

        Raises
        ------
        MissingGradientError
            If every gradient is None; it carries the reason that the tape knows.
        NotFiniteError
            If a gradient is not finite; no variable was changed.
        ShapeError, DTypeError, OperandError, SourceError
            If a gradient does not fit its variable, or the optimizer was built without it.

        Warns
        -----
        MissingGradientWarning
            Once for each variable whose gradient is None: it stays as it is.
        """
        frame = _getframe(1)
        pairs = list(grads_and_vars)
        for k, pair in enumerate(pairs):
            if len(pair) != 2:
                raise located(
                    OperandError,
                    f"grads_and_vars[{k}] is {type(pair).__name__}, not a pair of a gradient and its variable",
                    frame,
                    "pass `zip(gradients, variables)`",
                )
        self._apply([g for g, _ in pairs], [v for _, v in pairs], frame)
        return self._iterations

    def apply(self, grads: Any, trainable_variables: Any = None) -> None:
        """Update variables with their gradients.

        Parameters
        ----------
        grads : list or nested structure of array_like or None
            One per variable, in the same order.
        trainable_variables : list or structure like `grads`, optional
            Those that the optimizer was built with unless given.

        Raises
        ------
        MissingGradientError, NotFiniteError, ShapeError, DTypeError, OperandError, SourceError
            As `apply_gradients`.
        """
        self._apply(grads, trainable_variables, _getframe(1))

    def minimize(self, loss: Any, var_list: Any, tape: GradientTape | None = None) -> Any:
        """Compute the gradients of a loss and update variables with them.

        Parameters
        ----------
        loss : callable or Tensor
            A function without arguments that returns the loss, or a loss that was computed under `tape`.
        var_list : list or nested structure of Variable, or callable
            What to differentiate with respect to and to update; a callable is called after `loss` was.
        tape : GradientTape, optional
            Needed if `loss` is a tensor.

        Returns
        -------
        Variable
            The number of calls so far.

        Raises
        ------
        TapeStateError
            If `loss` is a tensor and there is no tape.
        MissingGradientError, NotFiniteError, ShapeError, DTypeError, OperandError, SourceError
            As `apply_gradients`; a `NotFiniteError` carries the diagnosis.

        Examples
        --------
        >>> import gradtape as gt
        >>> w = gt.Variable([1.0, -2.0])
        >>> optimizer = gt.optim.SGD(0.25)
        >>> for _ in range(3):
        ...     step = optimizer.minimize(lambda: (w * w).sum(), [w])
        >>> w
        Variable([ 0.125, -0.25 ])
        """
        frame = _getframe(1)
        target = loss
        if callable(loss) and not isinstance(loss, Node):
            tape = GradientTape() if tape is None else tape
            with tape:
                target = loss()
        elif tape is None:
            raise located(
                TapeStateError,
                "minimize: a loss that was computed already needs the tape that recorded it",
                frame,
                "pass `tape=`, or a function without arguments that computes the loss",
            )
        variables = gradients.variables_of(var_list() if callable(var_list) else var_list, frame, "var_list")
        scale = self._loss_scale()
        seed: Any = None
        if scale is not None:
            seeds = [np.full(np.shape(t), scale) for _, t in flatten(target)]
            seed = seeds if isinstance(target, dict | list | tuple) else seeds[0]
        found = tape.gradient(target, list(variables.values()), output_gradients=seed)
        try:
            self._apply(found, list(variables.values()), frame)
        except NotFiniteError as error:
            error.diagnostic = tape.why(target, list(variables.values())).first_diagnostic or error.diagnostic
            raise
        return self._iterations

    def _loss_scale(self) -> float | None:
        return self.loss_scale_factor

    def scale_loss(self, loss: Any) -> Any:
        """Multiply a loss by `loss_scale_factor`, so that small gradients do not underflow; `apply` undoes it."""
        scale = self._loss_scale()
        return loss if scale is None else loss * scale

    def _apply(self, grads: Any, trainable_variables: Any, frame: FrameType) -> None:
        """Check everything; then change everything."""
        if trainable_variables is None and not self.built:
            raise located(
                SourceError,
                "apply: the optimizer does not know its variables yet",
                frame,
                "pass them, or call `optimizer.build(variables)` first",
            )
        given = self._trainable_variables if trainable_variables is None else trainable_variables
        variables = self._known(given) or gradients.variables_of(given, frame)
        pairs = gradients.pair_up(grads, variables, frame)
        if not pairs:
            return
        if self.built:
            self._check_known(variables, frame)
        pairs = gradients.without_missing(pairs, frame, self._told)
        pairs = self._prepared(pairs, frame)
        if not self.built:
            self._build(variables, frame)
        self._update(pairs, frame)
        self._iterations._value += 1

    def _known(self, given: Any) -> Mapping[str, Variable] | None:
        """Return the variables by their places if they are the very list that the optimizer was built with."""
        if type(given) is not list or len(given) != len(self._trainable_variables):
            return None
        same = all(map(is_, given, self._trainable_variables))
        return self._by_place if same else None

    def _check_known(self, variables: Mapping[str, Variable], frame: FrameType) -> None:
        for path, variable in variables.items():
            if id(variable) not in self._places:
                raise located(
                    SourceError,
                    f"{gradients.called(variable, path, frame)} is unknown to this optimizer, which was built for "
                    f"{len(self._places)} other variables",
                    frame,
                    "build it with all variables that it is to update, or make another optimizer for this one",
                )

    def _prepared(self, pairs: Sequence[Pair], frame: FrameType) -> list[Pair]:
        """Return the gradients as this step needs them: wide enough, not scaled, checked, and clipped."""
        scale = self.loss_scale_factor
        found = []
        for gradient, variable, path in pairs:
            g = np.asarray(gradient, updates.computed_in(variable._value.dtype))
            found.append(Pair(g if scale is None else g / scale, variable, path))
        if not self.clipvalue or self.gradient_accumulation_steps:
            gradients.check_finite(found, frame)
        if self.gradient_accumulation_steps:
            return found
        found = self._clipped(found)
        if self.clipvalue:
            gradients.check_finite(found, frame)
        return found

    def _clipped(self, pairs: list[Pair]) -> list[Pair]:
        plain = [pair.gradient for pair in pairs]
        if self.clipnorm:
            plain = [gradients.clipped_by_norm(g, self.clipnorm) for g in plain]
        elif self.global_clipnorm:
            plain = gradients.clipped_by_global_norm(plain, self.global_clipnorm)
        elif self.clipvalue:
            plain = [updates.clipped(g, self.clipvalue) for g in plain]
        else:
            return pairs
        return [Pair(g, pair.variable, pair.path) for g, pair in zip(plain, pairs, strict=True)]

    def _update(self, pairs: list[Pair], frame: FrameType) -> None:
        ready = self._accumulated(pairs)
        if ready:
            self._step(ready, frame)
            for _, variable, _ in ready:
                constraint = getattr(variable, "constraint", None)
                if constraint is not None:
                    kept = constraint(variable)
                    take_over([variable], [np.array(getattr(kept, "_value", kept), variable.dtype)], frame)
        if self.use_ema:
            self._average(frame)

    def _accumulated(self, pairs: list[Pair]) -> list[Pair]:
        """Add gradients up, and return their means when it is time; without accumulation, return them."""
        steps = self.gradient_accumulation_steps
        if not steps:
            return pairs
        last = (int(self._iterations._value) + 1) % steps == 0
        means = []
        for gradient, variable, path in pairs:
            total = self._kept[self._places[id(variable)]]["gradient_accumulator"]
            if last:
                means.append(Pair((gradient + total._value) / steps, variable, path))
            else:
                updates.store(total, updates.own(total) + gradient)
        if last:
            for kept in self._kept:
                updates.store(kept["gradient_accumulator"], np.zeros_like(kept["gradient_accumulator"]._value))
        return self._clipped(means)

    def _step(self, pairs: list[Pair], frame: FrameType) -> None:
        rate = self._current_rate()
        self.begin_update(rate)
        step = self._updates_done() + 1
        known: dict[Any, tuple[Any, Any]] = {}

        def new_values() -> Iterator[Any]:
            for (dtype, decay, small), alike in groupby(pairs, self._treatment):
                real = updates.real_type(dtype)
                if real not in known:
                    known[real] = (real(rate), self.constants(real, real(rate), step))
                here, constants = known[real]
                shrink = None if decay is None else (real(decay), here)
                jobs = [updates.Job(v, g, self._ruled[self._places[id(v)]]) for g, v, _ in alike]
                if small and len(jobs) > 1:
                    yield from updates.joint_values(self, constants, jobs, shrink)
                    continue
                for variable, gradient, slots in jobs:
                    yield updates.new_value(self, constants, variable._value, gradient, slots, shrink)

        take_over([pair.variable for pair in pairs], new_values(), frame)

    def _treatment(self, pair: Pair) -> tuple[Any, float | None, bool]:
        """Return what tells how a variable is updated: its dtype, its decay, and whether it is small."""
        value = pair.variable._value
        decay = self._decay_of(pair.variable, self._places[id(pair.variable)])
        return value.dtype, decay, updates.is_small(self, value)
