"""The components pages are built of; what they look like stands in templates/components/."""

import re
import uuid
from collections import Counter
from functools import lru_cache
from importlib.resources import files
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from pension_transfer.lib.persian import listed
from pension_transfer.lib.templatetags.persian import fa

register = template.Library()
DIRECTIONAL = re.compile("left|right|return|send|box-arrow|reply|forward")

# What a state looks like: tone (colour) and icon; the word is the state's own label.
LOOKS: dict[str, tuple[str, str]] = {
    # a case
    "referral": ("draft", "pencil"),
    "draft": ("draft", "pencil-square"),
    "technically_approved": ("go", "check-lg"),
    "head_approved": ("go", "hourglass-split"),
    "sent": ("way", "send"),
    "received": ("way", "inbox"),
    "verified": ("way", "ui-checks"),
    "registered": ("go", "journal-check"),
    "answered": ("way", "reply"),
    "returned": ("wait", "arrow-return-left"),
    "cancelled": ("off", "x-circle"),
    # a pension file
    "active": ("done", "check-circle"),
    "suspended": ("wait", "pause-circle"),
    "terminated": ("off", "slash-circle"),
    "moved": ("off", "box-arrow-right"),
    # flags
    "frozen": ("way", "lock"),
    "held": ("wait", "pause-circle"),
    "late": ("stop", "exclamation-triangle"),
    "soon": ("wait", "clock"),
    "in_time": ("draft", "clock"),
    "stopped": ("off", "pause-circle"),
    "waiting": ("wait", "hourglass-split"),
    "valid": ("done", "check-circle"),
    "void": ("off", "slash-circle"),
    # the health of the system
    "ok": ("done", "check-circle"),
    "watch": ("wait", "eye"),
    "bad": ("stop", "exclamation-triangle"),
}
TONES = {
    "info": "info-circle",
    "success": "check-circle",
    "warning": "exclamation-triangle",
    "error": "x-circle",
}
FRAME = '<svg class="icon{}" viewBox="0 0 16 16" fill="currentColor" aria-hidden="true">{}</svg>'


# --- icons ----------------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def drawing(name: str) -> str:
    """The inside of an icon's SVG, from the package that carries them; LookupError when there is none."""
    file = files("js_lib_bootstrap_icons") / "static" / "bootstrap-icons" / f"{name}.svg"
    if not re.fullmatch("[a-z0-9-]+", name) or not file.is_file():
        raise LookupError(f"no icon named {name!r}")
    return re.sub(r"\s+", " ", re.sub("</?svg[^>]*>", "", file.read_text())).strip()


@register.simple_tag
def icon(name: str) -> SafeString:
    """An inline drawing beside a word; it says nothing of its own to a screen reader."""
    turns = " icon-turns" if DIRECTIONAL.search(name) else ""
    return mark_safe(FRAME.format(turns, drawing(name)))  # noqa: S308 - from an installed package


# --- small pieces -----------------------------------------------------------------------------------------


@register.inclusion_tag("components/chip.html")
def chip(state: Any, label: Any) -> dict[str, Any]:
    """A state as colour, icon and word."""
    tone, drawn = LOOKS.get(str(state), ("draft", "circle"))
    return {"tone": tone, "icon": drawn, "label": label}


@register.inclusion_tag("components/button.html")
def button(label: Any, kind: str = "primary", icon: str = "", blocked: Any = "", **attributes: Any) -> dict[str, Any]:
    """A button that submits its form; `blocked` is the sentence that says why it can't be pressed."""
    said = {key.replace("_", "-"): value for key, value in attributes.items() if value not in (None, "")}
    return _pressed(label, kind, icon, blocked) | {"attributes": said}


def _pressed(label: Any, kind: str, icon: str, blocked: Any) -> dict[str, Any]:
    return {"label": label, "kind": kind, "icon": icon, "blocked": blocked, "id": short_id()}


@register.inclusion_tag("components/link_button.html")
def link_button(url: str, label: Any, kind: str = "secondary", icon: str = "", blocked: Any = "") -> dict[str, Any]:
    """A link that looks like a button; `blocked` as in `button`."""
    return _pressed(label, kind, icon, blocked) | {"url": url}


@register.inclusion_tag("components/fact.html")
def fact(label: Any, value: Any = "", wide: bool = False) -> dict[str, Any]:
    """A label and its value inside {% facts %}; an empty value says «not recorded»."""
    return {"label": label, "value": value, "is_empty": value in (None, ""), "wide": wide}


@register.inclusion_tag("components/empty.html")
def empty(title: Any, text: Any = "", icon: str = "inbox", url: str = "", label: Any = "") -> dict[str, Any]:
    """What stands where a list would: what is empty, and what to do."""
    return {"title": title, "text": text, "icon": icon, "url": url, "label": label}


@register.inclusion_tag("components/progress.html")
def progress(value: int, of: int, label: Any) -> dict[str, Any]:
    """How much of a counted job is done."""
    return {"value": value, "of": of, "label": label}


@register.inclusion_tag("components/timeline.html")
def timeline(events: Any, name: str = "") -> dict[str, Any]:
    """Events, each with: state, label, at, by, role, place, note; `is_coming` for a step not yet done.

    With a `name`, which no other timeline of the page has, a reader picks one of the events' kinds.
    """
    counted = Counter(event.kind for event in events) if name else Counter()
    kinds = [{"kind": kind, "label": kind.label, "count": counted[kind]} for kind in sorted(counted, key=_order)]
    return {"events": events, "name": name, "kinds": kinds if len(kinds) > 1 else []}


