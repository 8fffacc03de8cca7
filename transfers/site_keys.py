"""The key of this site: made, made known at the center, replaced, retired (DESIGN 7)."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.utils.translation import gettext as _

from central.models import Key
from central.signing import name_of, public_key_of
from pension_transfer.lib import site_key
from transfers import exchange


class Unusable(Exception):
    """The key cannot be used, made or retired: in words."""


def make_if_none() -> Key:
    """The key that the file has, known at the center; a new one where there is no file. Unusable, Unreachable."""
    key = _current()
    return _made_known(key) if key else make()


def make() -> Key:
    """A new key in the place of the one before, which stays known until it is retired. Unusable, Unreachable.

    Kept before the center hears of it: cut in between, what it signs waits, and the next sync makes it known.
    """
    if not settings.SITE:
        raise Unusable(_("Only a site with a name has a key: set SITE and run join_site first."))
    key = Ed25519PrivateKey.generate()
    try:
        site_key.store(key)
    except site_key.BadKey as why:
        raise Unusable(_("The key cannot be kept: %(why)s") % {"why": why}) from why
    return _made_known(key)


def retire(key_id: str) -> Key:
    """Let a key of this site sign nothing more; not the one in use. Unusable, Unreachable."""
    if key_id == current_id():
        raise Unusable(_("This key is in use. Run site_key new first, on every machine of the site the same file."))
    try:
        return exchange.retire_key(key_id)
    except exchange.Refused as no:
        raise Unusable(_("This site has no key of this name; site_key list shows the names.")) from no


def current_id() -> str:
    """The name of the key in the file; '' without one. Unusable."""
    key = _current()
    return name_of(public_key_of(key)) if key else ""


def _current() -> Ed25519PrivateKey | None:
    try:
        return site_key.read()
    except site_key.BadKey as why:
        sentence = _("The key cannot be read: %(why)s. Put the file aside and run site_key new.")
        raise Unusable(sentence % {"why": why}) from why


def _made_known(key: Ed25519PrivateKey) -> Key:
    known = exchange.publish_key(key)
    if known.site != settings.SITE:
        sentence = _("This key is that of site %(site)s: name another file in SIGNING_KEY, then run site_key new.")
        raise Unusable(sentence % {"site": known.site})
    if known.retired_at:
        raise Unusable(_("The key in the file was retired. Run site_key new."))
    return known
