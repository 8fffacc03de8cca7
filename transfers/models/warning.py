"""The warnings of a draft that somebody of the branch has answered for."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from transfers.models.case import TransferCase


class Acknowledgement(models.Model):
    """Why a warning does not stop the move, and who says so. It holds as long as what was looked at is the same."""

    case = models.ForeignKey(TransferCase, models.PROTECT, related_name="acknowledgements")
    path = models.CharField(_("field"), max_length=200)
    code = models.CharField(_("code"), max_length=24)
    value = models.TextField(_("value looked at"))
    note = models.CharField(_("note"), max_length=300)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("acknowledgement")
        verbose_name_plural = _("acknowledgements")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(name="acknowledged_once", fields=["case", "path", "code"]),
            models.CheckConstraint(name="acknowledged_with_a_note", condition=~Q(note="")),
        ]

    def __str__(self) -> str:
        return f"{self.path} {self.code}"
