"""Administrations and branches, as the center's directory knows them."""

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from pension_transfer.lib.persian import fold, sort_key
from pension_transfer.lib.validation import digits


class Administration(models.Model):
    """A provincial general administration (اداره کل استان); Tehran has three."""

    code = models.CharField(_("code"), max_length=2, primary_key=True, validators=[digits(2)])
    name = models.CharField(_("name"), max_length=120)
    name_en = models.CharField(_("name in English"), max_length=120)
    province = models.CharField(_("province"), max_length=60)

    class Meta:
        verbose_name = _("provincial administration")
        verbose_name_plural = _("provincial administrations")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class BranchQuerySet(models.QuerySet["Branch"]):
    def here(self) -> "BranchQuerySet":
        """The branches that this site serves; the others are known by their names only."""
        return self.filter(site=settings.SITE)

    def elsewhere(self) -> "BranchQuerySet":
        """Those that another site is known to serve; what this one holds of them is history."""
        return self.exclude(site__in=["", settings.SITE])


class Branch(models.Model):
    """A branch (شعبه): keeps pension files and pays them. Its code is text: leading zeros count.

    `site`: the one that serves it. `succeeded_by` is the branch that stands at the end of its line today, and
    `predecessors` are the codes of those whose place this one took: who works here works for them, too.
    """

    code = models.CharField(_("branch code"), max_length=4, primary_key=True, validators=[digits(4)])
    administration = models.ForeignKey(Administration, models.PROTECT, verbose_name=_("administration"))
    name = models.CharField(_("name"), max_length=120)
    name_en = models.CharField(_("name in English"), max_length=120)
    city = models.CharField(_("city"), max_length=60)
    is_active = models.BooleanField(_("active"), default=True)
    site = models.CharField(_("site"), max_length=40, blank=True, editable=False)
    succeeded_by = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="+", editable=False, verbose_name=_("succeeded by")
    )
    predecessors = ArrayField(models.CharField(max_length=4), default=list, editable=False)
    sort_key = models.CharField(max_length=240, editable=False, db_collation="C")
    search_key = models.CharField(max_length=400, editable=False)

    objects = BranchQuerySet.as_manager()

    class Meta:
        verbose_name = _("branch")
        verbose_name_plural = _("branches")
        ordering = ["sort_key"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_here(self) -> bool:
        """Whether this site serves it."""
        return bool(self.site == settings.SITE)

    @property
    def is_elsewhere(self) -> bool:
        """Whether another site is known to serve it."""
        return self.site not in ("", settings.SITE)

    @property
    def current(self) -> "Branch":
        """Who answers for this branch today: itself, or its successor."""
        return self.succeeded_by or self

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.set_keys()
        super().save(*args, **kwargs)

    def set_keys(self) -> None:
        """Recompute what sorting and searching use; bulk writers call it themselves."""
        self.sort_key = sort_key(self.name)
        self.search_key = fold(f"{self.code}{self.name}{self.city}")
