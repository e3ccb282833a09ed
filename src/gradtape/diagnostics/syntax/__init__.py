"""What the source text says around a span: the call's arguments, the names that a statement assigns, branches.

Source is read for display and for names only; whether a gradient flows never depends on it.
"""

from gradtape.diagnostics.syntax.branches import Fork, decision_at, filled_once, forks_in, share_a_loop, with_header
from gradtape.diagnostics.syntax.calls import argument_texts, calls_around, operand_at
from gradtape.diagnostics.syntax.functions import (
    cached_by,
    called_in,
    functions_in,
    is_method,
    leads_to,
    parameter_names,
    parameters_for,
    results_of,
)
from gradtape.diagnostics.syntax.keeping import Kept, kept_once
from gradtape.diagnostics.syntax.names import (
    GENERATORS,
    assigned_names,
    assigned_pairs,
    has_name_as_key,
    is_list,
    key_at,
    made_by,
    mentions,
    names_in,
    values_given_to,
    walk_scope,
)
from gradtape.diagnostics.syntax.tree import (
    around,
    class_at,
    expression_at,
    function_at,
    nodes_of,
    parse_file,
    span_of,
    statement_at,
    text_of,
)
from gradtape.diagnostics.syntax.values import dropped_update, gives, in_comprehension, stored_whole, value_goes_on

__all__ = [
    "GENERATORS",
    "Fork",
    "Kept",
    "argument_texts",
    "around",
    "assigned_names",
    "assigned_pairs",
    "cached_by",
    "called_in",
    "calls_around",
    "class_at",
    "decision_at",
    "dropped_update",
    "expression_at",
    "filled_once",
    "forks_in",
    "function_at",
    "functions_in",
    "gives",
    "has_name_as_key",
    "in_comprehension",
    "is_list",
    "is_method",
    "kept_once",
    "key_at",
    "leads_to",
    "made_by",
    "mentions",
    "names_in",
    "nodes_of",
    "operand_at",
    "parameter_names",
    "parameters_for",
    "parse_file",
    "results_of",
    "share_a_loop",
    "span_of",
    "statement_at",
    "stored_whole",
    "text_of",
    "value_goes_on",
    "values_given_to",
    "walk_scope",
    "with_header",
]
