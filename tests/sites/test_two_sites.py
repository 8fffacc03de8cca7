"""Two sites and the center apart, each with its own PostgreSQL and its own processes, driven over HTTP."""

from collections.abc import Iterator

import pytest

from deploy.sites.run import Country
from pension_transfer.lib.months import Month
from tests.scans import pdf
from tests.sites.driving import Move, Person, Refused, ready, until

pytestmark = pytest.mark.slow
DIFFERENCE = {
    "path": "principal.father_name", "verdict": "differs", "paper_value": "غلامحسین", "code": "different_value",
    "severity": "must_be_corrected", "note": "",
}  # fmt: skip
QUESTION = {"path": "principal.birth_date", "text": "روز تولد خوانا نیست؛ کدام است؟", "due_on": "1450/01/05"}


@pytest.fixture(autouse=True)
def sound(country: Country) -> Iterator[None]:
    """Whatever a test did, each site finds its house in order (exit code 0)."""
    yield
    for site in country.sites.values():
        site.manage("sync_center")
        assert "0 problems" in site.manage("reconcile")


def test_a_file_goes_from_site_to_site_with_question_return_and_attachments(country: Country) -> None:
    move = Move(country, ready(country.sites["a"], "0801", "1001", 1)[0], "0801", "1001")
    for step in (move.refer, move.attach, move.send, move.receive, move.compare):
        step()
    asked = move.staff.press("ask_question", move.copy, **QUESTION)["questions"][0]["key"]
    until(lambda: move.officer.case(move.case)["questions"])
    move.officer.upload("answer_question", move.case, pdf(mark="answer"), question=asked, text="پنجم است.")
    until(lambda: move.staff.case(move.copy)["questions"][0]["answered_at"])
    move.staff.press("close_question", move.copy, question=asked)
    move.staff.press("judge", move.copy, **DIFFERENCE)
    assert move.staff.press("return_to_origin", move.copy)["state"] == "returned"
    until(lambda: move.clerk.case(move.case)["state"] == "returned")
    move.clerk.press("reopen", move.case)
    move.clerk.press("assemble", move.case)
    for step in (move.send, move.receive, move.compare, move.finish):
        step()
    until(move.is_over)
    copy = move.staff.case(move.copy)
    assert (copy["version"], copy["state"]) == (2, "registered")
    assert [row["action"] for row in copy["events"]].count("receive") == 2


def test_each_site_signs_with_a_key_of_its_own(country: Country) -> None:
    files = {name: site.folder / "data/keys/site.pem" for name, site in country.sites.items()}
    assert len({file.read_bytes() for file in files.values()}) == 2
    for site in country.sites.values():
        rows = [line.split() for line in site.manage("site_key", "list").splitlines()]
        assert [row[1] for row in rows] == ["a", "b"]


def test_moves_within_one_site_go_on_beside_it(country: Country) -> None:
    Move(country, ready(country.sites["a"], "0801", "0802", 1)[0], "0801", "0802").carry()
    Move(country, ready(country.sites["b"], "1001", "0802", 1)[0], "1001", "0802").carry()


def test_a_site_that_was_off_for_a_week_catches_up(country: Country) -> None:
    moves = [Move(country, file, "0801", "1002") for file in ready(country.sites["a"], "0801", "1002", 2)]
    here, there = country.sites["a"], country.sites["b"]
    moves[0].refer()
    there.stop()
    there.database.stop()
    moves[0].send()
    for step in (moves[1].refer, moves[1].attach, moves[1].send):
        step()
    here.manage("sync_center")
    assert {move.clerk.case(move.case)["state"] for move in moves} == {"sent"}
    there.database.start()
    there.serve()
    for move in moves:
        for step in (move.receive, move.compare, move.finish):
            step()
        until(move.is_over)


def test_the_other_sites_branches_are_neither_seen_nor_served(country: Country) -> None:
    move = Move(country, ready(country.sites["a"], "0801", "1001", 1)[0], "0801", "1001")
    move.refer()
    assert not [row for row in move.staff.get("cases/")["results"] if row["pension_number"] == move.number]
    with pytest.raises(Refused, match="404"):
        move.staff.press("receive", move.case | {"id": 10**6})
    move.clerk.press("cancel", move.case, reason="پایان آزمون")


def test_fault_37_a_branch_is_merged_at_its_site_while_the_other_site_sends_to_it(country: Country) -> None:
    sent, drafted = (Move(country, file, "0801", "1002") for file in ready(country.sites["a"], "0801", "1002", 2))
    sent.refer()
    sent.send()
    drafted.refer()
    country.sites["b"].manage("branch_change", "merge", "1002", "1001", "--by", "center", "--reason", "نامه")
    country.sites["a"].manage("sync_center")
    assert drafted.clerk.case(drafted.case)["destination"] == "1001"
    for move in (sent, drafted):
        move.staff, move.activator = (Person(country.sites["b"], f"{name}-1001") for name in ("staff", "officer"))
    drafted.send()
    for move in (sent, drafted):
        for step in (move.receive, move.compare, move.finish):
            step()
        until(move.is_over)
    copies = {drafted.copy["branch"], sent.copy["branch"]}
    assert copies == {"1001", "1002"}  # what was sealed keeps its code
    paid = f"payment/?pension_number={sent.number}&branch=1001&month={Month(int(sent.month)) + 1}"
    assert sent.staff.get(paid)["payable"] is True
