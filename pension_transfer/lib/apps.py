from django.apps import AppConfig


class LibConfig(AppConfig):
    """Shared small things (Persian text, calendar, components); imports no other app."""

    name = "pension_transfer.lib"
    label = "lib"
