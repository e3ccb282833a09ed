"""Random programs: what the model of the run predicts is what TensorFlow gives; `thorough` tries many more."""

import pytest

from .random_programs import compare, graph_program, program


@pytest.mark.parametrize("first", range(0, 200, 50))
def test_the_model_agrees_with_tensorflow(first, tmp_path):
    assert [said for seed in range(first, first + 50) if (said := compare(seed, tmp_path))] == []


@pytest.mark.thorough
@pytest.mark.parametrize("first", range(1000, 5000, 500))
def test_the_model_agrees_with_tensorflow_on_many(first, tmp_path):
    assert [said for seed in range(first, first + 500) if (said := compare(seed, tmp_path))] == []


@pytest.mark.parametrize("first", range(0, 60, 30))
def test_the_model_agrees_with_traced_functions(first, tmp_path):
    said = [compare(seed, tmp_path, graph_program, "graph") for seed in range(first, first + 30)]
    assert [text for text in said if text] == []


@pytest.mark.thorough
@pytest.mark.parametrize("first", range(1000, 2000, 250))
def test_the_model_agrees_with_many_traced_functions(first, tmp_path):
    said = [compare(seed, tmp_path, graph_program, "graph") for seed in range(first, first + 250)]
    assert [text for text in said if text] == []


def test_a_gradient_of_picked_rows_is_compared_too(tmp_path):
    assert [compare(seed, tmp_path, graph_program, "graph") for seed in (1231, 1233)] == ["", ""]


def test_a_program_is_the_same_each_time_and_there_are_many():
    assert program(7) == program(7)
    assert len({program(seed) for seed in range(100)}) > 90
