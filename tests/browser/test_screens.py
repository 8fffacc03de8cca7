"""Every screen, opened by every role in a real browser, at the width of a desk and of a telephone."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from playwright.sync_api import Page, expect

from branches.models import PensionFile, User
from branches.roles import Action, Role
from pension_transfer.lib.look import COOKIE
from tests.browser.conftest import NARROW, PASSWORD, WIDE, addresses
from tests.browser.watching import HIDES, WIDER, Watch
from tests.cast import Cast
from transfers.models import TransferCase, TransferEvent
from transfers.states import Side, State
from transfers.views.faults import SENTENCES

pytestmark = pytest.mark.django_db(databases="__all__")  # reads only; what the pages show was committed before
Opener = Callable[..., Page]
NEWEST = """(chart) => {
  const box = chart.getBoundingClientRect();
  const days = [...chart.querySelectorAll("text")].filter((e) => e.textContent.includes("/"));
  return {over: chart.scrollWidth - chart.clientWidth, newest: days.at(-1).getBoundingClientRect().x, start: box.left,
    end: box.right};
}"""  # the days are printed from the earliest to the latest
FAULTS = {"400": 400, "403_csrf": 403, "500": 500, "503": 503, "503_unknown": 503, "sign_in_locked": 429}
PEOPLE = [
    ("0801", Role.CLERK), ("0801", Role.TECHNICAL_OFFICER), ("0801", Role.BRANCH_HEAD),
    ("0801", Role.INSURANCE_DEPUTY), ("1001", Role.DESTINATION_STAFF), ("1001", Role.TECHNICAL_OFFICER),
    ("", Role.PROVINCE_SUPERVISOR), ("", Role.CENTER_OPERATOR), ("", Role.AUDITOR), ("", "outsider"),
]  # fmt: skip


def person(country: Cast, place: str, role: str) -> User:
    return User.objects.get(pk=country.people[place, role].pk)


def case_at(state: str, side: str) -> TransferCase:
    return TransferCase.objects.filter(state=state, side=side, closed_at=None).order_by("pk")[0]


@pytest.mark.parametrize(("place", "role"), PEOPLE)
def test_every_screen_of_a_role(country: Cast, site: str, page_of: Opener, place: str, role: str) -> None:
    user = person(country, place, role)
    watch = Watch(page_of(user), site)
    for path in addresses(user):
        watch.look(path)
    assert not watch.faults, "\n".join(watch.faults)


def test_the_pages_of_refusal(country: Cast, site: str, page_of: Opener) -> None:
    watch = Watch(page_of(person(country, "0801", Role.CLERK)), site)
    for path, status in [("/cases/999999/", 404), ("/nothing-here/", 404), ("/send/", 403)]:
        watch.look(path, status)
    assert [fault for fault in watch.faults if "status of 40" not in fault] == []


def test_the_pages_of_faults(country: Cast, site: str, page_of: Opener) -> None:
    watch = Watch(page_of(None), site)
    for name, status in FAULTS.items():
        html = render_to_string(f"{name}.html", {"title": SENTENCES["out_of_reach"]})
        answer = {"body": html, "status": status, "content_type": "text/html; charset=utf-8"}
        watch.page.route(f"**/{name}/", lambda route, *, told=answer: route.fulfill(**told))
        watch.look(f"/{name}/", status)
    assert [fault for fault in watch.faults if "the server responded with a status of" not in fault] == []


def test_the_training_site(country: Cast, site: str, page_of: Opener, settings: Any) -> None:
    settings.TRAINING = True
    watch = Watch(page_of(person(country, "0801", Role.CLERK)), site)
    watch.look("/help/practice/")
    expect(watch.page.locator(".banner-training")).to_be_visible()
    watch.page.context.add_cookies([{"name": COOKIE, "value": "dark-large", "url": site}])
    watch.look("/help/practice/")
    assert not watch.faults, "\n".join(watch.faults)


def test_the_gallery_of_the_components(country: Cast, site: str, page_of: Opener, settings: Any) -> None:
    settings.DEMO = True
    watch = Watch(page_of(person(country, "0801", Role.CLERK)), site)
    watch.look("/gallery/")
    assert [fault for fault in watch.faults if "not Persian" not in fault] == []  # it shows the codes of the states


def test_in_large_letters_the_tables_of_the_help_keep_all_columns(country: Cast, site: str, page_of: Opener) -> None:
    page = page_of(person(country, "0801", Role.CLERK))
    for language in ("fa", "en"):
        kept = {COOKIE: "light-large", settings.LANGUAGE_COOKIE_NAME: language}
        page.context.add_cookies([{"name": name, "value": value, "url": site} for name, value in kept.items()])
        for path in ("/help/states/", "/help/roles/"):
            page.goto(path)
            assert (path, language, page.evaluate(HIDES)) == (path, language, 0)


def test_on_a_telephone_the_days_open_on_the_newest(country: Cast, site: str, page_of: Opener) -> None:
    page = page_of(person(country, "0801", Role.BRANCH_HEAD), viewport=NARROW)
    page.goto("/overview/")
    chart = page.locator("#flow .chart").evaluate(NEWEST)
    assert chart["over"] > 0 and chart["start"] <= chart["newest"] <= chart["end"]


def test_signing_in(country: Cast, site: str, browser: Any) -> None:
    page = browser.new_page(base_url=site, locale="fa-IR")
    watch = Watch(page, site)
    watch.look("/sign-in/")
    page.locator("[name=username]").fill("nobody")
    page.locator("[name=password]").fill("nothing")
    page.keyboard.press("Enter")
    expect(page.locator(".alert-error")).to_be_visible()
    watch.look_again()
    page.close()
    assert not watch.faults, "\n".join(watch.faults)


def test_decrees_are_open_on_paper_without_a_script(country: Cast, site: str, page_of: Opener) -> None:
    page = page_of(person(country, "0801", Role.CLERK))
    page.goto(f"/cases/{case_at(State.DRAFT, Side.ORIGIN).pk}/")
    lines = page.locator("details.fold:not([open]) .ledger").first
    shown = "(e) => e.checkVisibility()"
    assert not lines.evaluate(shown)
    page.emulate_media(media="print")  # what fires no event, as printing does where scripts are off
    assert lines.evaluate(shown)


def test_fault_21_what_was_typed_is_back_after_signing_in_again(country: Cast, site: str, page_of: Opener) -> None:
    officer = person(country, "0801", Role.TECHNICAL_OFFICER)
    case = case_at(State.DRAFT, Side.ORIGIN)
    page = page_of(officer)
    page.goto(f"/cases/{case.pk}/{Action.SEND_BACK}/")
    page.locator("[name=reason]").fill("برگ دوم پرونده ندارد")
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.locator("form[data-keep] button[type=submit]").click()
    page.locator("[name=username]").fill(officer.username)
    page.locator("[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("[name=reason]")).to_have_value("برگ دوم پرونده ندارد")
    assert TransferCase.objects.get(pk=case.pk).state == State.DRAFT


def test_what_a_rejected_form_brought_back_is_back_as_well(country: Cast, site: str, page_of: Opener) -> None:
    clerk = person(country, "0801", Role.CLERK)
    page = page_of(clerk)
    page.goto(f"/files/{PensionFile.objects.filter(branch='0801').latest('pk').pk}/correct/contact/")
    page.locator("[name=address]").fill("خیابان سعدی")
    page.locator("[name=mobile]").fill("0912")
    page.locator("form[data-keep] button[type=submit]").click()
    page.locator("[name=mobile][aria-invalid=true]").fill("09121112233")
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.locator("form[data-keep] button[type=submit]").click()
    page.locator("[name=username]").fill(clerk.username)
    page.locator("[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("[name=mobile]")).to_have_value("09121112233")
    expect(page.locator("[name=address]")).to_have_value("خیابان سعدی")


def test_fault_14_a_double_click_takes_a_step_once(country: Cast, site: str, page_of: Opener) -> None:
    copy = case_at(State.VERIFIED, Side.DESTINATION)
    page = page_of(person(country, "1001", Role.DESTINATION_STAFF))
    page.goto(f"/cases/{copy.pk}/")
    page.locator("#next button").dblclick()
    expect(page.locator(".alert-success")).to_be_visible()
    assert TransferEvent.objects.filter(case=copy, action=Action.REGISTER).count() == 1


def test_a_persons_page_in_the_admin_fits(country: Cast, site: str, page_of: Opener) -> None:
    page = page_of(person(country, "", Role.CENTER_OPERATOR))
    for user in (person(country, "0801", Role.CLERK), person(country, "", Role.CENTER_OPERATOR)):
        page.goto(f"/admin/branches/user/{user.pk}/change/")
        for size in (NARROW, WIDE):
            page.set_viewport_size(size)  # type: ignore[arg-type]
            assert page.evaluate(WIDER) == 0
