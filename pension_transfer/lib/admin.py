"""Two kinds of admin pages: reference data for the center operator, and what is only looked at."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest


def has_role(request: HttpRequest, *roles: str) -> bool:
    """Whether the person has one of these roles today."""
    user: Any = request.user
    return bool(user.is_active and user.is_staff and set(roles) & user.roles)


class ReferenceAdmin(admin.ModelAdmin):
    """Kept by the center operator and by superusers; nothing is deleted, it ends.

    `fixed_fields` are written once: a changed key would make a second row instead of renaming the first.
    """

    fixed_fields: tuple[str, ...] = ()

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.fixed_fields if obj else ()

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        user: Any = request.user
        return user.is_superuser or has_role(request, "center_operator")

    has_add_permission = has_view_permission
    has_change_permission = has_view_permission

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyAdmin(admin.ModelAdmin):
    """Looked at by those whose role reaches the whole country; being superuser opens nothing here."""

    show_full_result_count = False

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return has_role(request, "center_operator", "auditor")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
