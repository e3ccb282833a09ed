"""Who called, as events and operations outside tapes remember it: made once for a loop, and never another's."""

import sys

import numpy as np
import pytest

import gradtape as gt
from gradtape.arrays.core import CORE
from gradtape.arrays.frames import user_callers
from gradtape.arrays.record import STATE


def around(frame):
    return [(site.code.co_filename, site.span.line) for site in user_callers(frame)]


def scaled(t):
    return t * 2.0


@pytest.mark.skipif(CORE is not None, reason="the core makes sites that no collector looks at")
def test_operations_of_a_loop_share_what_called_them():
    t = gt.constant(np.ones(3))
    for _ in range(3):
        scaled(t)
    first, second, third = list(STATE.ambient.callers.values())[-3:]
    assert len(first) >= 1
    assert first is second is third


def test_callers_are_told_apart_by_the_line_they_stand_on():
    t = gt.constant(np.ones(3))
    scaled(t)
    scaled(t)
    first, second = list(STATE.ambient.callers.values())[-2:]
    assert second[0].span.line == first[0].span.line + 1
    assert second[1:] == first[1:]


def test_equal_code_of_two_files_is_told_apart():
    made = []
    for file in ("one.py", "two.py"):
        space = {}
        exec(compile("def call(f): return f()\n", file, "exec"), space)  # noqa: S102
        made.append(space["call"])
    assert made[0].__code__ == made[1].__code__
    told = [call(lambda: around(sys._getframe(0)))[0][0] for call in made]  # both calls stand at one instruction
    assert told == ["one.py", "two.py"]
