"""Why a gradient is missing: a framework-neutral graph of a run, the search in it, and one file per cause."""

from gradtape.explain.report import Explanation, Finding, GradientReport, Status, Step

__all__ = ["Explanation", "Finding", "GradientReport", "Status", "Step"]
