"""`tf.nn` and `tf.image` give what TensorFlow gave, values and gradients; see `fixtures/make.py`."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from gradtape import tf

HERE = Path(__file__).parent / "fixtures"
SPEC = importlib.util.spec_from_file_location("recorded_cases", HERE / "cases.py")
cases = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(cases)
RECORDED = {name: json.loads((HERE / f"{name}.json").read_text()) for name in cases.CASES}


@pytest.mark.parametrize("name", RECORDED)
def test_the_inputs_are_those_of_the_record(name):
    for given, numbers in RECORDED[name]["inputs"].items():
        np.testing.assert_allclose(cases.inputs()[given].reshape(-1), numbers, rtol=1e-5, atol=1e-6)


def test_the_record_has_all_cases():
    for name, expressions in cases.CASES.items():
        assert {case: made["expression"] for case, made in RECORDED[name]["cases"].items()} == expressions


@pytest.mark.parametrize(("name", "case"), [(n, c) for n, made in RECORDED.items() for c in made["cases"]])
def test_case(name, case):
    recorded = RECORDED[name]["cases"][case]
    data = cases.inputs()
    values, gradients = cases.run(tf, recorded["expression"], data)
    assert len(values) == len(recorded["values"])
    for ours, theirs in zip(values, recorded["values"], strict=True):
        assert list(ours.shape) == theirs["shape"]
        np.testing.assert_allclose(ours.reshape(-1), theirs["numbers"], rtol=2e-5, atol=2e-5)
    assert set(gradients) == set(recorded["gradients"])
    for given, theirs in recorded["gradients"].items():
        if theirs is not None:
            np.testing.assert_allclose(gradients[given].reshape(-1), theirs, rtol=1e-4, atol=1e-4, err_msg=given)
