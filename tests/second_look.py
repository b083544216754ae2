"""A second look at a test that failed (`--second-look`): with nothing of the first.

Some three thousand tests on a slow, busy machine meet what nobody foresaw. One that fails is tried
once more, its fixtures of every scope made anew, under a time limit of its own. Who fails twice has
failed. Who passes only then is named at the end with what was wrong at first: a defect to look at,
and more than MOST of them fail the run. `make test` at one's own desk takes no second look.
"""

import threading
from collections.abc import Generator

import pytest
from _pytest.runner import runtestprotocol

MOST = 3
TITLE = "passed only at the second try: a defect to look at"
FIRST = "first try"


class SecondLook:
    """The plugin; `excused` are the threads that failed first tries left at work."""

    def __init__(self) -> None:
        self.excused: set[threading.Thread] = set()
        self._again: str | None = None
        self._first: dict[str, list[pytest.TestReport]] = {}
        self._failed: set[str] = set()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> object | None:
        """The first try here; the second is pytest's own, with all that other plugins wrap it in
        (the time limit, warnings), begun anew."""
        if self._again == item.nodeid:
            return None
        before = set(threading.enumerate())
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        reports = runtestprotocol(item, log=False, nextitem=nextitem)
        failed = any(report.failed for report in reports)
        if failed:
            reports = _put_off([*reports, *_tear_down_all(item)])
            self.excused.update(set(threading.enumerate()) - before)
        for report in reports:
            item.ihook.pytest_runtest_logreport(report=report)
        if not failed:
            item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
            return True
        self._again = item.nodeid
        try:
            item.ihook.pytest_runtest_protocol(item=item, nextitem=nextitem)
        finally:
            self._again = None
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """What came of it; workers of pytest-xdist tell it, too."""
        if report.outcome == FIRST:
            self._first.setdefault(report.nodeid, []).append(report)
        elif report.failed:
            self._failed.add(report.nodeid)

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(
        self, report: pytest.TestReport
    ) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
        """An R in the row of dots."""
        return (FIRST, "R", ("AGAIN", {"yellow": True})) if report.outcome == FIRST else None

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Too many that passed only at the second try are a failure."""
        if len(self._doubtful()) > MOST and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Their names, and what was wrong at first."""
        doubtful = self._doubtful()
        for nodeid in doubtful:
            terminalreporter.section(f"first try of {nodeid}", "_")
            for report in self._first[nodeid]:
                terminalreporter.write_line(report.longreprtext)
        if doubtful:
            terminalreporter.section(TITLE)
            for nodeid in doubtful:
                terminalreporter.write_line(nodeid)
        if len(doubtful) > MOST:
            terminalreporter.write_line(f"{len(doubtful)} of them; at most {MOST} are let through")

    def _doubtful(self) -> list[str]:
        return [nodeid for nodeid in self._first if nodeid not in self._failed]


def _put_off(reports: list[pytest.TestReport]) -> list[pytest.TestReport]:
    """Those that failed, as what neither passed nor failed yet."""
    failed = [report for report in reports if report.failed]
    for report in failed:
        report.outcome = FIRST  # type: ignore[assignment]  # pytest knows three; plugins add theirs
    return failed


def _tear_down_all(item: pytest.Item) -> Generator[pytest.TestReport]:
    """Ends the fixtures of every scope: a server that a failure left in disorder serves no second
    try. Yields a report where that fails."""
    ended = pytest.CallInfo.from_call(
        lambda: item.session._setupstate.teardown_exact(None),
        when="teardown",
        reraise=(pytest.exit.Exception, KeyboardInterrupt),
    )
    if ended.excinfo is not None:
        yield pytest.TestReport.from_item_and_call(item, ended)
