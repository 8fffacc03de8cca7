"""The second wall between branches: what a query that forgot its filter finds, and what the request before leaves."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError, connection, transaction
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse

from branches.fences import FENCED as FENCED_FILES
from branches.middleware import RowSecurityMiddleware, reach_of
from branches.models import Decree, PensionFile, User
from branches.roles import Action, Role
from pension_transfer.lib import fences
from tests import oracle
from tests.cast import Cast, Walk, make_file, press
from tests.expect import run_sql
from tests.pages import as_, command, push, text
from tests.transfers.standings import ASKED
from transfers import reconcile, sync
from transfers.fences import EVERY_FENCE
from transfers.models import Crossing, Part, TransferCase, TransferEvent
from transfers.states import Side, State

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
TABLES = sorted({**FENCED_FILES, **EVERY_FENCE})


@pytest.fixture(autouse=True)
def _in_force(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(fences.IS_READY, {"how": "SET" if connection.pg_version >= 160000 else "MEMBER"})
        if cursor.fetchone() != (True,):
            pytest.skip(f"ROW SECURITY WAS NOT TRIED: THIS ACCOUNT MAY NOT CREATE THE ROLE {fences.ROLE}")


def standing() -> tuple[str, str]:
    """As whom, and with which branches, the next statement of this connection would run."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, coalesce(current_setting('pension.branches', true), '')")
        role, branches = cursor.fetchone()
    return role, branches


@contextmanager
def reaching(branches: str | None) -> Iterator[None]:
    with fences.within(fences.Reach(connection, lambda: branches)):
        yield


def asked_by(user: User | None, view: Callable[[HttpRequest], Any]) -> Any:
    """What a view answers behind the middleware, as the person's request would hear it."""
    request = RequestFactory().get("/")
    request.user = user or AnonymousUser()
    return RowSecurityMiddleware(view)(request)


def forgetful(_request: HttpRequest) -> HttpResponse:
    """A view whose author forgot `visible_to`."""
    found = [f"{case.branch_id}{case.side}" for case in TransferCase.objects.order_by("branch_id")]
    found += [file.branch_id for file in PensionFile.objects.order_by("branch_id")]
    return HttpResponse(" ".join(found))


def guards() -> reconcile.Report:
    return reconcile.reconcile(reconcile.Scope(), ["I1"])


def counts() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(f"SELECT '{table}', count(*) FROM {table}" for table in TABLES))
        return dict(cursor.fetchall())


# --- forgotten ------------------------------------------------------------------------------------------


def test_fault_51_without_a_setting_there_are_no_rows(cast: Cast) -> None:
    Walk(cast).to(State.REGISTERED, Side.DESTINATION)
    full = counts()
    run_sql("default", f"SET ROLE {fences.ROLE}")
    try:
        assert set(counts().values()) == {0}
    finally:
        run_sql("default", "RESET ROLE")
    filled = {table for table, number in full.items() if number}
    assert filled >= {"transfers_transfercase", "transfers_transferevent", "transfers_mark", "branches_decreeline"}
    assert counts() == full


def test_fault_51_every_table_of_a_branch_has_its_fence() -> None:
    """A table that is added later is fenced, or named here as one that tells nothing of a branch's pensions."""
    open_to_all = {
        "branches_administration", "branches_branch", "branches_user", "branches_user_groups",
        "branches_user_user_permissions", "branches_appointment", "branches_standinrecord", "branches_payrollcutoff",
        "transfers_trackingserial", "transfers_scan", "transfers_scanbytes", "transfers_digest", "transfers_hearduntil",
        "transfers_reconcilerun", "transfers_command", "transfers_syncworker", "transfers_branchchange",
        "transfers_vaintry",
        "transfers_summary", "transfers_summedday",
        "transfers_savedfilter",
        "transfers_telling",
    }  # fmt: skip
    models = apps.get_models(include_auto_created=True)
    tables = {model._meta.db_table for model in models if model._meta.app_label in ("branches", "transfers")}
    assert tables - open_to_all == set(TABLES)


def test_fault_51_a_view_that_forgot_its_filter_shows_own_rows_only(cast: Cast) -> None:
    Walk(cast).to(State.RECEIVED, Side.DESTINATION)
    make_file(cast.third, 7)
    seen = {
        person: asked_by(person and cast.people[person], forgetful).content.decode()
        for person in [
            None, ("0801", Role.CLERK), ("1001", Role.BRANCH_HEAD), ("0701", Role.CLERK),
            ("", Role.PROVINCE_SUPERVISOR), ("", Role.AUDITOR), ("", "outsider"),
        ]
    }  # fmt: skip
    assert seen == {
        None: "",
        ("0801", Role.CLERK): "0801origin 0801",
        ("1001", Role.BRANCH_HEAD): "1001destination",
        ("0701", Role.CLERK): "0701",
        ("", Role.PROVINCE_SUPERVISOR): "0801origin 0801",
        ("", Role.AUDITOR): "0801origin 1001destination 0701 0801",
        ("", "outsider"): "",
    }


