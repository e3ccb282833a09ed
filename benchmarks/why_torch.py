"""What `gradtape why` costs an unchanged PyTorch script: the time of a training step, without and with the recorder.

    python benchmarks/why_torch.py

Prints a Markdown table. Every figure is the best of several rounds in a process of its own.
"""

import json
import subprocess
import sys
import time

ROUNDS = 7
STEPS = 20


def mlp():
    """Build a net of three layers with Adam on batches of 64: the step that most scripts make."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 10))
    optimizer = torch.optim.Adam(net.parameters())
    x, y = torch.randn(64, 64), torch.randint(0, 10, (64,))

    def step():
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()

    return step


def transformer():
    """Build two encoder layers on 16 sequences of 32: many modules deep."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(64, 4, 128, batch_first=True)
    net = nn.Sequential(nn.TransformerEncoder(layer, 2, enable_nested_tensor=False), nn.Linear(64, 4))
    optimizer = torch.optim.Adam(net.parameters())
    x, y = torch.randn(16, 32, 64), torch.randn(16, 32, 4)

    def step():
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(net(x), y)
        loss.backward()
        optimizer.step()

    return step


def chain():
    """Build 600 operations on ten numbers, forward and backward: nothing but overhead."""
    import torch

    x = torch.ones(10, requires_grad=True)

    def step():
        t = x
        for _ in range(300):
            t = t * 1.01
            t = t.sin()
        t.sum().backward()
        x.grad = None

    return step


PROGRAMS = {program.__name__: program for program in (mlp, transformer, chain)}


def measure(name, recorded):
    """Return the best time of a step in milliseconds, and the memory that the process took at most, in MB."""
    import resource

    import torch

    torch.set_num_threads(1)
    if recorded:
        from gradtape.recorders import torch as recorder
        from gradtape.recorders.frameworks import Options
        from gradtape.recorders.heard import Heard

        recorder.start(Heard(), Options())
    step = PROGRAMS[name]()
    for _ in range(3):
        step()
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.process_time()
        for _ in range(STEPS):
            step()
        best = min(best, (time.process_time() - began) / STEPS)
    if recorded:
        recorder.finish(None)
    return best * 1e3, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main():
    """Measure every program in processes of their own and print the table."""
    if len(sys.argv) > 1:
        print(json.dumps(measure(sys.argv[1], sys.argv[2] == "recorded")))
        return
    print("| program | plain, ms | under `why`, ms | times | memory, MB more |")
    print("|---|---|---|---|---|")
    for name, program in PROGRAMS.items():
        figures = []
        for how in ("plain", "recorded"):
            done = subprocess.run([sys.executable, __file__, name, how], capture_output=True, text=True, check=True)
            figures.append(json.loads(done.stdout.splitlines()[-1]))
        (plain, small), (recorded, large) = figures
        what = (program.__doc__ or name).split(":")[0].removeprefix("Build ")
        print(f"| {what} | {plain:.2f} | {recorded:.2f} | {recorded / plain:.2f} | {large - small:.0f} |")


if __name__ == "__main__":
    main()
