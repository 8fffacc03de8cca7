"""Light or dark, normal or large: what is chosen holds, what nobody knows is left alone, and one stays on the site."""

import pytest
from django.test import RequestFactory

from pension_transfer.lib.look import COOKIE, Look, choose_look, look_of

ASK = RequestFactory()


@pytest.mark.parametrize(
    ("place", "leads"),
    [
        ("/cases/?due=late", "/cases/?due=late"), ("https://evil.example/", "/"), ("//evil.example", "/"),
        ("javascript:alert(1)", "/"), ("", "/"),
    ],
)  # fmt: skip
def test_a_choice_leads_back_and_never_to_another_site(place: str, leads: str) -> None:
    answer = choose_look(ASK.post("/look/", {"theme": "dark", "next": place}))
    assert (answer.status_code, answer.headers["Location"]) == (302, leads)


@pytest.mark.parametrize(
    ("kept", "given", "wanted"),
    [
        ("", {"theme": "dark"}, "dark-normal"), ("dark-normal", {"type": "large"}, "dark-large"),
        ("dark-large", {"theme": "light"}, "light-large"), ("dark-large", {"theme": "<b>"}, "dark-large"),
        ("x-y-z", {"type": "huge"}, "auto-normal"),
    ],
)  # fmt: skip
def test_one_choice_leaves_the_other_and_an_unknown_word_both(kept: str, given: dict[str, str], wanted: str) -> None:
    request = ASK.post("/look/", given)
    request.COOKIES[COOKIE] = kept
    assert choose_look(request).cookies[COOKIE].value == wanted


def test_the_dark_colours_hold_where_they_were_chosen() -> None:
    request = ASK.get("/")
    request.COOKIES[COOKIE] = "dark-large"
    assert (look_of(request).scheme, look_of(request).dark_media) == ("dark", "screen")
    assert (Look("light").scheme, Look("light").dark_media) == ("light", "not all")
    assert "prefers-color-scheme: dark" in Look().dark_media
