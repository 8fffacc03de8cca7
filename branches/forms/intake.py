"""The form that brings an export of the old system."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from branches.models import Branch, User
from branches.roles import Action, can


class ImportForm(forms.Form):
    """The branch whose files they are, of those the person may act for, and the export."""

    branch = forms.ModelChoiceField(Branch.objects.none(), label=_("Branch"), empty_label=None)
    file = forms.FileField(
        label=_("Export of the old system"),
        help_text=_("A ZIP of the five CSV files, or the XLSX workbook; at most 200 megabytes."),
        widget=forms.ClearableFileInput(attrs={"accept": ".zip,.xlsx"}),
        error_messages={"empty": _("The file is empty.")},
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        active = Branch.objects.filter(is_active=True).select_related("administration")
        codes = [branch.pk for branch in active if can(user, Action.IMPORT_FILES, branch)]
        self.fields["branch"].queryset = active.filter(pk__in=codes)  # type: ignore[attr-defined]
