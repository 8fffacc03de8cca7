"""What is wrong, or only doubtful, in the content of a pension file: one table for the draft and for the import.

A rule looks at plain values (`content`, the mapping of parts in which a file is sealed: dates ISO, shares text, amounts
Rial) and at the branch's other files (`others`), and names the places where it does not hold. An error stops the file;
a warning may be right, and somebody says why. Sources: the Acts of 1354 and 1391 as cited; the rest is good sense.
"""

import datetime as dt
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Q

from branches.models import DecreeKind, Kind, LineGroup, PensionFile, Relationship, Status
from pension_transfer.lib import calendar
from pension_transfer.lib.months import FIRST_YEAR, LAST_YEAR, Month, is_month
from pension_transfer.lib.persian import listed
from pension_transfer.lib.validation import national_code_fault

Content = dict[str, Any]
Row = dict[str, Any]
ERROR, WARNING = "error", "warning"
MOST_PERCENT, TOLERANCE = Decimal(100), Decimal("0.01")
AGE_OF_SONS = 20  # Family Protection Act 1391, article 48(3)
REFAH = "013"  # the bank that pays pensions; another one may be right
UNUSED_IN_POSTAL_ROUND = frozenset("02")
STUDY, DISABILITY = ("تحصیل", "دانشجو"), ("ازکارافتاد", "ازکارافتاده", "از کار افتاد", "از کارافتاد")
ALIVE = (Status.ACTIVE, Status.SUSPENDED, Status.REGISTERED)
CHILDREN, PARENTS = (Relationship.SON, Relationship.DAUGHTER), (Relationship.FATHER, Relationship.MOTHER)


@dataclass(frozen=True)
class Spot:
    """A place where a rule does not hold: a part, its row in a list, the column; `said` is what the sentence names."""

    part: str
    name: str = ""
    row: int | None = None
    said: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Found:
    """A spot under the code of its rule; `value` is what was looked at, to know it again."""

    code: str
    severity: str
    spot: Spot

    @property
    def value(self) -> str:
        return json.dumps(self.spot.said, ensure_ascii=False, sort_keys=True)


Look = Callable[[Content, Sequence[Row]], Iterable[Spot]]


@dataclass(frozen=True)
class Rule:
    """A code, how much it weighs, and the function that finds where it applies."""

    code: str
    severity: str
    look: Look


def findings(content: Content, others: Sequence[Row] = ()) -> list[Found]:
    """Everything at once, in the order of the table."""
    return [Found(rule.code, rule.severity, spot) for rule in RULES for spot in rule.look(content, others)]


def others_at(branch: str, content: Content) -> list[Row]:
    """The branch's other living files that share a strong identifier with this one; names are never compared."""
    who = Q(national_code=content["principal"]["national_code"])
    rows = PensionFile.objects.filter(who | Q(insurance_number=content["file"]["insurance_number"]), branch=branch)
    rows = rows.filter(status__in=ALIVE).exclude(pension_number=content["file"]["pension_number"])
    names = ("pension_number", "national_code", "insurance_number")
    return [dict(zip(names, row, strict=True)) for row in rows.order_by("pension_number").values_list(*names)]


# --- shared with the import, whose rows are typed ------------------------------------------------------------


def is_entitled(row: Row, today: Any) -> bool:
    """Whether the entitlement has not ended; `today` is of the kind of the row's dates."""
    until = row.get("entitled_until")
    return until is None or bool(until >= today)


def share_sum(rows: Iterable[Row], today: Any) -> Decimal:
    """Percent of those still entitled (Social Security Act 1354, article 83)."""
    entitled = (row for row in rows if is_entitled(row, today))
    return sum((Decimal(row.get("share_percent") or 0) for row in entitled), Decimal(0))


def is_too_much(percent: Decimal) -> bool:
    """Over 100; below is never wrong (article 83 leaves it open)."""
    return percent > MOST_PERCENT + TOLERANCE


def lacks_death_date(kind: Any, death_date: Any) -> bool:
    """A survivors' pension begins with a death (article 80)."""
    return kind == Kind.SURVIVORS and death_date is None


