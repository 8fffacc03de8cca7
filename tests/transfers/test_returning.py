"""A pensioner who comes back (A-B-A): the old record is shown with what differs, used again, and its history kept."""

import datetime as dt
import uuid

import pytest
from django.urls import reverse

from branches import services
from branches.models import Correction, Decree, DecreeLine, Dependent, PensionFile, Status
from branches.roles import Action, Role
from tests import oracle
from tests.cast import Cast, Walk, make_file, press
from tests.pages import as_, queries, text
from transfers import snapshot, sync
from transfers.models import TransferCase
from transfers.returning import of_case
from transfers.states import Side, State

pytestmark = pytest.mark.django_db(databases="__all__")
WAY = ("draft", "technical", "send", "receive", "compare", "verify", "register", "activate")


def turned(cast: Cast) -> Cast:
    """The same people, the branches the other way round."""
    return Cast(cast.destination, cast.origin, cast.third, cast.people)


@pytest.fixture
def away(cast: Cast) -> Walk:
    """A file corrected at 0801, moved to 1001 and active there; walking on takes it back."""
    there = Walk(cast)
    services.correct(
        there.file, "principal", None, there.clerk, "شناسنامه", {"father_name": "غلامحسین"}, command_id=uuid.uuid4()
    )
    for step in WAY:
        getattr(there, step)()
    sync.sync()
    back = Walk(turned(cast), PensionFile.objects.get(branch=cast.destination))
    _live_on(back)
    return back


def _live_on(back: Walk) -> None:
    """What happens at 1001: another account, a decree replaced, one more, a dependent gone."""
    file = back.file
    new = {"iban": "IR950130000000123456789012", "address": "شیراز، خیابان زند"}
    services.correct(file, "contact", None, back.clerk, "نشانی", new, command_id=uuid.uuid4())
    wrong = Decree.objects.get(file=file, number="1/05")
    services.correct(file, "decree", wrong.pk, back.clerk, "شرح", {"description": "اصلاح شد"}, command_id=uuid.uuid4())
    fresh = Decree.objects.create(
        file=file, number="2/05", kind="harmonisation", issued_on=dt.date(2026, 9, 1),
        effective_on=dt.date(2026, 8, 23), issuing_branch="1001", previous_number="1/05",
        amount_before=166_255_500, amount_after=170_000_000,
    )  # fmt: skip
    DecreeLine.objects.create(decree=fresh, order=1, title="مستمری", group="pension", amount=170_000_000)
    Dependent.objects.filter(file=file, relationship="son").delete()


def received(back: Walk) -> TransferCase:
    for step in WAY[:4]:
        getattr(back, step)()
    return back.copy


def test_who_never_was_here_is_nothing_to_say(walk: Walk) -> None:
    copy = walk.to(State.RECEIVED, Side.DESTINATION)
    assert of_case(copy) is None
    assert of_case(TransferCase.objects.get(side="origin")) is None


def test_the_old_record_is_shown_with_what_differs(away: Walk) -> None:
    copy = received(away)
    told = of_case(copy)
    assert told and told.file and told.file.branch_id == "0801" and told.file.status == Status.MOVED
    assert (told.kept, told.voided, told.added) == ([], [], [])  # the decrees were not shown yet
    press(Action.SHOW_DECREES, copy, away.staff)
    told = of_case(TransferCase.objects.get(pk=copy.pk))
    assert told and (told.kept, told.voided, told.added) == (["1/94"], ["1/05"], ["1/05", "2/05"])
    shown = {(line.old, line.new) for group in told.groups for line in group.lines}
    assert ("", "شیراز، خیابان زند") in shown
    page = as_(away.staff).get(reverse("case", args=[copy.pk]))
    assert page.context["page"].returning.file == told.file
    assert 'id="returning"' in text(page)
    assert reverse("file", args=[told.file.pk]) in text(page)
    assert 'id="returning"' in text(as_(away.staff).get(reverse("decrees", args=[copy.pk])))


def test_registering_uses_the_old_record_and_keeps_its_history(away: Walk) -> None:
    old = PensionFile.objects.get(branch="0801")
    before = set(Decree.objects.filter(file=old).values_list("pk", flat=True))
    corrections = Correction.objects.filter(file=old).count()
    received(away)
    for step in ("compare", "verify", "register"):
        getattr(away, step)()
    file = away.copy.file
    assert (file.pk, file.status, file.address) == (old.pk, Status.REGISTERED, "شیراز، خیابان زند")
    assert PensionFile.objects.filter(branch="0801").count() == 1
    assert snapshot.differences(away.copy.content, file) == []
    assert oracle.problems() == []
    decrees = Decree.objects.filter(file=file)
    assert before <= set(decrees.values_list("pk", flat=True))
    assert sorted(decrees.values_list("number", "is_valid")) == [
        ("1/05", False), ("1/05", True), ("1/94", True), ("2/05", True)
    ]  # fmt: skip
    assert Correction.objects.filter(file=file).count() == corrections == 1
    void = decrees.get(is_valid=False)
    assert void.lines.count() == 1 and void.amount_after == 166_255_500
    page = as_(away.staff).get(reverse("file", args=[file.pk]))
    assert [sheet.decree.is_valid for sheet in page.context["decrees"]].count(False) == 1
    assert of_case(TransferCase.objects.get(pk=away.copy.pk)) is None  # written over: nothing is left to compare


def test_the_whole_way_and_back_leaves_one_payer(away: Walk) -> None:
    received(away)
    for step in WAY[4:]:
        getattr(away, step)()
    sync.sync()
    held = dict(PensionFile.objects.values_list("branch", "status"))
    assert held == {"0801": Status.ACTIVE, "1001": Status.MOVED}
    assert oracle.problems() + oracle.unfinished() == []


def test_another_file_of_the_same_person_here_is_said(cast: Cast) -> None:
    walk = Walk(cast)
    make_file(cast.destination, 5, national_code=walk.file.national_code)
    copy = walk.to(State.RECEIVED, Side.DESTINATION)
    told = of_case(copy)
    assert told and told.file is None and told.others == ["7000000005"]
    answer = as_(walk.staff).get(reverse("case", args=[copy.pk]))
    assert answer.context["page"].returning.others == ["7000000005"]


def test_another_branch_sees_none_of_it_and_it_costs_the_same_for_many_decrees(away: Walk) -> None:
    copy = received(away)
    url = reverse("case", args=[copy.pk])
    assert as_(away.cast.at(away.cast.third, Role.DESTINATION_STAFF)).get(url).status_code == 404
    few = queries(away.staff, url)
    old = PensionFile.objects.get(branch="0801")
    for i in range(20):
        Decree.objects.create(
            file=old, number=f"{i}/00", kind="annual_increase", issued_on=dt.date(2020, 1, 1), amount_before=0,
            effective_on=dt.date(2020, 1, 1), amount_after=1,
        )  # fmt: skip
    assert queries(away.staff, url) == few
