"""Which database holds which tables: the center's behind its own alias, everything else at the site."""

from typing import Any

from django.conf import settings


class CenterRouter:
    """Sends the app `central` to `settings.CENTER`; no relation may cross."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return settings.CENTER if model._meta.app_label == "central" else "default"

    db_for_write = db_for_read

    def allow_relation(self, one: Any, other: Any, **hints: Any) -> bool:
        return (one._meta.app_label == "central") == (other._meta.app_label == "central")

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == (settings.CENTER if app_label == "central" else "default")
