"""Lanes and rounds: what the drawing of a tape stands on."""

import re
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from gradtape.explain.report import Status
from gradtape.render import lanes, picture, rounds, svg
from tests.benchmarks.counting import lines
from tests.render.programs import EVIL, LOOP, NAN, SMALL


def occupied(inputs, laid):
    """Yield for each row the lanes that values run down through it, with the value."""
    ends = list(range(len(inputs)))
    for row, sources in enumerate(inputs):
        for source, far in zip(sources, laid.far[row], strict=True):
            if not far:
                ends[source] = row
    return [(laid.lane[row], row, ends[row]) for row in range(len(inputs))]


def chaos(seed, count):
    rng = np.random.default_rng(seed)
    made = []
    for row in range(count):
        many = rng.choice([0, 1, 1, 2, 2, 3]) if row else 0
        near = max(0, row - rng.choice([2, 5, 40, 500]))
        made.append(tuple(int(rng.integers(near, row)) if rng.random() < 0.9 else -1 for _ in range(many)))
    return made


@pytest.mark.parametrize("seed", range(20))
def test_no_two_values_share_a_lane_at_a_time(seed):
    inputs = chaos(seed, 400)
    stretches = sorted(occupied(inputs, lanes.assign(inputs)))
    for (lane, _, end), (other, begin, _) in pairwise(stretches):
        assert lane != other or begin >= end


def test_a_chain_is_a_straight_line_and_a_branch_comes_back():
    assert lanes.assign([(), (0,), (1,), (2,)]).lane == (0, 0, 0, 0)
    diamond = lanes.assign([(), (0,), (0,), (1, 2)])
    assert diamond.lane == (0, 1, 0, 1)
    assert diamond.width == 2


def test_a_value_that_waits_long_gives_its_lane_away():
    inputs = [(), *[(k,) for k in range(200)], (200, 0)]
    laid = lanes.assign(inputs)
    assert laid.far[-1] == (False, True)
    assert laid.width == 1


def test_many_results_that_wait_for_their_sum_do_not_widen_the_picture():
    inputs = [(), *[(0,)] * 5000, tuple(range(1, 5001))]
    assert lanes.assign(inputs).width <= lanes.NEAR + 2


def test_rounds_are_found_and_rounds_within_rounds():
    inner = ["b", "c"] * 20
    found = rounds.find((["a", *inner, "d"]) * 50)
    assert found[0].rounds == 18
    outer = [fold for fold in found if fold.rounds == 48]
    (around,) = outer
    for fold in found:
        inside = around.first <= fold.first and fold.end <= around.end
        assert inside or fold.end <= around.first or fold.first >= around.end


def test_few_rounds_and_random_rows_are_left_as_they_are():
    assert rounds.find(["a", "b", "c"] * 3) == []
    assert rounds.find(np.random.default_rng(3).random(1000).tolist()) == []


@pytest.mark.parametrize("seed", range(10))
def test_what_is_folded_repeats_what_stands_before_it(seed):
    rng = np.random.default_rng(seed)
    keys = []
    while len(keys) < 600:
        keys += rng.integers(0, 4, size=rng.integers(1, 6)).tolist() * int(rng.integers(1, 30))
    for first, end, count in rounds.find(keys):
        assert end - first >= rounds.SAVED
        if any(f.first >= first and f.end <= end and (f.first, f.end) != (first, end) for f in rounds.find(keys)):
            continue  # rounds of rounds: their lengths may differ
        period = (end - first) // count
        assert keys[first:end] == keys[first - period : first] * count


