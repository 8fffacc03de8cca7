"""What attaching and removing scans ask for."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from branches.roles import Action
from pension_transfer.lib.errors import BadInput
from pension_transfer.lib.templatetags.persian import fa
from transfers.attachments import ROWS, of_case
from transfers.fields import COUNT, fields_of
from transfers.inputs.shared import ActionForm, Inputs, ReasonForm
from transfers.models import Attachment
from transfers.places import WHOLE, place_of, places
from transfers.scans import MOST_A_CASE, MOST_AT_ONCE, Checked, check


class ScansInput(forms.FileInput):
    """Several files at once."""

    allow_multiple_selected = True


class ScansField(forms.FileField):
    """Files that were looked at: a list of Checked; each fault names its file."""

    widget = ScansInput(attrs={"accept": ".pdf,.jpg,.jpeg,.png"})
    default_error_messages = {
        "required": _("Choose at least one file."),
        "too_many_at_once": _("At most 10 files at once; choose the others afterwards."),
    }

    def __init__(self, *, most: int = MOST_AT_ONCE, **kwargs: Any):
        super().__init__(**kwargs)
        self.most = most

    def clean(self, data: Any, initial: Any = None) -> list[Checked]:
        uploads = [upload for upload in data or [] if upload]
        if self.required and not uploads:
            raise ValidationError(self.error_messages["required"], "required")
        if len(uploads) > self.most:
            raise ValidationError(self.error_messages["too_many_at_once"], "too_many_at_once")
        faults: list[ValidationError] = []
        checked = list(_checked(uploads, faults))
        if faults:
            raise ValidationError(faults)
        return checked


def _checked(uploads: list[Any], faults: list[ValidationError]) -> Iterator[Checked]:
    for upload in uploads:
        try:
            yield check(upload)
        except BadInput as refusal:
            faults.append(ValidationError(f"«{upload.name}»: {refusal.message}", refusal.code))


class PlaceField(forms.ChoiceField):
    """A path of the case's content; all of them are taken, however few a page offers."""

    def __init__(self, **kwargs: Any):
        super().__init__(required=False, **kwargs)
        self.known: dict[str, str] = {}

    def valid_value(self, value: Any) -> bool:
        return value in self.known


class AttachForm(ActionForm):
    """Scans for the case, or for a section, a row or a field of it."""

    scans = ScansField(
        label=_("Files"),
        help_text=_("PDF, JPEG or PNG, at most 20 megabytes each; up to 10 at once and 30 on a case."),
    )
    path = PlaceField(label=_("What they show"))

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        place: Any = self.fields["path"]
        place.known = places(self.case.content) if self.case else {WHOLE: ""}
        hidden = self._hidden()
        place.choices = [(path, words) for path, words in place.known.items() if path not in hidden]

    def _hidden(self) -> set[str]:
        """Of lists the rows are offered only: their fields are hundreds. What the page asks for is offered, too."""
        fields = fields_of(self.case.content) if self.case else []
        return {field.path for field in fields if field.row or field.name == COUNT} - {self.initial.get("path")}

    def clean_path(self) -> str:
        return self.cleaned_data["path"] or WHOLE

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        files, path = data.get("scans"), data.get("path")
        if files and path is not None and self.case:
            self._has_room(files)
            self._once(files, path)
        return data

    def _has_room(self, files: list[Checked]) -> None:
        assert self.case  # noqa: S101 - asked by clean
        left = MOST_A_CASE - len(of_case(self.case))
        if len(files) > left:
            sentence = _("A case has at most 30 attachments; there is room for %(left)s. Join sheets in one PDF.")
            self.add_error("scans", ValidationError(sentence, "too_many", {"left": fa(left)}))

    def _once(self, files: list[Checked], path: str) -> None:
        """The same bytes twice on one place say nothing; where they lie already is told."""
        assert self.case  # noqa: S101 - asked by clean
        held = {row.sha256: row.name for row in of_case(self.case) if row.path == path}
        for file in files:
            if file.sha256 in held:
                words = {"file": file.name, "name": held[file.sha256], "place": place_of(path, self._known())}
                sentence = _("«%(file)s» is already attached, as «%(name)s»: %(place)s. Leave it out.")
                self.add_error("scans", ValidationError(sentence, "twice", words))
            held[file.sha256] = file.name

    def _known(self) -> dict[str, str]:
        place: Any = self.fields["path"]
        known: dict[str, str] = place.known
        return known


class DetachForm(ReasonForm):
    """Which attachment goes, and why; the trail keeps both."""

    attachment = forms.ModelChoiceField(
        Attachment.objects.none(), label=_("Attachment"), empty_label=_("choose"),
        error_messages={"invalid_choice": _("This attachment is no longer on the case. Reload the page.")},
    )  # fmt: skip
    field_order = ("attachment", "reason")

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if self.case:
            self.fields["attachment"].queryset = ROWS.filter(pk__in=[row.pk for row in of_case(self.case)])  # type: ignore[attr-defined]


INPUTS: Inputs = {
    Action.ATTACH: AttachForm,
    Action.DETACH: DetachForm,
}
