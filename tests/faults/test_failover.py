"""The center fails over while pages are looked at: they answer in time, and reach the new leader by themselves."""

import time
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connections

from branches.models import User
from tests.cast import Cast, Walk
from tests.line import DOWN, HANG, PASS, Line
from tests.pages import as_
from transfers import exchange
from transfers.states import State

pytestmark = [
    pytest.mark.django_db(databases="__all__", transaction=True),
    pytest.mark.skipif(settings.CENTER == "default", reason="THE CENTER STANDS IN THE SITE'S DATABASE: not cut off"),
]
IN_TIME = 10  # seconds


@pytest.fixture
def through(cast: Cast, line: Line, monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    """The center at the other end of the line, for this very process."""
    center = connections[settings.CENTER]
    center.close()
    with monkeypatch.context() as elsewhere:
        for name, value in zip(("HOST", "PORT"), line.address, strict=True):
            elsewhere.setitem(center.settings_dict, name, value)
        yield line.becomes(PASS)
        line.becomes(PASS)
        center.close()


def _answer(user: User, url: str) -> tuple[int, float]:
    cache.clear()
    begun = time.monotonic()
    return as_(user).get(url).status_code, time.monotonic() - begun


def _pages(walk: Walk) -> list[tuple[User, str]]:
    number = walk.file.pension_number
    pages = ["/", "/receive/", f"/cases/{walk.case.pk}/", f"/who-pays/?q={number}", "/payroll/", "/payable-nowhere/"]
    everywhere = walk.cast.reader("center_operator")
    return [(user, url) for user in (walk.staff, walk.officer, everywhere) for url in pages]


def test_fault_34_the_new_leader_is_reached_without_a_restart(cast: Cast, through: Line) -> None:
    """HAProxy hangs up on everybody at the old leader, and for a moment nobody answers there."""
    walk = Walk(cast)
    walk.to(State.SENT)
    for mode, is_reached in ((PASS, True), (DOWN, False), (PASS, True), (DOWN, False), (PASS, True)):
        through.becomes(mode)
        try:
            assert len(exchange.waiting(["1001"])) == 1 and is_reached
        except exchange.Unreachable:
            assert not is_reached
        assert _answer(walk.staff, "/receive/")[0] == 200


@pytest.mark.slow
def test_fault_34_every_page_answers_in_time_while_nobody_leads(cast: Cast, through: Line) -> None:
    walk = Walk(cast)
    walk.to(State.SENT)
    late = {}
    for user, url in _pages(walk):
        through.becomes(PASS)
        exchange.waiting(["1001"])  # a line that is open when the leader dies
        through.becomes(HANG)
        status, seconds = _answer(user, url)
        if seconds > IN_TIME or status not in (200, 403, 404, 503):  # a case of the other branch is none
            late[user.username, url] = (status, round(seconds, 1))
    assert late == {}
