"""The training site: the demo's invented people and files, under a banner, never near a real center."""

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from branches.models import User
from central.models import Key
from transfers.demo import people


def refuse_a_real_site() -> None:
    """ImproperlyConfigured where the settings or the rows are those of a real site or center."""
    found = [name for name, is_set in settings.OF_A_REAL_SITE.items() if is_set]
    if found:
        raise ImproperlyConfigured(f"A training site never meets a real center; these belong to one: {found}")
    if Key.objects.exists():
        raise ImproperlyConfigured("This database is a center that sites have joined: it is not for training.")
    if User.objects.exclude(username__in=people.usernames()).exists():
        raise ImproperlyConfigured(
            "This database has people who are not of the training: give it a database of its own (DATA_DIR)."
        )
