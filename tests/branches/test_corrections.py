"""Correcting a pension file: who may, when, and what is kept."""

import datetime as dt
import re
import uuid
from typing import Any

import pytest
from django.urls import reverse

from branches import services
from branches.models import Correction, Decree, Dependent, PensionFile, Status, User
from branches.roles import Role
from pension_transfer.lib.errors import BadInput, NotNow
from tests.branches.correcting import CONTACT, correct_mobile, correct_url, typed
from tests.cast import Cast, appoint, make_file
from tests.pages import as_

pytestmark = pytest.mark.django_db(databases="__all__")


def test_a_correction_is_stored_with_its_history(clerk: User, file: PensionFile) -> None:
    answer = as_(clerk).post(correct_url(file, "contact"), typed(file, CONTACT))
    assert answer.status_code == 302
    file.refresh_from_db()
    assert (file.mobile, file.address, file.content_version) == ("09351234567", "خیابان سعدی", 2)
    (record,) = file.corrections.all()
    assert (record.section, record.by, record.reason) == ("contact", clerk, "برگ ۱۲ پرونده")
    assert record.before == {"mobile": "09121234567", "address": ""}
    assert record.after == {"mobile": "09351234567", "address": "خیابان سعدی"}
    assert as_(clerk).get(reverse("file", args=[file.pk])).context["history"]


def test_pressing_twice_stores_once(clerk: User, file: PensionFile) -> None:
    data = typed(file, CONTACT)
    answers = [as_(clerk).post(correct_url(file, "contact"), data).status_code for _ in range(2)]
    assert answers == [302, 302]
    assert file.corrections.count() == 1


@pytest.mark.parametrize("name", ["file_correct", "file_remove"])
def test_a_form_without_a_command_is_refused(clerk: User, file: PensionFile, name: str) -> None:
    row = file.dependents.all()[0]
    data = {"reason": "مطابق شناسنامه", "command_id": ""}
    answer = as_(clerk).post(reverse(name, args=[file.pk, "dependent", row.pk]), data)
    assert answer.status_code == 422
    assert file.dependents.filter(pk=row.pk).exists() and not file.corrections.exists()


def test_a_command_stores_one_correction_of_one_person(cast: Cast, clerk: User, file: PensionFile) -> None:
    colleague, other, key = (
        appoint("colleague", Role.CLERK, branch=cast.origin),
        make_file(cast.origin, 2),
        uuid.uuid4(),
    )
    correct_mobile(file, clerk, "09120000001", command_id=key)
    for corrected, by in ((other, clerk), (file, colleague)):
        with pytest.raises(NotNow) as refusal:
            correct_mobile(corrected, by, "09120000002", command_id=key)
        assert refusal.value.code == "reused"
        assert as_(by).post(correct_url(corrected, "contact"), {"command_id": key}).status_code == 409


def test_bad_input_stands_beside_its_field_and_what_was_typed_is_kept(clerk: User, file: PensionFile) -> None:
    wrong = CONTACT | {"iban": "IR83 0130", "mobile": "12345", "address": "نشانی تازه"}
    answer = as_(clerk).post(correct_url(file, "contact"), typed(file, wrong))
    assert answer.status_code == 422
    form = answer.context["form"]
    assert set(form.errors) == {"iban", "mobile"}
    assert form.errors.as_data()["iban"][0].code == "length"
    html = answer.content.decode()
    assert "نشانی تازه" in html and "۱۲۳۴۵" in html and "IR۸۳ ۰۱۳۰" in html
    assert 'href="#id_iban"' in html
    assert not file.corrections.exists()


def test_a_reason_is_asked_for(clerk: User, file: PensionFile) -> None:
    answer = as_(clerk).post(correct_url(file, "contact"), typed(file, CONTACT | {"reason": " "}))
    assert set(answer.context["form"].errors) == {"reason"}


def test_nothing_changed_is_not_a_correction(clerk: User, file: PensionFile) -> None:
    same = CONTACT | {"mobile": file.mobile, "address": ""}
    assert as_(clerk).post(correct_url(file, "contact"), typed(file, same)).status_code == 422
    assert not file.corrections.exists()


def test_a_stale_page_is_refused_and_the_change_is_named(clerk: User, file: PensionFile) -> None:
    data = typed(file, CONTACT)
    correct_mobile(file, clerk, "09120000000")
    answer = as_(clerk).post(correct_url(file, "contact"), data)
    assert answer.status_code == 409
    assert "برگ ۳" in answer.content.decode()
    assert PensionFile.objects.get(pk=file.pk).mobile == "09120000000"


