"""`manage.py reconcile`: silent on whatever the product does, loud on whatever was done past it (DESIGN 8)."""

import datetime as dt
import json
import uuid
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connections
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from branches.models import PensionFile
from branches.roles import Action, Role
from central import services
from tests.cast import DIFFERENCE, Cast, Walk, make_file, press
from tests.expect import fresh, run_sql, tamper
from tests.pages import ASCII, as_, queries, text
from tests.transfers.broken import BROKEN, FILE, of_the_first
from tests.transfers.standings import UNLIKE, Standing
from transfers import crossings, exchange, reconcile, sync, workflow
from transfers.models import Crossing, ReconcileRun
from transfers.reconcile.problems import FAULTS, found
from transfers.reconcile.run import Pass
from transfers.states import Side, State

pytestmark = pytest.mark.django_db(databases="__all__")
CENTER = settings.CENTER


def run(only: str = "", **of: Any) -> reconcile.Report:
    return reconcile.reconcile(reconcile.Scope(**of), only.split() or reconcile.INVARIANTS)


def codes(**of: Any) -> set[str]:
    return {problem.code for problem in run(**of).problems}


def said(*options: str) -> tuple[int, str]:
    """Exit code and standard output of the command."""
    out = StringIO()
    try:
        call_command("reconcile", *options, stdout=out, stderr=StringIO())
    except SystemExit as stop:
        return int(str(stop.code)), out.getvalue()
    return 0, out.getvalue()


# --- silent ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("standing", [pytest.param(s, id=s.name) for s in UNLIKE])
def test_it_is_silent_wherever_a_walk_leads(walk: Walk, standing: Standing) -> None:
    standing.reach(walk)
    assert run().problems == []
    sync.sync()
    assert run(now=timezone.now() + dt.timedelta(hours=2)).problems == []


def test_it_is_silent_after_a_return_a_second_version_a_recall_and_a_cancellation(walk: Walk) -> None:
    walk.to(State.RETURNED, Side.DESTINATION)
    for undo in (Action.RECALL, None):
        action = Action.REOPEN if undo else Action.ASSEMBLE
        case = press(action, fresh(walk.case), walk.clerk)
        walk.case = press(Action.ASSEMBLE, case, walk.clerk) if undo else case
        walk.technical()
        walk.send()
        assert run().problems == []
        if undo:
            press(undo, fresh(walk.case), walk.head, reason="اشتباه در مقصد")
            assert run().problems == []
    walk.receive()
    press(Action.JUDGE, walk.copy, walk.staff, **DIFFERENCE)
    press(Action.RETURN_TO_ORIGIN, walk.copy, walk.staff)
    assert run().problems == []
    press(Action.CANCEL, fresh(walk.case), walk.head, reason="انصراف")
    assert run().problems == []
    Walk(walk.cast, walk.file).to(State.REGISTERED, Side.DESTINATION)
    assert run().problems == []


def test_a_pension_that_came_home_again_is_no_problem(walk: Walk) -> None:
    walk.to(State.REGISTERED, Side.DESTINATION)
    walk.activate()
    cast = walk.cast
    back = Walk(
        Cast(cast.destination, cast.origin, cast.third, cast.people), PensionFile.objects.get(branch=cast.destination)
    )
    back.to(State.REGISTERED, Side.DESTINATION)
    assert run().problems == []


# --- what is only on its way ------------------------------------------------------------------------------


def _taken_there_only(walk: Walk) -> Crossing:
    case = fresh(walk.to(State.SENT))
    asked = (case.envelope, walk.cast.destination, walk.staff, Role.DESTINATION_STAFF, uuid.uuid4())
    return crossings.intend_taking(*asked)


def _registered_there_only(walk: Walk) -> Crossing:
    copy = walk.to(State.VERIFIED, Side.DESTINATION)
    begun = workflow._begin(Action.REGISTER, copy.pk, walk.staff, uuid.uuid4(), None, {}, None)[1]
    assert begun
    return begun


def _recalled_there_only(walk: Walk) -> Crossing:
    case = walk.to(State.SENT)
    begun = workflow._begin(Action.RECALL, case.pk, walk.head, uuid.uuid4(), None, {"reason": "اشتباه"}, None)[1]
    assert begun
    return begun


@pytest.mark.parametrize(
    ("cut", "code"),
    [
        (_taken_there_only, "taken_and_lost"),
        (_registered_there_only, "no_file"),
        (_recalled_there_only, "case_unseated"),
    ],
)
def test_a_step_that_was_cut_explains_for_an_hour_and_sync_finishes_it(
    walk: Walk, cut: Callable[[Walk], Crossing], code: str
) -> None:
    crossing = cut(walk)
    exchange.ask(crossing)
    young = run()
    assert (young.problems, young.waiting > 0) == ([], True)
    assert codes(now=timezone.now() + dt.timedelta(hours=2)) >= {code}
    assert "crossing_late" in codes(now=timezone.now() + dt.timedelta(days=2))
    sync.sync()
    assert run(now=timezone.now() + dt.timedelta(hours=2)).problems == []


