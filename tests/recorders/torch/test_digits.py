"""The example in PyTorch: healthy as it stands, and explained rightly after each of five ways to break it."""

from pathlib import Path

import pytest

from .programs import why

pytest.importorskip("sklearn")

PROGRAM = (Path(__file__).parents[3] / "examples" / "digits_torch.py").read_text(encoding="utf-8")

NAMES = ["conv.weight", "conv.bias", "norm.weight", "norm.bias", "proj.weight", "proj.bias"]
ENCODER = {f"model.encoder.{name}" for name in NAMES}
EVERYTHING = ENCODER | {"model.head.weight", "model.head.bias", "model.log_scale"}

BREAKS = {
    "the scale is taken as a number": (
        "scale = self.log_scale.exp()",
        "scale = self.log_scale.exp().item()",
        "left-through-number",
        {"model.log_scale"},
    ),
    "the encoder runs without gradients": (
        "    def forward(self, images):\n        h = torch.relu(self.norm(",
        "    @torch.no_grad()\n    def forward(self, images):\n        h = torch.relu(self.norm(",
        "gradients-off",
        ENCODER,
    ),
    "the features are detached": (
        "h = nn.functional.max_pool2d(h, 2)",
        "h = nn.functional.max_pool2d(h, 2).detach()",
        "stop-gradient",
        {f"model.encoder.{name}" for name in NAMES[:4]},
    ),
    "the head is replaced after the optimizer got it": (
        "optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)",
        "optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)\nmodel.head = nn.Linear(32, 10)",
        "different-object",
        {"model.head.weight", "model.head.bias"},
    ),
    "the classes are compared": (
        "loss = nn.functional.cross_entropy(logits, labels)",
        "loss = nn.functional.mse_loss(logits.argmax(dim=1).float(), labels.float())",
        "no-derivative",
        EVERYTHING,
    ),
}


def test_every_gradient_of_the_example_flows(tmp_path):
    ran = why(PROGRAM, tmp_path)
    assert ran.error is None
    assert not ran.told
    assert set(ran.statuses.values()) == {"ok"}
    assert {name.removeprefix("model.").split(".")[0] for name in ran.statuses} == {"encoder", "head", "log_scale"}
    assert "epoch 1" in ran.printed


@pytest.mark.parametrize("name", BREAKS)
def test_a_break_is_explained_at_its_line(name, tmp_path):
    old, new, cause, sources = BREAKS[name]
    assert PROGRAM.count(old) == 1
    program = PROGRAM.replace(old, new)
    changed = [n for n, line in enumerate(program.splitlines(), 1) if line not in PROGRAM.splitlines()]
    ran = why(program, tmp_path)
    assert [slug for slug, _ in ran.told] == [cause]
    assert ran.told[0][1] in changed
    broken = {r.source for r in ran.reports if r.findings}
    assert broken == sources