def names_no_decree(number: Any, previous: Any, numbers: Iterable[Any]) -> bool:
    """Whether the previous decree that a decree names is not another one of the file."""
    return bool(previous) and (previous == number or previous not in numbers)


def repeated(keys: Iterable[Any]) -> set[Any]:
    """What stands more than once; empty ones do not count."""
    return {key for key, times in Counter(key for key in keys if key).items() if times > 1}


# --- identity ---------------------------------------------------------------------------------------------


def _rows(content: Content, part: str) -> Iterator[tuple[int, Row]]:
    return enumerate(content[part])


def _checksum(content: Content, others: Sequence[Row]) -> Iterator[Spot]:
    if national_code_fault(content["principal"]["national_code"]):
        yield Spot("principal", "national_code")
    for i, row in _rows(content, "dependents"):
        if row["national_code"] and national_code_fault(row["national_code"]):
            yield Spot("dependents", "national_code", i)


def _same_person(content: Content, others: Sequence[Row]) -> Iterator[Spot]:
    code = content["principal"]["national_code"]
    return (
        Spot("dependents", "national_code", i) for i, r in _rows(content, "dependents") if r["national_code"] == code
    )


def _twice(content: Content, others: Sequence[Row]) -> Iterator[Spot]:
    codes = repeated(row["national_code"] for row in content["dependents"])
    return (
        Spot("dependents", "national_code", i) for i, r in _rows(content, "dependents") if r["national_code"] in codes
    )


def _other_file(content: Content, others: Sequence[Row]) -> Iterator[Spot]:
    """Lawful in some cases (a widow with a pension of her own), so a warning (Act of 1391, article 48(2))."""
    code = content["principal"]["national_code"]
    numbers = [row["pension_number"] for row in others if row["national_code"] == code]
    if numbers:
        yield Spot("principal", "national_code", said={"code": code, "numbers": listed(numbers)})


def _insurance_of_another(content: Content, others: Sequence[Row]) -> Iterator[Spot]:
    number, code = content["file"]["insurance_number"], content["principal"]["national_code"]
    held = [r["pension_number"] for r in others if r["insurance_number"] == number and r["national_code"] != code]
    if held:
        yield Spot("file", "insurance_number", said={"number": number, "numbers": listed(held)})


# --- what must be there --------------------------------------------------------------------------------------


def _missing(content: Content, others: Sequence[Row]) -> Iterator[Spot]:
    for part, name in (("contact", "iban"), ("file", "paper_pages"), ("last_pay_certificate", "last_paid_month")):
        if not content[part][name]:
            yield Spot(part, name)
    if lacks_death_date(content["file"]["kind"], content["principal"]["death_date"]):
        yield Spot("principal", "death_date")


def _no_establishing(content: Content, others: Sequence[Row]) -> Iterator[Spot]:
    kinds = [row["kind"] for row in content["decrees"]]
    if kinds and DecreeKind.ESTABLISHING not in kinds:
        yield Spot("decrees", said={"numbers": sorted(row["number"] for row in content["decrees"])})


# --- shares -----------------------------------------------------------------------------------------------


def _today() -> str:
    return calendar.today().isoformat()


def _share_range(content: Content, others: Sequence[Row]) -> Iterator[Spot]:
    for i, row in _rows(content, "dependents"):
        if row["share_percent"] is not None and not 0 < Decimal(row["share_percent"]) <= MOST_PERCENT:
            yield Spot("dependents", "share_percent", i)


def _share_sum(content: Content, others: Sequence[Row]) -> Iterator[Spot]:
    if is_too_much(share_sum(content["dependents"], _today())):
        yield Spot("dependents")


def _share_missing(content: Content, others: Sequence[Row]) -> Iterator[Spot]:
    if content["file"]["kind"] != Kind.SURVIVORS:
        return
    for i, row in _rows(content, "dependents"):
        if row["share_percent"] is None and is_entitled(row, _today()):
            yield Spot("dependents", "share_percent", i)


# --- ages and dates -----------------------------------------------------------------------------------------


def _before_birth(content: Content, others: Sequence[Row]) -> Iterator[Spot]:
    born = content["principal"]["birth_date"]
    if not born:
        return
    for part, name in (("file", "established_on"), ("principal", "death_date")):
        if content[part][name] and content[part][name] < born:
            yield Spot(part, name)
    for i, row in _rows(content, "decrees"):
        if row["effective_on"] < born:
            yield Spot("decrees", "effective_on", i)


