"""What every test gets. In CI a test that is skipped, or expected to fail, fails the run: nothing is left unproven."""

import os

import pytest


def unproven(reporter: pytest.TerminalReporter) -> int:
    """Return how many tests were skipped or expected to fail."""
    return sum(len(reporter.stats.get(outcome, [])) for outcome in ("skipped", "xfailed", "deselected"))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter is not None and unproven(reporter) and session.exitstatus == 0:
        reporter.write_line("")
        reporter.write_line(f"CI: {unproven(reporter)} tests did not run; none may be left out", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture
def packages(tmp_path, monkeypatch):
    """Installs packages that add parts, for the length of a test."""
    from packages import Packages  # here, so that the rest of this file stands alone

    made = Packages(tmp_path / "packages", monkeypatch)
    yield made
    made.forget()
