"""Runs the command line without the part that finds reasons, so that these tests are about the command line alone."""

import os
import sys
from types import ModuleType

import gradtape.recorders
from gradtape.cli.main import main
from gradtape.diagnostics import BY_SLUG, Annotation, Diagnostic, Severity
from gradtape.explain.report import Explanation, Finding, GradientReport, Status


def explain(asked, *, to_draw=False):
    if "FAIL_TO_EXPLAIN" in os.environ:
        raise KeyError("a mistake of ours")
    if "COUNT_EXPLAINED" in os.environ:
        print("explained", file=sys.stderr)
    call = asked.site.span
    reports = []
    for k, leaf in enumerate(asked.sources):
        healthy = asked.results is not None and asked.results[k] is not None
        code = BY_SLUG["not-used"]
        message = Diagnostic(
            code, Severity.WARNING, "no gradient flows", (Annotation(call, "asked here", primary=True),)
        )
        findings = () if healthy else (Finding(code, message),)
        status = Status.OK if healthy else Status.NONE
        reports.append(GradientReport(asked.kind, call, "loss", f"source{leaf.path}", status, findings))
    return Explanation(tuple(reports))


if __name__ == "__main__":
    native = ModuleType("gradtape.recorders.native")
    native.explain = explain
    sys.modules["gradtape.recorders.native"] = gradtape.recorders.native = native
    sys.exit(main())
