"""Try every mutant of every rule: `python -m tests.mutants --only NAME`; the exit status is 1 if one survives.

A mutant is found if `check_rule` fails for a row that uses the function, or one of the tests in this folder's `ops`
that run through the function. What no test can see, because it is the same function, is listed with the reason in
`ops/equivalent`, one file for each part of the table.
"""

import argparse
import importlib
import itertools
import os
import resource
import sys
import time
import tomllib
import warnings
from collections import Counter, defaultdict
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache
from inspect import signature
from pathlib import Path

import numpy as np
import pytest

from gradtape.testing.mutants import is_found, mutants_of, put_in, sites

OPS = Path(__file__).parent / "ops"
EQUIVALENT = OPS / "equivalent"
NOT_ASKED = {"test_rules", "test_mutants", "test_completeness", "test_checker"}
SLOW = 0.5
MEMORY = 8 * 2**30


def equivalent():
    """Return the reasons of the mutants that are the same function, by name."""
    found = {}
    for file in sorted(EQUIVALENT.glob("*.toml")):
        reasons = tomllib.loads(file.read_text(encoding="utf-8"))
        twice = found.keys() & reasons.keys()
        if twice:
            raise ValueError(f"{file.name} lists what another file has: {sorted(twice)}")
        found |= reasons
    return found


def single_tests():
    """Yield the tests of `tests/ops` as calls without arguments; those that need fixtures are left out."""
    for file in sorted(OPS.glob("test_*.py")):
        if file.stem in NOT_ASKED:
            continue
        for name, test in list(vars(importlib.import_module(f"tests.ops.{file.stem}")).items()):
            if not name.startswith("test_"):
                continue
            marks = getattr(test, "pytestmark", [])
            if any(mark.name != "parametrize" for mark in marks):
                continue
            choices = [list(ways(*mark.args[:2])) for mark in marks]
            for picked in itertools.product(*choices):
                given = {k: v for way in picked for k, v in way.items()}
                if set(signature(test).parameters) == set(given):
                    yield test, given


def ways(names, values):
    """Yield the arguments of each parametrised call."""
    names = [n.strip() for n in names.split(",")] if isinstance(names, str) else list(names)
    for value in values:
        plain = value.values if hasattr(value, "marks") else value
        yield dict(zip(names, plain if len(names) > 1 or hasattr(value, "marks") else [plain], strict=True))


def run(test, given):
    """Whether a test passes."""
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            test(**given)
    except (Exception, pytest.fail.Exception):  # noqa: BLE001 - a failed test may raise anything
        return False
    return True


@cache
def tests_by_code():
    """Run every test once and note which functions of the table it runs through, by their place."""
    found = defaultdict(list)
    for test, given in single_tests():
        places = set()

        def see(frame, event, _arg, places=places):
            if event == "call" and "/gradtape/ops/" in frame.f_code.co_filename:
                places.add(place_of(frame.f_code))

        start = time.perf_counter()
        sys.setprofile(see)
        passed = run(test, given)
        sys.setprofile(None)
        if passed and time.perf_counter() - start < SLOW:
            for place in places:
                found[place].append((test, given))
    return found


def place_of(code):
    return code.co_filename, code.co_firstlineno, code.co_name


def try_site(name, step=1, offset=0):
    """Try the mutants of one function; return the names of those found and of those that survive."""
    site = sites()[name]
    tests = tests_by_code()[place_of(site.function.__code__)]  # before a mutant is in place, which they would fail
    found, survivors = [], []
    for mutant in itertools.islice(mutants_of(site), offset, None, step):
        if is_found(site, mutant):
            found.append(mutant.name)
            continue
        with put_in(site, mutant):
            noticed = any(not run(*test) for test in tests)
        (found if noticed else survivors).append(mutant.name)
    return name, found, survivors


def bounded():
    """Let a mutant that asks for far too large an array fail instead of the machine."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, resource.RLIM_INFINITY))


def try_all(only=None, jobs=None, step=1, said=lambda _text: None):
    """Try the mutants of all functions in parallel; return the names of those found and of those that survive."""
    found, survivors = [], []
    with ProcessPoolExecutor(jobs, initializer=bounded) as pool:
        running = [pool.submit(try_site, name, step, k % step) for k, name in enumerate(sites(only))]
        for k, done in enumerate(as_completed(running), 1):
            _, killed, left = done.result()
            found += killed
            survivors += left
            for name in left:
                said(f"not found: {name}")
            if k % 100 == 0:
                said(f"{k} of {len(running)} functions, {len(found)} mutants found, {len(survivors)} not")
    return found, survivors


def main():
    """Try mutants and say which survive."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description="wrong rules that tests must notice")
    parser.add_argument("--only", help="a row, or a part of a function's name")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--every", type=int, default=1, help="try every n-th mutant only")
    given = parser.parse_args()
    start, reasons = time.perf_counter(), equivalent()
    found, survivors = try_all(given.only, given.jobs, given.every, said=lambda text: print(text, flush=True))
    unknown = sorted(name for name in survivors if name not in reasons)
    stale = sorted(name for name in found if name in reasons)
    for name in unknown:
        print(f"survives: {name}")
    for name in stale:
        print(f"listed as equivalent, but found: {name}")
    by_file = Counter(name.partition(":")[0].partition(".")[0] for name in unknown)
    print(
        f"{len(found)} mutants found, {len(survivors) - len(unknown)} equivalent, {len(unknown)} survive "
        f"({', '.join(f'{n} in {place}' for place, n in by_file.most_common(12))}); {time.perf_counter() - start:.0f} s"
    )
    sys.exit(bool(unknown or stale))


if __name__ == "__main__":
    main()
