"""The period of an overview: two Jalali months, and the place."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from pension_transfer.lib.fields import JalaliMonthField
from pension_transfer.lib.months import Months
from transfers.payment_forms import as_typed, this_month

USUALLY = 2  # months before this one
MOST = 120  # months in one overview


class PeriodForm(forms.Form):
    """From the first day of one month to the last of another; without input the last three months."""

    since = JalaliMonthField(label=_("From month"))
    until = JalaliMonthField(label=_("To month"))
    place = forms.CharField(max_length=4, required=False, widget=forms.HiddenInput)

    def __init__(self, asked: Any) -> None:
        now = this_month()
        given = {"since": asked.get("since") or now - USUALLY, "until": asked.get("until") or now}
        super().__init__({name: as_typed(month) for name, month in given.items()} | {"place": asked.get("place", "")})

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        since, until = given.get("since"), given.get("until")
        if since and until and since > until:
            self.add_error("until", _("The last month comes before the first one: turn them round."))
        elif since and until and until.since(since) >= MOST:
            self.add_error("since", _("Choose a period of ten years at most."))
        return given

    @property
    def months(self) -> Months:
        """The chosen months; to be asked of a valid form only."""
        return Months(self.cleaned_data["since"], self.cleaned_data["until"])