@pytest.mark.parametrize("obstacle", [{"content_version": 9}, {"frozen_by": uuid.uuid4()}])
def test_what_was_typed_stands_on_the_refusal(clerk: User, file: PensionFile, obstacle: dict[str, Any]) -> None:
    """Without JavaScript no tab keeps it."""
    data = typed(file, CONTACT)
    PensionFile.objects.filter(pk=file.pk).update(**obstacle)
    answer = as_(clerk).post(correct_url(file, "contact"), data)
    assert answer.status_code == 409
    assert {CONTACT["mobile"], CONTACT["address"], CONTACT["reason"]} <= {
        text for _label, text in answer.context["typed"]
    }


def test_the_lines_of_a_decree_stand_on_the_refusal(clerk: User, file: PensionFile) -> None:
    url = correct_url(file, "decree", file.decrees.get(number="1/05").pk)
    answer = as_(clerk).post(url, typed(file, DECREE | lines(*ROWS), seen=9))
    assert answer.status_code == 409
    assert ROWS[1][0] in {text for _label, text in answer.context["typed"]}


def test_a_frozen_file_is_read_only(clerk: User, file: PensionFile) -> None:
    PensionFile.objects.filter(pk=file.pk).update(frozen_by=uuid.uuid4())
    client = as_(clerk)
    assert client.get(reverse("file", args=[file.pk])).context["may_correct"] is False
    assert client.get(correct_url(file, "contact")).status_code == 409
    assert client.post(correct_url(file, "contact"), typed(file, CONTACT)).status_code == 409
    assert not file.corrections.exists()


@pytest.mark.parametrize("status", [Status.REGISTERED, Status.TERMINATED, Status.MOVED])
def test_a_closed_file_is_read_only(clerk: User, file: PensionFile, status: str) -> None:
    PensionFile.objects.filter(pk=file.pk).update(status=status)
    assert as_(clerk).post(correct_url(file, "contact"), typed(file, CONTACT)).status_code == 409


def test_a_part_that_is_not_there(clerk: User, file: PensionFile, cast: Cast) -> None:
    other = make_file(cast.origin, 2)
    row = other.dependents.all()[0].pk
    places = [("nothing",), ("decree", 10**6), ("dependent", row), ("deduction", 10**6)]
    assert {as_(clerk).get(correct_url(file, *place)).status_code for place in places} == {404}


def test_what_follows_a_correction_is_told_in_its_transaction(clerk: User, file: PensionFile, monkeypatch) -> None:
    def refuse(told: PensionFile, by: User, correction: Correction) -> None:
        assert (told.content_version, by, correction.section) == (2, clerk, "contact")
        raise NotNow("not now", "test")

    monkeypatch.setattr(services, "on_content_change", [refuse])
    with pytest.raises(NotNow):
        correct_mobile(file, clerk, "09120000000")
    assert not file.corrections.exists()
    assert PensionFile.objects.get(pk=file.pk).mobile == "09121234567"


# --- persons --------------------------------------------------------------------------------------------

SON = {
    "national_code": "9910000016",
    "first_name": "رضا",
    "last_name": "حسینی",
    "father_name": "علی‌رضا",
    "birth_date": "1390/5/1",
    "sex": "male",
    "relationship": "son",
    "share_percent": "۲۵٫۵",
    "reason": "شناسنامه",
}


def test_a_dependent_is_added_and_corrected(clerk: User, file: PensionFile) -> None:
    client = as_(clerk)
    assert client.get(correct_url(file, "dependent")).status_code == 200
    assert client.post(correct_url(file, "dependent"), typed(file, SON)).status_code == 302
    son = Dependent.objects.get(national_code="9910000016")
    assert (son.file, son.birth_year, str(son.share_percent)) == (file, 1390, "25.5000")
    file.refresh_from_db()
    unknown_day = SON | {"birth_date": "", "birth_year": "۱۳۸۹"}
    assert client.post(correct_url(file, "dependent", son.pk), typed(file, unknown_day)).status_code == 302
    son.refresh_from_db()
    assert (son.birth_date, son.birth_year) == (None, 1389)
    assert file.corrections.all()[0].after == {"birth_date": None, "birth_year": 1389}


def test_one_person_stands_once_in_a_file(clerk: User, file: PensionFile) -> None:
    twice = SON | {"national_code": file.dependents.all()[0].national_code}
    answer = as_(clerk).post(correct_url(file, "dependent"), typed(file, twice))
    assert answer.status_code == 422
    assert "national_code" in answer.context["form"].errors
    assert file.dependents.count() == 2


def test_a_birth_needs_a_day_or_a_year(clerk: User, file: PensionFile) -> None:
    answer = as_(clerk).post(correct_url(file, "dependent"), typed(file, SON | {"birth_date": ""}))
    assert set(answer.context["form"].errors) == {"birth_date"}


