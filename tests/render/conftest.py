import importlib.util
import linecache
from pathlib import Path

import pytest

from gradtape.recorders.heard import Heard
from gradtape.recorders.listening import Listening


def _load():
    spec = importlib.util.spec_from_file_location("render_make", Path(__file__).with_name("make.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def maker(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return _load().Maker(tmp_path)


@pytest.fixture
def reports(tmp_path, monkeypatch):
    """Run a program on our own tape, and return its reports with their graphs."""
    monkeypatch.chdir(tmp_path)

    def run(program, name="train.py"):
        file = tmp_path / name
        file.write_text(program, encoding="utf-8")
        linecache.checkcache(str(file))
        heard = Heard(to_draw=True)
        with Listening(heard):
            exec(compile(program, str(file), "exec"), {"__name__": "__main__"})  # noqa: S102
        return heard.reports

    return run
