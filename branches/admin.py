"""The center operator's reference data: administrations, branches, people, appointments."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.http import HttpRequest

from branches.models import Administration, Appointment, Branch, User
from pension_transfer.lib.admin import ReferenceAdmin


@admin.register(Administration)
class AdministrationAdmin(ReferenceAdmin):
    list_display = ("code", "name", "province")


@admin.register(Branch)
class BranchAdmin(ReferenceAdmin):
    list_display = ("code", "name", "city", "administration", "is_active")
    list_filter = ("is_active", "administration")
    list_select_related = ("administration",)
    search_fields = ("code", "name", "city")


class AppointmentInline(admin.TabularInline):
    model = Appointment
    extra = 1
    autocomplete_fields = ("branch",)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    has_add_permission = has_change_permission = has_view_permission

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(User)
class StaffAdmin(ReferenceAdmin, UserAdmin):
    """Rights come from appointments; groups and permissions are not used."""

    list_display = ("username", "first_name", "last_name", "is_active")
    list_filter = ("is_active",)
    inlines = (AppointmentInline,)
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("", {"fields": ("first_name", "last_name", "email", "is_active", "is_staff")}),
    )
