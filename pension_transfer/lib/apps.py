from django.apps import AppConfig
from django.contrib.admin import apps as admin


class LibConfig(AppConfig):
    """Shared small things (Persian text, calendar, components); imports no other app."""

    name = "pension_transfer.lib"
    label = "lib"


class Admin(admin.AdminConfig):
    default = False
    default_site = "pension_transfer.lib.admin.Site"
