"""Random programs, and the model's prediction for each: whether TensorFlow gives a gradient or None.

`python -m tests.recorders.tensorflow.random_programs --count 5000` compares them with TensorFlow's own answers.
"""

from __future__ import annotations

import argparse
import random

import numpy as np

UNARY = [
    "tf.sin({x})",
    "tf.exp({x} * 0.1)",
    "tf.nn.relu({x})",
    "tf.sigmoid({x})",
    "tf.identity({x})",
    "{x} * 2.0",
    "{x} + 1.0",
    "tf.reshape({x}, [2])",
    "tf.reverse({x}, [0])",
    "tf.nn.softmax({x})",
    "tf.cumsum({x})",
    "-{x}",
    "{x} ** 2",
    "tf.clip_by_value({x}, -1.0, 1.0)",
    "tf.nn.silu({x})",
    "tf.sort({x})",
    "tf.gather({x}, [1, 0])",
    "{x}[::-1]",
    "tf.stop_gradient({x})",
    "tf.round({x})",
    "tf.floor({x})",
    "tf.math.ceil({x})",
    "tf.cast({x} > 0.0, tf.float32)",
    "tf.cast(tf.cast({x}, tf.int32), tf.float32)",
    "tf.cast(tf.argsort({x}), tf.float32)",
    "tf.zeros_like({x})",
    "tf.cast(tf.cast({x}, tf.float64), tf.float32)",
    "tf.constant({x}.numpy())",
    "tf.Variable({x})",
    "tf.math.rint({x})",
    "double({x})",
    "none({x})",
    "tf.one_hot(tf.argmax({x}), 2)",
    "tf.where({x} > 0.0, {x}, 0.0)",
    "tf.math.sign({x})",
    "tf.fill([2], tf.reduce_sum({x}))",
    "tf.tensor_scatter_nd_update({x}, [[0]], [1.0])",
    "tf.linalg.diag_part(tf.linalg.diag({x}))",
    "tf.math.top_k({x}, 2).values",
    "tf.random.stateless_poisson([2], [1, 2], tf.abs({x}), dtype=tf.float32)",
    "tf.map_fn(lambda t: t * 3.0, {x})",
    "tf.numpy_function(np.sin, [{x}], tf.float32)",
    "{x} // 2.0",
    "tf.math.floormod({x}, 3.0)",
    "tf.ensure_shape({x}, [2])",
    "tf.concat([{x}[:1], {x}[1:]], 0)",
    "tf.unstack({x})[0] * tf.ones(2)",
    "tf.nn.dropout({x}, 0.1, seed=1)",
]
BINARY = [
    "{x} + {y}",
    "{x} * {y}",
    "{x} - {y}",
    "tf.maximum({x}, {y})",
    "tf.stack([{x}, {y}])[0]",
    "tf.where({x} > {y}, {x}, {y})",
    "tf.concat([{x}, {y}], 0)[:2]",
    "tf.math.atan2({x}, {y})",
    "tf.einsum('i,i->i', {x}, {y})",
    "tf.add_n([{x}, {y}])",
]

KINDS = ["tf.Variable({v})", "tf.Variable({v})", "tf.Variable({v}, trainable=False)", "tf.constant({v})"]

HEAD = """
import numpy as np
import tensorflow as tf

@tf.custom_gradient
def double(x):
    return x * 2.0, lambda up: up * 2.0

@tf.custom_gradient
def none(x):
    return x * 2.0, lambda up: None

"""