def _order(kind: Any) -> int:
    """Kinds as they are declared."""
    declared: Any = type(kind)
    return list(declared).index(kind)


@register.inclusion_tag("components/tabs.html")
def tabs(items: Any, label: Any) -> dict[str, Any]:
    """Links to the sections of this page: items with anchor, label and (optional) count."""
    return {"items": items, "label": label}


@register.inclusion_tag("components/pager.html")
def pager(page: Any) -> dict[str, Any]:
    """Next and previous of a `lib.paging.Page`."""
    return {"page": page}


@register.inclusion_tag("components/error_summary.html")
def error_summary(form: Any, *more: Any) -> dict[str, Any]:
    """What is wrong in these forms, each sentence a link to its field."""
    forms = [one for one in (form, *more) if one]
    return {"faults": [fault for one in forms for fault in faults_of(one)]}


def faults_of(form: Any) -> list[dict[str, Any]]:
    """The faults of a form or formset: sentence, label and anchor of the field; of a row, its number too."""
    if hasattr(form, "forms"):
        whole = [{"text": text} for text in form.non_form_errors()]
        return whole + [fault for number, one in enumerate(form.forms, 1) for fault in row_faults(one, number)]
    return [fault for name, texts in form.errors.items() for fault in field_faults(form, name, texts)]


def row_faults(form: Any, number: int) -> list[dict[str, Any]]:
    """The faults of a row of a formset; several rows have fields of one label."""
    row = _("row %(number)s") % {"number": fa(number)}
    return [fault | {"label": listed([row, fault["label"]]) if "label" in fault else row} for fault in faults_of(form)]


def field_faults(form: Any, name: str, texts: Any) -> list[dict[str, Any]]:
    """The faults of one field; of the form as a whole when it has no such field."""
    if name not in form.fields:
        return [{"text": text} for text in texts]
    place = {"label": form[name].label, "anchor": form[name].id_for_label or form[name].auto_id}
    return [place | {"text": text} for text in texts]


@register.simple_tag
def error_count(form: Any) -> int:
    """How many faults a form has."""
    return len(faults_of(form))


@register.filter
def message_tone(message: Any) -> str:
    """The tone of one of Django's messages."""
    return message.level_tag if message.level_tag in TONES else "info"


# --- pieces with a body -----------------------------------------------------------------------------------


def wrapped(name: str, content: str, **context: Any) -> SafeString:
    """A component around `content`, which Django has already escaped."""
    context["content"] = mark_safe(content)  # noqa: S308 - Django has escaped it
    return render_to_string(f"components/{name}.html", context)


@register.simple_block_tag
def alert(content: str, tone: str = "info", title: Any = "") -> SafeString:
    """A sentence that must be read: info, success, warning or error."""
    return wrapped("alert", content, tone=tone, title=title, icon=TONES[tone])


@register.simple_block_tag
def facts(content: str) -> SafeString:
    """A list of {% fact %}."""
    return wrapped("facts", content)


@register.simple_block_tag
def card(content: str, title: Any, id: str = "", ticked: Any = None, **options: Any) -> SafeString:
    """A section of a page; options: icon, tick_text, and its one action's url and label.

    `ticked` True or False shows whether the section was compared with the paper file.
    """
    options |= {"title": title, "id": id or short_id(), "ticked": ticked, "has_tick": ticked is not None}
    return wrapped("card", content, **options)


@register.simple_block_tag
def table(content: str, caption: Any, rows: bool = False, phone: str = "") -> SafeString:
    """A table in its scroll container around thead and tbody; `rows` lets j and k walk through it.

    `phone`, what a row becomes on one: "cards", every value after its cell's `data-label`; "lines", as on a bill.
    """
    return wrapped("table", content, caption=caption, rows=rows, phone=phone)


@register.simple_block_tag
def page_header(content: str, title: Any, path: Any = (), lead: Any = "") -> SafeString:
    """The page's heading under the directive's menu path (a list of texts); the body holds its actions."""
    return wrapped("page_header", content.strip(), title=title, path=path, lead=lead)


@register.simple_block_tag(takes_context=True)
def confirm_form(context: Any, content: str, **options: Any) -> str:
    """A POST form with its hidden command_id; options: action, seen, keep, main, files (see the README)."""
    request = context.get("request")
    came_back = is_answer_to(request, options.get("action", ""))
    body = {
        "content": mark_safe(content),  # noqa: S308 - Django has escaped it
        "command_id": command_id(request if came_back else None),
        "was_rejected": came_back,
    }
    return render_to_string("components/confirm_form.html", options | body, request)


def is_answer_to(request: Any, action: str) -> bool:
    """Whether the page answers this very form, and not another of its forms or a piece of the page."""
    posted = bool(request and request.method == "POST" and not getattr(request, "htmx", False))
    return posted and action in ("", request.path)


def command_id(request: Any) -> str:
    """The posted command id, kept while its form is being mended; a new one for a new form."""
    posted = request.POST.get("command_id", "") if request else ""
    try:
        return str(uuid.UUID(posted))
    except ValueError:
        return str(uuid.uuid4())


def short_id() -> str:
    """An id that is unique in the page."""
    return f"u{uuid.uuid4().hex[:8]}"


@register.filter
def attributes(values: dict[str, Any]) -> SafeString:
    """HTML attributes from a dict."""
    return format_html_join("", ' {}="{}"', values.items())
