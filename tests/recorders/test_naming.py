"""How the objects of a frame are called: by the shortest name that will still be theirs in a moment."""

import sys

from gradtape.recorders.naming import Naming, loop_variables


class Layer:
    def __init__(self, w):
        self.w = w


def test_what_a_loop_holds_is_called_by_where_it_lives():
    layers = [Layer([1.0]), Layer([2.0])]
    for layer in layers:
        w = layer.w
    for k, (first, *rest) in enumerate([(layer, 1, 2)]):
        assert (k, first, rest) == (0, layer, [1, 2])
    naming = Naming(sys._getframe())
    assert naming.of(layers[0]) == "layers[0]"
    assert naming.of(layers[1]) == "layers[1]"
    assert naming.of(w) == "w"


def test_a_loop_variable_is_a_name_where_there_is_no_other():
    for only in (Layer(w) for w in ([3.0],)):
        assert Naming(sys._getframe()).of(only) == "only"


def test_loop_variables_are_read_from_the_code():
    def function(pairs):
        total = 0
        for a, (b, c) in pairs:
            d = a + b + c
            total += d
        return total

    assert loop_variables(function.__code__) == {"a", "b", "c"}
    assert function([(1, (2, 3))]) == 6


LEFT_OVER = """
import sys
from types import SimpleNamespace as Thing

batch = {"pos": Thing(), "vel": Thing()}
for key, value in batch.items():
    pass

def names():
    return Naming(sys._getframe()).of(batch["vel"])

found = names()
"""


def test_what_a_loop_of_the_module_left_behind_is_no_name():
    made = {"Naming": Naming}
    exec(compile(LEFT_OVER, "left_over.py", "exec"), made)  # noqa: S102
    assert made["found"] == "batch['vel']"
