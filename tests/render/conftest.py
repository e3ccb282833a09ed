import importlib.util
from pathlib import Path

import pytest


def _load():
    spec = importlib.util.spec_from_file_location("render_make", Path(__file__).with_name("make.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def maker(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return _load().Maker(tmp_path)
