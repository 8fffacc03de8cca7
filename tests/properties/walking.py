"""Random people press random buttons on a handful of files, lines are cut, rounds of sync come when they come.

After every step the oracle must be silent; at the end one round of sync brings both branches together (FAULTS 55).
test_walks.py lets it happen at one site, test_two_sites.py at two, with more that goes wrong.
"""

import datetime as dt
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Any

from django import conf
from django.db import connections
from django.db.models import F
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from branches.models import Branch, PensionFile, User
from branches.roles import Action, Role
from branches.services import correct
from central.models import Envelope
from pension_transfer.lib.errors import Refusal
from tests import oracle
from tests.cast import BRANCH_ROLES, DIFFERENCE, MOVE, PAPER, Cast, appoint
from tests.cuts import cut_at
from tests.expect import undone
from tests.transfers.standings import FILES, INPUT
from tests.transfers.standings import given as given_for
from transfers import sync, workflow
from transfers.discrepancies import OfCase
from transfers.models import TransferCase
from transfers.snapshot import SECTIONS
from transfers.states import MOVES, WITHIN, Crosses

OFFICES = ["clerk", "technical_officer", "branch_head", "insurance_deputy", "destination_staff"]
# What is likely to lead on from where a copy stands: without it a walk would rarely leave the draft.
ONWARDS: dict[tuple[str, str], list[tuple[str, str]]] = {
    ("origin", "referral"): [("assemble", "clerk"), ("edit_move", "clerk"), ("cancel", "branch_head")],
    ("origin", "draft"): [
        ("assemble", "clerk"), ("compare", "technical_officer"), ("approve_technical", "technical_officer"),
        ("state_certificate", "technical_officer"),
        ("approve_technical", "technical_officer"), ("edit_move", "clerk"), ("send_back", "technical_officer"),
        ("correct", "clerk"),
    ],
    ("origin", "technically_approved"): [
        *[("approve_head", "branch_head")] * 4, ("send_back", "insurance_deputy"), ("correct", "clerk"),
    ],
    ("origin", "head_approved"): [("recall", "branch_head")],
    ("origin", "sent"): [("recall", "insurance_deputy"), ("record_life_event", "clerk")],
    ("origin", "registered"): [("record_life_event", "clerk")],
    ("origin", "returned"): [
        *[("reopen", "clerk")] * 3, ("correct", "clerk"), ("correct", "clerk"), ("cancel", "branch_head"),
    ],
    ("origin", "received"): [
        ("answer_question", "technical_officer"), ("answer_question", "clerk"), ("record_life_event", "branch_head"),
    ],
    ("origin", "verified"): [("answer_question", "technical_officer"), ("record_life_event", "clerk")],
    ("destination", "received"): [
        ("ask_question", "destination_staff"), ("close_question", "technical_officer"),
        ("compare", "destination_staff"), ("compare", "destination_staff"), ("verify", "destination_staff"),
        ("verify", "destination_staff"), ("judge", "destination_staff"),
        ("return_to_origin", "technical_officer"), ("give_back", "destination_staff"),
    ],
    ("destination", "verified"): [
        *[("register", "destination_staff")] * 3, ("return_to_origin", "destination_staff"),
        ("ask_question", "technical_officer"), ("close_question", "destination_staff"),
        ("record_life_event", "destination_staff"),
    ],
    ("destination", "registered"): [("activate", "technical_officer"), ("activate", "branch_head")],
}  # fmt: skip
HELD_WAYS = [
    ("release", "branch_head"), ("release", "technical_officer"), ("recall", "branch_head"), ("cancel", "branch_head"),
    ("return_to_origin", "destination_staff"), ("verify", "destination_staff"), ("register", "technical_officer"),
]  # fmt: skip
CONTESTED = (Crosses.DECIDED_THERE, Crosses.ONCE_SEALED)
CONTESTS = {step.action for step in MOVES + WITHIN if step.crosses in CONTESTED}
GIVEN = INPUT | {"receive": {"envelope_id": str(uuid.UUID(int=0))}, "judge": DIFFERENCE}
RUBBISH = st.one_of(
    st.text(max_size=40),
    st.integers(),
    st.none(),
    st.sampled_from(["۱۴۰۵/۰۸", "0801", "x" * 500, "\0", "\ud800", [1], {"a": 1}, 140508]),
)
MENDED: dict[str, tuple[Any, Any]] = {  # what stands in the place of what was wrong, and of that again
    "birth_date": (dt.date(1955, 5, 7), dt.date(1955, 5, 5)), "father_name": ("غلامحسین", "محمد"),
    "postal_code": ("1136934568", "1136934567"),
}  # fmt: skip
POINTS = st.sampled_from(["", "", "", "", "", "intended", "asked", "finishing", "finished"])


# A walk begins in the middle of things, with files at every branch that nobody has touched yet.
BEGIN = [
    ("technically_approved", "origin"), ("sent", "origin"), ("received", "destination"), ("returned", "origin"),
    ("verified", "destination"), ("registered", "destination"),
]  # fmt: skip