def _future(content: Content, others: Sequence[Row]) -> Iterator[Spot]:
    certificate, died = content["last_pay_certificate"], content["principal"]["death_date"]
    for name in ("last_paid_month", "suspended_since"):
        if (certificate.get(name) or 0) > Month.of(calendar.today()):
            yield Spot("last_pay_certificate", name)
    for part in ("principal", "dependents"):
        for i, row in enumerate([content[part]] if part == "principal" else content[part]):
            if row["birth_date"] and row["birth_date"] > _today():
                yield Spot(part, "birth_date", None if part == "principal" else i)
    if died and died > _today():
        yield Spot("principal", "death_date")


def _before_start(content: Content, others: Sequence[Row]) -> Iterator[Spot]:
    for i, row in _rows(content, "dependents"):
        if row["entitled_from"] and row["entitled_until"] and row["entitled_until"] < row["entitled_from"]:
            yield Spot("dependents", "entitled_until", i)


def speaks_of(row: Row, words: Iterable[str]) -> bool:
    """Whether the basis of an entitlement, free text, names one of these."""
    return any(word in row["entitlement_basis"].replace("‌", "") for word in words)


def loses_at_20(row: Row) -> bool:
    """A son whose entitlement ends with his age: no study, no disability, and no other end is known (article 48(3))."""
    is_son = row["relationship"] == Relationship.SON and not row["entitled_until"]
    return is_son and not speaks_of(row, STUDY + DISABILITY)


def birthday_at(row: Row, age: int) -> dt.date | None:
    """The day on which somebody reaches an age; None where only the year of birth is known."""
    born = dt.date.fromisoformat(row["birth_date"]) if row["birth_date"] else None
    is_known = born and FIRST_YEAR + 621 < born.year < LAST_YEAR + 621
    return calendar.add_years(born, age) if born and is_known else None


def _son_past_age(content: Content, others: Sequence[Row]) -> Iterator[Spot]:
    this_year = calendar.jalali_year(calendar.today())
    for i, row in _rows(content, "dependents"):
        day = birthday_at(row, AGE_OF_SONS)
        is_past = day <= calendar.today() if day else row["birth_year"] + AGE_OF_SONS < this_year
        if loses_at_20(row) and is_past:
            yield Spot("dependents", "entitled_until", i, {"born": row["birth_date"] or str(row["birth_year"])})


def _generations(content: Content, others: Sequence[Row]) -> Iterator[Spot]:
    born = content["principal"]["birth_year"]
    for i, row in _rows(content, "dependents"):
        older, younger = row["birth_year"] <= born, row["birth_year"] >= born
        if (row["relationship"] in CHILDREN and older) or (row["relationship"] in PARENTS and younger):
            yield Spot("dependents", "birth_date", i, {"year": row["birth_year"], "principal": born})


# --- decrees ------------------------------------------------------------------------------------------------


def _previous_unknown(content: Content, others: Sequence[Row]) -> Iterator[Spot]:
    numbers = {row["number"] for row in content["decrees"]}
    for i, row in _rows(content, "decrees"):
        if names_no_decree(row["number"], row["previous_number"], numbers):
            yield Spot("decrees", "previous_number", i, {"previous": row["previous_number"]})


def _chain_broken(content: Content, others: Sequence[Row]) -> Iterator[Spot]:
    """Only the first decree, by its day, follows none."""
    first = min((row["effective_on"] for row in content["decrees"]), default="")
    for i, row in _rows(content, "decrees"):
        if not row["previous_number"] and row["effective_on"] > first:
            yield Spot("decrees", "previous_number", i, {"on": row["effective_on"]})


def _links(content: Content) -> Iterator[tuple[int, Row, Row]]:
    """Each decree with the one it says it follows."""
    held = {row["number"]: row for row in content["decrees"]}
    for i, row in _rows(content, "decrees"):
        if row["previous_number"] in held and row["previous_number"] != row["number"]:
            yield i, row, held[row["previous_number"]]


