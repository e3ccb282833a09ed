import pytest

from gradtape.tape import missing


@pytest.fixture(autouse=True)
def reasons(monkeypatch):
    """Stand in for the explanation until the room that writes it is there."""
    try:
        from gradtape.recorders.native import explain  # noqa: F401
    except ImportError:
        monkeypatch.setattr(missing, "one_line_reasons", lambda asked, results: ("stub",))
