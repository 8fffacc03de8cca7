"""What is wrong or doubtful in a file's content: each rule met and not met; and none of them ever fails itself."""

import copy
import datetime as dt
import string
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from branches import checks, coming
from branches.check_sentences import SENTENCES
from branches.models import DecreeKind, Kind, LineGroup, Relationship
from pension_transfer.lib import calendar
from tests.cast import national_code

Content = dict[str, Any]
PRINCIPAL, WIFE, SON = (national_code(number) for number in (10, 11, 12))


def person(code: str, born: str, **more: Any) -> Content:
    year = calendar.jalali_year(dt.date.fromisoformat(born))
    base = {"national_code": code, "first_name": "زهرا", "last_name": "حسینی", "father_name": "", "sex": "female"}
    return base | {"birth_date": born, "birth_year": year} | more


def dependent(code: str, born: str, relationship: str, **more: Any) -> Content:
    row = {"relationship": relationship, "share_percent": None, "entitlement_basis": "", "iban": ""}
    return person(code, born) | row | {"entitled_from": "2015-04-21", "entitled_until": None} | more


def decree(number: str, kind: str, on: str, previous: str, before: int, after: int) -> Content:
    line = {"order": 1, "title": "مستمری", "group": "pension", "amount": after}
    aside = {"order": 2, "title": "حق مسکن", "group": "allowance", "amount": 4_500_000}
    return {
        "number": number, "kind": kind, "issued_on": on, "effective_on": on, "issuing_branch": "0801",
        "previous_number": previous, "amount_before": before, "amount_after": after, "description": "",
        "lines": [line, aside],
    }  # fmt: skip


def clean() -> Content:
    """A retired man's file without anything to say about it."""
    return {
        "file": {
            "pension_number": "7000000001", "kind": "retirement", "status": "active", "paper_pages": 12,
            "insurance_number": "0000000001", "established_on": "2015-04-21", "service_main_days": 1,
            "service_bonus_days": 0,
        },
        "principal": person(PRINCIPAL, "1955-05-05", id_number="", death_date=None),
        "contact": {"iban": "IR950130000000123456789012", "mobile": "", "postal_code": "1136934567", "address": ""},
        "dependents": [dependent(WIFE, "1960-06-01", "wife"), dependent(SON, "2010-06-01", "son")],
        "decrees": [
            decree("1/94", "establishing", "2015-04-21", "", 0, 100),
            decree("1/05", "annual_increase", "2026-03-21", "1/94", 100, 150),
        ],
        "deductions": [],
        "last_pay_certificate": {
            "last_paid_month": 140508, "arrears_amount": None, "arrears_note": "", "overpaid_amount": None,
            "overpaid_note": "", "suspended_since": None, "suspension_reason": "",
        },
    }  # fmt: skip


def at(part: str, name: str, value: Any) -> Callable[[Content], None]:
    """Change one column: of a part, of the row `part.N`, or of the line `decrees.N.M`."""

    def change(content: Content) -> None:
        where: Any = content
        for i, step in enumerate(part.split(".")):
            where = where[int(step)] if step.isdigit() else where[step]
            where = where["lines"] if i == 1 and part.count(".") == 2 else where
        where[name] = value

    return change


def survivors(content: Content) -> None:
    content["file"]["kind"], content["principal"]["death_date"] = "survivors", "2015-04-20"


def all_of(*changes: Callable[[Content], None]) -> Callable[[Content], None]:
    def change(content: Content) -> None:
        for one in changes:
            one(content)

    return change


