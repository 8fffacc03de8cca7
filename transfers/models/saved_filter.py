"""The work queue as a person likes to narrow it, under a name of one's own."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from branches.models import User


class SavedFilterQuerySet(models.QuerySet["SavedFilter"]):
    def visible_to(self, user: User) -> "SavedFilterQuerySet":
        """Everybody's own, and nobody else's."""
        return self.filter(user=user)


class SavedFilter(models.Model):
    """A query of the work queue; one of a person's filters at most is the one the queue opens with."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+", verbose_name=_("user"))
    name = models.CharField(_("name of the filter"), max_length=40)
    query = models.CharField(max_length=200)
    is_default = models.BooleanField(_("opens with the work queue"), default=False)

    objects = SavedFilterQuerySet.as_manager()

    class Meta:
        verbose_name = _("saved filter")
        verbose_name_plural = _("saved filters")
        constraints = [
            models.UniqueConstraint(name="filter_name_once", fields=["user", "name"]),
            models.UniqueConstraint(name="one_default_filter", fields=["user"], condition=Q(is_default=True)),
        ]

    def __str__(self) -> str:
        return self.name
