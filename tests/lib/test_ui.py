"""The components: what a page says to a person must not get lost in them."""

import uuid

import pytest
from django import forms
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import translation

from pension_transfer.lib import fields
from pension_transfer.lib.templatetags import ui
from transfers.states import State


class Form(forms.Form):
    code = fields.NationalCodeField(label="Code")
    note = fields.PersianTextField(label="Note", required=False)


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


def printed(text: str, **context: object) -> str:
    return Template("{% load ui persian %}" + text).render(Context(context))


def test_a_blocked_button_says_why_and_submits_nothing() -> None:
    html = printed('{% button "Send" blocked="Approve it first." %}')
    assert 'type="button"' in html and 'aria-disabled="true"' in html and "Approve it first." in html
    assert 'type="submit"' in printed('{% button "Send" name="step" value="send" %}')


def test_what_people_typed_is_escaped_in_every_component() -> None:
    bad = "<script>alert(1)</script>"
    pieces = (
        "{% page_header bad path=path lead=bad %}{{ bad }}{% endpage_header %}",
        "{% card bad %}{{ bad }}{% endcard %}",
        "{% alert title=bad %}{{ bad }}{% endalert %}",
        "{% facts %}{% fact bad bad %}{% endfacts %}",
        "{% table bad %}{{ bad }}{% endtable %}",
        "{% button bad blocked=bad %}{% button bad name=bad %}{% link_button bad bad %}",
        "{% chip bad bad %}{% empty bad bad %}{% progress 1 2 bad %}",
        "{{ bad|ltr }}{{ bad|sheba }}{{ bad|fa }}",
    )
    for piece in pieces:
        assert "<script" not in printed(piece, bad=bad, path=[bad]), piece


def test_an_empty_fact_is_said_in_words() -> None:
    assert "not recorded" in printed('{% fact "Mobile" "" %}')
    assert "not recorded" not in printed('{% fact "Count" 0 %}')


def test_every_state_of_a_case_has_its_look() -> None:
    assert {state for state in State if state not in ui.LOOKS} == set()


@pytest.mark.parametrize("name", sorted({icon for _tone, icon in ui.LOOKS.values()} | set(ui.TONES.values())))
def test_every_icon_is_there(name: str) -> None:
    assert "<path" in ui.icon(name)


@pytest.mark.parametrize("name", ["../secrets", "no-such-icon", ""])
def test_an_icon_that_is_not_there(name: str) -> None:
    with pytest.raises(LookupError):
        ui.drawing(name)


def test_the_error_summary_leads_to_the_fields() -> None:
    form = Form({"code": "12"})
    html = printed("{% error_summary form nothing %}", form=form, nothing=None)
    assert 'href="#id_code"' in html and "Code" in html
    assert printed("{% error_summary form %}", form=Form()).strip() == ""


def test_a_field_shows_its_fault_and_keeps_what_was_typed() -> None:
    html = str(Form({"code": "12", "note": "متن"})["code"].as_field_group())
    assert 'value="12"' in html and 'id="id_code_error"' in html
    assert 'aria-describedby="id_code_error"' in html and 'aria-invalid="true"' in html


def test_a_form_carries_a_new_command_and_keeps_it_while_it_is_mended() -> None:
    first = RequestFactory().get("/")
    text = '{% load ui %}{% confirm_form seen=7 keep="x" %}body{% endconfirm_form %}'
    html = Template(text).render(Context({"request": first}))
    assert 'name="seen" value="7"' in html and 'data-keep="x"' in html and "csrfmiddlewaretoken" in html
    assert ui.command_id(first) != ui.command_id(first)
    command = str(uuid.uuid4())
    again = RequestFactory().post("/", {"command_id": command})
    html = Template(text).render(Context({"request": again}))
    assert f'value="{command}"' in html and "data-rejected" in html
    assert ui.command_id(RequestFactory().post("/", {"command_id": "x"})) != "x"
