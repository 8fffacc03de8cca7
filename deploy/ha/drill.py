"""The center fails over under load, again and again: what was acknowledged is there, and people are told to wait.

`python -m deploy.ha.drill [--scenes kill,node,...]`. Exit 1 when a commit was lost, writing took longer than its
bound, a person saw an error or a case was not sent.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.ha.cluster import Cluster, free_port
from deploy.ha.programs import folder, prepare
from deploy.ha.scenes import SCENES, Scene
from pension_transfer import embedded

if TYPE_CHECKING:
    from deploy.ha.load import Load
    from deploy.ha.people import Head, Site

CASES = 6  # that a head sends during each scene
BEFORE = 2  # seconds of load before something happens
AFTER = 3  # seconds for which everybody must write again before it is over
TOO_LONG = 90
IN_TIME = 10  # seconds in which a person has an answer
SENDING = 60  # seconds after which every case that was pressed must be with the center


@dataclass
class Drill:
    cluster: Cluster
    site: "Site"
    cases: list[int]
    failures: int = 0
    lost: int = 0

    def play(self, name: str, scene: Scene) -> None:
        from deploy.ha.load import Load
        from deploy.ha.people import Head

        self.cluster.wait_until_healthy()
        head = Head(self.site, "branch_head_0801", [self.cases.pop() for _ in range(CASES)])
        print(f"FAULT {scene.fault} ({name}): {scene.what}")
        with Load(self.cluster) as load:
            _until(load.flows, 30)
            head.start()
            time.sleep(BEFORE)
            outage = self._strike(scene, load)
        head.join()
        self._judge(scene, load, head, outage)

    def _strike(self, scene: Scene, load: "Load") -> float:
        """Seconds without any acknowledged commit. The load goes on while what was done is undone."""
        since = time.monotonic()
        undo = scene.strike(self.cluster)
        _until(lambda: time.monotonic() - since > scene.lasts and load.flows(), TOO_LONG)
        time.sleep(AFTER)
        outage, leaders = load.outage(since), len(self.cluster.writable())
        print(f"  writable again after {outage:.1f} s (bound {scene.bound:g}); {leaders} called themselves leader then")
        undo()
        print(f"  all nodes well again {self.cluster.wait_until_healthy():.1f} s later")
        return outage

    def _judge(self, scene: Scene, load: "Load", head: "Head", outage: float) -> None:
        lost, unsent = load.lost(), _unsent(head.cases)
        acknowledged = load.count(lambda writer: len(writer.acknowledged))
        in_time = outage <= scene.bound and head.slowest <= IN_TIME
        is_well = not lost and in_time and not head.errors and not unsent
        self.lost, self.failures = self.lost + lost, self.failures + (not is_well)
        unknown, failed = (load.count(of) for of in (lambda w: w.unknown, lambda w: sum(w.errors.values())))
        print(f"  acknowledged commits lost: {lost} of {acknowledged}; asked again: {unknown} unknown, {failed} failed")
        sent = f"{head.at_once} sent at once, {head.kept} kept and sent by itself, {unsent} not sent"
        answers = f"{len(head.errors)} errors; slowest answer {head.slowest:.1f} s"
        print(f"  people: {head.pressed} pressed, {sent}, {answers}\n  {'ok' if is_well else 'FAILED'}", flush=True)
        for error in head.errors:
            print(f"    {error}", flush=True)


def _until(is_so, seconds: float) -> None:  # type: ignore[no-untyped-def]
    deadline = time.monotonic() + seconds
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.1)


def _unsent(cases: list[int]) -> int:
    """How many of these the center does not have, after the site's own sync had time for them."""
    from transfers.models import TransferCase
    from transfers.states import State

    left = TransferCase.objects.filter(pk__in=cases).exclude(state=State.SENT)
    _until(lambda: not left.exists(), SENDING)
    return left.count()


# --- before and after ---------------------------------------------------------------------------------------------


def _make_branch(home: Path) -> embedded.Server:
    """A PostgreSQL of the site's own; from here on Django can be set up."""
    project = home / "branch"
    project.mkdir()
    server = embedded.Server(project).join()
    os.environ["DATABASE_URL"] = server.url(embedded.DATABASE)
    embedded.database_url(embedded.DATABASE)
    os.environ["DATA_DIR"] = str(project)
    return server


def _manage(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", *words]
    return subprocess.run(command, cwd=embedded.PROJECT, capture_output=True, text=True, check=False)


def _make_cases(count: int) -> list[int]:
    """Cases that only the head's approval is missing to; every step was taken through the door."""
    from deploy.ha.people import PASSWORD
    from tests.cast import Walk, make_cast, make_file
    from transfers.states import State

    cast = make_cast()
    head = cast.at(cast.origin, "branch_head")
    head.set_password(PASSWORD)
    head.save()
    walks = [Walk(cast, make_file(cast.origin, number)) for number in range(1, count + 1)]
    return [walk.to(State.TECHNICALLY_APPROVED).pk for walk in walks]


def _run(names: list[str], cluster: Cluster, stack: ExitStack) -> bool:
    stack.callback(cluster.abandon)
    cluster.start()
    print(f"three nodes, {cluster.leader()} leads; making a site and its cases ...", flush=True)
    os.environ["CENTRAL_DATABASE_URL"] = cluster.url
    stack.callback(_make_branch(cluster.home).leave)
    made = _manage("migrate_all", "-v0")
    if made.returncode:
        sys.exit(made.stderr)
    return _rehearse(names, cluster, stack)


def _rehearse(names: list[str], cluster: Cluster, stack: ExitStack) -> bool:
    import django

    django.setup()
    from django.db import connections

    from deploy.ha.load import TABLE
    from deploy.ha.people import Site

    stack.callback(connections.close_all)
    with connections["center"].cursor() as cursor:
        cursor.execute(TABLE)
    site = Site(cluster.home)
    stack.callback(site.close)
    cases = _make_cases(CASES * len(names))
    site.wait()
    print(f"{len(cases)} cases wait for their head", flush=True)
    drill = Drill(cluster, site, cases)
    for name in names:
        drill.play(name, SCENES[name])
    return _sum_up(drill)


def _sum_up(drill: Drill) -> bool:
    checked = _manage("reconcile")
    last = (checked.stdout.strip().splitlines() or [checked.stderr])[-1]
    print(f"reconcile: {last}\nacknowledged commits lost: {drill.lost}; scenes that failed: {drill.failures}")
    return not drill.failures and not checked.returncode


def main() -> None:
    """Play the scenes and end with 0 when all went well."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--scenes", default=",".join(SCENES), help=f"some of {', '.join(SCENES)}")
    names = [name for name in words.parse_args().scenes.replace(" ", ",").split(",") if name]
    if unknown := set(names) - set(SCENES):
        sys.exit(f"there is no scene {', '.join(unknown)}: choose from {', '.join(SCENES)}")
    os.environ["DJANGO_SETTINGS_MODULE"] = "pension_transfer.settings"
    begun, home = time.monotonic(), folder(f"ha-drill-{os.getpid()}")
    with ExitStack() as stack:
        is_well = _run(names, Cluster(home, prepare(), free_port()), stack)
    print(f"{time.monotonic() - begun:.0f} s altogether" + ("" if is_well else f"; the logs are in {home}"))
    if is_well:
        shutil.rmtree(home)
    sys.exit(not is_well)


if __name__ == "__main__":
    main()