def test_fault_51_another_branch_can_neither_change_nor_add_rows(cast: Cast) -> None:
    case = Walk(cast).to(State.DRAFT)
    with reaching("1001,0701"):
        assert TransferCase.objects.filter(pk=case.pk).update(note="x") == 0
        assert PensionFile.objects.update(mobile="09120000000") == 0
        assert Decree.objects.all().delete()[0] == 0
        with pytest.raises(DatabaseError, match="row-level security"):
            make_file(cast.origin, 2)
        with pytest.raises(DatabaseError, match="row-level security"):
            Part.objects.create(case=case, user=cast.reader("outsider"), name=Part.Name.DRAFTER)
    with reaching("0801"):  # nor give its own away
        with pytest.raises(DatabaseError, match="row-level security"):
            PensionFile.objects.update(branch="1001")
        assert TransferCase.objects.filter(pk=case.pk).update(note="x") == 1


def test_fault_51_no_policy_hides_what_a_person_may_see(cast: Cast) -> None:
    """Every person of the cast, and stand-ins: the second wall stands behind the first, never before it."""
    Walk(cast).to(State.REGISTERED, Side.DESTINATION)
    for number, branch in enumerate((cast.origin, cast.destination, cast.third), 2):
        make_file(branch, number)
    for person in User.objects.all():
        for rows in (TransferCase.objects, PensionFile.objects):
            wanted = set(rows.visible_to(person).values_list("pk", flat=True))
            with reaching(reach_of(person)):
                everything = set(rows.values_list("pk", flat=True))
                assert set(rows.visible_to(person).values_list("pk", flat=True)) == wanted
            assert everything == wanted, person
        cases = TransferCase.objects.visible_to(person)
        wanted_events = TransferEvent.objects.filter(case__in=cases).count()
        with reaching(reach_of(person)):
            assert TransferEvent.objects.count() == wanted_events


# --- left behind ----------------------------------------------------------------------------------------


def _fails(_request: HttpRequest) -> HttpResponse:
    TransferCase.objects.count()
    raise RuntimeError


def _breaks_its_transaction(_request: HttpRequest) -> HttpResponse:
    with transaction.atomic():
        TransferCase.objects.count()
        User.objects.create(username="auditor")  # a second one
    raise AssertionError


def _leaves_a_broken_transaction_open(_request: HttpRequest) -> HttpResponse:
    TransferCase.objects.count()
    run_sql("default", "BEGIN", "SELECT 1/0")
    raise AssertionError


