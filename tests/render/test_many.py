"""Reports of many gradients stay short: those that flow are counted, what is said of several is said once."""

import pytest

from gradtape.render import layout

MANY = """
import numpy as np
import gradtape as gt

weights = [gt.Variable([float(k), 1.0]) for k in range(30)]
lost = gt.Variable(2.0)
with gt.GradientTape() as tape:
    loss = sum(np.sum(w**2) for w in weights)
tape.gradient(loss, [*weights[:15], lost, *weights[15:]])
"""

STOPPED = """
import numpy as np
import gradtape as gt

weights = [gt.Variable([float(k), 1.0]) for k in range(12)]
with gt.GradientTape() as tape:
    total = sum(np.sum(w) for w in weights)
    loss = total * gt.stop_gradient(total)
tape.gradient(loss, weights)
"""


def text(lines):
    return ["".join(piece for piece, _ in line) for line in lines]


def test_gradients_that_flow_are_counted_from_some_on(reports):
    told = text(layout.table(list(reports(MANY))))
    assert len(told) == 1 + layout.SHOWN + 1 + 1
    assert told[-1].split() == ["ok", "18", "more", "of", "this", "call"]
    assert sum("d loss / d lost" in line for line in told) == 1


def test_gradients_that_one_line_breaks_are_counted_from_some_on(reports):
    told = text(layout.table(list(reports(MANY.replace("np.sum(w**2)", "np.sum(np.floor(w))")))))
    assert len(told) == 1 + layout.SHOWN + 1 + 1
    assert told[-1].split()[:6] == ["none", "18", "more", "of", "this", "call"]
    assert told[-1].split()[6:] == told[1].split()[6:]
    assert sum("d loss / d lost" in line for line in told) == 1


def test_a_few_are_told_one_by_one(reports):
    told = text(layout.table(list(reports(MANY.replace("range(30)", f"range({layout.SHOWN + 1})")))))
    assert not any("more of this call" in line for line in told)


def test_a_remark_on_several_is_made_once(reports):
    told = list(reports(STOPPED))
    assert sum(len(r.notes) for r in told) == 12
    ((note, (also,)),) = layout.merged_notes(told)
    assert "on purpose" in note.headline
    assert also.endswith("and 3 more")
    assert also.count("d loss / d weights[") == layout.MOST_NAMED
    assert sum("on purpose" in line for line in text(layout.report(told, layout.frame_of(unicode=False), 120))) == 1


@pytest.mark.parametrize("count", [1, 2, 9])
def test_the_names_of_few_are_all_told(reports, count):
    told = list(reports(STOPPED.replace("range(12)", f"range({count})")))
    ((_, also),) = layout.merged_notes(told)
    assert "".join(also).count("d loss / d weights[") == (count - 1)


UNUSED = """
import gradtape as gt

first = gt.Variable(1.0)
second = gt.Variable(2.0)
third = gt.Variable(3.0)
with gt.GradientTape() as tape:
    loss = first**2
tape.gradient(loss, [second, third])
"""


def test_what_nothing_uses_is_said_once_wherever_it_was_made(reports):
    ((finding, (also,)),) = layout.merged(list(reports(UNUSED)))
    assert finding.cause == "not-used"
    assert also == "the same holds for d loss / d third"


SPOILED = """
import numpy as np
import gradtape as gt

places, scale, rows = gt.Variable([[1.0, 2.0], [1.0, 2.0]]), gt.Variable(2.0), np.ones(2)
for k in range(3):
    with gt.GradientTape() as tape:
        apart = places[0] - places[1]
        loss = np.sqrt(np.sum(apart**2)) + scale * np.sum(places * rows)
    for source, gradient in zip((places, scale), tape.gradient(loss, [places, scale])):
        source.assign_sub(0.1 * gradient)
"""


def test_what_a_step_spoiled_is_told_once(reports):
    told = list(reports(SPOILED))
    assert [(r.source, str(r.status), r.times) for r in told] == [("places", "nan", 3), ("scale", "ok", 1)]


def test_what_the_data_spoil_later_is_told_besides(reports):
    checked = SPOILED.replace("source.assign", "if np.isfinite(gradient).all(): source.assign")
    told = list(reports(checked.replace("    with gt", "    rows = rows * (np.nan if k else 1.0)\n    with gt")))
    assert {f.cause for r in told for f in r.findings} == {"singular-point", "overflow"}
