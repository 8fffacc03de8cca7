"""The organization's own table of administrations and branches."""

import pytest
from django.core.management import call_command

from branches.models import Administration, Branch
from branches.organisation_data import load_organization

pytestmark = pytest.mark.django_db


def test_it_is_loaded_whole_and_can_be_found() -> None:
    assert load_organization() == (33, 170)
    assert (Administration.objects.count(), Branch.objects.count()) == (33, 170)
    branch = Branch.objects.select_related("administration").get(pk="0801")
    assert branch.administration.code == "08"
    assert branch.sort_key and "0801" in branch.search_key


def test_again_it_mends_names_and_leaves_the_rest_alone() -> None:
    call_command("load_organization", verbosity=0)
    Branch.objects.filter(pk="0801").update(name="?", is_active=False)
    Branch.objects.create(code="9999", administration_id="08", name="شعبه تازه", name_en="New", city="کرمان")
    call_command("load_organization", verbosity=0)
    branch = Branch.objects.get(pk="0801")
    assert (branch.name != "?", branch.is_active) == (True, False)
    assert Branch.objects.filter(pk="9999").exists()
