"""What a program may do to whoever runs it: each has a clear answer, and its own status and output survive."""

import os
import re
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ASK = """\
import gradtape as gt
w = gt.Variable([1.0, 2.0])
b = gt.Variable(1.0)

def ask():
    with gt.GradientTape() as tape:
        loss = (w * w).sum()
    return tape.gradient(loss, [w, b])

"""
TOLD = "2 gradients asked for: 1 flows, 1 does not"


def plain(arguments, folder, **more):
    """Run the same with Python alone: what a program does by itself is what it must do under us."""
    env = {k: v for k, v in os.environ.items() if k not in {"COLUMNS", "FORCE_COLOR"}}
    env |= {"PYTHONPATH": str(ROOT / "src"), "PYTHONIOENCODING": "utf-8", "PYTHONWARNINGS": "ignore"}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=env, capture_output=True, encoding="utf-8", timeout=60,
        check=False, **more,
    )  # fmt: skip


@pytest.fixture
def both(gradtape, tmp_path):
    """Run a program under `gradtape why` and by itself; its output and status must be the same."""

    def run(program, *arguments, asks=True):
        ran = gradtape("why", "train.py", *arguments, program=ASK + program if asks else program)
        alone = plain(["train.py", *arguments], tmp_path)
        own, line, report = ran.out.partition("-- gradtape why train.py -")
        assert line, ran.err
        assert own == alone.stdout
        assert ran.status == alone.returncode
        return ran, alone, report

    return run


@pytest.mark.parametrize(
    "code",
    ["", "None", "0", "1", "3", "-1", "256", "True", "'a word'", "1.5", "(1, 2)", "[]", "2 ** 70"],
)
def test_sys_exit_with_anything(both, code):
    ran, alone, report = both(f"import sys\nask()\nprint('mine')\nsys.exit({code})\n")
    assert ran.err == alone.stderr
    assert TOLD in report


def test_os_exit_is_told_about_first(both):
    ran, _, report = both("import os\nask()\nprint('mine', flush=True)\nos._exit(7)\n")
    assert TOLD in report
    assert "the script ended with exception: os._exit: 7" in report
    assert ran.err == ""


def test_a_script_that_raises_in_the_middle(both):
    ran, alone, report = both("ask()\ndef f():\n    raise ValueError('too much')\nf()\nprint('never')\n")
    assert ran.err == alone.stderr
    assert TOLD in report


@pytest.mark.parametrize("text", ["x = (\n", "x = 1\0\n", "def f():\nreturn\n", "  x = 1\n"])
def test_a_script_that_does_not_parse(both, text):
    ran, alone, report = both(text, asks=False)
    assert ran.status == 1
    assert ran.err == alone.stderr
    assert "no gradient was asked for before it ended" in report
    assert re.search("the script ended with exception: (Syntax|Indentation)Error", report)


@pytest.mark.parametrize("text", [b"# \xff\nprint(1)\n", b"x = 1\n\n\n\nprint('\xe9')\n"])
def test_a_script_that_is_not_utf_8(gradtape, tmp_path, text):
    (tmp_path / "old.py").write_bytes(text)
    ran = gradtape("why", "old.py")
    assert ran.status == 1
    assert ran.err == plain(["old.py"], tmp_path).stderr


def test_standard_input_goes_to_the_script(gradtape, tmp_path):
    (tmp_path / "train.py").write_text(ASK + "ask()\nprint(input(), sum(int(x) for x in __import__('sys').stdin))\n")
    ran = plain(["-m", "gradtape", "why", "train.py"], tmp_path, input="first\n1\n2\n")
    assert ran.stdout.startswith("first 3\n")
    assert TOLD in ran.stdout


def test_gradients_asked_in_threads_are_told(both):
    _, _, report = both(
        "import threading\nts = [threading.Thread(target=ask) for _ in range(4)]\nfor t in ts: t.start()\n"
    )
    assert "asked 4 times" in report  # nobody joins them: Python waits for them, and so do we


