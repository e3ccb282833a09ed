"""A real program: a convolutional net on digits is healthy, and each way of breaking it is told at its line."""

import sys
from pathlib import Path

import pytest

pytest.importorskip("sklearn")
EXAMPLE = Path(__file__).parents[3] / "examples" / "digits_tensorflow.py"

BROKEN = {
    "rounded": ("GT302", "h = tf.round(h * 8.0) / 8.0", 2),
    "numbers": ("GT201", "logits = np.exp(logits - np.max(logits, axis=-1, keepdims=True))", 4),
    "outside": ("GT501", "logits = net(x)", 4),
    "frozen": ("GT102", 'temperature = tf.Variable(1.0, trainable=BROKEN != "frozen")', 1),
    "detached": ("GT304", "h = tf.stop_gradient(h)", 2),
}


def test_the_healthy_net_is_healthy(explained, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["digits_tensorflow.py"])
    ran = explained(EXAMPLE.read_text())
    assert ran.error is None
    assert [status for _, status in ran.statuses] == ["ok"] * 5
    assert ran.reports[0].times == 8


@pytest.mark.parametrize("word", BROKEN)
def test_every_break_is_told_at_its_line(word, explained, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["digits_tensorflow.py", word])
    source = EXAMPLE.read_text()
    ran = explained(source)
    code, line, count = BROKEN[word]
    assert ran.error is None
    told = {(f.code.number, source.splitlines()[f.diagnostic.primary.span.line - 1].strip())
            for report in ran.reports for f in report.findings}  # fmt: skip
    assert told == {(code, line)}
    assert sum(bool(report.findings) for report in ran.reports) == count