SHARE, TWENTY = "share_percent", "2005-01-01"
shares = [at("dependents.0", SHARE, "60.0000"), at("dependents.1", SHARE, "40.0100")]
# Code, what brings it about, where it is said: part, column, row; and what is near it, yet right.
CASES: list[tuple[str, Callable[[Content], None], tuple[str, str, int | None], Callable[[Content], None]]] = [
    ("missing", at("contact", "iban", ""), ("contact", "iban", None), at("contact", "mobile", "")),
    ("missing", at("file", "paper_pages", None), ("file", "paper_pages", None), at("file", "paper_pages", 1)),
    ("missing", at("file", "kind", "survivors"), ("principal", "death_date", None), all_of(survivors, *shares)),
    ("checksum", at("principal", "national_code", "9910000017"), ("principal", "national_code", None),
     at("principal", "national_code", "9910000016")),
    ("checksum", at("dependents.1", "national_code", "1111111111"), ("dependents", "national_code", 1),
     at("dependents.1", "national_code", "")),
    ("same_person", at("dependents.0", "national_code", PRINCIPAL), ("dependents", "national_code", 0),
     at("dependents.0", "first_name", "علی‌رضا")),
    ("twice", at("dependents.1", "national_code", WIFE), ("dependents", "national_code", 0),
     all_of(at("dependents.0", "national_code", ""), at("dependents.1", "national_code", ""))),
    ("share_range", at("dependents.0", SHARE, "0.0000"), ("dependents", SHARE, 0), at("dependents.0", SHARE, "0.0001")),
    ("share_range", at("dependents.0", SHARE, "100.0001"), ("dependents", SHARE, 0),
     at("dependents.0", SHARE, "100.0000")),
    ("share_sum", all_of(shares[0], at("dependents.1", SHARE, "40.0101")), ("dependents", "", None), all_of(*shares)),
    ("share_sum", all_of(shares[0], at("dependents.1", SHARE, "90.0000")), ("dependents", "", None),
     all_of(shares[0], at("dependents.1", SHARE, "90.0000"), at("dependents.1", "entitled_until", "2020-01-01"))),
    ("before_birth", at("file", "established_on", "1955-05-04"), ("file", "established_on", None),
     at("file", "established_on", "1955-05-05")),
    ("before_birth", at("principal", "death_date", "1950-01-01"), ("principal", "death_date", None),
     at("principal", "death_date", "2020-01-01")),
    ("before_birth", at("decrees.0", "effective_on", "1950-01-01"), ("decrees", "effective_on", 0),
     all_of(at("principal", "birth_date", None), at("decrees.0", "effective_on", "1950-01-01"))),
    ("future", at("last_pay_certificate", "last_paid_month", 149912),
     ("last_pay_certificate", "last_paid_month", None), at("last_pay_certificate", "last_paid_month", 139001)),
    ("future", at("last_pay_certificate", "suspended_since", 149912),
     ("last_pay_certificate", "suspended_since", None), at("last_pay_certificate", "suspended_since", 139402)),
    ("before_established", at("last_pay_certificate", "suspended_since", 139401),
     ("last_pay_certificate", "suspended_since", None), at("last_pay_certificate", "suspended_since", 139402)),
    ("not_suspended", at("last_pay_certificate", "suspended_since", 140501),
     ("last_pay_certificate", "suspended_since", None),
     all_of(at("last_pay_certificate", "suspended_since", 140501), at("file", "status", "suspended"))),
    ("future", at("principal", "death_date", "2090-01-01"), ("principal", "death_date", None),
     at("principal", "death_date", None)),
    ("future", at("dependents.1", "birth_date", "2090-01-01"), ("dependents", "birth_date", 1),
     at("dependents.1", "birth_date", "2020-01-01")),
    ("before_start", at("dependents.0", "entitled_until", "2015-04-20"), ("dependents", "entitled_until", 0),
     at("dependents.0", "entitled_until", "2015-04-21")),
    ("share_missing", survivors, ("dependents", SHARE, 0), all_of(survivors, *shares)),
    ("son_past_age", at("dependents.1", "birth_date", TWENTY), ("dependents", "entitled_until", 1),
     all_of(at("dependents.1", "birth_date", TWENTY), at("dependents.1", "entitlement_basis", "دانشجو"))),
    ("son_past_age", all_of(at("dependents.1", "birth_date", None), at("dependents.1", "birth_year", 1380)),
     ("dependents", "entitled_until", 1),
     all_of(at("dependents.1", "birth_date", TWENTY), at("dependents.1", "relationship", "daughter"))),
    ("son_past_age", at("dependents.1", "birth_date", TWENTY), ("dependents", "entitled_until", 1),
     all_of(at("dependents.1", "birth_date", TWENTY), at("dependents.1", "entitled_until", "2030-01-01"))),
    ("generations", at("dependents.1", "birth_year", 1334), ("dependents", "birth_date", 1),
     at("dependents.0", "birth_year", 1320)),
    ("generations", all_of(at("dependents.0", "relationship", "mother"), at("dependents.0", "birth_year", 1340)),
     ("dependents", "birth_date", 0),
     all_of(at("dependents.0", "relationship", "mother"), at("dependents.0", "birth_year", 1310))),
    ("no_establishing", at("decrees.0", "kind", "correcting"), ("decrees", "", None),
     at("decrees.1", "kind", "correcting")),
    ("previous_unknown", at("decrees.1", "previous_number", "9/99"), ("decrees", "previous_number", 1),
     at("decrees.1", "description", "9/99")),
    ("previous_unknown", at("decrees.1", "previous_number", "1/05"), ("decrees", "previous_number", 1),
     at("decrees.1", "description", "1/05")),
    ("chain_broken", at("decrees.1", "previous_number", ""), ("decrees", "previous_number", 1),
     at("decrees.0", "previous_number", "")),
    ("not_ascending", at("decrees.1", "effective_on", "2015-04-20"), ("decrees", "effective_on", 1),
     at("decrees.1", "effective_on", "2015-04-21")),
    ("amount_before", at("decrees.1", "amount_before", 99), ("decrees", "amount_before", 1),
     all_of(at("decrees.1", "amount_before", 99), at("decrees.0", "amount_after", 99))),
    ("line_sum", at("decrees.1.0", "amount", 149), ("decrees", "amount_after", 1), at("decrees.1.1", "amount", 1)),
    ("line_sum", all_of(at("decrees.1.1", "group", "harmonisation"), at("decrees.1.0", "amount", 1)),
     ("decrees", "amount_after", 1), at("decrees.1.1", "group", "harmonisation")),
    ("other_bank", at("contact", "iban", "IR062960000000100324200001"), ("contact", "iban", None),
     at("contact", "iban", "IR950130000000123456789012")),
    ("postal_code", at("contact", "postal_code", "1036934567"), ("contact", "postal_code", None),
     at("contact", "postal_code", "1136904562")),
]  # fmt: skip


