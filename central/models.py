"""The shared tables through which branches exchange. Codes, bytes and receipts: nothing of a branch's own.

Written only by central.services and central.directory. Months are Jalali integers yyyymm, times UTC.
"""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import IntegerRangeField, RangeOperators
from django.db import models
from django.db.models import Q
from django.db.models.fields.json import KeyTextTransform
from django.utils.translation import gettext_lazy as _

from pension_transfer.lib.month_field import MonthField


class Directory(models.Model):
    """The branches that may exchange, each with the site that serves it; a closed one names its successor."""

    branch_code = models.CharField(_("branch code"), max_length=4, primary_key=True)
    name = models.CharField(_("name"), max_length=120)
    is_active = models.BooleanField(_("active"), default=True)
    succeeded_by = models.CharField(_("succeeded by"), max_length=4, blank=True)
    site = models.CharField(_("site"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("directory entry")
        verbose_name_plural = _("directory")
        ordering = ["branch_code"]

    def __str__(self) -> str:
        return f"{self.branch_code} {self.name}"


class Envelope(models.Model):
    """The sealed content of one version of one move. Append-only; its status is what its receipts say."""

    id = models.UUIDField(primary_key=True, editable=False)
    move = models.UUIDField(_("move"))
    version = models.PositiveSmallIntegerField(_("version"))
    tracking_number = models.CharField(_("tracking number"), max_length=13)
    pension_number = models.CharField(_("pension number"), max_length=10)
    origin = models.CharField(_("origin branch"), max_length=4)
    destination = models.CharField(_("destination branch"), max_length=4)
    last_paid_month = MonthField(_("last paid month"))
    body = models.TextField(_("content"))
    seal = models.CharField(_("seal"), max_length=64)
    # Empty where its site had no key yet: older envelopes stay readable for ever.
    key_id = models.CharField(_("signing key"), max_length=32, blank=True, default="", db_default="")
    signature = models.CharField(_("signature"), max_length=128, blank=True, default="", db_default="")
    deposited_at = models.DateTimeField(_("deposited at"), auto_now_add=True)

    signature_fault = ""  # as central.signing.look_at found it: bad_signature or unknown_key

    class Meta:
        verbose_name = _("envelope")
        verbose_name_plural = _("envelopes")
        constraints = [models.UniqueConstraint(name="envelope_version_once", fields=["move", "version"])]
        indexes = [
            models.Index(name="envelope_by_destination", fields=["destination", "deposited_at"]),
            models.Index(name="envelope_by_tracking", fields=["tracking_number"]),
            models.Index(name="envelope_by_pension", fields=["pension_number"]),
        ]

    def __str__(self) -> str:
        return f"{self.tracking_number} v{self.version}"


class Key(models.Model):
    """The public half of the key with which a site signs what it deposits. Kept as it is; retired once, for good.

    Ed25519: `public_key` is its 32 bytes in hexadecimal, `key_id` the beginning of their SHA-256.
    """

    key_id = models.CharField(_("signing key"), max_length=32, primary_key=True)
    site = models.CharField(_("site"), max_length=40)
    public_key = models.CharField(_("public key"), max_length=64)
    since = models.DateTimeField(_("since"), auto_now_add=True)
    retired_at = models.DateTimeField(_("retired at"), null=True, blank=True)

    class Meta:
        verbose_name = _("signing key")
        verbose_name_plural = _("signing keys")
        indexes = [models.Index(name="key_by_site", fields=["site"])]

    def __str__(self) -> str:
        return f"{self.key_id} {self.site}"


class Waiting(models.Model):
    """An envelope that its addressee has not taken yet: the queue, kept short whatever the history."""

    envelope = models.OneToOneField(Envelope, models.PROTECT, primary_key=True)
    destination = models.CharField(max_length=4)
    since = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("waiting envelope")
        verbose_name_plural = _("waiting envelopes")
        indexes = [models.Index(name="waiting_by_destination", fields=["destination", "since"])]

    def __str__(self) -> str:
        return str(self.envelope_id)


class Blob(models.Model):
    """The bytes of an attachment under their SHA-256, placed before the envelope that names it. Append-only.

    Read and written piece by piece (pension_transfer.lib.blobs); the database holds the bytes to their hash.
    """

    sha256 = models.CharField("SHA-256", max_length=64, primary_key=True)
    bytes = models.BinaryField(_("bytes"))

    class Meta:
        verbose_name = _("attachment's bytes")
        verbose_name_plural = _("attachments' bytes")

    def __str__(self) -> str:
        return self.sha256


MESSAGES = (
    "paper_sent", "paper_arrived", "question", "answer", "question_closed", "life_event", "held", "released",
    "follow_up", "follow_up_settled", "follow_up_withdrawn",
)  # fmt: skip

# Messages that belong together: each names in its body the key of what it is about.
ABOUT_A_QUESTION = ("question", "answer", "question_closed")
ABOUT_A_FOLLOW_UP = ("follow_up", "follow_up_settled", "follow_up_withdrawn")
ABOUT = {"question": ABOUT_A_QUESTION, "follow_up": ABOUT_A_FOLLOW_UP}


class Receipt(models.Model):
    """What a branch says about an envelope. Append-only; two of a kind, or both of a contest, cannot stand.

    Messages change no envelope's standing, so there may be several of a kind (DESIGN 11.5).
    """

    class Kind(models.TextChoices):
        RECEIVED = "received", _("received")
        VERIFIED = "verified", _("verified")
        REGISTERED = "registered", _("registered")
        ACTIVATED = "activated", _("activated")
        RETURNED = "returned", _("returned")
        WITHDRAWN = "withdrawn", _("withdrawn")
        CANCELLED = "cancelled", _("cancelled")
        # Messages: as many as there are, from either side; each is known by its key.
        PAPER_SENT = "paper_sent", _("paper file dispatched")
        PAPER_ARRIVED = "paper_arrived", _("paper file arrived")
        QUESTION = "question", _("question")
        ANSWER = "answer", _("answer")
        QUESTION_CLOSED = "question_closed", _("question closed")
        LIFE_EVENT = "life_event", _("life event")
        HELD = "held", _("held")
        RELEASED = "released", _("released")
        FOLLOW_UP = "follow_up", _("follow-up")
        FOLLOW_UP_SETTLED = "follow_up_settled", _("follow-up settled")
        FOLLOW_UP_WITHDRAWN = "follow_up_withdrawn", _("follow-up withdrawn")

    # No foreign key: a withdrawal may come before the deposit it forbids (DESIGN 11.3).
    envelope_id = models.UUIDField(_("envelope"))
    kind = models.CharField(_("kind"), max_length=24, choices=Kind)
    by_branch = models.CharField(_("by branch"), max_length=4)
    body = models.JSONField(_("content"), default=dict)
    key = models.UUIDField(_("key"), unique=True)
    at = models.DateTimeField(_("at"), auto_now_add=True)

    class Meta:
        verbose_name = _("receipt")
        verbose_name_plural = _("receipts")
        indexes = [
            models.Index(name="receipt_by_envelope", fields=["envelope_id"]),
            # What closed cases still hear: few among very many.
            models.Index(name="receipt_of_follow_ups", fields=["id"], condition=Q(kind__in=ABOUT_A_FOLLOW_UP)),
        ]
        constraints = [
            models.UniqueConstraint(
                name="receipt_once", fields=["envelope_id", "kind"], condition=~Q(kind__in=MESSAGES)
            ),
            models.UniqueConstraint(
                name="taken_or_withdrawn",
                fields=["envelope_id"],
                condition=Q(kind__in=["received", "withdrawn"]),
            ),
            models.UniqueConstraint(
                name="registered_or_returned",
                fields=["envelope_id"],
                condition=Q(kind__in=["registered", "returned"]),
            ),
            models.UniqueConstraint(
                "envelope_id",
                "kind",
                KeyTextTransform("question", "body"),
                name="said_once_of_a_question",
                condition=Q(kind__in=ABOUT_A_QUESTION),
            ),
            models.UniqueConstraint(
                "envelope_id",
                KeyTextTransform("follow_up", "body"),
                name="follow_up_opened_once",
                condition=Q(kind="follow_up"),
            ),
            models.UniqueConstraint(
                "envelope_id",
                KeyTextTransform("follow_up", "body"),
                name="settled_or_withdrawn",
                condition=Q(kind__in=["follow_up_settled", "follow_up_withdrawn"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.envelope_id}"


class Seat(models.Model):
    """One row per pension: who pays it, or which move or closure says why nobody does."""

    pension_number = models.CharField(_("pension number"), max_length=10, primary_key=True)
    payable_branch = models.CharField(_("payable branch"), max_length=4, null=True, blank=True)
    open_move = models.UUIDField(_("open move"), null=True, blank=True)
    closure = models.CharField(_("closure"), max_length=60, null=True, blank=True)
    version = models.PositiveIntegerField(_("version"), default=1)

    class Meta:
        verbose_name = _("seat")
        verbose_name_plural = _("seats")
        constraints = [
            models.CheckConstraint(
                name="seat_never_empty",
                condition=Q(payable_branch__isnull=False) | Q(open_move__isnull=False) | Q(closure__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.pension_number} {self.payable_branch or ''}"


class Custody(models.Model):
    """Which branch may pay a pension in which months: never two (exclusion constraint).

    A row is opened without an end and ended once; triggers keep it from anything else (DESIGN 6). `move` is the one
    that brought the pension here.
    """

    pension_number = models.CharField(_("pension number"), max_length=10)
    branch_code = models.CharField(_("branch code"), max_length=4)
    months = IntegerRangeField(_("months"))
    reason = models.CharField(_("reason"), max_length=60)
    move = models.UUIDField(_("move"), null=True, blank=True)
    at = models.DateTimeField(_("at"), auto_now_add=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    ended_reason = models.CharField(_("why it ended"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("custody")
        verbose_name_plural = _("custody")
        indexes = [
            models.Index(name="custody_by_branch", fields=["branch_code", "pension_number"]),
            models.Index(name="custody_ended", fields=["branch_code", "ended_at"], condition=Q(ended_at__isnull=False)),
        ]
        constraints = [
            ExclusionConstraint(
                name="one_payer_a_month",
                expressions=[("pension_number", RangeOperators.EQUAL), ("months", RangeOperators.OVERLAPS)],
            )
        ]

    def __str__(self) -> str:
        return f"{self.pension_number} {self.branch_code} {self.months}"
