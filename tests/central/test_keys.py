"""Sites sign what they deposit: what the center believes, and what it keeps of their keys (DESIGN 7)."""

import datetime as dt
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import Error, connections, transaction
from django.utils import timezone

from central import keys, services, signing
from central.models import Envelope, Key
from central.rules import Refused
from tests.central.sealed import BRANCHES, DESTINATION, ORIGIN, answered, envelope, open_center, say
from tests.expect import tamper

pytestmark = pytest.mark.django_db(databases="__all__")
OWN, OTHER = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2))
NEXT = Ed25519PrivateKey.from_private_bytes(bytes([3]) * 32)


@pytest.fixture(autouse=True)
def center(db: None) -> None:
    """Site a serves the origin, site b the destination; both have keys."""
    open_center()
    services.publish(BRANCHES[:1], "a")
    services.publish(BRANCHES[1:], "b")
    register("a", OWN)
    register("b", OTHER)


def register(site: str, key: Ed25519PrivateKey) -> Key:
    return keys.register(site, signing.public_key_of(key))


def signed(key: Ed25519PrivateKey = OWN, **changes: Any) -> Envelope:
    return signing.sign(envelope(**changes), key)


def refused(to: Envelope) -> str:
    with pytest.raises(Refused) as caught:
        services.deposit(to)
    assert not Envelope.objects.filter(pk=to.pk).exists()
    return caught.value.code


def alter(change: str) -> None:
    tamper(settings.CENTER, "central_envelope", f"UPDATE central_envelope SET {change}")


# --- deposit --------------------------------------------------------------------------------------------------


def test_what_its_site_signed_is_taken_and_signed_again_the_same() -> None:
    sent = services.deposit(signed())
    assert signing.sign(envelope(id=sent.pk, move=sent.move), OWN).signature == sent.signature
    for kind in ("received", "verified", "registered"):
        assert answered(sent, kind) == ""


@pytest.mark.parametrize("name", ["id", "move", "version", "origin", "destination", "seal"])
def test_each_part_of_the_address_is_signed(name: str) -> None:
    sent, other = signed(), envelope(version=2, origin=DESTINATION, destination=ORIGIN)
    setattr(sent, name, getattr(other, name))
    assert not signing._verifies(sent, Key.objects.get(site="a"))


def test_of_a_site_with_a_key_nothing_unsigned_and_nothing_of_another_key_is_taken() -> None:
    assert refused(envelope()) == "bad_signature"
    assert refused(signed(OTHER)) == "bad_signature"
    assert refused(_with("0" * 128)) == "bad_signature"
    assert refused(_with("no hexadecimal")) == "bad_signature"


def _with(signature: str) -> Envelope:
    sent = signed()
    sent.signature = signature
    return sent


def test_a_key_that_is_not_known_yet_is_another_answer_and_then_it_is_taken() -> None:
    sent = signed(NEXT)
    assert refused(sent) == "unknown_key"
    register("a", NEXT)
    assert services.deposit(sent).pk == sent.pk


def test_a_site_without_a_key_does_not_sign() -> None:
    tamper(settings.CENTER, "central_key", "DELETE FROM central_key WHERE site = 'a'")
    assert answered(services.deposit(envelope()), "received") == ""


def test_what_was_deposited_before_the_first_key_stays_readable() -> None:
    sent = services.deposit(signed())
    alter("key_id = '', signature = '', deposited_at = now() - interval '1 day'")
    assert answered(sent, "received") == ""


# --- retired --------------------------------------------------------------------------------------------------


def test_a_retired_key_signs_nothing_more_and_what_it_signed_stays_valid() -> None:
    sent = services.deposit(signed())
    register("a", NEXT)
    first = keys.retire(sent.key_id, "a")
    assert keys.retire(sent.key_id, "a").retired_at == first.retired_at
    assert answered(sent, "received") == answered(sent, "verified") == ""
    say(sent, "returned")
    assert refused(signed(move=sent.move, version=2)) == "unknown_key"
    services.deposit(signed(NEXT, move=sent.move, version=2))


def test_what_a_retired_key_signed_long_afterwards_is_not_believed() -> None:
    sent = services.deposit(signed())
    retired = timezone.now() - dt.timedelta(days=2)
    tamper(settings.CENTER, "central_key", f"UPDATE central_key SET retired_at = '{retired.isoformat()}'")
    assert answered(sent, "received") == "unknown_key"


def test_a_key_is_retired_by_its_own_site() -> None:
    with pytest.raises(Refused) as caught:
        keys.retire(signing.name_of(signing.public_key_of(OWN)), "b")
    assert caught.value.code == "unknown_key" and not Key.objects.exclude(retired_at=None).exists()


def test_registering_again_changes_nothing_and_takes_no_key_from_its_site() -> None:
    before = list(Key.objects.order_by("pk").values_list())
    assert register("b", OWN).site == "a"
    assert list(Key.objects.order_by("pk").values_list()) == before


# --- altered in the center --------------------------------------------------------------------------------------

BODY = "replace(body, '140508', '140507')"
FORGED = f"last_paid_month = 140507, body = {BODY}, seal = encode(sha256(convert_to({BODY}, 'UTF8')), 'hex')"
BEFORE: dict[str, list[str]] = {"received": [], "verified": ["received"], "registered": ["received", "verified"]}


@pytest.mark.parametrize("kind", BEFORE)
def test_content_and_seal_altered_together_are_neither_taken_nor_verified_nor_registered(kind: str) -> None:
    services.deposit(sent := signed())
    for before in BEFORE[kind]:
        say(sent, before)
    alter(FORGED)
    assert answered(sent, kind) == "seal_broken"


def test_with_the_key_of_another_site_it_is_not_believed_either() -> None:
    services.deposit(sent := signed())
    alter(FORGED)
    forged = signing.sign(Envelope.objects.get(), OTHER)
    alter(f"key_id = '{forged.key_id}', signature = '{forged.signature}'")
    assert answered(sent, "received") == "seal_broken"


# --- what is kept -----------------------------------------------------------------------------------------------

NEW = "INSERT INTO central_key (key_id, site, public_key, since, retired_at) VALUES"
FORBIDDEN = {
    "another site": "UPDATE central_key SET site = 'c'",
    "other bytes": f"UPDATE central_key SET public_key = '{'0' * 64}'",
    "another day": "UPDATE central_key SET since = now()",
    "retired with other bytes": f"UPDATE central_key SET retired_at = now(), public_key = '{'0' * 64}'",
    "deleted": "DELETE FROM central_key",
    "emptied": "TRUNCATE central_key",
    "bytes under another name": f"{NEW} ('{'0' * 32}', 'c', '{'1' * 64}', now(), NULL)",
    "taken back after it was retired": (
        "UPDATE central_key SET retired_at = now(); UPDATE central_key SET retired_at = NULL"
    ),
}


@pytest.mark.parametrize("sql", FORBIDDEN.values(), ids=FORBIDDEN)
def test_the_database_keeps_the_keys(sql: str) -> None:
    before = list(Key.objects.order_by("pk").values_list())
    with (
        pytest.raises(Error),
        transaction.atomic(using=settings.CENTER),
        connections[settings.CENTER].cursor() as cursor,
    ):
        cursor.execute(sql)
    assert list(Key.objects.order_by("pk").values_list()) == before
