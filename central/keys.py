"""The sites' public keys at the center: made known, retired, listed. Each verb is one transaction, safe to repeat."""

from django.utils import timezone

from central.models import Key
from central.rules import Refused
from central.services import center
from central.signing import name_of


def register(site: str, public_key: str) -> Key:
    """Make a key (32 bytes in hexadecimal) known as that of a site. The key as it stands: where it was known before,
    with the site that it belongs to and perhaps retired."""
    row = Key(key_id=name_of(public_key), site=site, public_key=public_key)
    with center():
        Key.objects.bulk_create([row], ignore_conflicts=True)
        return Key.objects.get(pk=row.pk)


def retire(key_id: str, site: str) -> Key:
    """Let a site's key sign nothing more; what it signed stays valid. Refused with unknown_key where it has no such."""
    with center():
        row = Key.objects.select_for_update().filter(pk=key_id, site=site).first()
        if row is None:
            raise Refused("unknown_key")
        if row.retired_at is None:
            row.retired_at = timezone.now()
            row.save(update_fields=["retired_at"])
        return row


def of_sites() -> list[Key]:
    """Every key that there is or was, each site's oldest first."""
    return list(Key.objects.order_by("site", "since", "key_id"))