def _not_ascending(content: Content, others: Sequence[Row]) -> Iterator[Spot]:
    for i, row, before in _links(content):
        if row["effective_on"] < before["effective_on"]:
            yield Spot("decrees", "effective_on", i, {"on": row["effective_on"], "previous_on": before["effective_on"]})


def _amount_before(content: Content, others: Sequence[Row]) -> Iterator[Spot]:
    for i, row, before in _links(content):
        if row["amount_before"] != before["amount_after"]:
            said = {"amount": row["amount_before"], "previous_amount": before["amount_after"]}
            yield Spot("decrees", "amount_before", i, said)


def _line_sum(content: Content, others: Sequence[Row]) -> Iterator[Spot]:
    """The pension after the increase is that of the lines of the pension; allowances stand beside it (حکم مستمری).

    Whether harmonisation is counted in differs from decree to decree: either sum will do, and so will that of all.
    """
    for i, row in _rows(content, "decrees"):
        sums = _sums(row["lines"])
        if row["lines"] and row["amount_after"] not in sums:
            yield Spot("decrees", "amount_after", i, {"amount": row["amount_after"], "sum": sums[0]})


def _sums(lines: Sequence[Row]) -> list[int]:
    """Of the pension alone, with its harmonisation, of all lines; of all where no line is the pension's own."""
    by_group: Counter[str] = Counter()
    for line in lines:
        by_group[line["group"]] += line["amount"]
    pension, total = by_group[LineGroup.PENSION], sum(by_group.values())
    return [pension, pension + by_group[LineGroup.HARMONISATION], total] if LineGroup.PENSION in by_group else [total]


# --- suspension ---------------------------------------------------------------------------------------------


def _before_established(content: Content, others: Sequence[Row]) -> Iterator[Spot]:
    since = content["last_pay_certificate"].get("suspended_since")
    if since and is_month(since) and Month(since).day(31).isoformat() < content["file"]["established_on"]:
        yield Spot("last_pay_certificate", "suspended_since")


def _not_suspended(content: Content, others: Sequence[Row]) -> Iterator[Spot]:
    since = content["last_pay_certificate"].get("suspended_since")
    if since and content["file"]["status"] == Status.ACTIVE:
        yield Spot("last_pay_certificate", "suspended_since", said={"since": since})


# --- account and address --------------------------------------------------------------------------------------


def _other_bank(content: Content, others: Sequence[Row]) -> Iterator[Spot]:
    iban = content["contact"]["iban"]
    if iban and iban[4:7] != REFAH:
        yield Spot("contact", "iban", said={"iban": iban})


def _postal_code(content: Content, others: Sequence[Row]) -> Iterator[Spot]:
    code = content["contact"]["postal_code"]
    if UNUSED_IN_POSTAL_ROUND & set(code[:5]):
        yield Spot("contact", "postal_code", said={"code": code})


RULES: tuple[Rule, ...] = (
    Rule("missing", ERROR, _missing),
    Rule("checksum", ERROR, _checksum),
    Rule("same_person", ERROR, _same_person),
    Rule("twice", ERROR, _twice),
    Rule("share_range", ERROR, _share_range),
    Rule("share_sum", ERROR, _share_sum),
    Rule("before_birth", ERROR, _before_birth),
    Rule("future", ERROR, _future),
    Rule("before_start", ERROR, _before_start),
    Rule("before_established", ERROR, _before_established),
    Rule("other_file", WARNING, _other_file),
    Rule("insurance_of_another", WARNING, _insurance_of_another),
    Rule("share_missing", WARNING, _share_missing),
    Rule("son_past_age", WARNING, _son_past_age),
    Rule("generations", WARNING, _generations),
    Rule("no_establishing", WARNING, _no_establishing),
    Rule("previous_unknown", WARNING, _previous_unknown),
    Rule("chain_broken", WARNING, _chain_broken),
    Rule("not_ascending", WARNING, _not_ascending),
    Rule("amount_before", WARNING, _amount_before),
    Rule("line_sum", WARNING, _line_sum),
    Rule("not_suspended", WARNING, _not_suspended),
    Rule("other_bank", WARNING, _other_bank),
    Rule("postal_code", WARNING, _postal_code),
)
