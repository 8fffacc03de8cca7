"""The work queue narrowed as a person likes it, kept under a name: saved, removed, opened with the queue."""

import re
from typing import Any

from django.db import IntegrityError, transaction
from django.http import QueryDict
from django.utils.translation import gettext as _

from branches.models import User
from pension_transfer.lib.errors import BadInput
from pension_transfer.lib.templatetags.persian import fa
from transfers.models import SavedFilter

MOST = 12  # of one person: more of them nobody tells apart
WORD = re.compile("[a-z_]{1,24}")  # as the names of states and queues are written
NAMES = ("state", "due", "work", "paper", "news")  # of the address; nothing else is kept


def query_of(asked: Any) -> str:
    """What of an address narrows the queue, in one order, so that the same filter reads the same."""
    kept = QueryDict(mutable=True)
    kept.update({name: asked[name] for name in NAMES if WORD.fullmatch(asked.get(name, ""))})
    return kept.urlencode()


def save(user: User, name: str, query: str, is_default: bool) -> SavedFilter:
    """Keep `query` under `name`; a name that there is already gets the new query. BadInput says what is wrong."""
    query = query_of(QueryDict(query))
    if not name:
        raise wrong("name", _("Give the filter a name."))
    if not query:
        raise wrong("name", _("Narrow the list first: choose a queue, or fill in the filter."))
    others = SavedFilter.objects.visible_to(user).exclude(name=name)
    if others.count() >= MOST:
        raise wrong("name", _("You have %(most)s filters. Remove one of them first.") % {"most": fa(MOST)})
    try:
        return _store(user, name, query, is_default)
    except IntegrityError:  # pressed in two windows at once
        return _store(user, name, query, is_default)


@transaction.atomic
def _store(user: User, name: str, query: str, is_default: bool) -> SavedFilter:
    if is_default:
        SavedFilter.objects.visible_to(user).exclude(name=name).update(is_default=False)
    told = {"query": query, "is_default": is_default}
    return SavedFilter.objects.update_or_create(user=user, name=name, defaults=told)[0]


def remove(user: User, pk: int) -> None:
    """Forget a filter; one that is gone already, or is somebody else's, changes nothing."""
    SavedFilter.objects.visible_to(user).filter(pk=pk).delete()


def wrong(field: str, sentence: str) -> BadInput:
    """The refusal of one field."""
    return BadInput(sentence, "invalid", {field: [sentence]})