def program(seed: int) -> str:
    """Return a program that asks for one gradient and keeps it in `answer`."""
    draw = random.Random(seed)  # noqa: S311
    lines = [HEAD]
    names = []
    for k in range(draw.randint(1, 3)):
        kind = draw.choice(
            ["tf.Variable({v})", "tf.Variable({v})", "tf.Variable({v}, trainable=False)", "tf.constant({v})"]
        )
        lines.append(f"s{k} = " + kind.format(v=[round(draw.uniform(-2, 2), 2), round(draw.uniform(-2, 2), 2)]))
        names.append(f"s{k}")
    sources = list(names)
    count = 0

    def step(indent: str) -> None:
        nonlocal count
        if draw.random() < 0.7:
            text = draw.choice(UNARY).format(x=draw.choice(names[-4:]))
        else:
            text = draw.choice(BINARY).format(x=draw.choice(names[-4:]), y=draw.choice(names))
        lines.append(f"{indent}v{count} = {text}")
        names.append(f"v{count}")
        count += 1

    for _ in range(draw.choice([0, 0, 1, 2])):
        step("")
    options = draw.choice(["", "", "", "persistent=True", "watch_accessed_variables=False"])
    lines.append(f"with tf.GradientTape({options}) as tape:")
    for k in range(draw.randint(1, 6)):
        roll = draw.random()
        if roll < 0.2 or (k == 0 and roll < 0.5):
            lines.append(f"    tape.watch({draw.choice(sources)})")
        elif roll < 0.26:
            lines.append("    with tape.stop_recording():")
            step("        ")
        elif roll < 0.29:
            lines.append("    tape.reset()")
        elif roll < 0.33 and any("Variable" in line for line in lines):
            variable = (
                next(s for s in sources if f"{s} = tf.Variable" in "\n".join(lines))
                if any(f"{s} = tf.Variable" in "\n".join(lines) for s in sources)
                else None
            )
            if variable:
                lines.append(f"    {variable}.assign({draw.choice(names)})")
        step("    ")
    for _ in range(draw.choice([0, 0, 0, 1])):
        step("")
    target = draw.choice(names[len(sources) :][-3:])
    source = draw.choice(sources) if draw.random() < 0.85 else draw.choice(names[len(sources) :])
    lines += [
        f"target = tf.reduce_sum({target})" if draw.random() < 0.1 else f"target = {target}",
        "try:",
        f"    answer = tape.gradient(target, {source})",
        "except (LookupError, ValueError) as error:",
        "    answer = error",
    ]
    return "\n".join(lines) + "\n"


IN_GRAPHS = [u for u in UNARY if not any(word in u for word in (".numpy()", "tf.Variable", "none(", "numpy_function"))]


def graph_program(seed: int) -> str:
    """Return a program whose steps run in a traced function, some in branches, loops and functions inside."""
    draw = random.Random(seed)  # noqa: S311
    names = ["x", "y"]

    def step() -> str:
        if draw.random() < 0.75:
            return draw.choice(IN_GRAPHS).format(x=draw.choice(names[-3:]))
        return draw.choice(BINARY).format(x=draw.choice(names[-3:]), y=draw.choice(names))

    lines = [HEAD, "@tf.function", "def inner(x, y):", f"    return {step()}", ""]
    lines += ["@tf.function", "def outer(x, y, k):"]
    for count in range(draw.randint(2, 5)):
        made, roll = f"v{count}", draw.random()
        if roll < 0.25:
            lines.append(f"    {made} = tf.cond(k > {draw.choice([0, 5])}, lambda: {step()}, lambda: {step()})")
        elif roll < 0.45:
            a, b = draw.sample(names, 2)
            known, names[:] = list(names), ["p", "q"]
            body = draw.choice([f"(i + 1, {step()}, {step()})", f"(i + 1, q, {step()})"])
            names[:] = known
            loop = f"lambda i, p, q: i < {draw.choice([1, 2, 3])}, lambda i, p, q: {body}, (0, {a}, {b})"
            lines.append(f"    {made} = tf.while_loop({loop})[{draw.choice([1, 2])}]")
        elif roll < 0.6:
            lines.append(f"    {made} = inner({draw.choice(names)}, {draw.choice(names)})")
        elif roll < 0.7:
            lines += [f"    {made} = {draw.choice(names)}", f"    if k > {draw.choice([0, 5])}:"]
            lines.append(f"        {made} = {step()}")
        else:
            lines.append(f"    {made} = {step()}")
        names.append(made)
    lines += [f"    return {names[-1]}", ""]
    lines += [f"{s} = tf.Variable({[round(draw.uniform(-2, 2), 2), round(draw.uniform(-2, 2), 2)]})" for s in "ab"]
    lines.append("with tf.GradientTape() as tape:")
    twice = draw.random() < 0.4
    calls = ["outer(a, b, tf.constant(1))", "outer(b * 1.5, a, tf.constant(1))"]
    lines.append(f"    target = {' + '.join(calls) if twice else calls[0]}")
    lines.append(f"answer = tape.gradient(target, {draw.choice('ab')})")
    return "\n".join(lines) + "\n"


