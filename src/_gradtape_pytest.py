"""The pytest plugin. pytest loads it in every run, so that it stands alone and imports gradtape only for who uses it.

`assert_gradients_flow` is a fixture; `--gradients` reports per test which gradients were asked for and what became of
them.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from gradtape.explain.report import GradientReport

PROPERTY = "gradients"
"""The name of the property of a test that holds its table; it travels to the terminal, also from other processes."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--gradients`."""
    parser.getgroup("gradtape").addoption(
        "--gradients", action="store_true", help="report per test which gradients it asked for and what became of them"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Listen to the tests if that was asked for."""
    if config.getoption("--gradients"):
        config.pluginmanager.register(GradientsPerTest(), "gradtape-per-test")


@pytest.fixture
def assert_gradients_flow() -> Callable[..., Any]:
    """Return `gradtape.testing.assert_gradients_flow(loss, variables)`, which fails with the full diagnosis."""
    from gradtape.testing import assert_gradients_flow

    return assert_gradients_flow


class GradientsPerTest:
    """Hears what each test asks, on gradtape's tapes and in frameworks, and tells it at the end."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Run a test with every recorder in place; its warnings are as ever."""
        from gradtape.recorders.frameworks import Options
        from gradtape.recorders.hearing import Hearing

        with Hearing(Options(all_steps=True), quiet=False) as hearing:
            try:
                return (yield)
            finally:
                hearing.finish(sys.exc_info()[1])
                if hearing.reports:
                    self._keep(item, hearing.reports)

    def _keep(self, item: pytest.Item, reports: Sequence[GradientReport]) -> None:
        """Leave the table with the test for the summary, and the whole story for a failure of it."""
        from gradtape.render import layout, plain

        table = f"{layout.tally(reports)}\n{plain.text(layout.table(list(reports)))}"
        item.user_properties.append((PROPERTY, table))
        item.add_report_section("call", "gradients", plain.report(reports))

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Show the tables of the tests, and count those without."""
        called = [
            report
            for reports in terminalreporter.stats.values()
            for report in reports
            if isinstance(report, pytest.TestReport) and report.when == "call"
        ]
        terminalreporter.section("gradients")
        for report in called:
            table = dict(report.user_properties).get(PROPERTY)
            if table is not None:
                tally, *lines = str(table).splitlines()
                terminalreporter.write_line(f"{report.nodeid}: {tally}")
                for line in lines:
                    broken = line.startswith(" ") and not line.startswith(" ok ")
                    terminalreporter.write_line(f"  {line}", yellow=broken)
        silent = sum(PROPERTY not in dict(report.user_properties) for report in called)
        if silent:
            terminalreporter.write_line(f"{silent} {'test' if silent == 1 else 'tests'} asked for no gradient")
