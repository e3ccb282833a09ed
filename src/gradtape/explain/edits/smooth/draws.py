"""Edits of random draws: written as functions of noise, or with the gradient of what they are in the mean."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import Suggestion, scopes, syntax
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import Case, assigned_before, parts, simple_name
from gradtape.explain.edits.outside import conversions
from gradtape.explain.edits.pen import function_name
from gradtape.explain.edits.question.dtypes import is_whole
from gradtape.explain.edits.smooth import choosing, following, steps
from gradtape.explain.edits.smooth.choosing import CHOICES, picked_softly, weights_instead

if TYPE_CHECKING:
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.pen import Pen

MEANS = {"bernoulli", "poisson", "exponential"}
"""Draws whose mean is their first argument: its gradient may pass straight through; that of a drawn index cannot."""

DISCRETE = {"multinomial", "bernoulli", "binomial", "poisson"}
"""Draws of whole numbers by PyTorch: its distributions that use them have no `rsample`."""


def reparameterise(case: Case) -> Suggestion | None:
    """Draw so that the gradient reaches the parameters."""
    call, file, pen = _drawn(case), case.file, case.pen
    if call is None:
        return None
    name = simple_name(call)
    if name.removeprefix("stateless_") == "categorical" and pen.dialect == "tensorflow":
        return builders.sketch(*following.smooth(case))
    weights = (weights_instead(case) or picked_softly(case)) if name in CHOICES else choosing.drawn_softly(case)
    if weights:
        return builders.sketch(*weights)
    if name == "sample" and any(link.operation.name in DISCRETE for link in case.route):
        return builders.sketch(*_around_mean(case, call))
    if name == "sample" and pen.dialect == "torch" and isinstance(call.func, ast.Attribute):
        return builders.likely(*builders.rename_call(call, file, f"{builders.written(call.func.value, file)}.rsample"))
    if name == "normal" and len(call.args) >= 2 and pen.dialect == "torch":
        mean, spread = (builders.operand(a, file) for a in call.args[:2])
        return builders.likely(
            *builders.replace(call, file, pen.say("{m} + {s} * torch.randn_like({m})", m=mean, s=spread))
        )
    if name.removeprefix("stateless_") == "binomial" and pen.dialect == "tensorflow":
        return builders.likely(*_around_binomial(pen, call, file))
    if _draws_as_numpy(call, file):
        return builders.likely(*of_noise(case))
    if pen.dialect == "jax" and len(call.args) > 1 and name in {"bernoulli", "poisson"}:
        parameter = builders.operand(call.args[1], file)  # behind the key
        mended = pen.say(pen.phrases.passing, x=parameter, e=builders.written(call, file))
        return builders.likely(*builders.replace(call, file, mended), *pen.imports)
    return steps.pass_through(case) if name.removeprefix("stateless_") in MEANS else None


WITH_MEAN = {"Bernoulli", "Poisson", "Binomial", "Geometric", "Independent"}
"""Distributions of PyTorch's over whole numbers whose mean moves with their parameters."""


def _around_mean(case: Case, call: ast.Call) -> Changes:
    """Let the gradient of the mean pass around a draw of whole numbers; not where the draw is judged by its score."""
    file, tree = case.file, syntax.parse_file(case.file)
    scored = tree is None or any(simple_name(n) == "log_prob" for n in syntax.nodes_of(tree) if isinstance(n, ast.Call))
    if scored or call.args or call.keywords or not isinstance(call.func, ast.Attribute):
        return ()
    made, name = call.func.value, builders.written(call.func.value, file)
    if isinstance(made, ast.Name) and case.function is not None:
        made = assigned_before(case.function, made.id, call.lineno) or made
    if simple_name(made) not in WITH_MEAN:
        return ()
    first = name
    if made is call.func.value:
        name = scopes.free_name(file, "chances")
        first = f"({name} := {builders.written(made, file)})"
    return builders.replace(call, file, f"{first}.mean + ({name}.sample() - {name}.mean).detach()")


