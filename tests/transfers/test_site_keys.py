"""The key of a site: made when it joins, replaced, retired, and kept beside the database (DESIGN 7)."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import call_command
from django.core.management.base import CommandError

from central.models import Envelope, Key
from pension_transfer.lib import site_key
from tests.cast import Cast, Walk
from tests.expect import fresh, tamper
from tests.signing import join_as
from transfers import reconcile, sync
from transfers.models import StuckItem
from transfers.states import Side, State

pytestmark = pytest.mark.django_db(databases="__all__")


def said(*words: str) -> str:
    out = StringIO()
    call_command("site_key", *words, stdout=out)
    return out.getvalue()


def problems() -> list[str]:
    return [problem.code for problem in reconcile.reconcile(reconcile.Scope(), reconcile.INVARIANTS).problems]


def test_a_site_that_joins_has_a_key_which_only_its_owner_reads(signing: Path) -> None:
    assert signing.stat().st_mode & 0o777 == 0o600 and signing.parent.stat().st_mode & 0o077 == 0
    assert b"BEGIN PRIVATE KEY" in signing.read_bytes()
    assert [path.name for path in signing.parent.iterdir()] == ["site.pem"]
    assert Key.objects.get().site == "a"


def test_joining_again_keeps_the_key(signing: Path, settings: Any, tmp_path: Path) -> None:
    before = signing.read_bytes()
    join_as("a", settings, tmp_path)
    assert signing.read_bytes() == before and Key.objects.count() == 1


def test_what_is_sent_is_signed_and_goes_its_way(signing: Path, walk: Walk) -> None:
    walk.to(State.REGISTERED, Side.DESTINATION)
    sent = Envelope.objects.get()
    assert sent.key_id == Key.objects.get().pk and len(sent.signature) == 128
    assert problems() == []


def test_without_a_name_or_a_key_nothing_is_signed(signing: Path, cast: Cast, settings: Any) -> None:
    assert isinstance(site_key.read(), Ed25519PrivateKey)
    settings.SITE = ""
    assert site_key.read() is None
    settings.SITE, settings.SIGNING_KEY = "a", signing.with_name("none.pem")
    assert site_key.read() is None


def test_an_unsigned_envelope_of_a_site_with_a_key_is_refused_and_is_the_heads_turn(signing: Path, walk: Walk) -> None:
    signing.unlink()
    walk.to(State.TECHNICALLY_APPROVED)
    walk.send()
    case = fresh(walk.case)
    reason = case.crossings.latest("created_at").reason.split()[0]
    assert (case.state, reason) == (State.HEAD_APPROVED, "bad_signature")
    assert case.whose_turn() == case.turn and case.turn


def test_a_key_is_replaced_and_then_the_old_one_retired(signing: Path, walk: Walk) -> None:
    walk.to(State.SENT)
    first = Key.objects.get()
    assert (second := said("new")) and Key.objects.count() == 2
    assert said("retire", first.pk.upper()) and Key.objects.get(pk=first.pk).retired_at
    walk.receive()
    assert first.pk in said("list") and Key.objects.get(retired_at=None).pk in second
    assert problems() == []


def test_the_key_in_use_and_one_that_is_not_there_are_not_retired(signing: Path) -> None:
    for key in (Key.objects.get().pk, "0" * 32, ""):
        with pytest.raises(CommandError):
            said("retire", key)
    assert Key.objects.get().retired_at is None


def test_a_site_without_a_name_makes_no_key(cast: Cast) -> None:
    with pytest.raises(CommandError, match="SITE"):
        said("new")
    assert not Key.objects.exists()


def test_a_key_of_another_site_or_a_retired_one_is_named(signing: Path, settings: Any, tmp_path: Path) -> None:
    tamper(settings.CENTER, "central_key", "UPDATE central_key SET site = 'b'")
    with pytest.raises(CommandError, match="b"):
        join_as("a", settings, tmp_path)
    tamper(settings.CENTER, "central_key", "UPDATE central_key SET site = 'a', retired_at = now()")
    with pytest.raises(CommandError, match="site_key new"):
        join_as("a", settings, tmp_path)


@pytest.mark.parametrize("content", [b"", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", b"\0\xff"])
def test_a_broken_file_is_named_and_stops_no_round(signing: Path, walk: Walk, content: bytes) -> None:
    signing.write_bytes(content)
    with pytest.raises(CommandError, match=r"site\.pem"):
        said("list")
    assert not sync.sync().unreachable
    assert said("new") and isinstance(site_key.read(), Ed25519PrivateKey)


def test_with_a_broken_file_nothing_is_sent_and_the_reason_stands_among_what_is_stuck(
    signing: Path, walk: Walk, caplog: pytest.LogCaptureFixture
) -> None:
    walk.to(State.TECHNICALLY_APPROVED)
    right = signing.read_bytes()
    signing.write_bytes(right[:50])
    walk.send()
    sync.sync()
    assert fresh(walk.case).state == State.HEAD_APPROVED and str(signing) in StuckItem.objects.get().why
    assert right[28:50].decode() not in caplog.text  # of the key itself
    signing.write_bytes(right)
    sync.sync()
    assert fresh(walk.case).state == State.SENT
    caplog.clear()


def test_a_folder_that_cannot_be_written_is_named(signing: Path, settings: Any) -> None:
    settings.SIGNING_KEY = signing / "below" / "a-file.pem"
    with pytest.raises(CommandError, match=r"a-file\.pem"):
        said("new")


def test_a_key_that_the_center_forgot_is_made_known_by_the_next_round(signing: Path, settings: Any) -> None:
    known = Key.objects.get().pk
    tamper(settings.CENTER, "central_key", "DELETE FROM central_key")
    sync.sync()
    assert Key.objects.get().pk == known


@pytest.mark.parametrize(
    ("table", "change", "code"),
    [
        ("central_envelope", "signature = repeat('0', 128)", "signature_broken"),
        ("central_envelope", "key_id = repeat('0', 32)", "key_unknown"),
        ("central_key", "retired_at = now() - interval '9 days'", "key_unknown"),
    ],
)
def test_reconcile_looks_at_every_signature(
    signing: Path, walk: Walk, settings: Any, table: str, change: str, code: str
) -> None:
    walk.to(State.SENT)
    tamper(settings.CENTER, table, f"UPDATE {table} SET {change}")
    assert problems() == [code]