@pytest.mark.parametrize(
    "keys",
    [
        lambda n: ["x"] * n,
        lambda n: list(range(n // 3)) * 3,
        lambda n: [k % 7 * (k % 11) for k in range(n)],
        lambda n: np.random.default_rng(1).integers(0, 3, n).tolist(),
    ],
    ids=["one", "three rounds", "mixed", "random"],
)
def test_the_search_for_rounds_is_linear(keys):
    few, more, most = [lines(lambda n=n: rounds.find(keys(n))) for n in (3000, 6000, 12_000)]
    assert most - more <= 2.1 * (more - few)


def test_rows_are_in_order_and_lead_to_their_inputs(reports):
    ((drawn, told),) = picture.of(reports(SMALL))
    assert len(told) == 4
    for row, shown in enumerate(drawn.rows):
        assert all(source < row for source in shown.inputs)
        if shown.operation is not None:
            for source, value in zip(shown.inputs, shown.operation.inputs, strict=True):
                assert source == -1 or drawn.row_of[value] == source


def test_what_ran_before_the_tape_and_has_no_part_in_it_is_not_drawn(reports):
    program = "import numpy as np, gradtape as gt\nw = gt.Variable(1.0)\nfor k in range(50):\n    np.sin(w)\n"
    ((drawn, _),) = picture.of(reports(program + SMALL.partition("\n")[2]))
    assert "sin" not in [row.name for row in drawn.rows]


def test_a_source_that_the_tape_never_met_has_a_line_of_its_own(reports):
    program = """\
import numpy as np, gradtape as gt
w = gt.Variable(1.0)
other = w * 2.0
with gt.GradientTape() as tape:
    loss = np.sin(w)
tape.gradient(loss, other)
"""
    told = reports(program)
    ((drawn, _),) = picture.of(told)
    assert drawn.rows[0].name == "other"
    assert drawn.place_of(told[0], told[0].findings[0]) == 0
    made = svg.routes(told)
    assert ">other<" in made
    assert str(told[0].findings[0].code) in made


def test_a_long_tape_shows_its_newest_rows(reports, monkeypatch):
    monkeypatch.setattr(picture, "MOST", 100)
    ((drawn, _),) = picture.of(reports(LOOP))
    assert len([row for row in drawn.rows if row.operation]) == 100
    assert drawn.left_out == 202


def test_a_way_leads_from_row_to_row_or_there_is_none(reports):
    ((drawn, _),) = picture.of(reports(SMALL))
    names = [row.name for row in drawn.rows]
    steps = drawn.way([names.index("w")], {names.index("sum")})
    assert [names[row] for row, _ in steps] == ["multiply", "floor", "power", "sum"]
    for (before, _), (row, position) in pairwise(steps):
        assert drawn.rows[row].inputs[position] == before
    assert drawn.way([names.index("unused")], {names.index("sum")}) == ()


def test_a_long_chain_is_cut_short_and_its_ends_stay(reports):
    calls = "\n".join("    h = np.sin(h)" for _ in range(12))
    head = "import numpy as np, gradtape as gt\nw = gt.Variable(1.5)\nwith gt.GradientTape() as t:\n    h = np.round(w)"
    program = f"{head}\n{calls}\nt.gradient(h, w)\n"
    made = svg.routes(reports(program))
    assert "7 more operations" in made
    assert made.count(">sin<") == 5


def test_a_number_that_got_lost_is_shown_at_its_operation(reports):
    told = reports(NAN)
    ((drawn, _),) = picture.of(told)
    (report,) = told
    assert report.status is Status.NAN
    names = [row.name for row in drawn.rows]
    place = drawn.place_of(report, report.findings[0])
    assert names[place] == "sqrt"
    assert "the words of GT401" in svg.routes([in_other_words(report)])


@pytest.mark.parametrize(("name", "program"), [("small", SMALL), ("evil", EVIL), ("loop", LOOP)])
def test_the_picture_of_the_routes(reports, golden, name, program):
    golden(f"{name}.svg", svg.routes([in_other_words(r) for r in reports(program)]))


def in_other_words(report):
    """Put fixed words and places for a cause's own, which change without the picture's doing."""
    findings = []
    for finding in report.findings:
        message = finding.diagnostic
        words = f"the words of {finding.code.number}"
        span = message.primary.span if finding.path else report.call
        annotations = (replace(message.primary, span=span, label=words),)
        findings.append(replace(finding, diagnostic=replace(message, annotations=annotations)))
    return replace(report, findings=tuple(findings))


def test_the_picture_is_well_formed_and_needs_nothing(reports):
    for program in (SMALL, EVIL, LOOP):
        made = svg.routes(reports(program))
        root = ET.fromstring(made)  # noqa: S314  our own
        assert root.find("{http://www.w3.org/2000/svg}title") is not None
        assert {e.tag.rpartition("}")[2] for e in root.iter()} <= {
            "svg",
            "title",
            "desc",
            "style",
            "rect",
            "text",
            "tspan",
            "path",
            "circle",
            "g",
        }
        assert not re.findall(r"url\(|@import|href|<script", made)