def test_a_pool_that_nobody_shuts_down(both):
    _, _, report = both(
        "from concurrent.futures import ThreadPoolExecutor\npool = ThreadPoolExecutor(2)\n"
        "for k in range(3): pool.submit(ask)\nprint('end')\n"
    )
    assert "asked 3 times" in report


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_processes_work_as_they_do_without_us(both, method):
    program = f"""
import multiprocessing, sys
class Point:
    def __init__(self, x): self.x = x
def work(point):
    gradient = ask()
    return Point(point.x * float(gradient[0][0]))
if __name__ == "__main__":
    with multiprocessing.get_context({method!r}).Pool(2) as pool:
        print([p.x for p in pool.map(work, [Point(k) for k in range(4)])])
    ask()
    print(Point.__module__)
"""
    ran, _, report = both(program)
    assert TOLD in report
    assert ("started processes afresh (spawn)" in report) == (method != "fork")
    assert "Traceback" not in ran.err


def test_what_forked_processes_ask_is_told(both):
    program = """
import multiprocessing
if __name__ == "__main__":
    ps = [multiprocessing.get_context("fork").Process(target=ask) for _ in range(2)]
    for p in ps: p.start()
    for p in ps: p.join()
"""
    _, _, report = both(program)
    assert TOLD in report
    assert "asked 2 times" in report


def test_a_fork_that_runs_to_its_end_tells_nothing_of_its_own(both):
    _, _, report = both(
        "import os, sys\npid = os.fork()\nask()\nif not pid: print('child', flush=True); sys.exit(5)\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))\n"
    )
    assert "asked 2 times" in report
    assert "gradtape why" not in report


def test_megabytes_of_output(both):
    _, _, report = both("ask()\nfor k in range(30000): print('x' * 100)\n")
    assert TOLD in report


def test_exit_handlers_and_what_they_ask(both):
    _, _, report = both("import atexit\natexit.register(lambda: print('last', len(ask())))\nprint('first')\n")
    assert TOLD in report


def test_an_exit_handler_that_fails_changes_nothing(both):
    _, _, report = both("import atexit, sys\natexit.register(lambda: 1 / 0)\nask()\nsys.exit(4)\n")
    assert TOLD in report


@pytest.mark.parametrize(
    "harm",
    [
        "sys.stdout.close()",
        "os.close(1)",
        "sys.stdout = None",
        "sys.stdout = io.StringIO(); sys.stderr = sys.stdout",
        "sys.stdout = sys.stderr = open(os.devnull, 'w')",
        "del sys.stdout",
        "sys.__stdout__ = None",
    ],
)
def test_a_script_that_takes_standard_output_away(gradtape, harm):
    ran = gradtape("why", "train.py", program=f"import io, os, sys\n{ASK}print('mine', flush=True)\n{harm}\nask()\n")
    assert ran.out.startswith("mine\n-- gradtape why train.py -")
    assert TOLD in ran.out
    assert ran.status == 0


def test_a_hook_for_errors_of_the_scripts_own(both):
    ran, _, report = both(
        "import sys\nsys.excepthook = lambda kind, error, tb: print('caught', kind.__name__)\nask()\n1 / 0\n"
    )
    assert ran.err == ""
    assert TOLD in report


def test_a_hook_that_leaves_with_a_status_of_its_own(both):
    ran, _, _ = both("import sys\nsys.excepthook = lambda *_: sys.exit(9)\nask()\n1 / 0\n")
    assert ran.status == 9


def test_a_broken_hook(both):
    ran, _, _ = both("import sys\nsys.excepthook = lambda *_: {}['x']\nask()\n1 / 0\n")
    assert "Error in sys.excepthook:" in ran.err
    assert ran.err.index("KeyError") < ran.err.index("ZeroDivisionError")


def test_a_limit_of_recursion(both):
    ran, _, report = both("import sys\nsys.setrecursionlimit(60)\nask()\nprint(sys.getrecursionlimit())\n")
    assert TOLD in report
    assert "GT105" in report
    assert "not-explained" not in report
    assert ran.err == ""


