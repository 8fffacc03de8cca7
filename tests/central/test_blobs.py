"""Attachments at the center: placed once, under their own hash, before the envelope that names them."""

import hashlib
import io
import json

import pytest
from django.conf import settings

from central import contract, services
from central.models import Blob, Envelope
from central.rules import Refused
from tests.central.sealed import envelope, open_center
from tests.expect import kept_out, run_sql

pytestmark = pytest.mark.django_db(databases="__all__")
CONTENT = b"%PDF-1.7 \0\xff\n\\." * 50_000  # longer than a piece
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(autouse=True)
def center(db: None) -> None:
    open_center()


def naming(*hashes: str) -> Envelope:
    """An envelope whose content names these attachments."""
    made = envelope()
    content = json.loads(made.body) | {"attachments": [{"sha256": sha256, "name": "x.pdf"} for sha256 in hashes]}
    body = contract.canonical(content)
    made.body, made.seal = body.decode(), contract.seal_of(body)
    return made


def test_bytes_are_placed_once_and_come_back_as_they_were() -> None:
    assert services.missing_blobs([SHA256]) == {SHA256}
    for _twice in range(2):
        services.place(SHA256, io.BytesIO(CONTENT))
    assert (services.missing_blobs([SHA256]), Blob.objects.count()) == (set(), 1)
    pieces = list(services.read_blob(SHA256))
    assert b"".join(pieces) == CONTENT and len(pieces) > 1
    assert list(services.read_blob("0" * 64)) == []


def test_bytes_under_another_hash_are_refused() -> None:
    with pytest.raises(Refused) as caught:
        services.place("0" * 64, io.BytesIO(CONTENT))
    assert (caught.value.code, Blob.objects.count()) == ("blob_broken", 0)


def test_an_envelope_comes_after_the_attachments_that_it_names() -> None:
    other = hashlib.sha256(b"other").hexdigest()
    sent = naming(SHA256, other, other)
    services.place(SHA256, io.BytesIO(CONTENT))
    with pytest.raises(Refused) as caught:
        services.deposit(sent)
    assert (caught.value.code, Envelope.objects.count()) == ("blob_missing", 0)
    services.place(other, io.BytesIO(b"other"))
    assert services.deposit(sent).pk == sent.pk


def test_what_was_placed_stays_as_it_is() -> None:
    services.place(SHA256, io.BytesIO(CONTENT))
    for attempt in ("UPDATE central_blob SET bytes = 'x'", "DELETE FROM central_blob", "TRUNCATE central_blob"):
        with kept_out("23000", settings.CENTER):
            run_sql(settings.CENTER, attempt)
