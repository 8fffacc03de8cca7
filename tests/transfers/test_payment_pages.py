"""The pages about payment: who pays and the payroll list. Each for those who may, and nobody else."""

from typing import Any

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from branches.models import Branch, CustodyRequest, Payment, PayrollRun, PensionFile, Status, User
from branches.roles import Role
from pension_transfer.lib.months import Month, Months
from pension_transfer.lib.templatetags.persian import fa
from tests.cast import Cast, Walk, make_file
from tests.pages import as_, command, goes_to, queries, text
from transfers import exchange, payroll_list, sync
from transfers.payment import Code
from transfers.payment_forms import as_typed
from transfers.payroll import Group
from transfers.states import Side, State

pytestmark = pytest.mark.django_db(databases="__all__")
MOST_QUERIES = 18


def this_month() -> Month:
    return Month.of(timezone.localdate())


def ask(user: User, number: str, month: Any = None) -> Any:
    return as_(user).post(reverse("who_pays"), {"number": number, "month": month or str(int(this_month()))})


def told(user: User, number: str, month: Any = None) -> dict[str, str]:
    """Code by branch, of the one pension found."""
    stories = ask(user, number, month).context["stories"]
    return {it.branch.pk: str(it.answer.code) for story in stories for it in story.verdicts}


def officer(cast: Cast, branch: Branch) -> User:
    return cast.at(branch, Role.TECHNICAL_OFFICER)


def away(*args: Any) -> None:
    raise exchange.Unreachable("away")


# --- who pays -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["7000000001", "۷۰۰۰۰۰۰۰۰۱", "national"])
def test_a_pension_is_found_by_either_number_in_any_digits(cast: Cast, typed: str) -> None:
    month = this_month()
    file = make_file(cast.origin, last_paid_month=month - 2)
    (story,) = ask(officer(cast, cast.origin), file.national_code if typed == "national" else typed).context["stories"]
    (verdict,) = story.verdicts
    assert (verdict.tone, verdict.answer.due, story.payer) == ("success", Months(month - 1, month), cast.origin.name)
    assert [(row.branch, row.months.last) for row in story.history] == [(cast.origin.name, None)]


def reached(cast: Cast, code: str) -> tuple[User, str]:
    """Who asks for which number, so that the answer is `code`; the month is this one."""
    month, me = this_month(), officer(cast, cast.origin)
    if code == Code.NO_FILE:
        exchange.open_custody({"7099999999": 139402}, cast.origin.pk, "test")
        return me, "7099999999"
    file = make_file(cast.origin, last_paid_month=month - 1 if code not in MOVING else 140508)
    rows = PensionFile.objects.filter(pk=file.pk)
    if code in MOVING:
        Walk(cast, file).to(*MOVING[code])
        return officer(cast, cast.destination) if code == Code.NOT_ACTIVE else me, file.pension_number
    if code == Code.SUSPENDED:
        rows.update(status=Status.SUSPENDED)
    if code == Code.ALREADY_PAID:
        rows.update(last_paid_month=month)
    if code in (Code.CLOSING, Code.ENDED):
        rows.update(status=Status.TERMINATED)
        CustodyRequest.objects.create(file=file, verb=CustodyRequest.Verb.CLOSE, month=month, reason="death")
    if code == Code.ENDED:
        sync.sync()
    if code == Code.UNCLAIMED:
        rows.update(pension_number="7088888888")
        return me, "7088888888"
    return me, file.pension_number


MOVING: dict[str, tuple[str, str]] = {
    Code.IN_TRANSIT: (State.SENT, Side.ORIGIN),
    Code.NOT_ACTIVE: (State.REGISTERED, Side.DESTINATION),
    Code.ELSEWHERE: (State.REGISTERED, Side.DESTINATION),
}
PLAIN = [
    Code.PAYABLE, Code.ALREADY_PAID, Code.SUSPENDED, Code.CLOSING, Code.ENDED, Code.UNCLAIMED, Code.NO_FILE,
]  # fmt: skip


@pytest.mark.parametrize("code", [*PLAIN, *MOVING])
def test_every_answer_is_shown_with_its_reason(cast: Cast, code: str) -> None:
    user, number = reached(cast, code)
    answer = ask(user, number)
    (story,) = answer.context["stories"]
    (verdict,) = story.verdicts
    assert (verdict.answer.code, verdict.tone == "success") == (code, code == Code.PAYABLE)
    assert verdict.answer.reason in text(answer)
    if code in MOVING:
        assert f'href="{reverse("case", args=[verdict.case.pk])}"' in text(answer)


