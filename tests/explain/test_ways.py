"""The search against an oracle that walks every way of small random graphs."""

from __future__ import annotations

import random

import pytest

from gradtape.diagnostics import Site
from gradtape.explain.fan import MOST_PLACES
from gradtape.explain.graph import Break, BreakKind, Operation, Run
from gradtape.explain.search import Route, backward_cone, forward_cone, group_breaks
from gradtape.explain.ways import MOST_WAYS

KINDS = (
    BreakKind.PIECEWISE_CONSTANT,
    BreakKind.NO_DERIVATIVE,
    BreakKind.INTEGER_CAST,
    BreakKind.BEFORE_TAPE,
    BreakKind.AFTER_TAPE,
    BreakKind.STOP,
)
CODE = compile("\n".join(f"f{k}()" for k in range(20)), "somewhere.py", "exec")


def random_run(rng):
    """Make a small run; return it with its sources and targets. Few places, so that one place runs several times."""
    sources = [1, 2]
    values = [*sources, 3]
    operations = []
    for seq in range(4, 4 + rng.randrange(2, 9)):
        inputs = tuple(rng.choice([0, *values, values[-1]]) for _ in range(rng.randrange(1, 4)))
        breaks = tuple(
            tuple(Break(kind) for kind in rng.sample(KINDS, rng.choice((1, 1, 2)))) if i and rng.random() < 0.4 else ()
            for i in inputs
        )
        operations.append(Operation(seq, "op", inputs, seq, Site(CODE, 2 * rng.randrange(10)), breaks))
        values.append(seq)
    targets = frozenset(rng.sample(values[-2:], rng.choice((1, 1, 2))))
    return Run(tuple(operations), (), None), sources, targets


def all_ways(run, source, targets):
    """Walk every way, as a tuple of (operation, position)."""
    found = []

    def walk(value, way):
        if value in targets:
            found.append(way)
        for operation in run.operations:
            for position, i in enumerate(operation.inputs):
                if i == value:
                    walk(operation.output, (*way, (operation, position)))

    walk(source, ())
    return found


def broken(step):
    operation, position = step
    return operation.breaks[position]


def place(step):
    operation, _ = step
    return operation.site.lasti, frozenset(b.kind for b in broken(step))


def causes(run, way):
    return len(group_breaks(linked(run, way)))


def check(seed):
    rng = random.Random(seed)  # noqa: S311
    run, sources, targets = random_run(rng)
    ways = run.ways(targets)
    fan = ways.fan(tuple(frozenset({s}) for s in sources))
    for k, source in enumerate(sources):
        ids = frozenset({source})
        told = all_ways(run, source, targets)
        routes, complete = fan.routes(k)
        written = [tuple((link.operation, link.position) for link in route) for route in routes]
        assert set(written) <= set(told), "a way that is none"
        assert (source in ways.price) == bool(told)
        assert bool(routes) == bool(told)
        assert ways.one_way(ids) == (fan.count(k) == 1)
        assert fan.count(k) == min(len({tuple(op.output for op, _ in way) for way in told}), MOST_WAYS)
        open_ways = [way for way in told if not any(map(broken, way))]
        assert ways.flow_from(ids) == bool(open_ways)
        if not told:
            continue
        fewest = min(causes(run, w) for w in told)
        best = ways.best(ids)
        assert len(group_breaks(best)) == fewest
        if open_ways:
            assert len(best) == min(map(len, open_ways))
            continue
        assert causes(run, written[0]) == fewest, "fewest causes first"
        assert [causes(run, w) for w in written] == sorted(causes(run, w) for w in written)
        stories = {tuple(place(group.links[0]) for group in group_breaks(linked(run, w))) for w in written}
        assert len(stories) == len(written), "the same causes are told twice"
        first = {place(next(step for step in way if broken(step))) for way in told}
        assert len(first) <= MOST_PLACES
        assert {place(next(step for step in way if broken(step))) for way in written} == first, "a break was not told"
        if complete:
            assert mended(run, written, source, targets), "mending all that was told does not help"
            assert not untold(run, written, told), "mending what stands first shows a break that was not told"


def linked(run, way):
    return Route(run.columns, [run.operations.index(operation) for operation, _ in way], [at for _, at in way])


def untold(run, written, told):
    """Return the breaks behind those that stand first, where no way is open behind one, that were not told."""
    places = {place(step) for way in written for step in way if broken(step)}
    left_out = set()
    for start in {next(step for step in way if broken(step)) for way in written}:
        behind = [way for way in told if next(step for step in way if broken(step)) == start]
        alone = causes(run, [start])
        grouped = [group_breaks(linked(run, way)) for way in behind]
        if min(map(len, grouped)) > alone:
            left_out |= {place(next_group(groups)) for groups in grouped} - places
    return left_out


def next_group(groups):
    """Return the first step that breaks for a cause that the first break has not."""
    return next(tuple(g.links[0]) for g in groups if g.links[0] != groups[0].links[0])


def mended(run, written, source, targets):
    """Whether a way is open once everything that was told is mended."""
    told = {place(step) for way in written for step in way if broken(step)}
    return any(all(not broken(step) or place(step) in told for step in way) for way in all_ways(run, source, targets))


@pytest.mark.parametrize("block", range(10))
def test_every_way_and_every_break_is_found(block):
    for seed in range(100 * block, 100 * block + 100):
        check(seed)


@pytest.mark.thorough
@pytest.mark.parametrize("block", range(100))
def test_many_more_graphs(block):
    for seed in range(10_000 + 200 * block, 10_200 + 200 * block):
        check(seed)


@pytest.mark.parametrize("seed", range(50))
def test_what_lies_before_and_behind(seed):
    run, sources, targets = random_run(random.Random(seed))  # noqa: S311
    ids = tuple(frozenset({s}) for s in sources)
    assert set(run.ways(targets).price) == backward_cone(run, targets)
    for k, s in enumerate(sources):
        behind = forward_cone(run, {s})
        assert {i for i in range(30) if i in run.reach(ids).of(k)} == behind
        uses = {(run.columns.seqs[number], p) for number, p in run.columns.uses.get(s, ())}
        assert {(op.seq, p) for op, p in run.readers(ids[k])} == uses
