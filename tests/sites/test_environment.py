"""What makes a site that site, without starting anything."""

from pathlib import Path
from typing import Any

from deploy.sites.run import BRANCHES, Country


def test_each_site_has_its_own_everything_and_the_centers_database(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("DJANGO_ENV", "production")
    country = Country(tmp_path, [8001, 8002])
    for database in country.databases:
        database.url = f"postgresql:///{database.folder.name}"
    told = [site.environment for site in country.sites.values()]
    assert [env["SITE"] for env in told] == list(BRANCHES)
    assert {env["CENTRAL_DATABASE_URL"] for env in told} == {"postgresql:///center"}
    assert all(len({env[name] for env in told}) == 2 for name in ("DATABASE_URL", "DATA_DIR", "SITE_URL"))
    assert not any("DJANGO_ENV" in env for env in told)
    assert not set(BRANCHES["a"]) & set(BRANCHES["b"])
