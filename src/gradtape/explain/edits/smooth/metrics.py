"""Edits where a metric stands for a loss: the loss that measures the same, or that is trained in the metric's place."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import scopes, syntax
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import simple_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.case import Case

LOSSES = {
    "BinaryCrossentropy", "CategoricalCrossentropy", "Hinge", "KLDivergence", "MeanAbsoluteError",
    "MeanAbsolutePercentageError", "MeanSquaredError", "MeanSquaredLogarithmicError", "Poisson",
    "SparseCategoricalCrossentropy", "SquaredHinge",
}  # fmt: skip
"""Keras's metrics that measure what the class of the same name in `keras.losses` does."""

LIKE = {"RootMeanSquaredError": "MeanSquaredError", "LogCoshError": "LogCosh"}
"""Metrics and the loss that has another name, and is least where they are."""

HITS = {
    "BinaryAccuracy": "BinaryCrossentropy",
    "CategoricalAccuracy": "CategoricalCrossentropy",
    "SparseCategoricalAccuracy": "SparseCategoricalCrossentropy",
    "CosineSimilarity": "CosineSimilarity",
    "AUC": "BinaryCrossentropy",
    "BinaryIoU": "Dice",
    "F1Score": "Dice",
    "OneHotIoU": "Dice",
    "OneHotMeanIoU": "Dice",
    "TopKCategoricalAccuracy": "CategoricalCrossentropy",
    "SparseTopKCategoricalAccuracy": "SparseCategoricalCrossentropy",
    "top_k_categorical_accuracy": "CategoricalCrossentropy",
    "sparse_top_k_categorical_accuracy": "SparseCategoricalCrossentropy",
    "Precision": "BinaryCrossentropy",
    "Recall": "BinaryCrossentropy",
    "binary_accuracy": "BinaryCrossentropy",
    "categorical_accuracy": "CategoricalCrossentropy",
    "sparse_categorical_accuracy": "SparseCategoricalCrossentropy",
}
"""Metrics of which more is better, most of them counts of hits, and the loss that is trained in their place."""

AVERAGES = {"Mean": "mean", "Sum": "sum"}
"""Metrics of values that were computed elsewhere, and what they make of them."""

UPDATES = ("update_state", "result")


def loss_instead(case: Case) -> Changes:
    """Compute the loss where a metric is asked for it: called, updated and read, or as a function."""
    call = case.call
    if call is None or case.pen.dialect != "tensorflow":
        return ()
    function = simple_name(call)
    if function in HITS and (scopes.stands_for(call.func, case.file) or "").rpartition(".")[0].endswith("metrics"):
        return _replaced(case, call, HITS[function], call, (), hits=True)
    metric = call.func
    updated = isinstance(metric, ast.Attribute) and metric.attr in UPDATES
    if updated and isinstance(metric, ast.Attribute):
        metric = metric.value
    made = _made(case, metric)
    name = simple_name(made) if made is not None else ""
    named = _named_elsewhere(case, made) if made is not None and not updated else ()
    if named:
        return named
    settings = [k for k in made.keywords if k.arg in SETTINGS] if made is not None else []
    given, read = _given_and_read(case, metric, call) if updated else (call, call)
    if given is None or read is None:
        return ()
    if name in AVERAGES and len(given.args) == 1:
        text = case.pen.call(AVERAGES[name], builders.written(given.args[0], case.file))
        return (*builders.replace(read, case.file, text), *case.pen.imports)
    loss = name if name in LOSSES else LIKE.get(name) or HITS.get(name)
    return _replaced(case, read, loss, given, settings, hits=name in HITS) if loss is not None else ()


SETTINGS = {"from_logits", "label_smoothing", "ignore_class", "axis"}
"""What metrics are told that losses are told as well."""


def _made(case: Case, metric: ast.expr) -> ast.Call | None:
    """Return the call that made a metric, which a name or an attribute stands for."""
    name = syntax.text_of(metric)
    values = syntax.values_given_to(name, case.at)
    if not values and "." in name:  # `model.metric` is `self.metric` where it is made
        values = syntax.values_given_to(f"self.{name.rpartition('.')[2]}", case.at)
    return values[0] if len(values) == 1 and isinstance(values[0], ast.Call) else None


def _named_elsewhere(case: Case, made: ast.Call) -> Changes:
    """Name the class of losses where a program names the class of metrics that it makes one of elsewhere."""
    if scopes.stands_for(made.func, case.file) is not None or not isinstance(made.func, ast.Attribute | ast.Name):
        return ()
    attribute = syntax.text_of(made.func).rpartition(".")[2]
    values = {*syntax.values_given_to(attribute, case.at), *syntax.values_given_to(f"self.{attribute}", case.at)}
    named = {v: scopes.stands_for(v, case.file) or "" for v in values if isinstance(v, ast.Name | ast.Attribute)}
    found = [v for v, full in named.items() if full.rpartition(".")[0].endswith("metrics")]
    loss = LIKE.get(named[found[0]].rpartition(".")[2], named[found[0]].rpartition(".")[2]) if len(found) == 1 else ""
    if len(named) != 1 or not (loss in LOSSES or loss in LIKE.values()):
        return ()
    pen = case.moved(syntax.span_of(found[0], case.file)).pen
    return (*builders.replace(found[0], case.file, pen.say(f"keras.losses.{loss}")), *pen.imports)


def _given_and_read(case: Case, metric: ast.expr, call: ast.Call) -> tuple[ast.Call | None, ast.Call | None]:
    """Return the call that updates a metric, and the one that reads it, in the function of the place."""
    if case.function is None:
        return None, None
    text = syntax.text_of(metric)
    found = {
        simple_name(n): n
        for n in syntax.walk_scope(case.function)
        if isinstance(n, ast.Call) and syntax.text_of(n.func) in {text, *(f"{text}.{name}" for name in UPDATES)}
    }
    given = call if simple_name(call) == "update_state" else found.get("update_state") or found.get(simple_name(metric))
    return given, found.get("result")


def _replaced(
    case: Case, read: ast.Call, loss: str, given: ast.Call, settings: Sequence[ast.keyword], *, hits: bool
) -> Changes:
    """Put the loss in the place of a metric."""
    pen, file = case.pen, case.file
    if any(isinstance(a, ast.Starred) for a in given.args):
        return ()
    told = [k for k in given.keywords if k.arg not in {"k", "threshold"}]
    how, what = (", ".join(builders.written(a, file) for a in some) for some in (settings, (*given.args, *told)))
    value = pen.say(f"keras.losses.{loss}({{s}})({{a}})", s=how, a=what)
    whole = _turned_round(read, file) if hits else read
    return (*builders.replace(whole, file, value), *pen.imports)


def _turned_round(node: ast.expr, file: str) -> ast.expr:
    """Return what makes a loss of a number of hits: `1 - accuracy`, `-accuracy`, the mean of either."""
    whole = node
    for outer in reversed(builders.path_to(node, file)):
        mean = isinstance(outer, ast.Call) and simple_name(outer) == "reduce_mean"
        negative = isinstance(outer, ast.UnaryOp) and isinstance(outer.op, ast.USub)
        rest = isinstance(outer, ast.BinOp) and isinstance(outer.op, ast.Sub) and _is_one(outer.left)
        if not isinstance(outer, ast.expr) or not (mean or negative or rest):
            break
        whole = outer
    return whole


def _is_one(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value == 1
