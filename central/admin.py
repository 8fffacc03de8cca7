"""The center's tables, read-only: central.services is their only writer."""

from django.contrib import admin

from central.models import Custody, Directory, Envelope, Key, Receipt, Seat
from pension_transfer.lib.admin import ReadOnlyAdmin


@admin.register(Envelope)
class EnvelopeAdmin(ReadOnlyAdmin):
    list_display = ("tracking_number", "version", "origin", "destination", "deposited_at", "seal")
    search_fields = ("tracking_number__exact", "pension_number__exact")


@admin.register(Receipt)
class ReceiptAdmin(ReadOnlyAdmin):
    list_display = ("envelope_id", "kind", "by_branch", "at")
    list_filter = ("kind",)


@admin.register(Seat)
class SeatAdmin(ReadOnlyAdmin):
    list_display = ("pension_number", "payable_branch", "open_move", "closure")
    search_fields = ("pension_number__exact",)


@admin.register(Custody)
class CustodyAdmin(ReadOnlyAdmin):
    list_display = ("pension_number", "branch_code", "months", "reason")
    search_fields = ("pension_number__exact",)


@admin.register(Key)
class KeyAdmin(ReadOnlyAdmin):
    list_display = ("key_id", "site", "since", "retired_at")
    list_filter = ("site",)


@admin.register(Directory)
class DirectoryAdmin(ReadOnlyAdmin):
    list_display = ("branch_code", "name", "is_active", "succeeded_by", "site")
