"""The center's cluster on this one machine: three nodes (PostgreSQL, Patroni, etcd) and HAProxy before them.

`python -m deploy.ha.cluster` starts it, says its address and stops it at Ctrl-C; its data stays in var/.
"""

import argparse
import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from typing import Any

import psutil
import psycopg2

from deploy.ha.programs import HERE, Programs, folder, prepare
from pension_transfer import embedded_place as place

NAMES = ("node1", "node2", "node3")
HERE_ONLY = {"address": "127.0.0.1", "network": "127.0.0.1/32", "watchdog": '"off"'}
PORTS = {"postgres_port": 1, "api_port": 11, "etcd_port": 21, "peer_port": 31}  # behind the center's, one for each node
PASSWORDS = ("postgres", "replicator", "rewinder", "center")
DATABASE = ROLE = "center"
PATIENCE = 90  # seconds until all three are there


class NotHealthy(RuntimeError):
    """The cluster does not come up; the text says where the logs are."""


@dataclass
class Cluster:
    """`start` it, `url` says where it is, `stop` it. Nodes are known by their names."""

    home: Path
    programs: Programs
    port: int
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    # --- life cycle

    def start(self) -> None:
        for name in NAMES:
            self.start_etcd(name)
        for name in NAMES:
            self.start_node(name)
        self._run("haproxy", self.programs.haproxy, "-db", "-f", self._write("haproxy.cfg", self.home))
        self.wait_until_healthy()
        self._make_database()

    def stop(self) -> None:
        """The standbys first, then the leader, then what remembers who it was."""
        leader = self.leader()
        for group in (set(NAMES) - {leader}, {leader}, {"haproxy", *(f"etcd-{name}" for name in NAMES)}):
            ending = {name: self.running.pop(name) for name in group if name in self.running}
            for process in ending.values():
                for number in (signal.SIGCONT, signal.SIGTERM):
                    process.send_signal(number)
            for name, process in ending.items():
                self._wait_for(name, process)

    def abandon(self) -> None:
        """End it at once; what it holds is not wanted any more."""
        for name, process in self.running.items():
            process.kill()
            self.signal_postgres(name, signal.SIGKILL)
        self.running.clear()

    def start_etcd(self, name: str) -> None:
        self._run(f"etcd-{name}", self.programs.etcd, "--config-file", self._write("etcd.yml", self.place_of(name)))

    def start_node(self, name: str) -> None:
        """A killed server's leavings name a process that is gone, or is a zombie: they would keep it from starting."""
        self._forget_the_dead(name)
        self._run(name, self.programs.patroni, self._write("patroni.yml", self.place_of(name)))

    # --- what it is

    @property
    def url(self) -> str:
        """CENTRAL_DATABASE_URL: through HAProxy, to whoever leads."""
        return f"postgresql://{ROLE}:{self.passwords[ROLE]}@127.0.0.1:{self.port}/{DATABASE}"

    @property
    def passwords(self) -> dict[str, str]:
        file = self.home / "passwords.json"
        if not file.exists():
            with open(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600), "w") as made:
                json.dump({name: secrets.token_hex(16) for name in PASSWORDS}, made)
        found: dict[str, str] = json.loads(file.read_text())
        return found

    def connect(self, port: int | None = None, **more: Any) -> Any:
        """As superuser, through HAProxy or to one node's own port."""
        password = self.passwords["postgres"]
        at = {"host": "127.0.0.1", "port": port or self.port, "connect_timeout": 3}
        return psycopg2.connect(**at, user="postgres", password=password, dbname=more.pop("dbname", "postgres"), **more)

    def port_of(self, name: str, what: str = "postgres_port") -> int:
        return self.port + PORTS[what] + NAMES.index(name)

    def place_of(self, name: str) -> Path:
        return place.private(self.home / name, self.programs.account)

    def members(self) -> list[dict[str, Any]]:
        """What the nodes say of themselves; nothing while none of them answers."""
        for name in NAMES:
            url = f"http://127.0.0.1:{self.port_of(name, 'api_port')}/cluster"
            with contextlib.suppress(OSError, ValueError), urllib.request.urlopen(url, timeout=2) as answer:
                found: list[dict[str, Any]] = json.load(answer)["members"]
                return found
        return []

    def leader(self) -> str | None:
        return next((member["name"] for member in self.members() if member["role"] == "leader"), None)

    def standbys(self, role: str = "sync_standby") -> list[str]:
        return [member["name"] for member in self.members() if member["role"] == role]

    def writable(self) -> list[str]:
        """The nodes whose PostgreSQL calls itself the primary, whatever the agents say."""
        return [name for name in NAMES if self._is_writable(self.port_of(name))]

    def _is_writable(self, port: int) -> bool:
        try:
            with contextlib.closing(self.connect(port)) as connection, connection.cursor() as cursor:
                cursor.execute("SELECT NOT pg_is_in_recovery()")
                return bool(cursor.fetchone()[0])
        except psycopg2.OperationalError:
            return False

    def is_healthy(self) -> bool:
        """All three follow one timeline, one leads and one of the others holds every commit."""
        found = self.members()
        roles = {member["role"] for member in found}
        up = all(member["state"] in ("running", "streaming") for member in found)
        timelines = {member.get("timeline") for member in found}
        return (
            len(found) == 3 and up and len(timelines) == 1 and {"leader", "sync_standby"} <= roles and self._answers()
        )

    def _answers(self) -> bool:
        try:
            self.connect().close()
        except psycopg2.OperationalError:
            return False
        return True

    def wait_until_healthy(self, seconds: float = PATIENCE) -> float:
        """How long it took; NotHealthy when it takes longer than that."""
        begun = time.monotonic()
        while not self.is_healthy():
            if time.monotonic() - begun > seconds:
                raise NotHealthy(f"not healthy: {self.members()}; the logs are in {self.home}")
            time.sleep(0.3)
        return time.monotonic() - begun

    # --- processes

    def postgres_of(self, name: str) -> list[psutil.Process]:
        """A node's postmaster and what it has started; nothing for what has none."""
        with contextlib.suppress(OSError, ValueError, psutil.NoSuchProcess):
            number = int((self.home / name / "data" / "postmaster.pid").read_text().splitlines()[0])
            postmaster = psutil.Process(number)
            return [postmaster, *postmaster.children(recursive=True)]
        return []

    def _run(self, name: str, program: Path, *words: object) -> None:
        """As the account, in a session of its own, and gone when we are."""
        chosen = {"PATH": f"{self.programs.binaries}:/usr/bin:/bin", "HOME": str(self.home), "LC_ALL": "C.UTF-8"}
        if self.programs.libraries:
            chosen["LD_LIBRARY_PATH"] = self.programs.libraries
        with_us = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
        with place.open_own(self.home / f"{name}.log", self.programs.account) as log:
            self.running[name] = subprocess.Popen(
                [*with_us, str(program), *map(str, words)], cwd=self.home, env=chosen, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True, **place.identity(self.programs.account),
            )  # fmt: skip

    def _wait_for(self, name: str, process: subprocess.Popen[bytes]) -> None:
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self.signal_postgres(name, signal.SIGQUIT)

    def signal_postgres(self, name: str, number: int) -> None:
        """To every process of a node's PostgreSQL that is there."""
        for process in self.postgres_of(name):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)

    def _forget_the_dead(self, name: str) -> None:
        alive = [p for p in self.postgres_of(name) if p.status() != psutil.STATUS_ZOMBIE]
        if not alive:
            for left in ("data/postmaster.pid", f".s.PGSQL.{self.port_of(name)}.lock"):
                (self.home / name / left).unlink(missing_ok=True)

    # --- files

    def _write(self, template: str, into: Path) -> Path:
        """One of the files beside this one, filled in for a node; it has passwords in it."""
        file = into / template
        file.unlink(missing_ok=True)
        text = Template((HERE / template).read_text(encoding="utf-8")).substitute(self._values(into.name))
        with open(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600), "w") as made:
            made.write(text)
        place.give(file, self.programs.account)
        return file

    def _values(self, name: str) -> dict[str, Any]:
        all_of = {what: [self.port_of(node, what) for node in NAMES] for what in PORTS}
        own = {what: ports[NAMES.index(name)] for what, ports in all_of.items()} if name in NAMES else {}
        members = zip(NAMES, all_of["peer_port"], strict=True)
        servers = zip(NAMES, all_of["postgres_port"], all_of["api_port"], strict=True)
        return {
            **HERE_ONLY, **own, "name": name, "home": self.home, "binaries": self.programs.binaries,
            "center_port": self.port,
            "etcd_hosts": ",".join(f"127.0.0.1:{port}" for port in all_of["etcd_port"]),
            "etcd_members": ",".join(f"{node}=http://127.0.0.1:{port}" for node, port in members),
            "servers": "\n".join(f"    server {node} 127.0.0.1:{at} check port {api}" for node, at, api in servers),
            **{f"{who}_password": word for who, word in self.passwords.items()},
        }  # fmt: skip

    def _make_database(self) -> None:
        """The center's own role owns its database and nothing else, and can stop nobody's COMMIT from waiting."""
        with contextlib.closing(self.connect()) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if cursor.fetchone() is None:
                cursor.execute(f"CREATE ROLE {ROLE} LOGIN PASSWORD %s", [self.passwords[ROLE]])
                cursor.execute(f"ALTER ROLE {ROLE} SET synchronous_commit = on")
                cursor.execute(f"CREATE DATABASE {DATABASE} OWNER {ROLE}")


def free_port() -> int:
    """The first of forty ports of which none is taken."""
    return next(first for first in range(5600, 9000, 50) if _is_free(first))


def _is_free(first: int) -> bool:
    with contextlib.ExitStack() as stack:
        try:
            for port in range(first, first + 40):
                stack.enter_context(contextlib.closing(socket.create_server(("127.0.0.1", port))))
        except OSError:
            return False
    return True


def main() -> None:
    """Start, say where, and stop at Ctrl-C or SIGTERM."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--port", type=int, default=5500, help="the center's; forty from it on are used")
    port = words.parse_args().port
    if not _is_free(port):
        sys.exit(f"one of the ports {port} to {port + 39} is taken: make ha HA_PORT=… (but always the same one)")
    cluster = Cluster(folder("ha"), prepare(), port)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        cluster.start()
        print(f"The center runs on three nodes; {cluster.leader()} leads. Use it with\n")
        print(f"  export CENTRAL_DATABASE_URL={cluster.url}\n\nCtrl-C stops it.", flush=True)
        signal.pause()
    except (KeyboardInterrupt, NotHealthy) as why:
        print(str(why) or "\nStopping ...", flush=True)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        cluster.stop()


if __name__ == "__main__":
    main()
