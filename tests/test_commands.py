"""Every POST with an effect carries a command: without one nothing is done, and the same one has one effect (D3)."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from branches.models import Appointment, ImportBatch, User
from branches.roles import Action
from pension_transfer.lib import calendar
from tests.branches import legacy
from tests.branches.correcting import CONTACT
from tests.branches.test_reminders import remind
from tests.cast import LAST_PAID, MOVE, PAPER, Walk, make_file
from tests.pages import as_, command
from transfers.models import PaperArrival, StuckItem
from transfers.states import Side, State

pytestmark = pytest.mark.django_db(databases="__all__")
HARMLESS = {  # POSTs without a command, and why
    "sign_in": "begins a session of one's own",
    "sign_out": "ends it",
    "password_change": "asks for the old password; pressed again it is refused",
    "digest_choice": "sets one's own switch; set again it stands as it stood",
    "notices": "marks as read what one was shown; marked again it stands as it stood",
    "notice_choices": "sets one's own switches",
    "tour": "puts away one's own tour",
    "set_language": "sets one's own switch",
    "choose_look": "sets one's own switch",
    "referral": "looks for a file",
    "search": "looks for files and moves",
    "tracking": "looks for a case; what is typed stays out of the address and the logs",
    "public_tracking": "tells where a file is; a try in vain is counted, each time",
    "file_list": "looks for files",
    "who_pays": "asks who pays",
    "filter_save": "keeps one's own filter; kept again it stands as it stood",
    "filter_remove": "forgets one's own filter; one that is gone stays gone",
    "job_advance": "asks how far a job is, and carries on what was ordered, each item under its own command",
    "api_payments": "asks who pays, for many",
}
ADMIN = "admin"  # the center operator's reference data: Django's own forms


@dataclass(frozen=True)
class Post:
    """Who presses what, with everything that it needs but the command."""

    by: User
    url: str
    data: dict[str, Any]
    is_json: bool = False

    def press(self, key: uuid.UUID | None) -> Any:
        data = self.data | ({"command_id": str(key)} if key else {})
        data = {name: value() if callable(value) else value for name, value in data.items()}
        return as_(self.by).post(self.url, data, **({"content_type": "application/json"} if self.is_json else {}))


# --- one for each address -------------------------------------------------------------------------------------


def _take(walk: Walk) -> dict[str, Any]:
    case = walk.to(State.DRAFT)
    return {"action": "take", "case": case.pk, f"seen-{case.pk}": case.trail_length}


def _receiving(walk: Walk) -> str:
    return str(walk.to(State.SENT).envelope_id)


def _refer(walk: Walk) -> Post:
    return Post(walk.clerk, reverse("refer", args=[walk.file.pk]), MOVE)


def _step(walk: Walk) -> Post:
    case = walk.to(State.DRAFT)
    data = {"reason": "مدرک ناقص است", "seen": case.trail_length}
    return Post(walk.officer, reverse("case_step", args=[case.pk, "send_back"]), data)


def _judge(walk: Walk) -> Post:
    case = walk.to(State.RECEIVED, Side.DESTINATION)
    data = {"match": "|contact", "content": case.content_hash}
    return Post(walk.staff, reverse("comparison", args=[case.pk]), data)


def _send(walk: Walk) -> Post:
    case = walk.to(State.TECHNICALLY_APPROVED)
    return Post(walk.head, reverse("send_list"), {"case": case.pk, f"hash-{case.pk}": case.content_hash})


def _reassign(walk: Walk) -> Post:
    case = walk.to(State.DRAFT)
    to = walk.officer.username
    data = {"action": "reassign", "case": case.pk, "to": to, "reason": "نوبت", f"seen-{case.pk}": case.trail_length}
    return Post(walk.head, reverse("workload"), data)


def _arrival(walk: Walk) -> Post:
    return Post(walk.staff, reverse("paper_arrival"), PAPER | {"number": "7000000001"})


def _set_aside(walk: Walk) -> Post:
    as_(walk.staff).post(reverse("paper_arrival"), command() | PAPER | {"number": "7000000001"})
    lying = PaperArrival.objects.get()
    return Post(walk.staff, reverse("paper_set_aside", args=[lying.pk]), {"reason": "اشتباه بود"})


def _payroll(walk: Walk) -> Post:
    make_file(walk.cast.origin, 5, last_paid_month=LAST_PAID - 1)
    return Post(walk.officer, f"{reverse('payroll_record')}?branch=0801&month={int(LAST_PAID)}", {})


def _correct(walk: Walk) -> Post:
    data = CONTACT | {"seen": walk.file.content_version}
    return Post(walk.clerk, reverse("file_correct", args=[walk.file.pk, "contact"]), data)


def _remove(walk: Walk) -> Post:
    row = walk.file.deductions.get()
    data = {"reason": "تسویه شد", "seen": walk.file.content_version}
    return Post(walk.clerk, reverse("file_remove", args=[walk.file.pk, "deduction", row.pk]), data)


def _close(walk: Walk) -> Post:
    data = {"cause": "death", "on": calendar.show_date(calendar.today()), "reason": "گواهی فوت"}
    url = reverse("file_standing", args=[walk.file.pk, Action.CLOSE_FILE])
    return Post(walk.officer, url, data | {"seen": walk.file.content_version})


def _grant(walk: Walk) -> Post:
    office = Appointment.objects.get(user=walk.clerk)
    data = {"office": office.pk, "user": walk.officer.pk, "reason": "مرخصی"}
    days = dict.fromkeys(("since", "until"), calendar.show_date(calendar.today()))
    return Post(walk.head, reverse("stand_in_list"), data | days)


def _end(walk: Walk) -> Post:
    assert _grant(walk).press(uuid.uuid4()).status_code == 302
    stand_in = Appointment.objects.exclude(stands_in_for=None).get()
    return Post(walk.head, reverse("stand_in_end", args=[stand_in.pk]), {"reason": "بازگشت"})


def _settle(walk: Walk) -> Post:
    reminder = remind(walk.file, -1)
    return Post(walk.clerk, reverse("reminder_settle", args=[reminder.pk]), {"note": "انجام شد"})


def _stuck(walk: Walk) -> Post:
    tried = {
        "code": "KeyError",
        "why": "KeyError",
        "tries": 5,
        "last_at": timezone.now(),
        "set_aside_at": timezone.now(),
    }
    item = StuckItem.objects.create(kind="receipt", ref="x", branch=walk.cast.origin, **tried)
    return Post(walk.head, reverse("stuck_item", args=[item.pk]), {"press": "retry"})


def _import(walk: Walk) -> Post:
    return Post(
        walk.head, reverse("import_new"), {"branch": "0801", "file": lambda: SimpleUploadedFile("x.zip", ZIP[0])}
    )


def _start(walk: Walk) -> Post:
    batch = ImportBatch.objects.create(
        branch=walk.cast.origin, by=walk.head, state=ImportBatch.State.CHECKED, accepted=1
    )
    return Post(walk.head, reverse("import_start", args=[batch.pk]), {})


def _api_refer(walk: Walk) -> Post:
    return Post(walk.clerk, reverse("api_cases"), {"pension_file": walk.file.pk, "data": MOVE}, True)


def _api_step(walk: Walk) -> Post:
    case = walk.to(State.DRAFT)
    url = reverse("api_step", args=[case.pk, "send_back"])
    return Post(walk.officer, url, {"data": {"reason": "مدرک ناقص است"}}, True)


def _api_receive(walk: Walk) -> Post:
    return Post(walk.staff, reverse("api_receive", args=[_receiving(walk)]), {"branch": "1001"}, True)


def _api_payroll(walk: Walk) -> Post:
    _payroll(walk)
    return Post(walk.officer, reverse("api_payroll"), {"branch": "0801", "month": str(int(LAST_PAID))}, True)


POSTS: dict[str, Callable[[Walk], Post]] = {
    "refer": _refer,
    "case_step": _step,
    "comparison": _judge,
    "decrees": _judge,
    "send_list": _send,
    "receive_list": lambda walk: Post(walk.staff, reverse("receive_list"), {"envelope": _receiving(walk)}),
    "cartable": lambda walk: Post(walk.officer, reverse("cartable"), _take(walk)),
    "workload": _reassign,
    "paper_arrival": _arrival,
    "paper_set_aside": _set_aside,
    "payroll_record": _payroll,
    "file_correct": _correct,
    "file_remove": _remove,
    "file_standing": _close,
    "stand_in_list": _grant,
    "stand_in_end": _end,
    "reminder_settle": _settle,
    "stuck_item": _stuck,
    "import_new": _import,
    "import_start": _start,
    "api_cases": _api_refer,
    "api_step": _api_step,
    "api_receive": _api_receive,
    "api_payroll": _api_payroll,
}
ZIP: list[bytes] = []


# --- the two tables are whole -----------------------------------------------------------------------------------


def _patterns(resolver: Any) -> Iterator[URLPattern]:
    for one in resolver.url_patterns:
        if isinstance(one, URLResolver):
            yield from _patterns(one) if one.namespace != ADMIN else ()
        else:
            yield one


ARGUMENTS = {
    "pk": 10**9,
    "number": 1,
    "row": 1,
    "action": "x",
    "section": "contact",
    "name": "x",
    "year": 1405,
    "month": 9,
}


def _takes_posts(client: Client, pattern: URLPattern) -> bool:
    """Whether an address takes a POST at all: the others answer 405, to whatever."""
    args = {name: ARGUMENTS.get(name, uuid.uuid4()) for name in pattern.pattern.converters}
    if args.get("pk") and "uuid" in str(pattern.pattern).split(":")[0]:
        args["pk"] = uuid.uuid4()
    return client.post(reverse(str(pattern.name), kwargs=args)).status_code != 405


def test_every_address_that_takes_a_post_is_known(walk: Walk) -> None:
    named = [one for one in _patterns(get_resolver()) if one.name]
    client = as_(walk.head)
    named.sort(key=lambda one: one.name == "sign_out")  # after it nobody is signed in any more
    found = {str(one.name) for one in named if _takes_posts(client, one)}
    assert found == set(POSTS) | set(HARMLESS)


# --- and every one of them keeps to it ----------------------------------------------------------------------------


def _rows() -> dict[str, int]:
    """How many rows there are of everything, and what the cases and files say of themselves."""
    counted = [model for model in apps.get_models() if model._meta.app_label not in {"sessions", "axes"}]
    return {model._meta.label: model._default_manager.count() for model in counted}


@pytest.fixture
def media(tmp_path: Path, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    ZIP[:] = [legacy.zipped(tmp_path / "export.zip", legacy.write(tmp_path / "x", legacy.read())).read_bytes()]


@pytest.mark.parametrize("name", [name for name in POSTS if name != "decrees"])  # which is the comparison's page
def test_without_a_command_nothing_is_done_and_the_same_again_has_one_effect(
    walk: Walk, name: str, media: None
) -> None:
    post, key = POSTS[name](walk), uuid.uuid4()
    before = _rows()
    refused = post.press(None)
    assert refused.status_code in (400, 422) and _rows() == before
    first = post.press(key)
    after = _rows()
    assert first.status_code in (200, 201, 302), first.content.decode()[:2000]
    again = post.press(key)
    assert (again.status_code, _rows()) == (first.status_code, after)
    assert again.headers.get("Location") == first.headers.get("Location")
