"""Edits of the activations of layers: smooth ones for straight lines, others for what has no second derivative."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import Suggestion, syntax
from gradtape.explain import flat
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import is_constant, simple_name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.case import Case

STRAIGHT = {"relu", "leaky_relu"}
"""Activations made of straight lines."""

LAYERS = {"ReLU": "relu", "LeakyReLU": "leaky_relu"}
"""Layers that are an activation."""

ONCE = {"softsign_grad": ("softsign", "lambda z: z / (1.0 + tf.abs(z))")}
"""What TensorFlow has no derivative of: the activation whose slope it is, and another way to compute that."""


def for_one_unit(case: Case) -> Suggestion | None:
    """Give the one layer of one unit a sigmoid, where its softmax is a constant inside a model."""
    tree = syntax.parse_file(case.file)
    if tree is None or not _ran(case, {"softmax"}):
        return None
    made = [
        keyword.value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and is_constant(builders.argument(call, 0, "units"), 1)
        for keyword in call.keywords
        if keyword.arg == "activation" and is_constant(keyword.value, "softmax")
    ]
    return builders.likely(*builders.replace(made[0], case.file, '"sigmoid"')) if len(made) == 1 else None


def smooth(case: Case) -> Suggestion | None:
    """Give layers whose activation is made of straight lines a smooth one: those of the model that ran, or all."""
    return builders.sketch(*_with_another(case, STRAIGHT, '"softplus"')) if _ran(case, flat.STRAIGHT) else None


def differentiable_twice(case: Case) -> Suggestion | None:
    """Write activations of layers that have a first derivative only by what has all."""
    failure = case.context.question.failure
    for slope, (name, text) in ONCE.items() if case.pen.dialect == "tensorflow" else ():
        if _ran(case, {slope}) or (failure is not None and failure.detail == slope):
            return builders.likely(*_with_another(case, {name}, case.pen.say(text)))
    return None


def without_steps(case: Case) -> Changes:
    """Give layers that are told to step, `activation=tf.sign`, a smooth activation of the same range."""
    if case.pen.dialect != "tensorflow" or (case.node is not None and simple_name(case.node) == "sign"):
        return ()
    return _with_another(case, {"sign"}, '"tanh"') if _ran(case, {"sign"}) else ()


def _ran(case: Case, functions: Collection[str]) -> bool:
    """Whether one of these functions ran at the place, on the way from the source."""
    ran = case.route.all_at(case.at)
    return any(operation.function in functions or operation.name in functions for operation in ran)


def _with_another(case: Case, names: Collection[str], text: str) -> Changes:
    """Write another activation in the place of each of these, in what made the model that ran, or else everywhere."""
    call, tree, file, pen = case.call, syntax.parse_file(case.file), case.file, case.pen
    models = syntax.values_given_to(syntax.text_of(call.func), case.at) if call is not None else []
    for scope in (*models, *([tree] if tree is not None else [])):
        given = [node for value in _activations(scope) if (node := _named(value, names)) is not None]
        layers = [n for n in ast.walk(scope) if isinstance(n, ast.Call) and LAYERS.get(simple_name(n)) in names]
        plain = [n for n in layers if not n.args and {k.arg for k in n.keywords} <= {"name"}]
        if given or plain:
            return (
                *(c for n in given for c in builders.replace(n, file, text)),
                *(c for n in plain for c in _as_activation(n, file, pen.say("keras.layers.Activation"), text)),
                *(pen.imports if plain else ()),
            )
    return ()


def _as_activation(layer: ast.Call, file: str, maker: str, text: str) -> Changes:
    named = "".join(f", name={builders.written(k.value, file)}" for k in layer.keywords)
    return builders.replace(layer, file, f"{maker}({text}{named})")


def _activations(scope: ast.AST) -> Iterator[ast.expr]:
    """Yield what layers are given as their activation."""
    for call in ast.walk(scope):
        if isinstance(call, ast.Call):
            yield from (k.value for k in call.keywords if k.arg == "activation")
            place = {"Dense": 1, "Activation": 0}.get(simple_name(call))
            yield from call.args[place : place + 1] if place is not None else ()


def _named(activation: ast.expr, names: Collection[str]) -> ast.expr | None:
    """Return what names one of these activations: `"relu"`, `tf.nn.relu`, what `activations.get` gets."""
    if isinstance(activation, ast.Call) and simple_name(activation) == "get" and activation.args:
        return _named(activation.args[0], names)
    whole = activation.value if isinstance(activation, ast.Constant) else syntax.text_of(activation)
    return activation if str(whole).rpartition(".")[2] in names else None
