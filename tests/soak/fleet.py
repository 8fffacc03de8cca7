"""The processes of both sites, what kills them, and what brings them back."""

import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.soak.ground import run_sql

CENTER = "soak_center"
HANG_UP = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{CENTER}'"
SHUT = (f"ALTER DATABASE {CENTER} WITH ALLOW_CONNECTIONS false", HANG_UP)
OPEN = (f"ALTER DATABASE {CENTER} WITH ALLOW_CONNECTIONS true",)
PROJECT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@dataclass
class Process:
    """A process that is begun again whenever it ends; what it says stands in its log."""

    name: str
    command: list[str]
    env: dict[str, str]
    log: Path
    running: subprocess.Popen[bytes] | None = None
    was_killed: bool = False

    def keep(self) -> str:
        """'' while it runs; else begun again, and whether somebody had killed it."""
        if self.running and self.running.poll() is None:
            return ""
        how = "" if self.running is None else "killed" if self.was_killed else f"{self.name} ended by itself"
        self.end()  # as a service manager does: nobody of the old one is left
        with self.log.open("ab") as log:
            self.running = subprocess.Popen(
                self.command, env=self.env, cwd=PROJECT, stdout=log, stderr=log, start_new_session=True
            )
        self.was_killed = False
        return how

    def kill(self, chance: random.Random) -> None:
        """kill -9 of the process or of one of its children."""
        if self.running and self.running.poll() is None:
            victim = chance.choice([self.running.pid, *_children(self.running.pid)])
            self.was_killed = self.was_killed or victim == self.running.pid
            with suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)

    def end(self) -> None:
        if self.running:
            with suppress(ProcessLookupError):
                os.killpg(self.running.pid, signal.SIGKILL)
            self.running.wait()


def _answers(url: str) -> bool:
    with suppress(OSError), urllib.request.urlopen(url, timeout=30) as answer:
        return bool(answer.status == 200)
    time.sleep(0.5)
    return False


def _children(pid: int) -> list[int]:
    with suppress(OSError):
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


class Fleet(threading.Thread):
    """One gunicorn with two workers and two sync workers at each site, kept running until stopped."""

    def __init__(self, urls: dict[str, str], logs: Path) -> None:
        super().__init__(name="fleet", daemon=True)
        self.urls, self.logs, self.told, self.random = urls, logs, Counter[str](), random.Random(1405)
        self.ports = {site: free_port() for site in ("north", "south")}
        self.processes = [process for site in self.ports for process in self._of(site)]
        self.stopped, self.is_calm = threading.Event(), True

    def _of(self, site: str) -> list[Process]:
        env = os.environ | {"DATABASE_URL": self.urls[site], "CENTRAL_DATABASE_URL": self.urls["center"]}
        bind = f"127.0.0.1:{self.ports[site]}"
        web = [sys.executable, "-m", "gunicorn", "--workers", "2", "--bind", bind]
        watch = [sys.executable, "manage.py", "sync_center", "--watch", "--every", "3"]
        commands = {"web": web, "sync-1": watch, "sync-2": watch}
        return [Process(f"{site}-{name}", command, dict(env), self.logs / f"{site}-{name}.log")
                for name, command in commands.items()]  # fmt: skip

    def address(self, site: str) -> str:
        return f"http://127.0.0.1:{self.ports[site]}"

    def wait_for_pages(self) -> None:
        """Until both sites answer; RuntimeError when one does not in two minutes."""
        for site in self.ports:
            until = time.monotonic() + 120
            while not _answers(f"{self.address(site)}/sign-in/"):
                if time.monotonic() > until:
                    raise RuntimeError(f"{site} does not answer; its log stands in {self.logs}")

    def run(self) -> None:
        next_kill = next_cut = time.monotonic()
        while not self.stopped.wait(0.3):
            self.told.update(how for process in self.processes if (how := process.keep()))
            now = time.monotonic()
            if not self.is_calm and now > next_kill:
                self._kill()
                next_kill = now + self.random.uniform(2, 6)
            if not self.is_calm and now > next_cut:
                threading.Thread(target=self._cut, daemon=True).start()
                next_cut = now + self.random.uniform(15, 30)

    def _kill(self) -> None:
        self.told["kills"] += 1
        self.random.choice(self.processes).kill(self.random)

    def _cut(self) -> None:
        """The center hangs up on everybody, or is away for some seconds."""
        if self.random.random() < 0.5:
            self.told["center hung up"] += 1
            return run_sql(self.urls["center"], HANG_UP)
        self.told["center away"] += 1
        run_sql(self.urls["center"], *SHUT)
        time.sleep(self.random.uniform(2, 8))
        run_sql(self.urls["center"], *OPEN)

    def calm_down(self) -> None:
        self.is_calm = True
        time.sleep(9)  # whatever is away comes back
        run_sql(self.urls["center"], *OPEN)

    def end(self) -> None:
        self.stopped.set()
        self.join()
        for process in self.processes:
            process.end()
