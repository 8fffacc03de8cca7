from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BranchesConfig(AppConfig):
    """Who and what a branch holds: organisation, staff and roles, pension files, import."""

    name = "branches"
    verbose_name = _("Branches")