def compare(seed: int, folder, make=program, functions: str = "auto") -> str:
    """Run one program; return what contradicts, empty if the model agrees with TensorFlow."""
    from gradtape.explain import engine
    from gradtape.explain.cause import Context
    from gradtape.recorders import tensorflow as recorder
    from gradtape.recorders.frameworks import Options
    from gradtape.recorders.heard import Heard

    path = folder / f"program{seed}.py"
    path.write_text(make(seed))
    heard, asked = Heard(), []
    explain = engine.explain

    def explain_and_keep(question):
        asked.append(question)
        return explain(question)

    engine.explain = explain_and_keep
    names: dict = {"__name__": "__main__"}
    recorder.start(heard, Options(functions))
    error = None
    try:
        exec(compile(path.read_text(), str(path), "exec"), names)  # noqa: S102
    except Exception as raised:  # noqa: BLE001
        error = raised
    finally:
        recorder.finish(None)
        engine.explain = explain
    if error is not None:
        return "" if not isinstance(error, (RecursionError, NameError)) else f"{seed}: {type(error).__name__}: {error}"
    answer = names["answer"]
    reports = heard.reports
    if isinstance(answer, Exception):
        return "" if not reports or all(r.findings for r in reports) else f"{seed}: an error without a reason: {answer}"
    if len(asked) != 1:
        failed = [f.diagnostic.notes for r in reports for f in r.findings]
        return f"{seed}: asked {len(asked)} times: {failed}"
    question, context = asked[0], Context(asked[0])
    predicted = predicts(question, context)
    if functions == "graph" and answer is not None and not tells_of_a_route(answer):
        return ""  # conditions and loops give zeros where nothing flows, and their numbers are not seen
    if predicted is None or predicted == (answer is not None):
        if any(f.cause == "not-explained" for r in reports for f in r.findings):
            return f"{seed}: not explained"
        return ""
    return f"{seed}: TensorFlow gives {'a gradient' if answer is not None else 'None'}, the model says otherwise"


def tells_of_a_route(answer) -> bool:
    """Whether the numbers of a gradient show that it flows: the picked rows alone where a variable was picked from."""
    numbers = np.asarray(getattr(answer, "values", answer))
    return bool(np.any(numbers) and np.isfinite(numbers).all())


def predicts(question, context) -> bool | None:
    """Whether the model says that a gradient comes; None where it does not say."""
    from gradtape.explain.graph import BreakKind

    source = question.source
    if source.ids & question.target_ids:  # the derivative of something by itself needs no tape
        return True
    if not source.differentiable or not source.watched:
        return False
    if not all(t.differentiable for t in question.targets):
        return False
    # a sign has a gradient in TensorFlow: zero
    signs = {
        (op.output, position)
        for op in question.run.operations
        if op.function == "sign"
        for position, breaks in enumerate(op.breaks)
        if breaks and all(b.kind is BreakKind.PIECEWISE_CONSTANT for b in breaks)
    }
    reached = set(source.ids)
    for op in question.run.operations:
        for position, value in enumerate(op.inputs):
            if value in reached and (not op.breaks[position] or (op.output, position) in signs):
                reached.add(op.output)
    return bool(reached & question.target_ids)


def main() -> None:
    import pathlib
    import tempfile

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--from", type=int, default=0, dest="first")
    parser.add_argument("--graph", action="store_true", help="programs of traced functions, left traced")
    options = parser.parse_args()
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(options.first, options.first + options.count):
            kind = (graph_program, "graph") if options.graph else (program, "auto")
            said = compare(seed, pathlib.Path(folder), *kind)
            if said:
                wrong += 1
                print(said, flush=True)
    print(f"{options.count} programs, {wrong} contradictions")


if __name__ == "__main__":
    main()
