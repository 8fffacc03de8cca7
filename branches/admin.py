"""The center operator's reference data: administrations, branches, people, appointments."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from branches.models import Administration, Appointment, Branch, PayrollCutoff, User
from pension_transfer.lib.admin import ReferenceAdmin, jalali_column
from pension_transfer.lib.calendar import today
from pension_transfer.lib.fields import JalaliDateField, JalaliMonthField
from pension_transfer.lib.validation import validate_month


@admin.register(Administration)
class AdministrationAdmin(ReferenceAdmin):
    list_display = ("code", "name", "province")
    fixed_fields = ("code",)


@admin.register(Branch)
class BranchAdmin(ReferenceAdmin):
    list_display = ("code", "name", "city", "administration", "is_active")
    list_filter = ("is_active", "administration")
    list_select_related = ("administration",)
    search_fields = ("code", "name", "city")
    fixed_fields = ("code",)


SINCE, UNTIL = (jalali_column(Appointment._meta.get_field(name)) for name in ("since", "until"))


class AppointmentForm(forms.ModelForm):
    """What was appointed stays as it was, for the trail tells it; only its last day is still open."""

    since = JalaliDateField(label=_("from"), initial=today)
    until = JalaliDateField(label=_("until"), required=False)

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        for name in {"role", "branch", "administration", "since"} & set(self.fields) if self.instance.pk else ():
            self.fields[name].disabled = True


class AppointmentInline(admin.StackedInline):
    model = Appointment
    fk_name = "user"
    form = AppointmentForm
    extra = 1
    fields = ("role", ("branch", "administration"), ("since", "until"))
    fields_shown = ("role", ("branch", "administration"), (SINCE, UNTIL))
    autocomplete_fields = ("branch",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[Any, ...]:
        return self.fields if self.has_change_permission(request, obj) else self.fields_shown

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[Any, ...]:
        return () if self.has_change_permission(request, obj) else (SINCE, UNTIL)

    def get_queryset(self, request: HttpRequest) -> Any:
        """Stand-ins are granted and ended on their own page, with the reason."""
        return super().get_queryset(request).filter(stands_in_for=None)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody appoints himself (DESIGN 11.14)."""
        return obj is None or obj.pk != request.user.pk

    has_add_permission = has_change_permission

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class PayrollCutoffForm(forms.ModelForm):
    """Month and day in the Jalali calendar, in any digits."""

    month = JalaliMonthField(label=_("month"), validators=[validate_month])
    day = JalaliDateField(label=_("cut-off day"), help_text=_("The last day on which a registration is still in time."))


@admin.register(PayrollCutoff)
class PayrollCutoffAdmin(ReferenceAdmin):
    """The payroll calendar: only months whose cut-off is not on the usual day."""

    form = PayrollCutoffForm
    list_display = ("__str__", jalali_column(PayrollCutoff._meta.get_field("day")))
    fixed_fields = ("month",)


@admin.register(User)
class StaffAdmin(ReferenceAdmin, UserAdmin):
    """Rights come from appointments; groups and permissions are not used."""

    list_display = ("username", "first_name", "last_name", "is_active")
    list_filter = ("is_active",)
    inlines = (AppointmentInline,)
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("", {"fields": ("first_name", "last_name", "email", "mobile", "is_active", "is_staff")}),
    )
