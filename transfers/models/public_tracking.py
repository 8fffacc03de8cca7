"""How often the public tracking page was asked in vain; kept in the database, so that it holds across processes."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class VainTry(models.Model):
    """The tries in vain of one address, or at one tracking number, in the window that ends at `until`.

    `key` is a keyed hash of what is counted: neither the address nor the number can be read from it.
    """

    key = models.CharField(max_length=64, primary_key=True)
    tries = models.PositiveIntegerField(_("tries"), default=0)
    until = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("try in vain at public tracking")
        verbose_name_plural = _("tries in vain at public tracking")

    def __str__(self) -> str:
        return f"{self.key[:8]}: {self.tries}"
