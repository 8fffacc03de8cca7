from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CentralConfig(AppConfig):
    """The shared tables through which branches exchange; knows codes, bytes and receipts only."""

    name = "central"
    verbose_name = _("Center")