def test_a_month_before_every_custody_is_nobodys(cast: Cast) -> None:
    file = make_file(cast.origin)
    assert told(officer(cast, cast.origin), file.pension_number, "1380/01") == {"0801": Code.NOBODY}


def test_who_may_know_and_who_may_not(cast: Cast) -> None:
    walk = Walk(cast)
    walk.to(State.REGISTERED, Side.DESTINATION)
    number = walk.file.pension_number
    known = {
        "origin": told(officer(cast, cast.origin), number),
        "destination": told(officer(cast, cast.destination), number),
        "province": told(cast.reader(Role.PROVINCE_SUPERVISOR), number),
        "auditor": told(cast.reader(Role.AUDITOR), number),
        "center": told(cast.reader(Role.CENTER_OPERATOR), number),
    }
    both = {"0801": Code.ELSEWHERE, "1001": Code.NOT_ACTIVE}
    assert known == {
        "origin": {"0801": Code.ELSEWHERE}, "destination": {"1001": Code.NOT_ACTIVE},
        "province": {"0801": Code.ELSEWHERE}, "auditor": both, "center": both,
    }  # fmt: skip
    strangers = [officer(cast, cast.third), cast.at(cast.third, Role.BRANCH_HEAD), cast.reader("outsider")]
    for stranger in strangers:
        for asked in (number, walk.file.national_code):
            page = text(ask(stranger, asked))
            assert ask(stranger, asked).context["stories"] == []
            assert cast.destination.name not in page and walk.case.tracking_number not in page


def test_a_stranger_hears_the_same_of_a_pension_as_of_none(cast: Cast) -> None:
    stranger, file = officer(cast, cast.third), make_file(cast.origin)
    found, none = (ask(stranger, number).context for number in (file.pension_number, "7012345678"))
    assert [page["stories"] for page in (found, none)] == [[], []]
    assert [page["is_unknown"] for page in (found, none)] == [True, True]


def test_a_branch_that_once_paid_still_hears_of_it(cast: Cast) -> None:
    walk = Walk(cast)
    walk.to(State.REGISTERED, Side.DESTINATION)
    walk.activate()
    (story,) = ask(walk.officer, walk.file.pension_number).context["stories"]
    assert [(row.branch, row.months.first) for row in story.history] == [
        (cast.origin.name, Month(139402)), (cast.destination.name, Month(140509)),
    ]  # fmt: skip
    assert story.history[1].case.pk == walk.case.pk


