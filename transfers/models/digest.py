"""Who was written to on which day."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from pension_transfer.lib.calendar import today


class Digest(models.Model):
    """The daily digest of a person, at most one a day; the constraint is the rule."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="digests", verbose_name=_("user"))
    day = models.DateField(_("day"), default=today)
    sent_at = models.DateTimeField(_("sent at"), auto_now_add=True)

    class Meta:
        verbose_name = _("daily digest")
        verbose_name_plural = _("daily digests")
        constraints = [models.UniqueConstraint(name="one_digest_a_day", fields=["user", "day"])]

    def __str__(self) -> str:
        return f"{self.user_id} {self.day}"
