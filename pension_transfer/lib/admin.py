"""The admin's door, and its two kinds of pages: reference data, and what is only looked at."""

from functools import update_wrapper
from typing import Any

from django.contrib import admin
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import FieldDoesNotExist, PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from pension_transfer.lib.templatetags.persian import jalali, jalali_time


class Site(admin.AdminSite):
    """Entered through the product's own sign-in; who is signed in and may not enter is told so."""

    @login_not_required
    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return redirect_to_login(request.GET.get(REDIRECT_FIELD_NAME) or reverse("admin:index"))

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        inner = super().admin_view(view, cacheable)

        def entered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.user.is_authenticated and not self.has_permission(request):
                raise PermissionDenied
            return inner(request, *args, **kwargs)

        return update_wrapper(entered, inner)


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

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return [self._column(name) for name in self.list_display]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return [self._column(name) for name in super().get_fields(request, obj)]

    def _column(self, name: Any) -> Any:
        """The field itself, or what shows it as a Jalali day."""
        try:
            field = self.opts.get_field(name)
        except FieldDoesNotExist:
            return name
        return jalali_column(field) if isinstance(field, models.DateField) else name

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


def jalali_column(field: Any) -> Any:
    """What shows a date field as a Jalali day."""
    show = jalali_time if isinstance(field, models.DateTimeField) else jalali

    @admin.display(description=field.verbose_name, ordering=field.name, empty_value="—")
    def column(row: Any) -> str:
        return show(getattr(row, field.name))

    column.__name__ = field.name
    return column
