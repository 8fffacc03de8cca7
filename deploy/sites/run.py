"""Two sites and the center, apart, on one machine: three PostgreSQL servers, two web servers, a sync worker each.

    python -m deploy.sites.run [--folder var/sites] [--ports 8001,8002]

For trying and for tests; docs/operations.md tells how the same is done for real.
"""

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BRANCHES = {"a": ["0801", "0802"], "b": ["1001", "1002"]}
PORTS = [8001, 8002]
PATIENCE = 120  # seconds for a web server to answer on a busy machine
STOPPING = 25  # seconds that a process has to finish what it began
OWN = {
    "DATABASE_URL", "CENTRAL_DATABASE_URL", "DJANGO_ENV", "DJANGO_SETTINGS_MODULE", "SITE", "DATA_DIR", "SIGNING_KEY",
    "FAIL_POINT",
}  # fmt: skip


class Database:
    """A PostgreSQL server of its own, which can be stopped while the others run."""

    def __init__(self, folder: Path):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.url = folder, ""

    def start(self) -> None:
        from pension_transfer.embedded import Server

        self.server = Server(self.folder).join()
        self.url = self.server.database("pension_transfer")

    def stop(self) -> None:
        self.server.leave()


class Site:
    """A site: its database, its web server, its sync worker."""

    def __init__(self, name: str, folder: Path, port: int, center: Database):
        self.name, self.branches, self.port, self.center = name, BRANCHES[name], port, center
        self.database, self.folder = Database(folder), folder
        self.running: list[subprocess.Popen[bytes]] = []

    @property
    def address(self) -> str:
        """Each site under a host name of its own: a browser keeps one session for each."""
        return f"http://{'127.0.0.1' if self.name == 'a' else 'localhost'}:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """All that makes it this site."""
        rest = {name: value for name, value in os.environ.items() if name not in OWN}
        return rest | {
            "SITE": self.name,
            "DATABASE_URL": self.database.url,
            "CENTRAL_DATABASE_URL": self.center.url,
            "DATA_DIR": str(self.folder / "data"),
            "SITE_URL": self.address,
            "WEB_CONCURRENCY": "2",
        }

    def manage(self, *words: str) -> str:
        """Run one of the product's commands here; what it prints. CalledProcessError when it fails."""
        command = [sys.executable, "manage.py", *words]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, check=True, stdout=subprocess.PIPE, text=True)
        return done.stdout

    def set_up(self) -> None:
        """Tables, organization, its part in the exchange, accounts, sample files; again, it changes nothing."""
        self.manage("migrate_all", "-v0")
        self.manage("load_organization")
        codes = ",".join(self.branches)
        self.manage("join_site", self.name, "--branches", codes)
        self.manage("demo_site", "--branches", codes)
        self.manage("sync_center")

    def serve(self) -> None:
        """Start the web server and the worker, and wait until a page comes."""
        bind = f"127.0.0.1:{self.port}"
        self._begin("-m", "gunicorn", "-c", "gunicorn.conf.py", "--log-level", "warning", "--bind", bind)
        self._begin("manage.py", "sync_center", "--watch", "--every", "3")
        deadline = time.monotonic() + PATIENCE
        while not self.answers():
            if time.monotonic() > deadline or self.running[0].poll() is not None:
                raise RuntimeError(f"site {self.name} does not answer at {bind}: is the port taken?")
            time.sleep(0.2)

    def _begin(self, *words: str) -> None:
        """In a session of its own: Ctrl-C at the terminal is for the one who started it."""
        command, quiet = [sys.executable, *words], subprocess.DEVNULL
        self.running.append(
            subprocess.Popen(command, cwd=ROOT, env=self.environment, stdin=quiet, stdout=quiet, start_new_session=True)
        )

    def answers(self) -> bool:
        with contextlib.suppress(OSError, urllib.error.URLError):
            return bool(urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=5).status == 200)
        return False

    def stop(self) -> None:
        """Web server and worker finish what they have begun."""
        for process in self.running:
            process.terminate()
        for process in self.running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOPPING)
            process.kill()
            process.wait()
        self.running.clear()


class Country:
    """The center and its sites."""

    def __init__(self, folder: Path, ports: list[int]):
        self.center = Database(folder / "center")
        named = zip(BRANCHES, ports, strict=True)
        self.sites = {name: Site(name, folder / name, port, self.center) for name, port in named}

    @property
    def databases(self) -> list[Database]:
        return [self.center, *(site.database for site in self.sites.values())]

    def start(self) -> None:
        for database in self.databases:
            database.start()
        for site in self.sites.values():
            site.set_up()
        for site in self.sites.values():
            site.serve()

    def stop(self) -> None:
        for site in self.sites.values():
            site.stop()
        for database in reversed(self.databases):
            with contextlib.suppress(AttributeError):  # it was not started
                database.stop()


@contextlib.contextmanager
def country(folder: Path, ports: list[int]) -> Iterator[Country]:
    """Everything running; stopped whatever happens inside."""
    all_of_it = Country(folder, ports)
    try:
        all_of_it.start()
        yield all_of_it
    finally:
        all_of_it.stop()


def _tell(sites: list[Site]) -> None:
    print("\nevery account has the password mostamari-1405")
    for site in sites:
        print(f"  {site.address}/  site {site.name}, branches {' '.join(site.branches)}")
        for code in site.branches:
            print(f"    {' '.join(f'{short}-{code}' for short in ('clerk', 'officer', 'head', 'deputy', 'staff'))}")
        print("    province  center  auditor")
    print("Ctrl-C stops everything.", flush=True)


def _watch(sites: list[Site]) -> None:
    """Until Ctrl-C or SIGTERM, or until one of the processes ends by itself."""
    try:
        while all(process.poll() is None for site in sites for process in site.running):
            time.sleep(1)
        sys.exit("A process has ended by itself; everything is stopped.")
    finally:  # a second Ctrl-C would leave half of it running
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--folder", type=Path, default=ROOT / "var" / "sites")
    parser.add_argument("--ports", default=",".join(map(str, PORTS)), metavar="8001,8002")
    given = parser.parse_args()
    print("Setting up two sites and the center; the first time this takes a minute or two.", flush=True)
    with contextlib.suppress(KeyboardInterrupt), country(given.folder, [int(n) for n in given.ports.split(",")]) as it:
        _tell(list(it.sites.values()))
        _watch(list(it.sites.values()))


if __name__ == "__main__":
    main()
