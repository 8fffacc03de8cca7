"""What every page shows around its content: the directive's menu, how much waits, whether the center answers."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db.models import Count, Exists, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from branches.models import User
from branches.roles import MATRIX, Action
from pension_transfer.lib.calendar import today
from pension_transfer.lib.months import Month
from transfers import exchange, notices, nowhere
from transfers.models import Crossing, FollowUp, Job, StuckItem, TransferCase

PATIENCE = dt.timedelta(seconds=5)  # a step that needs longer than this to reach the center is shown as waiting
FRESH = 15  # seconds for which the menu's count at the center, or the news that it is down, may be old
DOWN = "center:down"


@dataclass(frozen=True)
class Item:
    """A page in the menu; shown to those whose role has `action` somewhere."""

    title: Any
    url_name: str
    action: str | tuple[str, ...] = ""  # one of them is enough
    count: Callable[[HttpRequest], int] | None = None
    pages: tuple[str, ...] = ()  # url names at which it is the current one
    for_staff: bool = False  # the admin's own condition


LONG_TERM = _("Long-term obligations")
FACILITIES = _("Other facilities")
PAYERS = (Action.RUN_PAYROLL, Action.OVERSEE)  # who pays, and who looks after those who pay
ORDERING = (Action.APPROVE_HEAD, Action.RECEIVE, Action.REASSIGN)  # what is ordered for many cases at once
CONTROL = _("Long-term obligations - Pensioner status control")


def _my_turn(request: HttpRequest) -> int:
    return int(pending(request)["turn"])


def _overdue(request: HttpRequest) -> int:
    return int(pending(request)["overdue"])


def _to_settle(request: HttpRequest) -> int:
    return int(pending(request)["follow_ups"])


def _nowhere(request: HttpRequest) -> int:
    return int(pending(request)["nowhere"])


def _stuck(request: HttpRequest) -> int:
    return int(pending(request)["stuck"])


def _jobs(request: HttpRequest) -> int:
    return int(pending(request)["jobs"])


def _waiting(request: HttpRequest) -> int:
    return waiting_count(person(request))


MENU: tuple[tuple[tuple[Any, ...], tuple[Item, ...]], ...] = (
    (
        (_("My work"),),
        (
            Item(_("Work queue"), "cartable", count=_my_turn),
            Item(_("Notices"), "notices", pages=("notice_choices",)),
            Item(_("Overdue"), "overdue", Action.OVERSEE, count=_overdue),
            Item(_("Overview"), "overview", Action.SEE_OVERVIEW),
            Item(_("Workload"), "workload", Action.REASSIGN),
            Item(_("Group jobs"), "job_list", ORDERING, count=_jobs, pages=("job",)),
            Item(_("Follow-ups after the transfer"), "follow_ups", Action.VIEW_CASES, count=_to_settle),
            Item(_("Stuck items"), "stuck_list", Action.VIEW_STUCK, _stuck, pages=("stuck_item",)),
            Item(_("Reconciliation"), "reconcile", Action.VIEW_RECONCILIATION),
            Item(_("Health of the system"), "health", Action.VIEW_HEALTH),
        ),
    ),
    (
        (LONG_TERM, FACILITIES),
        (
            Item(_("Case referral"), "referral", Action.REFER, pages=("refer",)),
            Item(
                _("Pension case transfer"), "case_list", Action.VIEW_CASES,
                pages=(
                    "case", "case_version", "comparison", "decrees", "case_step",
                    "case_sheet", "case_letter", "case_receipt",
                ),
            ),
            Item(
                _("Receive from the center"), "receive_list", Action.RECEIVE, _waiting,
                pages=("paper_arrival", "paper_set_aside"),
            ),
        ),
    ),
    ((CONTROL,), (Item(_("Approve mechanized transfer of pension case"), "send_list", Action.APPROVE_HEAD),)),
    (
        (_("Payment"),),
        (
            Item(_("Payer of a pension"), "who_pays", PAYERS),
            Item(_("Payroll list"), "payroll", PAYERS, pages=("payroll_record",)),
            Item(_("Pensions that nobody pays"), "payable_nowhere", PAYERS, _nowhere),
        ),
    ),
    (
        (_("Staff"),),
        (Item(_("Stand-ins"), "stand_in_list", Action.GRANT_STAND_IN, pages=("stand_in_end",)),),
    ),
    (
        (_("Files and tracking"),),
        (
            Item(_("Pension files"), "file_list", Action.VIEW_FILES, pages=("file", "file_correct", "file_remove")),
            Item(_("Reminders"), "reminder_list", Action.VIEW_FILES, pages=("reminder_settle",)),
            Item(
                _("Take in the old system's export"),
                "import_list",
                Action.IMPORT_FILES,
                pages=("import_new", "import_batch"),
            ),
            Item(_("Tracking"), "tracking"),
            Item(_("Reference data"), "admin:index", for_staff=True),
            Item(_("Help"), "help", pages=("help_states", "help_roles", "tour", "practice")),
        ),
    ),
)  # fmt: skip


def workplace(request: HttpRequest) -> dict[str, Any]:
    """Context of every page; read from the database only where a page prints it."""
    is_training = settings.TRAINING
    around: dict[str, Any] = {"is_demo": settings.DEMO and not is_training, "is_training": is_training}
    if not getattr(request, "user", None) or not request.user.is_authenticated:
        return around
    return around | {
        "home_url": reverse("cartable"),
        "menu": SimpleLazyObject(lambda: menu(request)),
        "news": SimpleLazyObject(lambda: news(request)),
        "center_waiting": SimpleLazyObject(lambda: pending(request)["late"]),
        "jobs_under_way": SimpleLazyObject(lambda: pending(request)["jobs"]),
    }


def person(request: HttpRequest) -> User:
    """Who is signed in."""
    assert isinstance(request.user, User)  # noqa: S101 - LoginRequiredMiddleware let nobody else pass
    return request.user


# --- menu -------------------------------------------------------------------------------------------


def menu(request: HttpRequest) -> list[dict[str, Any]]:
    """The directive's menu with what this person's roles can use."""
    here = request.resolver_match.url_name if request.resolver_match else ""
    groups = [
        {"title": "/ ".join(str(step) for step in path), "items": _items(request, here, items)} for path, items in MENU
    ]
    return [group for group in groups if group["items"]]


def _items(request: HttpRequest, here: str | None, items: tuple[Item, ...]) -> list[dict[str, Any]]:
    user = person(request)
    usable = [item for item in items if _opens(user, item) and (user.is_staff or not item.for_staff)]
    shown = [_shown(request, item, here) for item in usable]
    return [item for item in shown if item["url"]]


def _opens(user: User, item: Item) -> bool:
    actions = (item.action,) if isinstance(item.action, str) else item.action
    return any(not action or user.roles & MATRIX[Action(action)] for action in actions)


def _shown(request: HttpRequest, item: Item, here: str | None) -> dict[str, Any]:
    return {
        "title": item.title,
        "url": url_of(item.url_name),
        "is_current": here in (item.url_name, *item.pages),
        "count": item.count(request) if item.count else 0,
    }


def url_of(name: str, *args: Any) -> str:
    """The address of a page, or nothing when this installation has no such page."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


