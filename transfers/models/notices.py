"""How far each person has been told, by each way that leaves the pages."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from branches.notice_kinds import Way


class Telling(models.Model):
    """One row a person and way: what came after `told_until` has not been told yet.

    `telling_until` stands while a message is on its way out. It is written before anything is sent, so that whoever
    was cut in between is never followed by a second message about the same.
    """

    OUTWARD = [(way.value, way.label) for way in (Way.EMAIL, Way.SMS)]

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="tellings", verbose_name=_("user"))
    way = models.CharField(_("way"), max_length=5, choices=OUTWARD)
    told_until = models.DateTimeField(_("told until"), default=timezone.now)
    telling_until = models.DateTimeField(_("being told until"), null=True)
    begun_at = models.DateTimeField(_("begun at"), null=True)
    next_at = models.DateTimeField(_("next at"), default=timezone.now)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)

    class Meta:
        verbose_name = _("telling of notices")
        verbose_name_plural = _("tellings of notices")
        constraints = [
            models.UniqueConstraint(name="telling_once", fields=["user", "way"]),
            models.CheckConstraint(
                name="telling_until_and_since",
                condition=models.Q(telling_until=None, begun_at=None)
                | models.Q(telling_until__gt=models.F("told_until"), begun_at__isnull=False),
            ),
        ]
        indexes = [models.Index(name="telling_next", fields=["next_at", "id"])]

    def __str__(self) -> str:
        return f"{self.user_id} {self.way}"