def test_what_nobody_has_heard_for_an_hour_is_a_problem_until_the_next_sync(walk: Walk) -> None:
    case = fresh(walk.to(State.SENT))
    told = {"by_name": "x", "role": "destination_staff"}
    services.take(services.Answer(case.envelope, "received", "1001", uuid.uuid4(), told))
    assert codes() == {"taken_and_lost"}  # nobody here wished to receive it
    assert codes(now=timezone.now() + dt.timedelta(hours=2)) == {"taken_and_lost", "unheard"}
    sync.sync(rebuilds=True)  # brings back what this site must have lost, where the center stands apart
    lost = {"taken_and_lost"} if settings.CENTER == "default" else set()
    assert codes(now=timezone.now() + dt.timedelta(hours=2)) == lost


def test_what_is_gone_when_it_is_looked_at_again_was_only_between_two_steps(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []

    def look(scope: reconcile.Scope, rows: list[Any]) -> list[reconcile.Problem]:
        looks.append(len(rows))
        return [found("thawed", branch="0801")] + [found("no_file", branch="1001")] * (len(looks) == 1)

    once = Pass("files", frozenset({"I5", "I6"}), lambda scope, after: [] if after else ["row"], look)
    monkeypatch.setattr("transfers.reconcile.run.PASSES", (once,))
    assert (codes(), looks) == ({"thawed"}, [1, 1])


# --- loud -----------------------------------------------------------------------------------------------------


def _reach(walk: Walk, where: Any) -> None:
    if callable(where):
        where(walk)
    elif where:
        there = {State.RECEIVED, State.VERIFIED, State.REGISTERED}
        walk.to(where, Side.DESTINATION if where in there else Side.ORIGIN)


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_what_was_done_past_the_product_is_found_and_nothing_else(walk: Walk, broken: tuple[Any, ...]) -> None:
    where, alias, table, statements, expected = broken
    make_file(walk.cast.third, 2)  # which is sound
    _reach(walk, where)
    assert run().problems == []
    tamper(alias, table, *map(of_the_first, statements))
    report = run()
    assert {problem.code for problem in report.problems} == set(expected.split())
    for problem in report.problems:
        keys = dict(problem.keys)
        assert keys.get("pension_number") != "7000000002" and keys
    status, out = said()
    assert (status, out.splitlines()[-1]) == (1, f"{report.number} problems")
    assert {line.split()[0] for line in out.splitlines()[:-1]} == {FAULTS[code].invariant for code in expected.split()}


@pytest.mark.parametrize("table", ["central_envelope", "central_receipt", "transfers_transferevent"])
def test_a_guard_that_was_put_aside_is_named(cast: Cast, table: str) -> None:
    alias = CENTER if table.startswith("central") else "default"
    run_sql(alias, f"ALTER TABLE {table} ENABLE REPLICA TRIGGER {table}_sealed_rows")
    (problem,) = run().problems
    assert (problem.invariant, dict(problem.keys)) == ("I1", {"guard": f"{table}.{table}_sealed_rows"})
    run_sql(alias, f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_sealed_rows")
    assert run().problems == []


def test_two_branches_that_hold_a_file_are_named(walk: Walk) -> None:
    make_file(walk.cast.third, 1)
    found = {problem.code: dict(problem.keys) for problem in run().problems}
    number = "7000000001"
    assert found["two_files"] == {"pension_number": number, "branch": "0801", "other_branch": "0701"}
    assert found["paid_elsewhere"] == {"pension_number": number, "branch": "0701", "other_branch": "0801"}
    assert set(found) == {"two_files", "paid_elsewhere"}


# --- the command ------------------------------------------------------------------------------------------------


def test_it_says_zero_problems_and_keeps_the_run(walk: Walk) -> None:
    walk.to(State.REGISTERED, Side.DESTINATION)
    assert said() == (0, "0 problems\n")
    kept = ReconcileRun.objects.get()
    assert (kept.problems, kept.sample, kept.checked["cases"], kept.checked["files"]) == (0, [], 2, 2)


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_sees_how_far_it_is(walk: Walk) -> None:
    walk.to(State.SENT)
    screen = Terminal()
    call_command("reconcile", stdout=StringIO(), stderr=screen)
    shown = screen.getvalue().split("\r\033[K")
    assert f"█████▒░░░░░ 6/{len(reconcile.TABLES)} files: 1" in shown
    assert shown[-1] == ""


def test_json_names_what_was_found_and_what_was_checked(walk: Walk) -> None:
    tamper("default", FILE, f"UPDATE {FILE} SET status = 'terminated'")
    status, out = said("--json")
    told = json.loads(out)
    assert status == 1 and {"at", "problems", "checked"} <= set(told)
    (problem,) = told["problems"]
    assert (problem["invariant"], problem["keys"]) == ("I6", {"pension_number": "7000000001", "branch": "0801"})
    assert problem["what"] and problem["todo"] and told["checked"]["seats"] == 1


def test_only_some_invariants_and_only_one_branch(walk: Walk) -> None:
    make_file(walk.cast.third, 2)
    tamper("default", FILE, f"UPDATE {FILE} SET status = 'terminated'")
    assert said("--only", "I5, i1")[0] == 0
    assert run(only="I6").number == 2
    assert [dict(p.keys)["branch"] for p in run(branch="0701").problems] == ["0701"]
    assert said("--branch", "1001")[0] == 0
    assert not ReconcileRun.objects.exists()  # of a part of everything nothing is kept
    for wrong in (["--only", "I11"], ["--branch", "9999"]):
        with pytest.raises(CommandError):
            said(*wrong)


def test_it_prints_so_many_and_counts_them_all(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(2, 5):
        make_file(walk.cast.origin, number)
    tamper("default", FILE, f"UPDATE {FILE} SET status = 'terminated'")
    monkeypatch.setattr("transfers.reconcile.run.MOST", 2)
    report = run()
    assert (len(report.problems), report.number) == (2, 4)


# --- what it costs ------------------------------------------------------------------------------------------------


def _cost(**of: Any) -> int:
    with CaptureQueriesContext(connections["default"]) as site:
        if CENTER == "default":
            assert run(**of).problems == []
            return len(site)
        with CaptureQueriesContext(connections[CENTER]) as center:
            assert run(**of).problems == []
    return len(site) + len(center)


def test_a_batch_costs_the_same_however_much_is_in_it(walk: Walk) -> None:
    walk.to(State.VERIFIED, Side.DESTINATION)
    before = _cost()
    for number in range(2, 6):
        Walk(walk.cast, make_file(walk.cast.origin, number)).to(State.VERIFIED, Side.DESTINATION)
    assert _cost() == before


def test_small_batches_find_what_one_finds_and_look_at_every_row_once(walk: Walk) -> None:
    for number in range(2, 11):
        make_file(walk.cast.origin, number)
    tamper("default", FILE, f"UPDATE {FILE} SET status = 'terminated' WHERE pension_number > '7000000007'")
    small, large = run(size=3), run()
    assert (small.number, small.problems, small.checked) == (3, large.problems, large.checked)
    assert small.checked["files"] == small.checked["seats"] == 10


# --- the page -------------------------------------------------------------------------------------------------------


def test_the_page_shows_the_runs_and_the_problems_of_the_latest(walk: Walk) -> None:
    url = reverse("reconcile")
    auditor = walk.cast.reader(Role.AUDITOR)
    assert as_(auditor).get(url).status_code == 200
    said()
    tamper("default", FILE, f"UPDATE {FILE} SET status = 'terminated'")
    said()
    for role in (Role.AUDITOR, Role.CENTER_OPERATOR):
        page = as_(walk.cast.reader(role)).get(url)
        assert [run.problems for run in page.context["page"].items] == [1, 0]
        assert "7000000001" in text(page).translate(ASCII)
    assert queries(auditor, url) <= 18
    client = as_(auditor)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    assert str(FAULTS["no_file"].what) not in text(client.get(url))  # kept by its code, told in the reader's language


def test_the_page_is_for_those_who_read_the_whole_country(cast: Cast) -> None:
    for reader in (cast.at(cast.origin, Role.BRANCH_HEAD), cast.reader(Role.PROVINCE_SUPERVISOR)):
        assert as_(reader).get(reverse("reconcile")).status_code == 403
        assert not ReconcileRun.objects.visible_to(reader).exists()
    assert as_(cast.reader("outsider")).get(reverse("reconcile")).status_code == 403


# --- an unreachable center ------------------------------------------------------------------------------------------


@pytest.mark.skipif(CENTER == "default", reason="the center is in the site's database")
@pytest.mark.django_db(transaction=True, databases="__all__")
def test_an_unreachable_center_is_never_zero_problems(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    out = StringIO()
    with monkeypatch.context() as elsewhere:
        connections[CENTER].close()
        elsewhere.setitem(connections[CENTER].settings_dict, "PORT", "1")
        with pytest.raises(CommandError) as caught:
            call_command("reconcile", stdout=out, stderr=StringIO())
    assert (caught.value.returncode, out.getvalue(), ReconcileRun.objects.count()) == (2, "", 0)