def test_the_rules_stand_below_the_form_too(clerk: User, file: PensionFile) -> None:
    with pytest.raises(BadInput) as refusal:
        services.correct(file, "principal", None, clerk, "x", {"national_code": "1111111111"})
    assert set(refusal.value.errors) == {"national_code"}


# --- deductions and decrees -----------------------------------------------------------------------------


def test_a_deduction_is_added_and_corrected(clerk: User, file: PensionFile) -> None:
    loan = {
        "kind": "loan",
        "creditor": "بانك رفاه",
        "monthly_amount": "۱۲٬۵۰۰٬۰۰۰ ریال",
        "remaining_amount": "",
        "ends_on": "1407/6/31",
        "reason": "نامه بانک",
    }
    client = as_(clerk)
    assert client.post(correct_url(file, "deduction"), typed(file, loan)).status_code == 302
    row = file.deductions.latest("id")
    assert (row.creditor, row.monthly_amount, row.ends_on) == ("بانک رفاه", 12_500_000, dt.date(2028, 9, 21))
    file.refresh_from_db()
    less = loan | {"monthly_amount": "10000000"}
    assert client.post(correct_url(file, "deduction", row.pk), typed(file, less)).status_code == 302
    assert file.corrections.all()[0].before == {"monthly_amount": 12_500_000}


def lines(*rows: tuple[str, str, str], deleted: int | None = None) -> dict[str, Any]:
    data: dict[str, Any] = {"lines-INITIAL_FORMS": 1, "lines-TOTAL_FORMS": len(rows)}
    for index, row in enumerate(rows):
        data |= {f"lines-{index}-{name}": value for name, value in zip(("title", "group", "amount"), row, strict=True)}
    return data | ({f"lines-{deleted}-DELETE": "on"} if deleted is not None else {})


DECREE = {
    "number": "۱/۰۵",
    "kind": "annual_increase",
    "issued_on": "1405/2/20",
    "effective_on": "1405/2/1",
    "issuing_branch": "0801",
    "previous_number": "1/94",
    "amount_before": "0",
    "amount_after": "166255500",
    "description": "",
    "reason": "حکم کاغذی",
}
ROWS = [("مستمري", "pension", "۱۶۶٬۲۵۵٬۵۰۰"), ("حق مسکن", "allowance", "4500000"), ("", "", "")]


def test_a_wrong_decree_is_replaced_and_stays_readable(clerk: User, file: PensionFile) -> None:
    wrong = file.decrees.get(number="1/05")
    url = correct_url(file, "decree", wrong.pk)
    assert as_(clerk).post(url, typed(file, DECREE | lines(*ROWS))).status_code == 302
    wrong.refresh_from_db()
    right = Decree.objects.get(corrects=wrong)
    assert (wrong.is_valid, right.is_valid, right.number) == (False, True, "1/05")
    assert list(right.lines.values_list("order", "title", "amount")) == [
        (1, "مستمری", 166_255_500),
        (2, "حق مسکن", 4_500_000),
    ]
    assert wrong.lines.count() == 1
    assert "lines" in file.corrections.get().after
    sheets = as_(clerk).get(reverse("file", args=[file.pk])).context["decrees"]
    assert (sheets[0].decree, sheets[0].is_current) == (right, True)
    assert next(sheet for sheet in sheets if sheet.decree == wrong).replaced_by == right
    file.refresh_from_db()
    assert as_(clerk).post(url, typed(file, DECREE | lines(*ROWS))).status_code == 409


def test_pressing_twice_replaces_a_decree_once(clerk: User, file: PensionFile) -> None:
    wrong = file.decrees.get(number="1/05")
    data = typed(file, DECREE | lines(*ROWS))
    url = correct_url(file, "decree", wrong.pk)
    assert [as_(clerk).post(url, data).status_code for _ in range(2)] == [302, 302]
    assert Decree.objects.filter(corrects__isnull=False).count() == 1


def test_a_line_that_is_crossed_out_is_left_out(clerk: User, file: PensionFile) -> None:
    wrong = file.decrees.get(number="1/05")
    url = correct_url(file, "decree", wrong.pk)
    assert as_(clerk).post(url, typed(file, DECREE | lines(*ROWS, deleted=0))).status_code == 302
    assert [line.title for line in Decree.objects.get(corrects=wrong).lines.all()] == ["حق مسکن"]


def test_a_decree_number_stands_once(clerk: User, file: PensionFile) -> None:
    wrong = file.decrees.get(number="1/05")
    data = typed(file, DECREE | lines(*ROWS) | {"number": "1/94"})
    answer = as_(clerk).post(correct_url(file, "decree", wrong.pk), data)
    assert set(answer.context["form"].errors) == {"number"}


