"""Signatures of envelopes (DESIGN 7): who can write the center's tables still cannot seal in the name of a site.

What is signed is the seal and to what it belongs; the key is that of the site that serves the origin branch.
"""

import datetime as dt
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.db.models import Q

from central import contract
from central.models import Directory, Envelope, Key

SIGNED = ("id", "move", "version", "origin", "destination", "seal")
PURPOSE = "envelope-signature-1"  # what this key signs otherwise can never be taken for an envelope's
GRACE = dt.timedelta(days=1)  # the clocks of two machines may be so far apart (FAULTS 33)


def statement(envelope: Envelope) -> bytes:
    """The one form of what is signed."""
    said = {name: str(getattr(envelope, name)) for name in SIGNED}
    return contract.canonical(said | {"purpose": PURPOSE})


def public_key_of(key: Ed25519PrivateKey) -> str:
    """Its public half, 32 bytes in hexadecimal."""
    return key.public_key().public_bytes_raw().hex()


def name_of(public_key: str) -> str:
    """The name of a public key: the same wherever it is made known again."""
    return hashlib.sha256(bytes.fromhex(public_key)).hexdigest()[:32]


def sign(envelope: Envelope, key: Ed25519PrivateKey) -> Envelope:
    """Sign it; again with the same key, the signature is the same."""
    envelope.key_id = name_of(public_key_of(key))
    envelope.signature = key.sign(statement(envelope)).hex()
    return envelope


def look_at(envelope: Envelope) -> Envelope:
    """The envelope, with what is wrong with its signature in `signature_fault`."""
    return look_at_all([envelope])[0]


def look_at_all(envelopes: Iterable[Envelope]) -> list[Envelope]:
    """The same of many, with two questions for all of them."""
    rows = list(envelopes)
    known = _known_to(rows)
    for row in rows:
        row.signature_fault = known.fault(row)
    return rows


@dataclass(frozen=True)
class _Known:
    """The site that serves each origin, and the keys that there are or were."""

    sites: dict[str, str]
    keys: dict[str, Key]

    def fault(self, envelope: Envelope) -> str:
        """bad_signature, or unknown_key where it may yet turn out well."""
        site, key = self.sites.get(envelope.origin, ""), self.keys.get(envelope.key_id)
        if not envelope.key_id and not envelope.signature:
            return "bad_signature" if self._had_a_key(site, envelope) else ""
        if key is None or not site:
            return "unknown_key"
        if key.site != site or not _verifies(envelope, key):
            return "bad_signature"
        return "unknown_key" if _was_retired(key, envelope) else ""

    def _had_a_key(self, site: str, envelope: Envelope) -> bool:
        """Whether the site could sign it; what was deposited long before its first key was not."""
        own = [key for key in self.keys.values() if key.site == site]
        return any(envelope.deposited_at is None or envelope.deposited_at > key.since + GRACE for key in own)


def _known_to(envelopes: list[Envelope]) -> _Known:
    origins, named = {row.origin for row in envelopes}, {row.key_id for row in envelopes}
    sites = dict(Directory.objects.filter(pk__in=origins).exclude(site="").values_list("branch_code", "site"))
    keys = Key.objects.filter(Q(site__in=set(sites.values())) | Q(pk__in=named - {""}))
    return _Known(sites, {key.pk: key for key in keys})


def _was_retired(key: Key, envelope: Envelope) -> bool:
    """Before it was deposited: a retired key holds for what it signed until then."""
    if key.retired_at is None:
        return False
    return envelope.deposited_at is None or envelope.deposited_at > key.retired_at + GRACE


def _verifies(envelope: Envelope, key: Key) -> bool:
    try:
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key.public_key))
        public.verify(bytes.fromhex(envelope.signature), statement(envelope))
    except (InvalidSignature, ValueError):
        return False
    return True
