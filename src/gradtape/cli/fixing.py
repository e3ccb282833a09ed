"""`gradtape why --fix`: the edits of a run as a diff; with `--apply` made, and tried in a fresh run of the script."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from gradtape.cli import patching
from gradtape.diagnostics import Applicability
from gradtape.explain.edits.together import joint_edits
from gradtape.explain.report import Status
from gradtape.render import layout

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

    from gradtape.diagnostics import Edit, Suggestion
    from gradtape.explain.report import GradientReport

TAKEN = {
    "likely": {Applicability.SAFE, Applicability.LIKELY},
    "all": set(Applicability),
}
"""Which edits are made, by how far they are asked for."""

UNTRIED = "whether it is mended was not seen: the script reads its input, and the first run has read it all"
REPORT_IT = "an edit that does not mend is a defect of gradtape: please report it with the script"


class Outcome(NamedTuple):
    """What became of one gradient, before the edits and after.

    `edited` says that an edit was for it, `revealed` that another reason shows now, which the first one hid.
    """

    name: str
    before: str
    after: str | None
    why: str
    edited: bool = True
    revealed: bool = False

    @property
    def flows(self) -> bool:
        """Whether the gradient is there now; a zero that nothing is to be said about, where there was no number, is."""
        return self.after == Status.OK or (self.after == Status.ZERO and self.before == Status.NAN and not self.why)


def run(
    options: argparse.Namespace, reports: Sequence[GradientReport], status: int, environment: Mapping[str, str]
) -> int:
    """Print the edits as a diff, and make them if that is asked for; return the exit status.

    Parameters
    ----------
    options : argparse.Namespace
        The command's own: `fix`, `apply`, and how the script was run.
    reports : sequence of GradientReport
        What the run showed.
    status : int
        The script's exit status.
    environment : mapping of str to str
        The environment variables as they were before the script ran.
    """
    chosen, left = _chosen(reports, options.fix)
    patches = []
    for file, edits in _by_file(joint_edits(chosen)).items():
        try:
            patches.append(patching.patch_of(file, edits))
        except patching.Refused as refused:
            print(f"not edited: {refused}\n  help: {refused.step}")
    print()
    if not patches:
        why = ": no gradient was asked for" if not reports else ": every gradient flows"
        print("no edit to make" + (why if all(r.status is Status.OK and not r.findings for r in reports) else ""))
    patching.show(patches)
    if left:
        count = "1 sketch is" if left == 1 else f"{left} sketches are"
        print(f"{count} not taken in: adapt by hand, or take everything with --fix-all")
    if not patches or not options.apply:
        return status
    try:
        written = patching.write(patches)
    except patching.Refused as refused:
        print(f"nothing was written: {refused}\n  help: {refused.step}", file=sys.stderr)
        return 1
    return _try_again(options, reports, chosen, written, environment)


def _chosen(reports: Sequence[GradientReport], wanted: str) -> tuple[list[Suggestion], int]:
    """Return the suggestions to make, and how many sketches are left out."""
    all_of_them = dict.fromkeys(
        f.diagnostic.suggestion for r in reports for f in r.findings if f.diagnostic.suggestion is not None
    )
    chosen = [s for s in all_of_them if s.applicability in TAKEN[wanted]]
    return chosen, len(all_of_them) - len(chosen)


def _by_file(edits: Sequence[Edit]) -> dict[str, list[Edit]]:
    found: dict[str, list[Edit]] = {}
    for edit in edits:
        found.setdefault(edit.file, []).append(edit)
    return found


def _try_again(
    options: argparse.Namespace,
    reports: Sequence[GradientReport],
    chosen: Sequence[Suggestion],
    written: Sequence[tuple[patching.Patch, str]],
    environment: Mapping[str, str],
) -> int:
    """Run the edited script in a fresh process and tell what became of each gradient."""
    for patch, _ in written:
        print(f"edited {patch.name}")
    told, status, errors = _run(options, environment)
    if told is None:
        print(f"the edited script could not be run\n{errors}")
        return _take_back(written, status or 1)
    if told["outcome"] != "ok":
        print(f"the edited script ended with {told['outcome']}")
    if "exception: EOFError" in told["outcome"]:
        print(f"{UNTRIED}\n  help: `{_back(written)}` takes the edits back")
        return status
    found = outcomes(reports, told["gradients"], chosen)
    for outcome in found:
        print(_line(outcome))
    revealed = sum(o.revealed and not o.flows and o.edited for o in found)
    if revealed:
        many = "1 gradient ends" if revealed == 1 else f"{revealed} gradients end"
        print(f"{many} at another place now, which the first one hid: run the command again")
    broken = [o for o in found if not o.flows and o.before != Status.OK and o.edited and not o.revealed]
    harmed = [o for o in found if not o.flows and o.before == Status.OK]
    if broken or harmed:
        return _take_back(written, status)
    others = sum(not o.flows and not o.revealed for o in found)
    if others:
        print(f"{'1 gradient that does' if others == 1 else f'{others} gradients that do'} not flow had no edit")
    return status


def _run(options: argparse.Namespace, environment: Mapping[str, str]) -> tuple[dict[str, Any] | None, int, str]:
    """Return what `gradtape why --json` says of the script now, its exit status and the end of its errors."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "why.json"
        flags = ["--stand-in"] * options.stand_in + ["--all-steps"] * options.all_steps
        flags += [f"--{options.functions}"] if options.functions != "auto" else []
        command = [sys.executable, "-m", "gradtape", "why", "--json", str(target), *flags]
        done = subprocess.run(  # noqa: S603
            [*command, *["-m"] * options.module, options.script, *options.arguments],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            env=environment,
        )
        told = json.loads(target.read_text(encoding="utf-8")) if target.is_file() else None
    return told, done.returncode, "\n".join(done.stderr.strip().splitlines()[-5:])


