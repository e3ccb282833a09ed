"""`%%why` in IPython, and in a kernel as a notebook runs it."""

import pytest

pytest.importorskip("IPython", reason="`make test-browser` has it")

from IPython.core.interactiveshell import InteractiveShell

MAKE = "import numpy as np, gradtape as gt\nw = gt.Variable([1.5, 2.5])\nb = gt.Variable(1.0)"
ASK = """%%why
with gt.GradientTape() as tape:
    loss = np.sum(np.floor(w)) * b
g = tape.gradient(loss, [w, b])
"""


@pytest.fixture
def shell():
    InteractiveShell.clear_instance()
    made = InteractiveShell.instance()
    made.run_cell("%load_ext gradtape.notebook")
    made.run_cell(MAKE, store_history=True)
    yield made
    InteractiveShell.clear_instance()


def ran(shell, capsys, cell):
    capsys.readouterr()
    result = shell.run_cell(cell, store_history=True)
    return result, capsys.readouterr()


def test_the_cell_runs_and_its_gradients_are_explained_at_their_places(shell, capsys):
    result, shown = ran(shell, capsys, ASK)
    assert result.success
    assert shell.user_ns["g"][0] is None
    assert "ok      d loss / d b  tape.gradient at Cell In[2]:3" in shown.out
    assert "warning[GT302 piecewise-constant]: no gradient flows from `loss` to `w`\n  --> Cell In[2]:2:19" in shown.out
    assert "2 |     loss = np.sum(np.floor(w)) * b\n   |                   ^^^^^^^^^^^" in shown.out
    assert shown.err == ""


def test_a_function_of_another_cell_is_named_by_that_cell(shell, capsys):
    ran(shell, capsys, "def model(w):\n    return np.sum(np.round(w))")
    _, shown = ran(shell, capsys, "%%why\nwith gt.GradientTape() as tape:\n    loss = model(w)\ntape.gradient(loss, w)")
    assert "--> Cell In[2]:2:19" in shown.out


def test_an_edit_knows_the_modules_that_another_cell_imported(shell, capsys):
    _, shown = ran(shell, capsys, ASK)
    assert "2 +     loss = np.sum(gt.straight_through(np.floor, w)) * b\n" in shown.out


def test_a_cell_that_asks_for_nothing_says_so(shell, capsys):
    _, shown = ran(shell, capsys, "%%why\nx = 3")
    assert "no gradient was asked for in this cell\n  help: " in shown.out
    assert shell.user_ns["x"] == 3


def test_an_error_is_shown_and_what_was_asked_before_is_explained(shell, capsys):
    _, shown = ran(shell, capsys, ASK + "1 / 0\n")
    assert "ZeroDivisionError" in shown.out
    assert "GT302" in shown.out


def test_a_cell_that_does_not_parse_is_left_to_the_shell(shell, capsys):
    _, shown = ran(shell, capsys, "%%why\nx = = 3")
    assert "SyntaxError" in shown.out + shown.err
    assert "no gradient was asked" not in shown.out


def test_other_cells_warn_as_always(shell, capsys):
    ran(shell, capsys, ASK)
    with pytest.warns(gt_warning(), match="no gradient from `loss` to `w`"):
        ran(shell, capsys, ASK.removeprefix("%%why\n"))


def gt_warning():
    from gradtape.errors import MissingGradientWarning

    return MissingGradientWarning


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::RuntimeWarning")
def test_a_notebook_gets_html(tmp_path, monkeypatch):
    nbclient = pytest.importorskip("nbclient")
    nbformat = pytest.importorskip("nbformat")
    import os
    from pathlib import Path

    import gradtape

    monkeypatch.setenv(
        "PYTHONPATH", str(Path(gradtape.__file__).parents[1]) + os.pathsep + os.environ.get("PYTHONPATH", "")
    )
    cells = ["%load_ext gradtape.notebook\n" + MAKE, ASK, "tape"]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in cells])
    nbclient.NotebookClient(book, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    explained, shown = book.cells[1].outputs[-1].data, book.cells[2].outputs[-1].data
    assert "Cell In[2]:2" in explained["text/html"]
    assert "warning[GT302" in explained["text/plain"]
    assert "GradientTape" in shown["text/html"]
