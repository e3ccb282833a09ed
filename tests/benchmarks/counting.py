"""Counts of calls and lines: what a busy machine does not change."""

import gc
import sys
from collections import Counter
from contextlib import contextmanager


@contextmanager
def _alone():
    """Let no finalizer of what another test left behind run meanwhile, and be counted."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def calls(act):
    """Count every call that Python makes while something runs, by the name of what is called."""
    found = Counter()

    def count(frame, event, argument):
        if event == "call":
            found[frame.f_code.co_name] += 1
        elif event == "c_call":
            found[argument.__name__] += 1

    with _alone():
        sys.setprofile(count)
        try:
            act()
        finally:
            sys.setprofile(None)
    return found


def lines(act):
    """Count every line of gradtape that runs."""
    count = 0

    def trace(frame, event, argument):
        nonlocal count
        if "gradtape" not in frame.f_code.co_filename:
            return None
        count += event == "line"
        return trace

    before = sys.gettrace()
    with _alone():
        sys.settrace(trace)
        try:
            act()
        finally:
            sys.settrace(before)
    return count