def test_tasks(both):
    program = """
import asyncio
async def main():
    async def one():
        with gt.GradientTape() as tape:
            loss = (w * w).sum()
            await asyncio.sleep(0)
        return tape.gradient(loss, [w, b])
    await asyncio.gather(one(), one())
asyncio.run(main())
"""
    _, _, report = both(program)
    assert "asked 2 times" in report


def test_classes_of_the_script_can_be_pickled(both):
    both(
        "import pickle, dataclasses, inspect\n@dataclasses.dataclass\nclass P:\n    x: int\n"
        "print(pickle.loads(pickle.dumps(P(3))), P.__module__, inspect.getsource(P))\nask()\n"
    )


def test_what_a_program_sees_of_itself(both, tmp_path):
    both(
        "import sys\nprint(__name__, __file__, __spec__, __package__, type(__loader__), sys.argv, sys.path[0])\n"
        "print(sys.modules['__main__'].ask is ask, sorted(globals()))\n",
        "--epochs", "3",
    )  # fmt: skip


def test_argparse_names_the_script(both):
    ran, alone, _ = both(
        "import argparse\nask()\np = argparse.ArgumentParser()\np.add_argument('--n', type=int)\np.parse_args()\n",
        "--n", "x",
    )  # fmt: skip
    assert ran.err == alone.stderr
    assert ran.status == 2