def _around_binomial(pen: Pen, call: ast.Call, file: str) -> Changes:
    """Let the gradient of the mean pass around a draw of TensorFlow's of how many of so many turn out well."""
    first = 2 if simple_name(call).startswith("stateless_") else 1
    counts, chances = (builders.argument(call, first + k, word) for k, word in enumerate(("counts", "probs")))
    dtype = builders.argument(call, first + 2, "output_dtype" if first == 2 else "dtype")
    if counts is None or chances is None or dtype is None or is_whole(dtype):
        return ()
    name = scopes.free_name(file, "mean")
    mean = f"({name} := {builders.operand(counts, file)} * {builders.operand(chances, file)})"
    drawn = pen.say("tf.stop_gradient({d} - {m})", d=builders.written(call, file), m=name)
    return builders.replace(call, file, f"{mean} + {drawn}")


def _draws_as_numpy(call: ast.Call, file: str) -> bool:
    """Whether a call draws from a normal distribution of NumPy's, by the module or a generator."""
    if function_name(call.func, file) == "random.normal":
        return True
    if not isinstance(call.func, ast.Attribute) or call.func.attr != "normal":
        return False
    makers = syntax.made_by(syntax.text_of(call.func.value), syntax.span_of(call, file))
    return any(maker.rpartition(".")[2] in syntax.GENERATORS for maker in makers)


def _drawn(case: Case) -> ast.Call | None:
    """Return the draw: what stands at the place, or what takes a value that left there for it."""
    call = case.call
    if call is None or _draws_as_numpy(call, case.file):
        return call
    around = (n for n in reversed(builders.path_to(call, case.file)) if isinstance(n, ast.Call))
    return next((outer for outer in around if _draws_as_numpy(outer, case.file)), call)


def of_noise(case: Case) -> Changes:
    """Write a normal draw of NumPy's, at or around the place, as a function of noise."""
    call = _drawn(case)
    text = _of_noise(case, call) if call is not None and _draws_as_numpy(call, case.file) else None
    return (*builders.replace(call, case.file, text), *case.pen.imports) if call is not None and text else ()


def _of_noise(case: Case, call: ast.Call) -> str | None:
    """Write a normal draw as a function of noise: `mean + spread * noise`; None where that cannot be written."""
    file = case.file
    given = [builders.argument(call, k, name) for k, name in enumerate(("loc", "scale", "size"))]
    kept = [_on_the_tape(case, node) if node is not None else "" for node in given]
    if None in kept:
        return None
    mean, spread, size = (text or "" for text in kept)
    scaled = spread and not isinstance(given[1], ast.Constant)
    like = spread if scaled and (not mean or isinstance(given[0], ast.Constant)) else mean
    if not like:
        return None
    noise = f"{builders.written(call.func, file)}(size={size or case.pen.say('np.shape({x})', x=like)})"
    if case.pen.dialect == "tensorflow":
        dtype = f", dtype={like}.dtype" if like.isidentifier() else ""
        noise = case.pen.say("tf.random.normal({s}{d})", s=size or case.pen.say("tf.shape({x})", x=like), d=dtype)
    if spread:
        noise = f"{_operand(spread)} * {noise}"
    return f"{_operand(mean)} + {noise}" if mean else noise


def _on_the_tape(case: Case, node: ast.expr) -> str | None:
    """Write a parameter of a draw without what takes it off the tape; None where more would have to change."""
    file = case.file
    left = [part for part in parts(node) if conversions.is_conversion(part, file)]
    if not left:
        functions = conversions.kept_inside(case.pen, node, file) if case.pen.dialect == "tensorflow" else ()
        return builders.with_changes(node, file, functions)
    inner = conversions.worked_on(left[0], file)
    nested = {id(part) for part in parts(left[0])}
    more = any(id(part) not in nested for part in left) or (left[0] is not node and case.pen.dialect != "gradtape")
    return None if more or inner is None else builders.with_part(node, left[0], file, builders.written(inner, file))


def _operand(text: str) -> str:
    """Write what stands beside an operator."""
    return text if builders.closed(text) or text.replace(".", "", 1).isdigit() else f"({text})"
