"""Work that takes long is said to do so: once, on a terminal, and not while the program itself runs."""

import io
import sys
import time

import pytest

from gradtape.cli.patience import TEXT, Patience


class Stream(io.StringIO):
    def __init__(self, *, terminal):
        super().__init__()
        self.terminal = terminal

    def isatty(self):
        return self.terminal


@pytest.fixture
def stream(monkeypatch, request):
    stream = Stream(terminal=getattr(request, "param", True))
    monkeypatch.setattr(sys, "__stderr__", stream)
    return stream


def test_long_work_is_said_once(stream):
    patience = Patience(0.01)
    for _ in range(2):
        with patience.wait():
            time.sleep(0.2)
    assert stream.getvalue() == f"{TEXT}\n"


def test_short_work_and_the_time_between_say_nothing(stream):
    patience = Patience(5.0)
    with patience.wait():
        pass
    time.sleep(0.05)
    assert stream.getvalue() == ""


def test_many_short_ones_are_long_together(stream):
    patience = Patience(0.2)
    for _ in range(40):
        with patience.wait():
            time.sleep(0.02)
    assert stream.getvalue() == f"{TEXT}\n"


@pytest.mark.parametrize("stream", [False], indirect=True)
def test_only_a_terminal_is_told(stream):
    with Patience(0.01).wait():
        time.sleep(0.1)
    assert stream.getvalue() == ""


def test_a_closed_or_absent_stream_is_no_terminal(monkeypatch):
    for stream in (None, Stream(terminal=True)):
        monkeypatch.setattr(sys, "__stderr__", stream)
        if stream is not None:
            stream.close()
        with Patience(0.01).wait():
            time.sleep(0.05)
