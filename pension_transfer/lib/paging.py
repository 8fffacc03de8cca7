"""Pages by key: the next one begins after the last row's key, so a deep page costs what the first does."""

import base64
import binascii
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Q, QuerySet
from django.http import HttpRequest


@dataclass(frozen=True)
class Page:
    """Rows of one page and the addresses of its neighbours; the component `pager` prints it."""

    items: list[Any]
    first_url: str = ""
    previous_url: str = ""
    next_url: str = ""

    @property
    def has_other_pages(self) -> bool:
        return bool(self.first_url or self.previous_url or self.next_url)


def page_of(rows: QuerySet[Any], request: HttpRequest, by: Sequence[str], size: int = 25) -> Page:
    """One page of `rows` ordered by the keys `by` (unique together, "-" for descending).

    One query whatever the depth; a cursor that can't be read gives the first page.
    """
    backwards = "before" in request.GET
    cursor = _read(request.GET.get("before") or request.GET.get("after") or "", len(by))
    order = [_turned(key) for key in by] if cursor and backwards else list(by)
    try:
        found = list(rows.filter(_beyond(order, cursor)).order_by(*order)[: size + 1])
    except (TypeError, ValueError, ValidationError):  # somebody wrote into the address
        cursor, order = None, list(by)
        found = list(rows.order_by(*order)[: size + 1])
    more, items = len(found) > size, found[:size]
    if cursor and backwards:
        return _page(request, items[::-1], by, before=more, after=True)
    return _page(request, items, by, before=bool(cursor), after=more)


def _page(request: HttpRequest, items: list[Any], by: Sequence[str], before: bool, after: bool) -> Page:
    return Page(
        items,
        first_url=_url(request) if before else "",
        previous_url=_url(request, before=_key(items[0], by)) if before and items else "",
        next_url=_url(request, after=_key(items[-1], by)) if after and items else "",
    )


def walked(request: HttpRequest, items: list[Any], last: str) -> Page:
    """A page of a list that is computed and only walked forward: the next one begins behind `last`, if any."""
    cursor = base64.urlsafe_b64encode(json.dumps([last]).encode()).decode()
    first_url = _url(request) if "after" in request.GET else ""
    return Page(items, first_url=first_url, next_url=_url(request, after=cursor) if last else "")


def place(request: HttpRequest) -> str:
    """Behind which number a walked page begins; empty for the beginning, or when somebody wrote into the address."""
    values = _read(request.GET.get("after") or "", 1) or [""]
    return values[0] if isinstance(values[0], str) and values[0].isascii() and values[0].isdigit() else ""


def _turned(key: str) -> str:
    return key[1:] if key.startswith("-") else f"-{key}"


def _beyond(order: Sequence[str], cursor: list[Any] | None) -> Q:
    """Rows that come after the cursor; the leading key is bounded by itself, so its index is used."""
    if not cursor:
        return Q()
    *first, last = zip(order, cursor, strict=True)
    return reduce(_step_before, reversed(first), _past(*last))


def _past(key: str, value: Any, equal: str = "") -> Q:
    side = "lt" if key.startswith("-") else "gt"
    return Q(**{f"{key.lstrip('-')}__{side}{equal}": value})


def _step_before(rest: Q, step: tuple[str, Any]) -> Q:
    return _past(*step, "e") & (_past(*step) | rest)


def _key(row: Any, by: Sequence[str]) -> str:
    values = [reduce(getattr, key.lstrip("-").split("__"), row) for key in by]
    return base64.urlsafe_b64encode(json.dumps(values, cls=DjangoJSONEncoder).encode()).decode()


def _read(cursor: str, length: int) -> list[Any] | None:
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor)) if cursor else None
    except (binascii.Error, ValueError):
        return None
    return values if isinstance(values, list) and len(values) == length else None


def _url(request: HttpRequest, **cursor: str) -> str:
    query = request.GET.copy()
    for name in ("after", "before"):
        query.pop(name, None)
    query.update(cursor)
    return f"?{query.urlencode()}" if query else request.path


def pages(rows: QuerySet[Any], *by: str, size: int) -> Iterator[list[Any]]:
    """All rows in the order of the keys `by` (unique together), page by page, each as it is when it is read."""
    cursor: list[Any] = []
    while page := list(rows.filter(_beyond(by, cursor)).order_by(*by)[:size]):
        yield page
        cursor = [getattr(page[-1], name) for name in by]