def menu_path(url_name: str) -> list[str]:
    """Where a page stands in the menu, as the directive writes it."""
    return next([str(step) for step in path] for path, items in MENU if url_name in {item.url_name for item in items})


# --- the center -------------------------------------------------------------------------------------


def branches_where(user: User, action: str) -> list[str]:
    """Codes of the branches at which this person may do `action` for the branch itself."""
    roles = MATRIX[Action(action)]
    return [a.branch_id for a in user.current_appointments if a.branch_id and a.role in roles]


def envelopes_for(codes: list[str]) -> list[Any]:
    """The envelopes that wait for these branches, asked now; Unreachable, which is remembered for a moment.

    A center that hangs costs a page three seconds: one page a while, not every page.
    """
    if cache.get(DOWN):
        raise exchange.Unreachable("asked a moment ago")
    try:
        found = exchange.waiting(codes)
    except exchange.Unreachable:
        cache.set(DOWN, True, FRESH)
        raise
    cache.set(_key(codes), len(found), FRESH)
    return found


def waiting_count(user: User) -> int:
    """How many envelopes wait for this person's branches; asked of the center a few times a minute at most."""
    codes = branches_where(user, Action.RECEIVE)
    known = cache.get(_key(codes)) if codes else 0
    try:
        return int(known) if known is not None else len(envelopes_for(codes))
    except exchange.Unreachable:
        return 0


def pending(request: HttpRequest) -> dict[str, Any]:
    """`turn`: how many cases wait for this person; `overdue`: how many this person has to look after; `follow_ups`:
    how many this person has to settle, `follow_ups_late` of them past their day; `nowhere`: how many moves of these
    branches keep a pension from being paid; `stuck`: how many items
    wait for a person's decision; `news` and `news_stuck`:
    how many notices are new, where any can be; `jobs`: how many group jobs of this person are under way; `late`:
    whether a step of the branch waits for the center."""
    held: dict[str, Any] | None = getattr(request, "pending", None)
    if held is None:
        held = _pending(person(request))
        request.pending = held  # type: ignore[attr-defined] # read once a request
    return held


def news(request: HttpRequest) -> int:
    """The number at the bell: what is new for this person since the last look."""
    return int(pending(request).get("news", 0)) + int(pending(request).get("news_stuck", 0))


def _pending(user: User) -> dict[str, Any]:
    codes = sorted({a.branch_id for a in user.current_appointments if a.branch_id})
    late = Crossing.objects.filter(state="open", branch__in=codes, created_at__lt=timezone.now() - PATIENCE)
    to_settle = FollowUp.objects.to_settle(user)
    counts: dict[str, Any] = {
        "turn": TransferCase.objects.turn_of(user), "overdue": TransferCase.objects.overseen_by(user),
        "follow_ups": to_settle, "follow_ups_late": to_settle.late(),
        "nowhere": nowhere.moves(user, Month.of(today())),
        "stuck": StuckItem.objects.visible_to(user).waiting(),
        "jobs": Job.objects.visible_to(user).under_way(),
        **notices.to_count(user),
    }  # fmt: skip
    asked = {name: Coalesce(Subquery(_number_of(rows)), 0) for name, rows in counts.items()}
    return User.objects.filter(pk=user.pk).annotate(late=Exists(late), **asked).values("late", *asked).get()


def _number_of(rows: Any) -> Any:
    return rows.order_by().values(one=Value(1)).annotate(n=Count("pk")).values("n")


def _key(codes: list[str]) -> str:
    return f"waiting:{','.join(sorted(codes))}"
