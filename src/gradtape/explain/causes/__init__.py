"""The causes, one file each, in the order in which they are asked."""

from gradtape.explain.cause import Cause, Stage
from gradtape.explain.causes import (
    branch_not_taken,
    constant_target,
    frozen_variable,
    integer_cast,
    integer_source,
    left_through_number,
    left_through_numpy,
    mutated,
    no_derivative,
    not_used,
    not_watched,
    outside_the_tape,
    piecewise_constant,
    rebound_name,
    state_boundary,
    stop_gradient,
    tape_used_up,
)
from gradtape.explain.graph import BreakKind

BY_STAGE: dict[Stage, tuple[Cause, ...]] = {
    Stage.CALL: (tape_used_up.CAUSE,),
    Stage.SOURCE: (integer_source.CAUSE, frozen_variable.CAUSE, rebound_name.CAUSE, not_watched.CAUSE),
    Stage.BREAK: (
        stop_gradient.CAUSE,
        piecewise_constant.CAUSE,
        no_derivative.CAUSE,
        integer_cast.CAUSE,
        left_through_numpy.CAUSE,
        left_through_number.CAUSE,
        state_boundary.CAUSE,
        outside_the_tape.CAUSE,
    ),
    Stage.NUMBERS: (),
    Stage.FAILURE: (),
    Stage.ABSENCE: (
        integer_source.CAUSE,
        mutated.CAUSE,
        rebound_name.CAUSE,
        branch_not_taken.CAUSE,
        left_through_numpy.UNSEEN,
        left_through_number.UNSEEN,
        constant_target.CAUSE,
        not_used.CAUSE,
    ),
}
"""Who is asked when, in order."""

BY_KIND: dict[BreakKind, Cause] = {
    kind: cause for stage in (Stage.BREAK, Stage.SOURCE) for cause in BY_STAGE[stage] for kind in cause.kinds
}
"""The cause that speaks for each kind of break."""

BY_FAILURE: dict[str, Cause] = {cause.slug: cause for cause in BY_STAGE[Stage.FAILURE]}
"""The cause that speaks for each kind of failure."""

__all__ = ["BY_FAILURE", "BY_KIND", "BY_STAGE", "Cause", "Stage"]
