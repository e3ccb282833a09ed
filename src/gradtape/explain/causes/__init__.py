"""The causes, one file each, in the order in which they are asked."""

from gradtape.explain.cause import Cause, Stage
from gradtape.explain.causes import (
    array_assignment,
    branch_not_taken,
    constant_target,
    custom_rule_none,
    different_object,
    exploding,
    flat_region,
    frozen_variable,
    gradients_off,
    inner_gradient_not_recorded,
    integer_cast,
    integer_source,
    leaked_tracer,
    left_through_number,
    left_through_numpy,
    masked_branch,
    missing_rule,
    no_derivative,
    nonleaf_grad_read,
    nonscalar_output,
    not_a_value,
    not_used,
    not_watched,
    opaque_callback,
    outside_the_tape,
    overflow,
    overwritten_value,
    piecewise_constant,
    rebound_name,
    rebuilt_from_values,
    sampled,
    singular_point,
    state_boundary,
    stop_gradient,
    tape_used_up,
    traced_control_flow,
    vanishing,
)
from gradtape.explain.graph import BreakKind

BY_STAGE: dict[Stage, tuple[Cause, ...]] = {
    Stage.CALL: (tape_used_up.CAUSE, not_a_value.CAUSE),
    Stage.SOURCE: (
        integer_source.CAUSE,
        frozen_variable.CAUSE,
        rebound_name.CAUSE,
        nonleaf_grad_read.CAUSE,
        not_watched.CAUSE,
        different_object.TWIN,
    ),
    Stage.BREAK: (
        stop_gradient.CAUSE,
        piecewise_constant.CAUSE,
        no_derivative.CAUSE,
        integer_cast.CAUSE,
        left_through_numpy.CAUSE,
        left_through_number.CAUSE,
        rebuilt_from_values.CAUSE,
        opaque_callback.CAUSE,
        array_assignment.CAUSE,
        missing_rule.CAUSE,
        sampled.CAUSE,
        custom_rule_none.CAUSE,
        state_boundary.CAUSE,
        branch_not_taken.BREAK,
        gradients_off.CAUSE,
        different_object.COPIED,
        inner_gradient_not_recorded.CAUSE,
        outside_the_tape.CAUSE,
    ),
    Stage.NUMBERS: (
        masked_branch.CAUSE,
        singular_point.CAUSE,
        exploding.CAUSE,
        overflow.CAUSE,
        flat_region.CAUSE,
        custom_rule_none.OF_HOOK,
        custom_rule_none.ZEROS,
        vanishing.CAUSE,
    ),
    Stage.FAILURE: (
        array_assignment.FAILURE,
        custom_rule_none.FAILURE,
        gradients_off.FAILURE,
        inner_gradient_not_recorded.FAILURE,
        integer_source.FAILURE,
        leaked_tracer.FAILURE,
        left_through_number.FAILURE,
        left_through_numpy.FAILURE,
        missing_rule.FAILURE,
        nonleaf_grad_read.FAILURE,
        nonscalar_output.FAILURE,
        not_a_value.FAILURE,
        opaque_callback.FAILURE,
        overwritten_value.FAILURE,
        rebuilt_from_values.FAILURE,
        tape_used_up.FAILURE,
        traced_control_flow.FAILURE,
    ),
    Stage.ABSENCE: (
        integer_source.CAUSE,
        overwritten_value.CAUSE,
        rebound_name.CAUSE,
        different_object.CAUSE,
        branch_not_taken.CAUSE,
        sampled.UNSEEN,
        left_through_numpy.UNSEEN,
        left_through_number.UNSEEN,
        traced_control_flow.CAUSE,
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