def said(change: Callable[[Content], None], others: Any = ()) -> list[checks.Found]:
    content = copy.deepcopy(clean())
    change(content)
    return checks.findings(content, others)


def test_of_a_clean_file_nothing_is_said() -> None:
    assert said(lambda content: None) == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
def test_a_rule_speaks_where_it_does_not_hold_and_only_there(case: Any) -> None:
    code, wrong, (part, name, row), right = case
    spots = [(f.spot.part, f.spot.name, f.spot.row) for f in said(wrong) if f.code == code]
    assert (part, name, row) in spots
    assert code not in {f.code for f in said(right)}


def test_every_rule_is_tried_and_has_a_sentence() -> None:
    tried = {case[0] for case in CASES} | {"other_file", "insurance_of_another"}
    assert {rule.code for rule in checks.RULES} == tried
    for found in [found for _code, wrong, *_rest in CASES for found in said(wrong)]:
        assert str(SENTENCES[found.code]) % found.spot.said


OTHER = {"pension_number": "7000000002", "national_code": WIFE, "insurance_number": "0000000009"}


def test_another_file_of_the_same_person_is_doubtful_and_a_name_says_nothing() -> None:
    assert said(lambda content: None, [OTHER]) == []
    (found,) = said(lambda content: None, [OTHER | {"national_code": PRINCIPAL}])
    assert (found.code, found.severity, "7000000002" in found.value) == ("other_file", checks.WARNING, True)


def test_an_insurance_number_belongs_to_one_person() -> None:
    same = OTHER | {"insurance_number": "0000000001"}
    assert [found.code for found in said(lambda content: None, [same])] == ["insurance_of_another"]
    codes = [found.code for found in said(lambda content: None, [same | {"national_code": PRINCIPAL}])]
    assert codes == ["other_file"]


