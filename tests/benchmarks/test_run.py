"""The benchmark: every workload by hand agrees with the tape, the runner runs, and no wrong result is timed."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"
sys.path.insert(0, str(FOLDER))
try:
    import contender
    import memory
    import report
    import run
    import scaling
    from peers import gradtape_names, gradtape_numpy
    from workloads import WORKLOADS
finally:
    sys.path.remove(str(FOLDER))


@pytest.mark.parametrize("peer", [gradtape_numpy.PEER, gradtape_names.PEER], ids=["numpy", "names"])
@pytest.mark.parametrize("workload", WORKLOADS.values(), ids=WORKLOADS)
def test_what_is_written_by_hand_is_the_derivative(workload, peer):
    inputs, data = workload.made()
    expected = [np.asarray(a) for a in workload.by_hand(inputs, data)]
    found = peer.arrays(getattr(peer, workload.kind)(workload.program, inputs, data)())
    assert not run.differs(expected, found, workload.rtol)
    assert run.differs(expected, [1.01 * a for a in found], workload.rtol)


def started(*arguments):
    return subprocess.run(
        [sys.executable, str(FOLDER / "run.py"), *arguments],
        env=contender.environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_part_is_measured_printed_and_written(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"before\n{report.MARK}\nold\n{report.MARK}\nafter\n")
    done = started(
        "--only", "n = 10", "--peers", "gradtape", "--rounds", "2", "--seconds", "0.001",
        "--json", str(tmp_path / "all.json"), "--page", str(page),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "| chain of 600, n = 10 | " in done.stdout
    whole = json.loads((tmp_path / "all.json").read_text())
    assert list(whole["workloads"]) == ["chain of 600, n = 10", "chain of 600, n = 100,000"]
    taking_part = {*whole["workloads"]["chain of 600, n = 10"]["results"]} - {"gradtape.numpy, core"}  # if it was built
    assert taking_part == {"NumPy by hand", "gradtape", "gradtape.numpy"}
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text
    assert report.table(whole) in text


def test_an_unknown_part_is_refused_with_what_there_is():
    done = started("--only", "nothing of this name")
    assert done.returncode == 2
    assert "MLP 16-32-32-1" in done.stderr


class Pretended:
    """Somebody who takes part without a process."""

    def __init__(self, name, result, seconds=0.001):
        self.name, self.result, self.seconds, self.turns = name, result, seconds, 0

    def ask(self, method, *arguments):
        if method == "prepare":
            if isinstance(self.result, str):
                raise contender.Refused(self.result)
            return self.result
        self.turns += 1
        return self.seconds


def test_a_wrong_result_is_not_timed_and_slow_ones_get_fewer_turns():
    right = [np.ones(3)]
    everybody = [
        Pretended("NumPy by hand", right), Pretended("PyTorch", [np.zeros(3)]), Pretended("MyGrad", "has no sin"),
        Pretended("autograd", right, 0.002), Pretended("JAX jit", right, 9.0),
    ]  # fmt: skip
    found = run.measure("chain of 600, n = 10", everybody, 5, 0.01)
    assert found["refused"] == {"PyTorch": "gives another result", "MyGrad": "has no sin"}
    assert found["results"]["autograd"]["ratio"] == 2.0
    assert [p.turns for p in everybody] == [5, 0, 0, 5, 3]


def test_results_of_another_shape_differ():
    assert run.differs([np.ones(3)], [np.ones((1, 3))], 1e-3)


def test_the_picture_is_drawn(tmp_path):
    pytest.importorskip("matplotlib")
    result = {"median": 1.0, "ratio": 2.0, "quartiles": [1.5, 2.5]}
    measured = {"a": {"aim": 1.6, "results": {"NumPy by hand": result, "gradtape": result}, "refused": {}}}
    versions = {"NumPy by hand": "2", "gradtape": "1"}
    report.draw(tmp_path / "picture.svg", report.whole(measured, versions, 1))
    assert "gradtape" in (tmp_path / "picture.svg").read_text()


def test_a_page_without_marks_is_refused(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"only one {report.MARK}")
    with pytest.raises(SystemExit, match="twice"):
        report.put(page, "text")


def test_scaling_runs_and_tells_of_every_length():
    found = scaling.measure(sys.executable, (1_000, 10_000), 1)
    assert len(found["gradtape.numpy"]) == 2
    text = scaling.table(found, (1_000, 10_000), {"numpy": 0.1, "gradtape": 0.12})
    assert "| per operation | 1,000 | 10,000 |" in text
    assert text.endswith("1.20 times as long.")


def test_memory_is_told_with_what_the_recording_holds(monkeypatch):
    monkeypatch.setattr(memory, "PEERS", ("gradtape.numpy",))
    found = memory.measure(sys.executable, ("chain of 600, n = 100,000",), 1)
    ((peak, held),) = found["chain of 600, n = 100,000"].values()
    kept = 200 * 100_000 * 4  # what each sine was taken of; the sweep adds a few arrays to that
    assert kept <= held <= 1.1 * kept
    assert kept <= peak <= 1.3 * kept
    assert f"| {peak / 1e6:.1f} MB ({held / 1e6:.1f} held) |" in memory.table(found)
