"""Write down what Keras's optimizers and schedules give, for tests/optim: run it where Keras 3 is installed.

KERAS_BACKEND=tensorflow python tools/keras_optimizers.py
KERAS_BACKEND=jax JAX_ENABLE_X64=1 python tools/keras_optimizers.py    # the cases that need it, after the others
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
from tests.optim import keras_cases  # noqa: E402

FIXTURES = ROOT / "tests" / "optim" / "fixtures"


def schedule(name: str) -> Any:
    """Make a schedule of Keras."""
    kind, arguments = keras_cases.SCHEDULES[name]
    return getattr(keras.optimizers.schedules, kind)(**arguments)


def run(case: str, dtype: str) -> Any:
    """Return the variables after some of the steps, one row of all of their elements for each."""
    keras.config.set_floatx(dtype)
    kind, arguments = keras_cases.CASES[case]
    arguments = dict(arguments)
    if isinstance(arguments.get("learning_rate"), str):
        arguments["learning_rate"] = schedule(arguments["learning_rate"])
    cls = getattr(keras.optimizers, kind)
    optimizer = cls.from_config(keras_cases.arguments_in(dtype, cls(**arguments).get_config()))
    variables = {n: keras.Variable(v, name=n, dtype=dtype) for n, v in keras_cases.first_values(dtype).items()}
    if case in keras_cases.EXCLUDED:
        optimizer.exclude_from_weight_decay(var_names=keras_cases.EXCLUDED[case])
    rows = []
    for step in range(1, keras_cases.STEPS + 1):
        found = keras_cases.gradients(case, step, dtype)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            optimizer.apply_gradients(
                [(None if g is None else keras.ops.convert_to_tensor(g), variables[n]) for n, g in found.items()]
            )
        if step == keras_cases.STEPS and case in keras_cases.FINALIZED:
            optimizer.finalize_variable_values(list(variables.values()))
        if step in keras_cases.SNAPSHOTS:
            rows.append(np.concatenate([np.ravel(keras.ops.convert_to_numpy(v)) for v in variables.values()]))
    return np.array(rows)


def main() -> None:
    """Write the arrays, and which Keras they are from."""
    FIXTURES.mkdir(exist_ok=True)
    backend = keras.backend.backend()
    found = {}
    if backend == "jax":
        with np.load(FIXTURES / "keras.npz") as before:
            found.update(before)
    for case in keras_cases.CASES:
        if (case in keras_cases.WITH_JAX) == (backend == "jax"):
            found.update({f"{case}/{dtype}": run(case, dtype) for dtype in keras_cases.DTYPES})
    if backend != "jax":
        for name in keras_cases.SCHEDULES:
            follow = schedule(name)
            found[f"schedule/{name}"] = np.array([float(follow(step)) for step in keras_cases.SCHEDULE_STEPS])
    np.savez_compressed(FIXTURES / "keras.npz", **dict(sorted(found.items())))
    (FIXTURES / "keras.json").write_text(json.dumps({"keras": keras.__version__}) + "\n", encoding="utf-8")
    print(f"{len(found)} arrays of Keras {keras.__version__} on {backend}")


if __name__ == "__main__":
    main()