def test_everything_is_found_at_once_errors_first() -> None:
    found = said(all_of(at("contact", "iban", ""), at("decrees.1", "amount_before", 1), survivors))
    assert [one.code for one in found] == ["missing", "share_missing", "share_missing", "amount_before"]
    assert [one.severity for one in found] == ["error", "warning", "warning", "warning"]


def test_a_sum_below_a_hundred_says_nothing() -> None:
    """Article 83 leaves it open."""
    assert said(all_of(survivors, *(at(f"dependents.{i}", SHARE, "10.0000") for i in (0, 1)))) == []


# --- whatever the schema allows --------------------------------------------------------------------------------

DATES = st.dates().map(dt.date.isoformat)
CODES = st.text(string.digits, min_size=10, max_size=10)
AMOUNTS = st.integers(0, 9007199254740991)
MAYBE = DATES | st.none()
PERSON = {
    "national_code": CODES, "first_name": st.text(min_size=1), "last_name": st.text(min_size=1),
    "father_name": st.text(), "birth_date": MAYBE, "birth_year": st.integers(1250, 1499),
    "sex": st.sampled_from(["female", "male"]),
}  # fmt: skip
SHARES = st.decimals(0, 999, places=4).map(lambda share: f"{share:.4f}")
BASES = st.text() | st.sampled_from(["دانشجو", "ازکار‌افتاده", "در حال تحصیل"])
NUMBERS = st.sampled_from(["1", "2", "3"])
ROWS = st.fixed_dictionaries(
    PERSON
    | {
        "national_code": CODES | st.just(""), "relationship": st.sampled_from(Relationship.values),
        "share_percent": SHARES | st.none(), "entitlement_basis": BASES, "entitled_from": MAYBE,
        "entitled_until": MAYBE, "iban": st.just(""),
    }
)  # fmt: skip
LINE = st.fixed_dictionaries(
    {"order": st.integers(0), "title": st.text(), "group": st.sampled_from(LineGroup.values), "amount": AMOUNTS}
)
DECREES = st.fixed_dictionaries(
    {
        "number": NUMBERS, "kind": st.sampled_from(DecreeKind.values) | st.text(), "issued_on": DATES,
        "effective_on": DATES, "issuing_branch": st.text(), "previous_number": NUMBERS | st.just(""),
        "amount_before": AMOUNTS, "amount_after": AMOUNTS, "description": st.text(),
        "lines": st.lists(LINE, max_size=2),
    }
)  # fmt: skip
DEDUCTION = st.fixed_dictionaries(
    {
        "kind": st.text(), "creditor": st.text(), "monthly_amount": AMOUNTS, "remaining_amount": st.none(),
        "ends_on": MAYBE,
    }
)  # fmt: skip
CONTENTS = st.fixed_dictionaries(
    {
        "file": st.fixed_dictionaries(
            {
                "pension_number": CODES, "kind": st.sampled_from(Kind.values), "insurance_number": CODES,
                "established_on": DATES, "status": st.sampled_from(["active", "suspended"]),
                "paper_pages": st.integers(0) | st.none(),
            }
        ),
        "principal": st.fixed_dictionaries(PERSON | {"id_number": st.text(), "death_date": MAYBE}),
        "contact": st.fixed_dictionaries({"iban": st.just(""), "postal_code": st.text()}),
        "dependents": st.lists(ROWS, max_size=3),
        "decrees": st.lists(DECREES, max_size=4),
        "deductions": st.lists(DEDUCTION, max_size=2),
        "last_pay_certificate": st.fixed_dictionaries(
            dict.fromkeys(("last_paid_month", "suspended_since"), st.integers(125001, 149912) | st.none())
        ),
    }
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(CONTENTS)
def test_nothing_that_the_schema_allows_makes_a_rule_fail(content: Content) -> None:
    for found in checks.findings(content, [OTHER]):
        assert found.value and str(SENTENCES[found.code]) % found.spot.said
    for event in coming.events(content):
        assert set(event) == {"on", "kind", "national_code", "name"}
