"""Every rule of the table, made wrong in a small way, fails the generic check: nothing in the table is untested."""

import copy
from dataclasses import replace

import pytest

from gradtape.ops import OPS, Partial, Rule
from gradtape.testing import check_rule

FLAT = {("sign", 0), ("copysign", 1)}
"""Arguments whose derivative is zero: no factor shows there."""

PAIRS = [n for n, row in OPS.items() if [isinstance(s, Rule) for s in row.statuses] == [True, True] and n != "add"]
"""Rows of two arguments with a rule each; those of `add` are equal."""

MUTATIONS = {"negated": -1.0, "a little too large": 1.01}


def mutants():
    for name, row in OPS.items():
        for position, status in enumerate(row.statuses):
            if isinstance(status, Rule) and (name, position) not in FLAT and not row.plumbing:
                for mutation in MUTATIONS:
                    yield name, position, mutation


def scaled(rule, factor):
    if isinstance(rule, Partial):
        return replace(rule, fn=lambda xp, *inputs, **params: factor * rule.fn(xp, *inputs, **params), into=None)
    return replace(rule, fn=lambda xp, g, *inputs, **params: factor * rule.fn(xp, g, *inputs, **params), into=None)


@pytest.mark.thorough
@pytest.mark.parametrize(("name", "position", "mutation"), [*mutants()])
def test_a_mutant_is_found(name, position, mutation):
    mutant = copy.copy(OPS[name])
    rules = list(mutant.rules)
    rules[position] = scaled(rules[position], MUTATIONS[mutation])
    mutant.rules = mutant.statuses = tuple(
        rule if rule is not None else status for rule, status in zip(rules, mutant.statuses, strict=True)
    )
    mutant.rules = tuple(rules)
    with pytest.raises(AssertionError):
        check_rule(mutant)


@pytest.mark.thorough
@pytest.mark.parametrize("name", PAIRS)
def test_exchanged_rules_are_found(name):
    mutant = copy.copy(OPS[name])
    mutant.rules = mutant.statuses = mutant.rules[::-1]
    mutant.needs = tuple(tuple(max(a, b) for a, b in zip(*mutant.needs, strict=True)) for _ in range(2))
    mutant.savers = {}
    with pytest.raises((AssertionError, ValueError)):
        check_rule(mutant)
