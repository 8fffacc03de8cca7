"""Uploads for which there is no room: told plainly, nothing half stored, and taken once there is room again."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from branches.roles import Action
from tests.cast import Walk
from tests.expect import fresh, written
from tests.pages import as_, command, text
from tests.scans import upload
from tests.transfers.test_scans import big
from transfers.models import Attachment
from transfers.states import State

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte."""
    folder = tmp_path / "uploads"
    folder.mkdir()
    if os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("NO FULL DISK WAS TRIED: mounting a small one needs root")
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("NO FULL DISK WAS TRIED: this machine lets nobody mount one")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_fault_30_no_room_for_a_scan_is_told_and_nothing_of_it_stays(
    walk: Walk, small_disk: Path, settings: Any
) -> None:
    case = walk.to(State.DRAFT)
    url, client = reverse("case_step", args=[case.pk, Action.ATTACH]), as_(walk.clerk)
    client.raise_request_exception = False
    with big(0) as file:  # more than is held in memory
        content = file.read()
    settings.FILE_UPLOAD_TEMP_DIR = str(small_disk)

    def attach() -> Any:
        return client.post(url, command(seen=fresh(case).trail_length, path="principal", scans=upload(content)))

    before = written()
    answer = attach()
    assert (answer.status_code, answer.headers["Retry-After"], written()) == (503, "30", before)
    assert "فعلاً" in text(answer) and list(small_disk.iterdir()) == []
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    assert attach().status_code == 302
    assert Attachment.objects.filter(case=case).count() == 1
