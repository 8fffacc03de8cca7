"""The pages of pension files: who sees them, and how they are found."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from branches.models import Correction, Deduction, PensionFile, User
from branches.roles import Role
from branches.views import files
from tests.branches.correcting import CONTACT, correct_mobile, correct_url, typed
from tests.cast import Cast, make_file
from tests.pages import as_

pytestmark = pytest.mark.django_db(databases="__all__")


def test_the_branch_sees_its_files_and_finds_them(cast: Cast, clerk: User, file: PensionFile) -> None:
    page = as_(clerk).get(reverse("file_list"))
    assert [one.pk for one in page.context["page"].items] == [file.pk]
    wanted = ("علي رضا حسيني", "حسینی", "۷۰۰۰۰۰۰۰۰۱", file.national_code, file.insurance_number[5:])
    for query in wanted:
        found = as_(clerk).post(reverse("file_list"), {"q": query})
        assert [one.pk for one in found.context["page"].items] == [file.pk], query
    assert not as_(clerk).post(reverse("file_list"), {"q": "کسی‌دیگر"}).context["page"].items


def test_a_search_says_that_names_are_only_similar_and_that_too_little_was_typed(
    clerk: User, file: PensionFile
) -> None:
    for query, is_similar, is_short, count in (
        ("حسیمی", True, False, 1),
        ("حسینی", False, False, 1),
        ("ح", False, True, 0),
    ):
        for page in (reverse("file_list"), reverse("referral")):
            shown = as_(clerk).post(page, {"q": query}).context
            assert (shown["is_similar"], shown["is_short"], len(shown["page"].items)) == (is_similar, is_short, count)


def test_names_and_numbers_never_stand_in_an_address(clerk: User, file: PensionFile) -> None:
    answer = as_(clerk).get(reverse("file_list"), {"q": file.national_code})
    assert (answer.status_code, answer.context["is_refused"], answer.context["page"].items) == (200, True, [])
    form = as_(clerk).get(reverse("file_list")).content.decode()
    assert re.search(r'<form[^>]*method="post"[^>]*aria-label', form)


def test_a_search_shows_the_first_hundred_without_pages(
    cast: Cast, clerk: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "FOUND", 30)
    made = [make_file(cast.origin, number, last_name="اکبری").pk for number in range(1, 33)]
    page = as_(clerk).post(reverse("file_list"), {"q": "اکبری"}).context["page"]
    assert len(page.items) == 30 and {one.pk for one in page.items} < set(made)
    assert not page.has_other_pages


def test_another_branch_sees_neither_list_nor_file(cast: Cast, file: PensionFile) -> None:
    stranger = as_(cast.at(cast.destination, Role.CLERK))
    assert not stranger.get(reverse("file_list")).context["page"].items
    assert not stranger.post(reverse("file_list"), {"q": file.national_code}).context["page"].items
    assert stranger.get(reverse("file", args=[file.pk])).status_code == 404
    for method in (stranger.get, stranger.post):
        assert method(correct_url(file, "contact"), CONTACT).status_code == 404


def test_nobody_sees_anything_without_an_appointment_or_a_sign_in(cast: Cast, file: PensionFile) -> None:
    assert as_(cast.reader("outsider")).get(reverse("file", args=[file.pk])).status_code == 404
    assert Client().get(reverse("file", args=[file.pk])).status_code == 302


def test_readers_of_the_country_see_and_may_not_correct(cast: Cast, file: PensionFile) -> None:
    auditor = as_(cast.reader(Role.AUDITOR))
    assert auditor.get(reverse("file", args=[file.pk])).context["may_correct"] is False
    assert auditor.get(correct_url(file, "contact")).status_code == 403


@pytest.mark.parametrize("role", [Role.TECHNICAL_OFFICER, Role.BRANCH_HEAD, Role.DESTINATION_STAFF])
def test_colleagues_see_and_may_not_correct(cast: Cast, file: PensionFile, role: str) -> None:
    colleague = as_(cast.at(cast.origin, role))
    assert colleague.get(reverse("file", args=[file.pk])).status_code == 200
    assert colleague.get(correct_url(file, "contact")).status_code == 403
    assert colleague.post(correct_url(file, "contact"), typed(file, CONTACT)).status_code == 403
    assert not Correction.objects.exists()


def test_a_long_list_is_walked_by_pages_without_loss(cast: Cast, clerk: User) -> None:
    made = {make_file(cast.origin, number, first_name=f"نام{number % 7}").pk for number in range(1, 58)}
    client, url, pages = as_(clerk), reverse("file_list"), []
    while url:
        page = client.get(url).context["page"]
        pages.append([one.pk for one in page.items])
        url = page.next_url and reverse("file_list") + page.next_url
    assert [len(page) for page in pages] == [25, 25, 7]
    assert {pk for page in pages for pk in page} == made
    back = client.get(reverse("file_list") + page.previous_url).context["page"]
    assert [one.pk for one in back.items] == pages[1]


def queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as counted:
        assert client.get(url).status_code == 200
    return len(counted)


def test_more_rows_cost_no_more_queries(cast: Cast, clerk: User, file: PensionFile) -> None:
    client, page = as_(clerk), reverse("file", args=[file.pk])
    client.get(page)
    before = queries(client, reverse("file_list")), queries(client, page)
    for number in range(2, 9):
        make_file(cast.origin, number)
        Deduction.objects.create(file=file, kind="other", monthly_amount=number)
        correct_mobile(file, clerk, f"0912000000{number}")
    assert (queries(client, reverse("file_list")), queries(client, page)) == before