AS_FROM_A_TERMINAL = """\
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""
"""Runs Python with Ctrl-C as a terminal leaves it: a job in the background ignores it, and children inherit that."""


WAITING = "ask()\nprint('ready')\nfor _ in range(1000):\n    time.sleep(0.05)\n"
"""Many short sleeps: a signal that arrives just before one would be looked at only behind it."""


def stopped(program, number, folder):
    (folder / "train.py").write_text(ASK + program + WAITING)
    env = os.environ | {"PYTHONPATH": str(ROOT / "src"), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [sys.executable, "-c", AS_FROM_A_TERMINAL, "-m", "gradtape", "why", "train.py"], cwd=folder, env=env,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as child:  # fmt: skip
        try:
            assert child.stdout.readline() == "ready\n"
            child.send_signal(number)
            out, err = child.communicate(timeout=60)
        finally:
            child.kill()  # nothing stays behind that would be found dead in another test
    return child.returncode, out, err


def test_ctrl_c(tmp_path):
    status, out, err = stopped("import time\n", signal.SIGINT, tmp_path)
    assert status == -signal.SIGINT
    assert TOLD in out
    assert "the script ended with exception: KeyboardInterrupt" in out
    assert err.rstrip().endswith("KeyboardInterrupt")


def test_sigterm(tmp_path):
    status, out, err = stopped("import time\n", signal.SIGTERM, tmp_path)
    assert status == -signal.SIGTERM
    assert TOLD in out
    assert "the script ended with signal: SIGTERM" in out
    assert err == ""


def test_sigterm_handled_by_the_script_itself(tmp_path):
    program = "import signal, sys, time\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(11))\n"
    status, out, _ = stopped(program, signal.SIGTERM, tmp_path)
    assert status == 11
    assert TOLD in out


def test_a_module_of_a_package(gradtape, tmp_path):
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").write_text("import sys\nprint('package', sys.argv)\n")
    (package / "parts.py").write_text(ASK)
    main = "from .parts import ask\nimport sys\nask()\nprint(__name__, __spec__.name, __package__, sys.argv)\n"
    (package / "train.py").write_text(main)
    (package / "__main__.py").write_text(main)
    for name in ("package.train", "package"):
        ran = gradtape("why", "-m", name, "--epochs", "3")
        alone = plain(["-m", name, "--epochs", "3"], tmp_path)
        own, line, report = ran.out.partition(f"-- gradtape why -m {name} -")
        assert line, ran.err
        assert own == alone.stdout
        assert TOLD in report
        assert "--> package/parts.py:8:" in report


def test_a_module_whose_package_fails(gradtape, tmp_path):
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_text("import nowhere_to_be_found\n")
    (tmp_path / "package" / "train.py").write_text("")
    ran = gradtape("why", "-m", "package.train")
    assert ran.status == 1
    assert "nowhere_to_be_found" in ran.err
    assert "gradtape/cli" not in ran.err


def test_an_archive_and_its_modules(gradtape, tmp_path):
    with zipfile.ZipFile(tmp_path / "app.pyz", "w") as archive:
        archive.writestr("__main__.py", "from parts import ask\nimport sys\nask()\nprint(sys.argv, __name__)\n")
        archive.writestr("parts.py", ASK)
    ran = gradtape("why", "app.pyz", "x")
    own, _, report = ran.out.partition("-- gradtape why app.pyz -")
    assert own == plain(["app.pyz", "x"], tmp_path).stdout
    assert TOLD in report
    assert "app.pyz/parts.py:8:" in report
    assert "loss = (w * w).sum()" in report  # the text comes out of the archive


def test_a_folder_with_a_main(gradtape, tmp_path):
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "__main__.py").write_text(f"{ASK}ask()\nprint(__name__, __package__ == '')\n")
    ran = gradtape("why", "app")
    assert ran.out.startswith("__main__ True\n")
    assert TOLD in ran.out


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ("pathlib.Path(__file__).unlink()", True),
        ("pathlib.Path(__file__).write_text('# another\\n' * 50)", True),  # the text that ran is kept
        ("pathlib.Path(parts.__file__).unlink()", False),
        ("pathlib.Path(parts.__file__).write_text('# another\\n' * 50)", False),
    ],
)
def test_a_file_that_changes_while_it_runs_is_never_shown_wrongly(gradtape, tmp_path, change, shown):
    (tmp_path / "parts.py").write_text(ASK)
    program = (
        f"import pathlib\nimport parts\n{change}\nparts.ask()\n"
        if not shown
        else f"import pathlib\n{ASK}{change}\nask()\n"
    )
    ran = gradtape("why", "train.py", program=program)
    assert TOLD in ran.out
    assert "# another" not in ran.out
    assert ("loss = (w * w).sum()" in ran.out) == shown
    assert ("(the source is not available)" in ran.out) != shown


def test_code_without_a_file(gradtape):
    ran = gradtape("why", "train.py", program=f"exec(compile({ASK!r} + 'ask()', 'made up.py', 'exec'))\n")
    assert TOLD in ran.out
    assert "made up.py:8" in ran.out
    assert "(the source is not available)" in ran.out


def test_code_that_bears_the_name_of_another_file(gradtape, tmp_path):
    (tmp_path / "other.py").write_text("# another\n" * 50)
    os.utime(tmp_path / "other.py", (0, 0))
    ran = gradtape("why", "train.py", program=f"exec(compile({ASK!r} + 'ask()', 'other.py', 'exec'))\n")
    assert TOLD in ran.out
    assert "# another" not in ran.out


def test_a_reader_that_leaves_early_does_not_cost_the_file(tmp_path):
    (tmp_path / "train.py").write_text(ASK + "ask()\nfor k in range(20000): print(k)\n")
    done = subprocess.run(
        f"{sys.executable} -m gradtape why --json why.json train.py | head -n 1", shell=True, cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "0\n"
    assert '"status": "none"' in (tmp_path / "why.json").read_text()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere.py"], "there is no script nowhere.py"),
        (["empty"], "empty is a folder without a `__main__.py`"),
        (["-m", "nowhere.at.all"], "there is no module nowhere.at.all"),
        (["-m", "empty"], "there is no module empty"),
        (["-m", ".train"], "relative name"),
    ],
)
@pytest.mark.parametrize("command", ["why", "check"])
def test_what_is_not_there_is_an_error_of_usage(gradtape, tmp_path, command, arguments, told):
    (tmp_path / "empty").mkdir()
    ran = gradtape(command, *arguments)
    if arguments == ["-m", "empty"]:
        told = "empty is a package without a `__main__`"  # a folder is a package, if an empty one
    assert (ran.status, ran.out) == (2, "")
    assert f"gradtape {command}: " in ran.err
    assert told in ran.err
    assert "help: " in ran.err
