"""Cases and their trail, read-only: a case changes through transfers.workflow and nowhere else."""

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from branches.roles import Role
from pension_transfer.lib.admin import ReadOnlyAdmin
from transfers.hurdles import action_label
from transfers.models import Crossing, TransferCase, TransferEvent


@admin.display(description=_("action"), ordering="action")
def action(row: Any) -> str:
    return str(action_label(row.action))


@admin.display(description=_("role"), ordering="role")
def role(row: Any) -> str:
    return str(dict(Role.choices).get(row.role, row.role))


@admin.register(TransferCase)
class TransferCaseAdmin(ReadOnlyAdmin):
    list_display = ("tracking_number", "side", "branch", "state", "version", "turn", "turn_since")
    list_filter = ("side", "state")
    list_select_related = ("branch",)
    search_fields = ("tracking_number__exact", "pension_number__exact")


@admin.register(TransferEvent)
class TransferEventAdmin(ReadOnlyAdmin):
    list_display = ("case", "sequence", action, "to_state", "by_name", role, "branch_code", "at")
    list_select_related = ("case",)


@admin.register(Crossing)
class CrossingAdmin(ReadOnlyAdmin):
    list_display = (action, "verb", "branch", "state", "attempts", "reason", "created_at", "settled_at")
    list_filter = ("state", "verb")
    list_select_related = ("branch",)