def _half_streamed(_request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(str(TransferCase.objects.count()) for _ in range(3))


@pytest.mark.parametrize(
    "before", [_fails, _breaks_its_transaction, _leaves_a_broken_transaction_open, _half_streamed, forgetful]
)
def test_fault_51_nothing_is_left_of_the_request_before(cast: Cast, before: Callable[[HttpRequest], Any]) -> None:
    Walk(cast).to(State.RECEIVED, Side.DESTINATION)
    account = standing()
    left = None
    try:
        left = asked_by(cast.at(cast.origin, Role.CLERK), before)
        if left.streaming:
            assert next(iter(left)) == b"1"
    except (RuntimeError, DatabaseError):
        pass
    assert standing() == account
    assert asked_by(cast.at(cast.destination, Role.CLERK), forgetful).content == b"1001destination"
    assert asked_by(None, forgetful).content == b""
    assert standing() == account
    if left is not None and left.streaming:  # its other pieces still come within its own reach
        assert list(left) == [b"1", b"1"]
        assert standing() == account


def test_fault_51_pages_files_and_api_of_two_branches_share_one_connection(cast: Cast) -> None:
    case = Walk(cast).to(State.DRAFT)
    own, stranger = as_(cast.at(cast.origin, Role.CLERK)), as_(cast.at(cast.third, Role.CLERK))
    account = standing()
    urls = [reverse("case", args=[case.pk]), f"/api/cases/{case.pk}/", reverse("case_list"), "/no-such-page/"]
    for url in urls:
        first = own.get(url).status_code
        assert standing() == account
        second = stranger.get(url).status_code
        assert standing() == account
        assert Client().get(url).status_code in (302, 403, 404)
        assert (first, second) in {(200, 404), (200, 200), (404, 404)}, url


def test_fault_51_a_rolled_back_transaction_does_not_lift_the_fence(cast: Cast) -> None:
    """What is set inside a transaction goes with it: the role is taken before the first one begins."""
    Walk(cast).to(State.DRAFT)

    def view(_request: HttpRequest) -> HttpResponse:
        with transaction.atomic():  # the first statement of this request
            count = TransferCase.objects.count()
            transaction.set_rollback(True)
        with transaction.atomic(), fences.as_site():
            everywhere = TransferCase.objects.count()
            transaction.set_rollback(True)
        return HttpResponse(f"{count} {everywhere} {TransferCase.objects.count()} {standing()[0]}")

    found = asked_by(cast.at(cast.destination, Role.CLERK), view).content.decode()
    assert found == f"0 1 0 {fences.ROLE}"


def test_fault_51_a_connection_opened_anew_within_a_request_is_fenced_too(cast: Cast) -> None:
    Walk(cast).to(State.DRAFT)

    def view(_request: HttpRequest) -> HttpResponse:
        before = TransferCase.objects.count()
        connection.close()
        return HttpResponse(f"{before} {TransferCase.objects.count()} {standing()}")

    found = asked_by(cast.at(cast.destination, Role.CLERK), view).content.decode()
    assert found == f"0 0 {(fences.ROLE, '1001')}"


# --- the work of the site -------------------------------------------------------------------------------


def test_fault_51_a_step_reaches_the_other_branch_on_this_site_and_nothing_else_does(cast: Cast) -> None:
    """The origin pressed in its own name; its copy hears of the destination's steps in the site's."""
    walk = Walk(cast)
    walk.to(State.SENT)
    url = reverse("api_receive", args=[walk.case.envelope])
    answer = as_(walk.staff).post(url, command(branch="1001"), content_type="application/json")
    assert answer.status_code == 200, text(answer)
    assert {case.state for case in TransferCase.objects.all()} == {State.RECEIVED}
    copy = press(Action.SHOW_DECREES, TransferCase.objects.get(side=Side.DESTINATION), walk.staff)
    assert push(walk.staff, Action.ASK_QUESTION, copy, **ASKED).status_code == 302
    assert TransferCase.objects.get(side=Side.ORIGIN).questions.count() == 1
    assert not Crossing.objects.filter(state="open").exists()
    assert str(sync.sync()).startswith("center reached: 0 steps finished, 0 receipts")
    assert oracle.problems() == [] and oracle.unfinished() == []


def test_fault_51_commands_are_held_to_nothing(cast: Cast) -> None:
    Walk(cast).to(State.RECEIVED, Side.DESTINATION)
    assert standing()[0] != fences.ROLE
    assert {case.branch_id for case in TransferCase.objects.all()} == {"0801", "1001"}


@pytest.fixture
def plain() -> Iterator[str]:
    """An application's account that neither owns the tables nor may take the role."""
    name = f"plain_{os.getpid()}"
    run_sql("default", f"CREATE ROLE {name}; GRANT ALL ON ALL TABLES IN SCHEMA public TO {name}")
    run_sql("default", f"SET SESSION AUTHORIZATION {name}")
    yield name
    run_sql("default", "RESET SESSION AUTHORIZATION")
    run_sql("default", f"DROP OWNED BY {name}; DROP ROLE {name}")


def test_fault_51_an_account_that_may_not_take_the_role_works_without_this_wall(
    cast: Cast, plain: str, settings: Any
) -> None:
    clerk = cast.at(cast.origin, Role.CLERK)
    assert not fences.prepare(connection)
    assert standing()[0] == plain
    assert asked_by(clerk, lambda _request: HttpResponse(standing()[0])).content.decode() == plain
    settings.ROW_SECURITY = "on"
    with pytest.raises(DatabaseError, match="permission denied"):
        asked_by(clerk, forgetful)


def test_fault_51_an_account_that_owns_no_table_is_fenced_in_requests_only(cast: Cast, plain: str) -> None:
    """Membership in the role is no fence of its own: sync and reconcile of such an account see every branch."""
    run_sql("default", f"RESET SESSION AUTHORIZATION; GRANT {fences.ROLE} TO {plain}")
    Walk(cast).to(State.RECEIVED, Side.DESTINATION)
    run_sql("default", f"SET SESSION AUTHORIZATION {plain}")
    assert {case.branch_id for case in TransferCase.objects.all()} == {"0801", "1001"}
    assert TransferEvent.objects.exists()
    assert asked_by(cast.at(cast.destination, Role.CLERK), forgetful).content == b"1001destination"


def test_fault_51_a_fence_that_was_taken_down_is_a_problem(cast: Cast) -> None:
    run_sql("default", "ALTER TABLE branches_pensionfile DISABLE ROW LEVEL SECURITY")
    try:
        (problem,) = guards().problems
        assert dict(problem.keys) == {"guard": f"branches_pensionfile.{fences.POLICY}"}
    finally:
        run_sql("default", "ALTER TABLE branches_pensionfile ENABLE ROW LEVEL SECURITY")
    assert guards().problems == []


def test_fault_51_the_role_is_prepared_as_often_as_one_likes(cast: Cast) -> None:
    assert fences.prepare(connection) and fences.prepare(connection)
    assert standing()[0] != fences.ROLE
