"""The center's cluster as files: whole when they are filled in, and with what keeps an acknowledged commit."""

import os
import re
from pathlib import Path

import pytest
import yaml
from django.conf import settings

from deploy.ha.cluster import NAMES, Cluster
from deploy.ha.load import TABLE, Claiming, Counting, Load
from deploy.ha.programs import Programs
from deploy.ha.scenes import SCENES, TTL
from tests.expect import run_sql

HERE = Path(__file__).parent.parent / "deploy/ha"


@pytest.fixture
def cluster(tmp_path: Path) -> Cluster:
    nowhere = Path("/nowhere")
    return Cluster(tmp_path, Programs(None, nowhere, nowhere, nowhere, nowhere, ""), 5500)


def test_every_template_is_filled_in_for_every_node(cluster: Cluster) -> None:
    for name in NAMES:
        for template in ("patroni.yml", "etcd.yml"):
            file = cluster._write(template, cluster.place_of(name))
            assert yaml.safe_load(file.read_text())["name"] == name
            assert file.stat().st_mode & 0o777 == 0o600
    text = cluster._write("haproxy.cfg", cluster.home).read_text()
    assert [re.findall(rf"server {name} 127.0.0.1:(\d+) check port (\d+)", text) for name in NAMES] == [
        [("5501", "5511")], [("5502", "5512")], [("5503", "5513")],
    ]  # fmt: skip


def test_passwords_stay_and_are_nobodys_else(cluster: Cluster) -> None:
    assert cluster.passwords == cluster.passwords and len(set(cluster.passwords.values())) == 4
    assert os.stat(cluster.home / "passwords.json").st_mode & 0o777 == 0o600
    assert cluster.passwords["center"] in cluster.url


def test_what_is_acknowledged_is_on_two_machines() -> None:
    dcs = yaml.safe_load((HERE / "patroni.yml").read_text())["bootstrap"]["dcs"]
    assert (dcs["synchronous_mode"], dcs["synchronous_mode_strict"]) == (True, True)
    assert (dcs["postgresql"]["parameters"]["synchronous_commit"], dcs["ttl"]) == ("on", TTL)
    text = (HERE / "haproxy.cfg").read_text()
    assert "OPTIONS /primary" in text and "on-marked-down shutdown-sessions" in text


def test_every_fault_that_needs_the_cluster_has_its_scene() -> None:
    assert {scene.fault for scene in SCENES.values()} == {34, 45, 46, 50}


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_the_drill_counts_what_was_acknowledged_and_is_gone(cluster: Cluster) -> None:
    run_sql(settings.CENTER, TABLE)
    try:
        load = Load(cluster)
        kept, lost = "11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"
        run_sql(settings.CENTER, f"INSERT INTO drill VALUES ('{kept}')")
        counting, claiming = (next(w for w in load.writers if isinstance(w, kind)) for kind in (Counting, Claiming))
        claiming.write("9900000001")
        counting.acknowledged = [(0, kept), (1, lost)]
        claiming.acknowledged = [(2, "9900000001"), (9, "9900000002")]
        assert (load.lost(), load.outage(0) > 7) == (2, True)
    finally:
        run_sql(settings.CENTER, "DROP TABLE drill")