def _may_be(refusal: str) -> bool:
    """The center may refuse a deposit that its own recall has overtaken, and who comes second in a contest;
    and what a hold kept waiting until the case went back."""
    return refusal.endswith(("withdrawn", "already_returned")) or refusal.split()[0] in CONTESTS


def sync_well() -> None:
    """A round of sync that reaches the center and hears no refusal but those that come with a contest."""
    report = sync.sync()
    assert not report.unreachable and [line for line in report.refused if not _may_be(line)] == []


def _written_so_far() -> list[int]:
    """Rows written by each database's running transaction, in which a whole walk takes place; it only grows."""

    def here(alias: str = "default") -> int:
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_xact_user_tables")
            return int(cursor.fetchone()[0])

    return [*oracle.everywhere(lambda: [here()]), here(conf.settings.CENTER)]


class Walks(RuleBasedStateMachine):
    """Three branches, nine files, any order of steps."""

    cast: Cast

    def __init__(self) -> None:
        super().__init__()
        self.judged: list[int] = []  # what had been written when all was last found well
        self.undo = ExitStack()
        self.undo.enter_context(undone())

    def teardown(self) -> None:
        try:
            self.come_to_rest()
            assert oracle.problems() + oracle.unfinished() == []
        finally:
            self.go_home()
            self.undo.close()

    def go_home(self) -> None:
        """Stand where the walk began."""

    def come_to_rest(self) -> None:
        for _ in range(2):
            sync_well()

    @invariant()
    def all_is_well(self) -> None:
        """Asked after each step that wrote anything, taken back or not: where none did, the rows are the same."""
        if self.judged != (now := _written_so_far()):
            assert oracle.problems() == []
            self.judged = now

    # --- helpers

    def _branches(self) -> list[Branch]:
        """Those whose people can press here."""
        return list(Branch.objects.order_by("pk"))

    def _go_where(self, branch: Branch) -> None:
        """Stand where the people of a branch are."""

    def _case(self, index: int) -> TransferCase:
        cases = list(TransferCase.objects.order_by(F("closed_at").desc(nulls_first=True), "-id"))  # open ones first
        return cases[index % len(cases)]

    def _try(self, step: Callable[[], Any], point: str = "") -> None:
        with cut_at(point, note):
            try:
                note(f"-> {step()}")
            except Refusal as refusal:
                note(f"refused: {refusal.code}")

    def _press(self, case: TransferCase, action: str, by: User, data: Any, point: str = "", seen: Any = None) -> None:
        note(f"{by.username} presses {action} on {case.side} {case.state} ({case.pk})")
        given: dict[str, Any] = {"by": by, "command_id": uuid.uuid4(), "seen": seen, "data": data}
        files = FILES.get(action, lambda: None)
        self._try(lambda: workflow.perform(action, case.pk, files=files(), **given), point)

    # --- what people do

    @rule(index=st.integers(0, 8), to=st.integers(0, 5))
    def refer(self, index: int, to: int) -> None:
        files = list(PensionFile.objects.filter(status__in=["active", "suspended"]).order_by("pk"))
        if not files:
            return
        file, everywhere = files[index % len(files)], Branch.objects.order_by("pk").values_list("pk", flat=True)
        clerk, data = self.cast.at(file.branch, Role.CLERK), MOVE | {"destination": everywhere[to % len(everywhere)]}
        key = uuid.uuid4()
        self._try(lambda: workflow.open_case(file.pk, by=clerk, command_id=key, data=data))

    @rule(index=st.integers(0, 9), choice=st.integers(0, 11), point=POINTS)
    def go_on(self, index: int, choice: int, point: str) -> None:
        """The step that somebody at this branch would take next."""
        cases = [case for case in TransferCase.objects.open() if (case.side, case.state) in ONWARDS]
        if not cases:
            return
        case = cases[index % len(cases)]
        ways = HELD_WAYS if case.is_held else ONWARDS[case.side, case.state]
        action, role = ways[choice % len(ways)]
        by = self.cast.at(case.branch, role)
        if action in WORK:
            WORK[action](self, case, by)
        else:
            self._press(case, action, by, self._input(action, case), point)

    @rule(index=st.integers(0, 9), choice=st.integers(0, 11), point=POINTS)
    def go_on_again(self, index: int, choice: int, point: str) -> None:
        self.go_on(index, choice, point)

    @rule(index=st.integers(0, 14), action=st.sampled_from(["take", "take", "take", "put_back", "reassign"]),
          role=st.sampled_from([*OFFICES, "second"]), to=st.sampled_from([*OFFICES, "second", ""]))  # fmt: skip
    def share_out(self, index: int, action: str, role: str, to: str) -> None:
        """Who has the work: anybody of the branch, a second officer, for anybody."""
        case = self._case(index)
        people = {name: self.cast.at(case.branch, name) for name in OFFICES}
        people["second"] = User.objects.get(username=f"second_{case.branch_id}")
        data = {"reason": "نوبت مرخصی", "to": people[to].username if to else ""}
        self._press(case, action, people[role], data)

    @rule(which=st.integers(0, 5), point=POINTS)
    def receive(self, which: int, point: str) -> None:
        envelopes = list(Envelope.objects.order_by("-deposited_at"))
        envelope = envelopes[which % len(envelopes)]
        self._go_where(branch := Branch.objects.get(pk=envelope.destination))
        by, key = self.cast.at(branch, Role.DESTINATION_STAFF), uuid.uuid4()
        self._try(lambda: workflow.receive(envelope.pk, branch=branch, by=by, command_id=key), point)

    def _input(self, action: str, case: TransferCase) -> dict[str, Any]:
        if action == Action.APPROVE_TECHNICAL and case.pension_file:
            return {"last_paid_month": str(case.pension_file.last_paid_month)}
        everywhere = list(Branch.objects.order_by("pk").values_list("pk", flat=True))
        destination = everywhere[everywhere.index(case.branch_id) - 1]
        if action in {Action.ANSWER_QUESTION, Action.CLOSE_QUESTION, Action.REASSIGN, Action.ACTIVATE}:
            return given_for(action, case)
        return MOVE | {"destination": destination} if action == Action.EDIT_MOVE else GIVEN.get(action, {})

    def _compare(self, case: TransferCase, by: User) -> None:
        self._press(case, Action.SHOW_DECREES, by, {})
        for section in SECTIONS:
            self._press(case, Action.JUDGE, by, {"path": section, "verdict": "match"})
        self._press(case, Action.RECORD_PAPER, by, PAPER)

    def _give_back(self, case: TransferCase, by: User) -> None:
        """One or two fields are not as on paper."""
        paths = ["principal.birth_date", "principal.father_name", "contact.postal_code"]
        for path in paths[case.version % 3 :][:2]:
            self._press(case, Action.JUDGE, by, DIFFERENCE | {"path": path})
        self._press(case, Action.RETURN_TO_ORIGIN, by, {})

    def _correct(self, case: TransferCase, by: User) -> None:
        """What was found is corrected where it stands in the file; without anything found, something is."""
        asked = OfCase(TransferCase.objects.get(pk=case.pk))
        file = PensionFile.objects.get(pk=case.file.pk)
        places = [place for one in asked.left if (place := asked.place(one))] or [("principal", None, "father_name")]
        for section, row, column in places:
            value = MENDED[column][MENDED[column][0] == getattr(file, column)]
            self._try(
                partial(correct, file, section, row, by, "برابر پرونده", {column: value}, command_id=uuid.uuid4())
            )

    # --- what nobody expects

    @rule(index=st.integers(0, 14), action=st.sampled_from(Action.values), role=st.sampled_from(OFFICES),
          at=st.integers(0, 2), given=st.booleans(), seen=st.sampled_from([None, None, 3]), point=POINTS)  # fmt: skip
    def press_anything(self, index: int, action: str, role: str, at: int, given: bool, seen: Any, point: str) -> None:
        case, branch = self._case(index), self._branches()[at]
        data = self._input(action, case) if given else {}
        self._press(case, action, self.cast.at(branch, role), data, point, seen)

    @rule(index=st.integers(0, 14), action=st.sampled_from([*INPUT, Action.APPROVE_HEAD]), data=st.data())
    def type_rubbish(self, index: int, action: str, data: st.DataObject) -> None:
        """In the right place, by the right person, and nonsense."""
        case = self._case(index)
        typed = data.draw(st.dictionaries(st.sampled_from([*self._input(action, case), "content_hash"]), RUBBISH))
        for role in OFFICES:
            self._press(case, action, self.cast.at(case.branch, role), self._input(action, case) | typed)

    @rule(index=st.integers(0, 9), postal_code=st.sampled_from(["1136934567", "1136934568", ""]))
    def change_the_file(self, index: int, postal_code: str) -> None:
        """Behind everybody's back, as a restored backup or psql would; a frozen or moved file is left alone."""
        files = list(
            PensionFile.objects.filter(frozen_by=None).exclude(status__in=["moved", "registered"]).order_by("pk")
        )
        PensionFile.objects.filter(pk=files[index % len(files)].pk).update(postal_code=postal_code)

    @rule()
    def sync(self) -> None:
        note(str(sync.sync()))


WORK = {"compare": Walks._compare, "give_back": Walks._give_back, "correct": Walks._correct}


def more_people(branch: Branch) -> None:
    """Somebody who can be given any work of the branch."""
    for role in BRANCH_ROLES:
        appoint(f"second_{branch.pk}", role, branch=branch)


def walk_at_random(machine: type[RuleBasedStateMachine], examples: int, steps: int) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, print_blob=True,
            suppress_health_check=list(HealthCheck), phases=[Phase.reuse, Phase.generate],
        ),
    )  # fmt: skip
