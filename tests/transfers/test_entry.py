"""What the pages give for typing: the calendar's sheets, sentences beside the fields, branches near the person."""

import json
import re
from html import unescape

import pytest
from django.test import Client

from branches.models import Branch
from branches.roles import Role
from pension_transfer.lib.validation import IBAN
from tests.cast import Cast, Walk, make_file
from tests.pages import as_
from transfers.states import State

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("", 200), ("1405/9/", 200), ("1405/13/", 404), ("2026/9/", 404), ("99999999999/1/", 404),
        ("months/", 200), ("months/1405/", 200), ("months/2026/", 404),
    ],
)  # fmt: skip
def test_a_sheet_or_nothing(cast: Cast, path: str, status: int) -> None:
    assert as_(cast.people["", "outsider"]).get(f"/calendar/{path}").status_code == status
    assert Client().get(f"/calendar/{path}").status_code in (302, 404)  # nobody who has not signed in


def test_the_sentences_of_a_field_stand_beside_it(cast: Cast) -> None:
    file = make_file(cast.origin)
    page = as_(cast.at(cast.origin, Role.CLERK)).get(f"/files/{file.pk}/correct/contact/").content.decode()
    field = re.search(r'<input[^>]*name="iban"[^>]*>', page)
    said = json.loads(unescape(re.search(r'data-said="([^"]*)"', field[0])[1])) if field else {}
    assert (said["013"], said["checksum"]) == ("بانک رفاه کارگران", str(IBAN["checksum"]))


@pytest.mark.parametrize(
    ("address", "postal_code", "near"),
    [
        ("مرودشت، خیابان سعدی", "1136934567", ["شعبه مرودشت"]),  # the city is surer than the code
        ("خیابان سعدی", "7134567890", ["شعبه شیراز", "شعبه مرودشت"]),
        ("", "", []),
        ("شیرازی", "", []),  # a word of its own
        ("تهران", "1136934567", []),  # the branch that holds the file
    ],
)
def test_branches_where_the_person_lives_are_named_first(
    cast: Cast, address: str, postal_code: str, near: list[str]
) -> None:
    file = make_file(cast.origin, address=address, postal_code=postal_code)
    clerk = as_(cast.at(cast.origin, Role.CLERK))
    offered = offered_at(clerk, f"/files/{file.pk}/refer/")
    assert sorted(name for name, is_near in offered if is_near) == sorted(near)
    assert [bool(is_near) for _name, is_near in offered] == [True] * len(near) + [False] * (len(offered) - len(near))
    assert len(offered) == Branch.objects.count()
    case = Walk(cast, file).to(State.REFERRAL)
    assert offered_at(clerk, f"/cases/{case.pk}/edit_move/") == offered  # where the move is changed as well


def offered_at(clerk: Client, path: str) -> list[tuple[str, str]]:
    """The names of the branches in their order, and whether each is marked as near."""
    page = clerk.get(path).content.decode()
    return re.findall(r'<option value="([^"(]*) \([^"]*"[^>]*?(data-near)?>', page.split("<datalist")[1])