def test_bad_lines_are_named_and_nothing_is_stored(clerk: User, file: PensionFile) -> None:
    wrong = file.decrees.get(number="1/05")
    bad = DECREE | lines(("مستمری", "pension", "صد تومان"), ("", "", ""))
    answer = as_(clerk).post(correct_url(file, "decree", wrong.pk), typed(file, bad))
    assert answer.status_code == 422
    assert 'href="#id_lines-0-amount"' in answer.content.decode()
    assert Decree.objects.filter(file=file, is_valid=True).count() == 2


def test_each_bad_line_is_named_by_its_row(clerk: User, file: PensionFile) -> None:
    bad = DECREE | lines(("مستمری", "pension", "100"), ("مزایا", "benefit", "x"), ("عیدی", "benefit", "y"))
    answer = as_(clerk).post(correct_url(file, "decree"), typed(file, bad))
    links = re.findall(r'<a href="#(id_lines-\d-amount)">([^<]*)</a>', answer.content.decode())
    assert [(field, "۲" in label, "۳" in label) for field, label in links] == [
        ("id_lines-1-amount", True, False),
        ("id_lines-2-amount", False, True),
    ]


def test_a_missing_decree_is_added_with_its_lines(clerk: User, file: PensionFile) -> None:
    assert as_(clerk).get(correct_url(file, "decree")).status_code == 200
    new = DECREE | {"number": "2/05", "kind": "change_of_status"}
    assert as_(clerk).post(correct_url(file, "decree"), typed(file, new | lines(*ROWS))).status_code == 302
    decree = file.decrees.get(number="2/05")
    assert (decree.corrects, decree.is_valid, decree.lines.count()) == (None, True, 2)
    record = file.corrections.get()
    assert (record.before, record.subject, len(record.after["lines"])) == ({}, "2/05", 2)
    file.refresh_from_db()
    again = as_(clerk).post(correct_url(file, "decree"), typed(file, new | lines(*ROWS)))
    assert set(again.context["form"].errors) == {"number"}


# --- taking out -----------------------------------------------------------------------------------------


def remove_url(file: PensionFile, section: str, row: int) -> str:
    return reverse("file_remove", args=[file.pk, section, row])


def test_a_row_is_taken_out_with_a_reason_and_its_history_keeps_it(clerk: User, file: PensionFile) -> None:
    one = file.dependents.all()[0]
    client, url = as_(clerk), remove_url(file, "dependent", one.pk)
    assert client.get(url).status_code == 200 and file.dependents.count() == 2
    assert client.post(url, typed(file, {"reason": " "})).status_code == 422 and file.dependents.count() == 2
    data = typed(file, {"reason": "دو بار ثبت شده است"})
    assert [client.post(url, data).status_code for _ in range(2)] == [302, 302]
    assert not file.dependents.filter(pk=one.pk).exists()
    record = file.corrections.get()
    assert (record.after, record.subject, record.reason) == ({}, one.full_name, "دو بار ثبت شده است")
    assert record.before["national_code"] == one.national_code
    (sheet,) = client.get(reverse("file", args=[file.pk])).context["history"]
    assert sheet.is_removal and [change.after for change in sheet.changes] == [""] * len(sheet.changes)
    assert [change.before for change in sheet.changes[1:3]] == [one.first_name, one.last_name]


def test_a_decree_is_voided_and_the_last_valid_one_never(clerk: User, file: PensionFile) -> None:
    first, second = file.decrees.order_by("pk")
    services.remove(file, "decree", first.pk, clerk, "حکم پرونده دیگری است")
    first.refresh_from_db()
    assert not first.is_valid and first.lines.exists()
    assert file.corrections.get().before["lines"]
    with pytest.raises(NotNow) as refusal:
        services.remove(file, "decree", second.pk, clerk, "x")
    assert refusal.value.code == "only_decree"
    second.refresh_from_db()
    assert second.is_valid and file.corrections.count() == 1


def test_who_may_not_correct_may_not_take_out(cast: Cast, clerk: User, file: PensionFile) -> None:
    one = file.dependents.all()[0]
    url, data = remove_url(file, "dependent", one.pk), typed(file, {"reason": "x"})
    people = [cast.at(cast.origin, Role.BRANCH_HEAD), cast.at(cast.destination, Role.CLERK), cast.reader("outsider")]
    assert [as_(person).post(url, data).status_code for person in people] == [403, 404, 404]
    correct_mobile(file, clerk, "09120000000")
    assert as_(clerk).post(url, data).status_code == 409
    PensionFile.objects.filter(pk=file.pk).update(frozen_by=uuid.uuid4())
    assert as_(clerk).post(url, typed(file, {"reason": "x"})).status_code == 409
    for place in (("principal", file.pk), ("dependent", 10**6), ("nothing", 1)):
        assert as_(clerk).get(remove_url(file, *place)).status_code in {404, 409}
    assert file.dependents.filter(pk=one.pk).exists() and file.corrections.count() == 1
