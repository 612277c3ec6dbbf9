"""The forms with which an admin sends a list of people: the file, then what was shown of it."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from portal.invitations.bulk import MOST_BYTES, Row, judge_rows, read_text
from portal.models import Organization


class _OrganizationForm(forms.Form):
    """Whose people they become: one of those that the sender may choose."""

    organization: Any = forms.ModelChoiceField(label=_("Organization"), queryset=None)

    def __init__(self, *args: Any, organizations: QuerySet[Organization], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["organization"]
        field.queryset = organizations
        only = list(organizations[:2])
        if len(only) == 1:
            field.initial = only[0].pk
        self.rows: list[Row] = []

    def _judge(self, text: str, blame: str) -> None:
        if self.errors:
            return
        try:
            self.rows = judge_rows(organization=self.cleaned_data["organization"], text=text)
        except ValidationError as error:
            self.add_error(blame, error)


class ListForm(_OrganizationForm):
    """The file, as the admin has it."""

    file = forms.FileField(
        label=_("CSV file"),
        help_text=_(
            "The first line names the columns: email, and if you like name and role (admin, "
            "scheduler or member)."
        ),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"}),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if upload := data.get("file"):
            try:
                self.text = read_text(upload.read(MOST_BYTES + 1))
            except ValidationError as error:
                self.add_error("file", error)
            else:
                self._judge(self.text, "file")
        return data


class PreviewedListForm(_OrganizationForm):
    """The same once more, as the preview carried it; judged anew, as it comes from a browser."""

    text = forms.CharField(widget=forms.HiddenInput, max_length=MOST_BYTES)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organization"].widget = forms.HiddenInput()

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        self._judge(data.get("text", ""), "text")
        return data
