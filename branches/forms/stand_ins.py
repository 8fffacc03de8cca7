"""Forms of stand-ins: who acts for whom, from when until when, and why."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from branches import stand_ins
from branches.models import Appointment, User
from pension_transfer.lib.calendar import today
from pension_transfer.lib.fields import JalaliDateField, PersianTextField
from pension_transfer.lib.persian import listed
from pension_transfer.lib.templatetags.persian import fa


class OfficeField(forms.ModelChoiceField):
    """An office of the branch, by its holder."""

    def label_from_instance(self, obj: Any) -> str:
        return listed([obj.user, obj.get_role_display(), fa(obj.branch)])


class PersonField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj} ({obj.username})"


class StandInForm(forms.Form):
    """Who grants sees own offices and people only; what does not fit together is said beside its field."""

    office = OfficeField(label=_("In the place of"), queryset=Appointment.objects.none(), empty_label=_("choose"))
    user = PersonField(label=_("Stand-in"), queryset=User.objects.none(), empty_label=_("choose"))
    since = JalaliDateField(label=_("from"), initial=today)
    until = JalaliDateField(label=_("until"), help_text=_("The last day, within sixty days; it ends by itself."))
    reason = PersianTextField(label=_("Reason"), max_length=300)

    def __init__(self, by: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["office"].queryset = stand_ins.offices(by)  # type: ignore[attr-defined]
        self.fields["user"].queryset = stand_ins.candidates(by)  # type: ignore[attr-defined]

    def show_refusal(self, errors: dict[str, list[Any]]) -> None:
        """Put a refusal's sentences beside their fields."""
        for name, sentences in errors.items():
            self.add_error(name if name in self.fields else None, list(sentences))


class EndForm(forms.Form):
    reason = PersianTextField(label=_("Reason"), max_length=300)
