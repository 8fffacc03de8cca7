"""Questions that the destination asks about a received file, and the origin's answers (پرسش و پاسخ)."""

from django.db import models
from django.db.models import Count, Exists, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from pension_transfer.lib import calendar
from transfers.models.case import TransferCase, TransferCaseQuerySet


class QuestionQuerySet(models.QuerySet["Question"]):
    def open(self) -> "QuestionQuerySet":
        """Those that still bar the way: not answered, or answered and not yet closed."""
        return self.filter(closed_at=None)


def with_open_questions(cases: TransferCaseQuerySet) -> TransferCaseQuerySet:
    """The cases with how many of their questions are open, and whether any was asked: no query for each row."""
    asked = Question.objects.filter(case=OuterRef("pk")).order_by()
    counted = asked.open().values("case").annotate(n=Count("pk")).values("n")
    return cases.annotate(questions_counted=Coalesce(Subquery(counted), 0), was_asked=Exists(asked))


class Question(models.Model):
    """A question about one field, or about the whole case where `path` is empty. Each branch keeps its own row (D1).

    `key` is the same at both; what belongs to an answer, as its attachments, is tied to it. People stand here by
    their names of that day: the other branch may be of another site.
    """

    class How(models.TextChoices):
        """How a question came to its end."""

        SETTLED = "settled", _("closed after the answer")
        WITHDRAWN = "withdrawn", _("withdrawn without an answer")
        RETURNED = "returned", _("closed by the return to the origin")
        REGISTERED = "registered", _("closed by the registration")
        CANCELLED = "cancelled", _("closed by the end of the move")
        REFUSED = "refused", _("not taken by the center")

    case = models.ForeignKey(TransferCase, models.PROTECT, related_name="questions")
    key = models.UUIDField(_("key of the question"))
    path = models.CharField(_("field"), max_length=200, blank=True)
    text = models.CharField(_("question"), max_length=500)
    due_on = models.DateField(_("answer due on"))
    asked_by = models.CharField(_("asked by"), max_length=130)
    asked_at = models.DateTimeField(_("asked at"))
    answer = models.CharField(_("answer"), max_length=1000, blank=True)
    answered_by = models.CharField(_("answered by"), max_length=130, blank=True)
    answered_at = models.DateTimeField(_("answered at"), null=True)
    how = models.CharField(_("how it closed"), max_length=10, choices=How, blank=True)
    closed_by = models.CharField(_("closed by"), max_length=130, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True)

    objects = QuestionQuerySet.as_manager()

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(name="question_once", fields=["case", "key"]),
            models.CheckConstraint(name="question_says_something", condition=~Q(text="") & ~Q(asked_by="")),
            models.CheckConstraint(
                name="answer_has_who_and_when",
                condition=Q(answer="", answered_by="", answered_at=None)
                | ~Q(answer="") & ~Q(answered_by="") & Q(answered_at__isnull=False),
            ),
            models.CheckConstraint(
                name="closing_has_how_and_when",
                condition=Q(how="", closed_by="", closed_at=None) | ~Q(how="") & Q(closed_at__isnull=False),
            ),
            models.CheckConstraint(
                name="settled_after_an_answer", condition=~Q(how="settled") | Q(answered_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.key}"

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    @property
    def is_answered(self) -> bool:
        return self.answered_at is not None

    @property
    def is_overdue(self) -> bool:
        """Whether the day has passed on which the answer was due, and there is none."""
        return self.is_open and not self.is_answered and self.due_on < calendar.today()
