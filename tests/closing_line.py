"""Pytest plugin: what tests have measured, and at the very end the plain line ``N passed, N failed``."""

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print each property "summary" that a test has recorded."""
    for report in terminalreporter.stats.get("passed", []):
        for name, value in report.user_properties:
            if name == "summary":
                terminalreporter.write_line(str(value))


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Print the line, after all that other plugins print."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or hasattr(config, "workerinput"):
        return
    count = {outcome: len(reporter.stats.get(outcome, [])) for outcome in ("passed", "failed", "error", "skipped")}
    skipped = f", {count['skipped']} skipped" if count["skipped"] else ""
    from tests import canary  # not before pytest has had its chance to rewrite its assertions

    leaked = 1 if config.stash.get(canary.found, []) else 0
    print(f"{count['passed']} passed, {count['failed'] + count['error'] + leaked} failed{skipped}")
