"""What every test has."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from xdist.scheduler import LoadScopeScheduling

from tests import flush  # noqa: F401 - its import is its effect
from tests.cast import Cast, Walk, make_cast
from tests.signing import join_as

# A shared machine is no stopwatch: how long an example took says nothing about the product. And a change is
# judged by the same examples each time; who wants others asks: HYPOTHESIS_SEARCH=1 (docs/configuration.md).
SEARCHES = os.environ.get("HYPOTHESIS_SEARCH") == "1"
hypothesis.settings.register_profile("project", deadline=None, derandomize=not SEARCHES)
hypothesis.settings.load_profile("project")


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say loudly whether a browser was used: a skipped screen test must not look like a passed one."""
    ran = _browser_reports(terminalreporter, "passed", "failed")
    skipped = _browser_reports(terminalreporter, "skipped")
    terminalreporter.section("browser tests", sep="=")
    if ran and not skipped:
        terminalreporter.line(f"THE BROWSER TESTS RAN: {len(ran)} of them, in a real Chromium.", green=True)
        return
    said = f"{len(ran)} RAN, {len(skipped)} DID NOT" if ran or skipped else "NONE WAS ASKED FOR"
    terminalreporter.line(f"BROWSER TESTS: {said}.", red=True, bold=True)
    for reason in sorted({str(report.longrepr[2]) for report in skipped}):
        terminalreporter.line(f"  {reason}")


def _browser_reports(reporter: Any, *kinds: str) -> list[Any]:
    reports = (report for kind in kinds for report in reporter.stats.get(kind, []))
    return [report for report in reports if report.nodeid.startswith("tests/browser/")]


@pytest.fixture
def cast(db: None) -> Cast:
    """The fixed cast of every story."""
    return make_cast()


@pytest.fixture
def walk(cast: Cast) -> Walk:
    """A case to be walked to a state."""
    return Walk(cast)


@pytest.fixture
def signing(cast: Cast, settings: Any, tmp_path: Path) -> Path:
    """This site has joined and signs what it sends; the file of its key."""
    return join_as("a", settings, tmp_path)


@pytest.fixture(autouse=True)
def nothing_set_aside(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """A sync that puts an item aside hides a fault; a test that looks for one clears it away."""
    yield
    assert [record.getMessage() for record in caplog.get_records("call") if record.name == "transfers.sync"] == []


def pytest_collection_finish() -> None:
    """What is loaded now stays to the end: the collector need not walk through it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


class Shares(LoadScopeScheduling):  # type: ignore[misc]
    """Who of several processes runs what: each module of browser tests goes to one of them, the largest first.

    What it has built up, and which pages it has judged, no other process knows.
    """

    def _split_scope(self, nodeid: str) -> str:
        return nodeid.partition("::")[0] if nodeid.startswith("tests/browser/") else nodeid


@pytest.hookimpl(optionalhook=True)  # xdist may be away: -p no:xdist
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Shares:
    return Shares(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test that has a database has both: the site's and the center's."""
    for item in items:
        for mark in item.iter_markers("django_db"):
            options: Any = mark.kwargs
            options.setdefault("databases", "__all__")
