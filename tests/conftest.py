"""What every test gets: no tape or setting may be left behind, and golden files can be blessed."""

import difflib
from pathlib import Path

import pytest

import gradtape._config
from gradtape.arrays.record import STATE
from gradtape.tape import missing


def pytest_addoption(parser):
    parser.addoption("--bless", action="store_true", help="write what is printed now into the golden files")


@pytest.fixture(autouse=True)
def nothing_left_behind():
    settings = gradtape._config.settings
    listeners = list(missing.LISTENERS)
    yield
    left = STATE.recordings
    STATE.recordings = ()
    changed = gradtape._config.settings
    gradtape._config.settings = settings
    heard = list(missing.LISTENERS)
    missing.LISTENERS[:] = listeners
    assert not left, f"the test left {len(left)} tape(s) open"
    assert changed == settings, f"the test left the settings changed: {changed}"
    assert heard == listeners, "the test left a listener behind"


@pytest.fixture
def golden(request):
    """Compare a text with a golden file beside the test; `pytest --bless` writes it."""

    def compare(name, text):
        file = Path(request.path).parent / "golden" / name
        if request.config.getoption("--bless"):
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8")
            return
        blessed = file.read_text(encoding="utf-8") if file.exists() else ""
        difference = "\n".join(
            difflib.unified_diff(blessed.splitlines(), text.splitlines(), "blessed", "printed", lineterm="")
        )
        assert text == blessed, f"{name} (pytest --bless accepts it)\n{difference}"

    return compare
