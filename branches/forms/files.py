"""Forms that correct a pension file, one per section. The columns stand in branches/sections.py."""

from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import QuerySet
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from branches import sections
from branches.models import Decree, DecreeLine, Deduction, Dependent, PensionFile
from pension_transfer.lib import calendar
from pension_transfer.lib.fields import CountField, PersianModelForm, PersianTextField
from pension_transfer.lib.months import FIRST_YEAR, LAST_YEAR


def _reason(label: Any) -> PersianTextField:
    text = _("Say which paper shows the right value; the reason stays in the file's history.")
    return PersianTextField(label=label, max_length=300, help_text=text)


class RemovalForm(forms.Form):
    """Why a row is taken out of a file."""

    reason = _reason(_("Reason"))


class CorrectionForm(PersianModelForm):
    """The columns of one section, and why they are corrected."""

    reason = _reason(_("Reason for the correction"))

    def columns(self) -> list[forms.BoundField]:
        """The section's fields, without the reason."""
        return [self[name] for name in self.fields if name != "reason"]

    def others(self) -> QuerySet[Any]:
        """The other rows of this kind in the file."""
        return self._meta.model._default_manager.filter(file=self.instance.file_id).exclude(pk=self.instance.pk)

    def correction(self) -> dict[str, Any]:
        """The section's columns and their new values."""
        return {name: value for name, value in self.cleaned_data.items() if name != "reason"}

    def show_remarks(self, remarks: dict[str, list[str]], field: str) -> list[str]:
        """Put remarks beside their fields, and the focus on `field`; those on what is no field of this form."""
        for name in remarks.keys() & self.fields.keys():
            self.fields[name].help_text = _beside(self.fields[name].help_text, remarks[name])
        if field in self.fields:
            self.fields[field].widget.attrs["autofocus"] = True
        return [sentence for name, told in remarks.items() if name not in self.fields for sentence in told]

    def show_refusal(self, errors: dict[str, list[Any]]) -> None:
        """Put a refusal's sentences beside their fields."""
        for name, sentences in errors.items():
            place = name if name in self.fields else NON_FIELD_ERRORS
            for sentence in sentences:
                self.add_error(None if place == NON_FIELD_ERRORS else place, sentence)


def _beside(help_text: Any, remarks: list[str]) -> SafeString:
    """A field's help, and what was found wrong with its value."""
    said = format_html_join("", '<span class="remark">{}</span>', ((sentence,) for sentence in remarks))
    return format_html("{} {}", help_text, said)


class PersonForm(CorrectionForm):
    """The year of birth is asked only where the day is unknown."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.birth_date:
            self.initial["birth_year"] = None
        self.fields["birth_date"].help_text = _("Leave empty when only the year is known.")
        self.fields["birth_year"] = CountField(
            label=self.fields["birth_year"].label,
            required=False,
            help_text=_("Only where the day of birth is unknown."),
            validators=[MinValueValidator(FIRST_YEAR), MaxValueValidator(LAST_YEAR)],
        )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("birth_date"):
            data["birth_year"] = calendar.jalali_year(data["birth_date"])
        elif not data.get("birth_year") and not {"birth_date", "birth_year"} & set(self.errors):
            self.add_error("birth_date", _("Write the date of birth, or at least the year of birth."))
        return data


class PrincipalForm(PersonForm):
    class Meta(PersianModelForm.Meta):
        model = PensionFile
        fields = sections.PRINCIPAL


class PensionForm(CorrectionForm):
    class Meta(PersianModelForm.Meta):
        model = PensionFile
        fields = sections.PENSION


class CertificateForm(CorrectionForm):
    class Meta(PersianModelForm.Meta):
        model = PensionFile
        fields = sections.CERTIFICATE


class ContactForm(CorrectionForm):
    class Meta(PersianModelForm.Meta):
        model = PensionFile
        fields = sections.CONTACT


class DependentForm(PersonForm):
    class Meta(PersianModelForm.Meta):
        model = Dependent
        fields = sections.DEPENDENT

    def clean_national_code(self) -> str:
        """A person stands once in a file; said beside the field, as the constraint can't."""
        code: str = self.cleaned_data["national_code"]
        if code and self.others().filter(national_code=code).exists():
            raise ValidationError(_("This person stands in this file already."), "twice")
        return code


class DeductionForm(CorrectionForm):
    class Meta(PersianModelForm.Meta):
        model = Deduction
        fields = sections.DEDUCTION


class DecreeForm(CorrectionForm):
    class Meta(PersianModelForm.Meta):
        model = Decree
        fields = sections.DECREE

    def clean_number(self) -> str:
        """A number stands once among the valid decrees; the one being replaced does not count."""
        number: str = self.cleaned_data["number"]
        if self.others().filter(number=number, is_valid=True).exists():
            raise ValidationError(_("Another valid decree of this file has this number."), "twice")
        return number


class LineForm(PersianModelForm):
    class Meta(PersianModelForm.Meta):
        model = DecreeLine
        fields = ("title", "group", "amount")


Lines = forms.formset_factory(LineForm, extra=3, can_delete=True)

FORMS: dict[str, type[CorrectionForm]] = {
    "principal": PrincipalForm,
    "pension": PensionForm,
    "certificate": CertificateForm,
    "contact": ContactForm,
    "dependent": DependentForm,
    "deduction": DeductionForm,
    "decree": DecreeForm,
}


def kept_lines(lines: Any) -> list[dict[str, Any]]:
    """The lines that are filled in and not crossed out, in their order."""
    filled = [form for form in lines.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")]
    return [{name: form.cleaned_data[name] for name in LineForm.Meta.fields} for form in filled]


def typed_in(form: forms.Form | CorrectionForm, lines: Any = None) -> list[tuple[Any, str]]:
    """What was posted and is not what the file says now, as typed: label and text, the lines of a decree too."""
    changed = [part for part in [form, *(lines.forms if lines else [])] if part.has_changed()]
    return [
        (part[name].label, str(part[name].value()))
        for part in changed
        for name in part.changed_data
        if part[name].value()
    ]