def outcomes(
    before: Sequence[GradientReport], after: Sequence[dict[str, Any]], chosen: Sequence[Suggestion]
) -> list[Outcome]:
    """Match the gradients of two runs: by call and source, as an edit may give the target another name.

    A source that is not asked for any more may have got another name as well: `row` is `weights` now, or `model` is its
    variables. Then what else was asked for in the same way stands for it: what has no report from before or, where a
    name was bound anew in each round and stays what it was now, what this target is asked about. A gradient that was
    there in some rounds and not in others has two reports before, and may have one after.
    """
    left = list(after)
    matches: list[dict[str, Any] | None] = []
    for report in before:
        same = [g for g in left if g["source"] == report.source and g["call"]["kind"] == report.kind]
        exact = [g for g in same if g["target"] == report.target]
        again = [g for g in matches if g and _asked(g) == (report.kind, report.target, report.source)]
        matches.append(next(iter(exact or same or again), None))
        left = [g for g in left if g is not matches[-1]]
    found = []
    for report, match in zip(before, matches, strict=True):
        alike = [g for g in left if g["call"]["kind"] == report.kind]
        instead = alike or [g for g in after if _asked(g)[:2] == (report.kind, report.target)]
        failing = [g for g in instead if g["status"] not in {Status.OK, Status.ZERO}]
        stands = failing[:1] or alike[:1] or instead
        now = match or next(iter(stands), None)
        why = ", ".join(f"{f['code']} at {f['file']}:{f['line']}" for f in now["findings"]) if now else ""
        renamed = "" if match or now is None else f", as {' or '.join(dict.fromkeys(g['source'] for g in stands))}"
        name = f"{layout.ratio(report)}{renamed}"
        edited = any(f.diagnostic.suggestion in chosen for f in report.findings)
        codes = {f["code"] for f in now["findings"]} if now else set()
        other = bool(codes) and codes.isdisjoint(f.code.number for f in report.findings)
        revealed = other and now is not None and now["status"] == report.status
        found.append(Outcome(name, str(report.status), now["status"] if now else None, why, edited, revealed))
    return found


def _asked(gradient: Mapping[str, Any]) -> tuple[str, str, str]:
    return gradient["call"]["kind"], gradient["target"], gradient["source"]


def _line(outcome: Outcome) -> str:
    if outcome.after is None:
        return f"gone     {outcome.name}: {outcome.before} before, not asked for now"
    if outcome.flows:
        word = "flows" if outcome.before == Status.OK else "mended"
    else:
        word = "broken" if outcome.before == Status.OK else "still"
    reason = f" ({outcome.why})" if outcome.why else ""
    return f"{word:<8} {outcome.name}: {outcome.before} before, {outcome.after} now{reason}"


def _take_back(written: Sequence[tuple[patching.Patch, str]], status: int) -> int:
    print(f"{REPORT_IT}\n  help: `{_back(written)}` takes the edits back")
    return status


def _back(written: Sequence[tuple[patching.Patch, str]]) -> str:
    return " && ".join(command for _, command in written)
