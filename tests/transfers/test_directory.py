"""The directory of branches between sites, and how a site joins (DESIGN 11.5, 11.7)."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from branches.models import Branch, CustodyRequest
from branches.roles import Role
from central import services
from central.models import Directory, Seat
from pension_transfer.lib.errors import BadInput, NotNow, NotSeen
from tests.cast import Cast, make_file
from transfers import branch_changes, directory, exchange

pytestmark = pytest.mark.django_db(databases="__all__")


def join(name: str, branches: str) -> str:
    said = StringIO()
    call_command("join_site", name, "--branches", branches, stdout=said)
    return said.getvalue()


def sites() -> dict[str, str]:
    return dict(Directory.objects.values_list("branch_code", "site"))


@pytest.fixture
def at_a(cast: Cast, settings: Any, tmp_path: Path) -> Cast:
    settings.SITE, settings.SIGNING_KEY = "a", tmp_path / "site.pem"
    return cast


def test_a_site_joins_with_its_branches_and_the_payment_of_their_files(at_a: Cast) -> None:
    file = make_file(at_a.origin, 3)
    Seat.objects.filter(pk=file.pension_number).exists()
    said = join("a", "۰۸۰۱,0701")
    assert sites() == {"0801": "a", "0701": "a", "1001": ""}
    assert set(Branch.objects.here().values_list("pk", flat=True)) == {"0801", "0701"}
    assert "2" in said
    assert join("a", "0801,0701") == said  # safe to repeat


def test_a_joining_site_claims_what_nobody_pays_and_names_what_another_branch_does(at_a: Cast) -> None:
    services.open_custody({"7000000005": 139402}, "1001", "import")
    held = make_file(at_a.origin, 5)
    CustodyRequest.objects.create(file=held, verb=CustodyRequest.Verb.OPEN, month=140501, reason="import")
    assert "7000000005" in (said := join("a", "0801")) and "1001" in said


def test_a_site_is_refused_what_another_serves_and_a_name_that_is_not_its_own(at_a: Cast) -> None:
    services.publish([("1001", "شیراز", True)], "b")
    with pytest.raises(CommandError, match=r"1001 \(b\)"):
        join("a", "0801,1001")
    with pytest.raises(CommandError, match="SITE"):
        join("b", "0801")
    with pytest.raises(CommandError, match="9999"):
        join("a", "9999")
    assert sites()["0801"] == ""


def test_a_site_with_files_of_a_branch_names_it(at_a: Cast) -> None:
    make_file(at_a.third, 4)
    with pytest.raises(CommandError, match="0701"):
        join("a", "0801")


def test_each_site_publishes_its_own_branches_and_hears_the_others(at_a: Cast) -> None:
    services.publish([("1001", "نام تازه", False), ("0155", "شعبه تازه", True)], "b")
    join("a", "0801,0701")
    Branch.objects.filter(pk="0801").update(name="شعبه مرکزی")
    directory.share()
    rows = dict(Directory.objects.values_list("branch_code", "name"))
    assert (rows["0801"], rows["1001"]) == ("شعبه مرکزی", "نام تازه")
    heard = Branch.objects.get(pk="1001")
    assert (heard.name, heard.is_active, heard.site) == ("نام تازه", False, "b")
    new = Branch.objects.get(pk="0155")
    assert (new.administration_id, new.site, new.search_key[:4]) == ("01", "b", "0155")
    assert directory.share() == directory.Followed()  # nothing more to be heard


def test_what_a_site_publishes_changes_no_branch_of_another_or_one_that_was_succeeded(cast: Cast) -> None:
    services.publish([("1001", "شیراز", True)], "b")
    exchange.succeed("0801", "0701")
    told = services.publish([("1001", "؟", False), ("0801", "؟", True)], "a")
    assert told == {"1001": "b"}
    assert Directory.objects.get(pk="1001").name == "شیراز"
    assert not Directory.objects.get(pk="0801").is_active


def test_a_branch_is_changed_at_its_own_site_and_files_do_not_change_the_site(at_a: Cast) -> None:
    services.publish([("1001", "شیراز", True)], "b")
    make_file(at_a.origin, 6)
    join("a", "0801,0701")
    by = at_a.reader(Role.CENTER_OPERATOR)
    for code, successor, kind, said in [
        ("1001", "0801", NotNow, "elsewhere"),
        ("0801", "1001", NotNow, "in_use"),
        ("0801", "0801", BadInput, "no_successor"),
        ("0801", "7777", NotSeen, "no_branch"),
    ]:
        with pytest.raises(kind) as refused:
            branch_changes.merge(code, successor, "نامه", by=by)
        assert refused.value.code == said
    branch_changes.merge("0701", "1001", "نامه", by=by)  # nothing is left there
    assert Branch.objects.get(pk="1001").predecessors == ["0701"]


@pytest.mark.parametrize(("code", "said"), [("12", "code"), ("abcd", "code"), ("0701", "code_taken")])
def test_a_new_code_is_a_code_that_no_branch_has(cast: Cast, code: str, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        branch_changes.renumber("1001", code, "نامه", by=cast.reader(Role.CENTER_OPERATOR))
    assert refused.value.code == said


def test_the_command_tells_what_went_along(cast: Cast) -> None:
    said = StringIO()
    make_file(cast.origin, 9)
    words = ["merge", "0801", "0701", "--by", "center", "--reason", "نامهٔ ۱"]
    call_command("branch_change", *words, stdout=said)
    assert [word for word in said.getvalue().split() if word.isdigit()] == ["5", "1", "0", "1"]
    with pytest.raises(CommandError):
        call_command("branch_change", "close", "0701", "--by", "nobody", "--reason", "x")
