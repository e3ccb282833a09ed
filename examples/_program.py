"""What the examples share: the command line, and how their pictures look."""

import argparse
from inspect import signature
from pathlib import Path


def run(main, draw):
    """Run an example: `--small` for a quick look, `--plot FILE` for its picture, `--seed 1` for other numbers."""
    parser = argparse.ArgumentParser()
    own = [p for name, p in signature(main).parameters.items() if name != "small"]
    for parameter in own:
        parser.add_argument(f"--{parameter.name}", type=type(parameter.default), default=parameter.default)
    parser.add_argument("--small", action="store_true", help="a smaller problem, in a few seconds")
    parser.add_argument("--plot", metavar="FILE", type=Path, help="write the picture there")
    options = parser.parse_args()
    result = main(small=options.small, **{p.name: getattr(options, p.name) for p in own})
    if options.plot:
        picture(draw, result, options.plot)


def picture(draw, result, file):
    """Let an example draw its result into a file."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    look = {
        "figure.dpi": 110, "font.size": 9, "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True,
        "grid.alpha": 0.25, "legend.frameon": False, "figure.constrained_layout.use": True, "axes.titlesize": 10,
    }  # fmt: skip
    with plt.rc_context(look):
        figure = draw(plt, result)
        figure.savefig(file)
        plt.close(figure)
