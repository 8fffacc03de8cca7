"""What a person reads when a page fails: what became of the press and what to do; what was typed is kept."""

import errno
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, TooManyFieldsSent
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path
from django.utils import translation
from django.utils.translation import gettext

from branches.roles import Role
from pension_transfer.lib.postgresql.base import OutcomeUnknown
from tests.cast import Cast
from tests.pages import as_, text

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.urls(__name__)]
handler400 = "transfers.views.faults.bad"
handler404 = "transfers.views.faults.unknown"
handler500 = "transfers.views.faults.fault"
RAISED: dict[str, Exception] = {
    "not_read": TooManyFieldsSent("x"),
    "forbidden": PermissionDenied("x"),
    "missing": Http404("x"),
    "fault": ValueError("x"),
    "out_of_reach": OperationalError("x"),
    "takes_nothing": OSError(errno.ENOSPC, "x"),
    "unknown": OutcomeUnknown("x"),
}
KEPT = "What you had typed is kept in this browser."
PASSES = "Nothing was stored. Wait a minute, go back and send again."
SAID: dict[str, tuple[int, list[str]]] = {
    "not_read": (
        400,
        [
            "This request was not understood",
            "Nothing was stored. Go back and send the form again; if it happens again,"
            " tell the support of your province.",
        ],
    ),
    "forbidden": (
        403,
        [
            "You are not allowed to do this",
            "Your role here does not include this step; nothing was changed. Who may do it stands on the help page.",
        ],
    ),
    "missing": (
        404,
        [
            "There is no such page for you",
            "Either it does not exist, or it belongs to another branch."
            " Search for the file by its national code or pension number.",
        ],
    ),
    "fault": (
        500,
        [
            "A fault has happened here",
            "It is not your mistake, and it is recorded. Nothing half-done was stored.",
            "Wait a minute, go back and send again: a step that had already been taken is not taken twice.",
        ],
    ),
    "out_of_reach": (503, ["The branch's data is out of reach for the moment", PASSES, KEPT]),
    "takes_nothing": (
        503,
        ["The branch's data can be read, but nothing can be stored for the moment", PASSES, KEPT],
    ),
    "unknown": (
        503,
        [
            "Not known yet",
            "It is not known yet whether this was stored. Go back and press again: nothing is done twice.",
            KEPT,
        ],
    ),
}


def fails(_request: HttpRequest, how: str) -> HttpResponse:
    raise RAISED[how]


urlpatterns = [path("fails/<str:how>/", fails), path("", include("pension_transfer.urls"))]


def reads(answer: Any, status: int, *sentences: str, outcome: str = "refused", way: str = "/") -> bool:
    """Whether it says all of this in Persian, where to go, and to the script that what was typed is to be kept."""
    with translation.override("fa"):
        wanted = [gettext(sentence) for sentence in sentences]
    wanted += [f'data-outcome="{outcome}"', f'<a href="{way}" class="button ', 'lang="fa"']
    assert answer.status_code == status
    assert [said for said in wanted if said not in text(answer)] == []
    return True


@pytest.mark.parametrize("how", RAISED)
def test_a_page_that_fails_says_what_became_of_it_and_what_to_do(cast: Cast, how: str) -> None:
    client = as_(cast.at(cast.origin, Role.CLERK))
    client.raise_request_exception = False
    status, sentences = SAID[how]
    answer = client.get(f"/fails/{how}/")
    assert reads(answer, status, *sentences)
    assert answer.headers.get("Retry-After") == ("30" if status == 503 else None)


def test_a_press_without_a_session_says_that_it_has_ended_and_where_to_sign_in(cast: Cast) -> None:
    answer = Client(enforce_csrf_checks=True).post("/sign-in/", {"username": "x", "password": "x"})
    asked = "Nothing was stored. Go back, sign in if you are asked, and send again."
    assert reads(answer, 403, "Your session has ended", asked, KEPT, outcome="signed-out", way="/sign-in/")


def test_who_is_locked_out_reads_for_how_long_and_whom_to_ask(cast: Cast) -> None:
    wrong = {"username": cast.at(cast.origin, Role.CLERK).username, "password": "x"}
    for _time in range(5):
        answer = Client().post("/sign-in/", wrong)
    long = "A wrong password was given five times for this account from this branch. Signing in opens again by itself "
    asked = "If you have forgotten the password, ask the center's operator for a new one."
    said = ("Signing in is locked", f"{long}after fifteen minutes.", asked)
    assert reads(answer, 429, *said, outcome="signed-out", way="/sign-in/")
