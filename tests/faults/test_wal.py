"""The volume of the write-ahead log: full (FAULTS 47), and archived to go back to a moment (DESIGN 11.25)."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from deploy.pitr import drill
from deploy.pitr.cluster import Cluster, folder
from pension_transfer import embedded_place as place

pytestmark = pytest.mark.slow


@pytest.fixture
def small_volume() -> Iterator[tuple[Path, Path]]:
    """A home for a cluster, with a volume of 24 MB in it."""
    with folder() as home:
        volume = home / "wal"
        volume.mkdir()
        if (
            os.geteuid()
            or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "wal", volume], check=False).returncode
        ):
            pytest.skip("THE FULL WAL VOLUME IS NOT TRIED: MOUNTING A TMPFS NEEDS ROOT")
        try:
            yield home, volume
        finally:
            subprocess.run(["umount", "-l", volume], check=False)


def test_fault_47_a_full_wal_volume_loses_nothing_acknowledged(small_volume: tuple[Path, Path]) -> None:
    home, volume = small_volume
    cluster = Cluster(home, "main", max_wal_size="1GB", wal_recycle="off")
    place.give(volume, cluster.account)
    place.private(volume / "pg_wal", cluster.account)
    cluster.make(f"--waldir={volume / 'pg_wal'}", "--wal-segsize=1")
    cluster.configure()
    cluster.start()
    try:
        acknowledged = _write_until_it_is_full(cluster)
        cluster.stop("immediate")
        subprocess.run(["mount", "-o", "remount,size=200m", volume], check=True)  # there is room again
        cluster.start()
        cursor = cluster.connect().cursor()
        cursor.execute("SELECT count(*) FROM sealed WHERE id <= %s", [acknowledged])
        assert cursor.fetchone() == (acknowledged,)
        cursor.execute(drill.WRITE, [10**6, 10**6])  # and work goes on
    finally:
        cluster.stop("immediate")


def _write_until_it_is_full(cluster: Cluster) -> int:
    """The last row whose commit was acknowledged."""
    cursor, done = cluster.connect().cursor(), 0
    cursor.execute(drill.TABLE)
    cursor.execute("ALTER TABLE sealed ALTER body SET STORAGE EXTERNAL")
    with pytest.raises(psycopg2.Error):
        for number in range(1, 10_000):
            cursor.execute("INSERT INTO sealed VALUES (%s, repeat('x', 50000), '')", [number])
            done = number
    assert done > 50
    return done


def test_recovery_to_the_moment_before_a_mistake_brings_every_row_back() -> None:
    assert drill.drill() == drill.ROWS
