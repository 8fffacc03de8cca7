"""The branch's database goes away while people work: a page that says so, not a fault of ours."""

from collections.abc import Iterator

import pytest
from django.db import connections
from django.test import Client

from tests.cast import Walk
from tests.pages import as_, text
from transfers.views import cartable

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")


@pytest.fixture
def client(walk: Walk) -> Client:
    """Signed in while the database was still there."""
    client = as_(walk.officer)
    client.raise_request_exception = False
    return client


@pytest.fixture
def database_down(client: Client, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No server listens where the databases are said to be."""
    with monkeypatch.context() as elsewhere:
        for connection in connections.all():
            connection.close()
            elsewhere.setitem(connection.settings_dict, "PORT", "1")
        yield


@pytest.mark.usefixtures("database_down")
@pytest.mark.parametrize("url", ["/", "/files/", "/cases/1/", "/tracking/?q=0801050000182", "/admin/"])
def test_every_page_says_that_it_passes(client: Client, url: str) -> None:
    answer = client.get(url)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert "اطلاعات شعبه فعلاً در دسترس نیست" in text(answer)


@pytest.mark.usefixtures("database_down")
def test_the_api_says_it_as_json(client: Client) -> None:
    answer = client.get("/api/cases/")
    assert (answer.status_code, answer.headers["Retry-After"], answer.json()["code"]) == (503, "30", "out_of_reach")


def test_a_fault_of_ours_stays_one(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(cartable, "counts_of")
    answer = client.get("/")
    assert answer.status_code == 500
    assert "Retry-After" not in answer.headers