@pytest.mark.parametrize(
    ("number", "month", "wrong"),
    [
        ("", "1405/09", {"number"}), ("12", "1405/09", {"number"}), ("abcdefghij", "1405/09", {"number"}),
        ("7000000001", "1405/13", {"month"}), ("7000000001", "آذر", {"month"}), ("\0" * 10, "", {"number", "month"}),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_beside_its_field(cast: Cast, number: str, month: str, wrong: set[str]) -> None:
    data = {"number": number, "month": month}
    answer = as_(officer(cast, cast.origin)).post(reverse("who_pays"), data)
    assert (answer.status_code, set(answer.context["form"].errors)) == (422, wrong)


def test_without_the_center_it_is_not_known_who_pays(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    file = make_file(cast.origin)
    for name in ("holdings", "history_of"):
        monkeypatch.setattr(exchange, name, away)
    answer = ask(officer(cast, cast.origin), file.pension_number)
    (verdict,) = answer.context["stories"][0].verdicts
    assert (verdict.answer.code, verdict.tone, answer.context["is_away"]) == (Code.UNKNOWN, "warning", True)


# --- the payroll list -----------------------------------------------------------------------------------


def shown(user: User, **asked: Any) -> list[str]:
    page = as_(user).get(reverse("payroll"), asked).context
    return [row.line.answer.pension_number for row in page["rows"]]


def test_every_group_is_a_page(cast: Cast) -> None:
    month, me = this_month(), officer(cast, cast.origin)
    plain, held, paid = (make_file(cast.origin, n, last_paid_month=month - 1) for n in (1, 2, 3))
    PensionFile.objects.filter(pk=held.pk).update(status=Status.SUSPENDED)
    PensionFile.objects.filter(pk=paid.pk).update(last_paid_month=month)
    exchange.open_custody({"7099999999": 139402}, cast.origin.pk, "test")
    groups = {group: shown(me, group=group) for group in Group}
    assert groups == {
        Group.PAYABLE: [plain.pension_number], Group.FIRST: [], Group.LEFT: [], Group.PAID: [paid.pension_number],
        Group.SUSPENDED: [held.pension_number], Group.BLOCKED: ["7099999999"],
    }  # fmt: skip


def test_a_group_is_walked_page_by_page(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payroll_list, "A_PAGE", 2)
    files = [make_file(cast.origin, n, last_paid_month=this_month() - 1) for n in range(1, 6)]
    PensionFile.objects.filter(pk=files[1].pk).update(status=Status.SUSPENDED)
    found, url = [], reverse("payroll")
    while url:
        page = as_(officer(cast, cast.origin)).get(url).context
        found.append([row.line.answer.pension_number[-1] for row in page["rows"]])
        url = page["page"].next_url and reverse("payroll") + page["page"].next_url
    assert found == [["1", "3"], ["4", "5"]]


def test_a_rare_group_is_looked_for_a_part_at_a_time(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payroll_list, "LOOKED_AT", 2)
    files = [make_file(cast.origin, n, last_paid_month=this_month() - 1) for n in range(1, 4)]
    PensionFile.objects.filter(pk=files[2].pk).update(status=Status.SUSPENDED)
    client = as_(officer(cast, cast.origin))
    first = client.get(reverse("payroll"), {"group": "suspended"}).context
    assert first["rows"] == []
    second = client.get(reverse("payroll") + first["page"].next_url).context
    assert [row.line.answer.pension_number for row in second["rows"]] == [files[2].pension_number]


def test_the_list_is_the_branchs_and_its_readers(cast: Cast) -> None:
    make_file(cast.origin, last_paid_month=this_month() - 1)
    readers = [officer(cast, cast.origin), cast.reader(Role.PROVINCE_SUPERVISOR), cast.reader(Role.AUDITOR)]
    assert [len(shown(reader, branch="0801")) for reader in readers] == [1, 1, 1]
    province = cast.reader(Role.PROVINCE_SUPERVISOR)
    assert as_(province).get(reverse("payroll")).context.get("branch") is None
    refused = [(officer(cast, cast.third), "0801"), (province, "1001"), (cast.reader("outsider"), "0801")]
    for person, branch in refused:
        for name in ("payroll", "payroll_record", "payroll_csv", "payroll_xlsx"):
            assert as_(person).get(reverse(name), {"branch": branch}).status_code == 404, name
    posted = as_(officer(cast, cast.third)).post(reverse("payroll_record") + "?branch=0801", command())
    assert (posted.status_code, Payment.objects.count()) == (404, 0)


@pytest.mark.parametrize(("branch", "month"), [("9999", ""), ("شعبه", ""), ("", "1405/13"), ("\0", "x")])
def test_a_wrong_branch_or_month_is_said(cast: Cast, branch: str, month: str) -> None:
    asked = {"branch": branch, "month": month}
    client = as_(officer(cast, cast.origin))
    answers = [client.get(reverse(name), asked).status_code for name in ("payroll", "payroll_record", "payroll_csv")]
    assert answers == [422, 422, 422]


@pytest.mark.parametrize("typed", ["", "140509", "۱۴۰۵۰۹", "1405/09"])
def test_the_month_is_shown_as_it_is_written(cast: Cast, typed: str) -> None:
    page = as_(officer(cast, cast.origin)).get(reverse("payroll"), {"month": typed})
    month = Month(140509) if typed else this_month()
    assert (page.context["month"], f'value="{fa(as_typed(month))}"' in text(page)) == (month, True)


@pytest.mark.parametrize("after", ["WyJ4Il0=", "WyJcdTAwMDAiXQ==", "W251bGxd", "x", ""])
def test_a_place_written_by_hand_is_the_beginning(cast: Cast, after: str) -> None:
    make_file(cast.origin, last_paid_month=this_month() - 1)
    assert len(shown(officer(cast, cast.origin), after=after)) == 1


def test_a_run_is_counted_confirmed_and_recorded_once(cast: Cast) -> None:
    month, me = this_month(), officer(cast, cast.origin)
    for number in (1, 2):
        make_file(cast.origin, number, last_paid_month=month - 2)
    url, client = f"{reverse('payroll_record')}?branch=0801&month={int(month)}", as_(me)
    page = client.get(url).context
    assert (page["tally"].payable, page["tally"].months, page["may_record"]) == (2, 4, True)
    posted = command()
    for _ in range(2):
        assert goes_to(client.post(url, posted)).startswith(reverse("payroll"))
    assert (PayrollRun.objects.get().paid, Payment.objects.count()) == (2, 4)
    assert [run.paid for run in client.get(reverse("payroll")).context["runs"]] == [2]
    assert client.get(url).context["tally"].payable == 0


def test_who_may_look_may_not_record(cast: Cast) -> None:
    month = this_month()
    make_file(cast.origin, last_paid_month=month - 1)
    url = f"{reverse('payroll_record')}?branch=0801&month={int(month)}"
    for person in (cast.at(cast.origin, Role.CLERK), cast.reader(Role.AUDITOR)):
        page = as_(person).get(url)
        assert (page.status_code, page.context["may_record"]) == (200, False)
        assert "command_id" not in text(page).split("<main")[1]
        assert as_(person).post(url, command()).status_code == 403
    coming = f"{reverse('payroll_record')}?branch=0801&month={int(month + 1)}"
    assert as_(officer(cast, cast.origin)).post(coming, command()).status_code == 409
    assert as_(officer(cast, cast.origin)).post(url, {"command_id": "x"}).status_code == 422
    assert not PayrollRun.objects.exists()


def test_without_the_center_the_list_says_so(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    make_file(cast.origin, last_paid_month=this_month() - 1)
    for name in ("holdings", "held_by"):
        monkeypatch.setattr(exchange, name, away)
    client = as_(officer(cast, cast.origin))
    page = client.get(reverse("payroll"))
    assert (page.status_code, page.context["is_away"]) == (200, True)
    statuses = [client.get(reverse(name)).status_code for name in ("payroll_record", "payroll_csv", "payroll_xlsx")]
    assert statuses == [503, 503, 503]
    posted = client.post(reverse("payroll_record"), command())
    assert (posted.status_code, Payment.objects.count()) == (302, 0)


def test_the_files_are_downloaded(cast: Cast) -> None:
    file = make_file(cast.origin, last_paid_month=this_month() - 1)
    client = as_(officer(cast, cast.origin))
    csv, xlsx = (b"".join(client.get(reverse(name))) for name in ("payroll_csv", "payroll_xlsx"))
    assert file.pension_number in csv.decode("utf-8-sig") and xlsx.startswith(b"PK")


# --- menu, languages, costs -----------------------------------------------------------------------------

SCREENS = ["who_pays", "payroll", "payroll_record", "payable_nowhere"]


def test_the_menu_has_them_for_those_who_pay_and_who_look_after_it(cast: Cast) -> None:
    def urls(user: User) -> set[str]:
        return {item["url"] for group in as_(user).get(reverse("help")).context["menu"] for item in group["items"]}

    pages = {reverse(name) for name in ("who_pays", "payroll", "payable_nowhere")}
    for person in (officer(cast, cast.origin), cast.at(cast.origin, Role.BRANCH_HEAD), cast.reader(Role.AUDITOR)):
        assert pages <= urls(person)
    for person in (cast.at(cast.origin, Role.CLERK), cast.at(cast.origin, Role.DESTINATION_STAFF)):
        assert not pages & urls(person)


@pytest.mark.parametrize("screen", SCREENS)
def test_the_pages_speak_english_too(cast: Cast, screen: str) -> None:
    make_file(cast.origin, last_paid_month=this_month() - 1)
    client = as_(officer(cast, cast.origin))
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    answer = client.get(reverse(screen))
    assert answer.status_code == 200
    assert "«" not in text(answer).split("<main")[1].split("</main>")[0]


@pytest.mark.parametrize("screen", SCREENS)
def test_a_page_costs_the_same_however_long_it_is(cast: Cast, screen: str) -> None:
    user, url = officer(cast, cast.origin), reverse(screen)
    walks = [Walk(cast, make_file(cast.origin, n)) for n in (1, 2, 3)]
    walks[0].to(State.SENT)
    once = queries(user, url)
    for walk in walks[1:]:
        walk.to(State.SENT)
    make_file(cast.origin, 9, last_paid_month=this_month() - 1)
    assert once == queries(user, url) <= MOST_QUERIES


def test_a_question_costs_few_queries(cast: Cast, django_assert_max_num_queries: Any) -> None:
    walk = Walk(cast)
    walk.to(State.REGISTERED, Side.DESTINATION)
    client = as_(cast.reader(Role.AUDITOR))
    with django_assert_max_num_queries(MOST_QUERIES):
        client.post(reverse("who_pays"), {"number": walk.file.pension_number, "month": "140509"})
