"""A PostgreSQL cluster of its own in a folder of its own, for drills: made from the embedded server's binaries.

It listens on a socket only and is gone with its folder. Root hands it to a plain account, as the product does.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2

from pension_transfer import embedded_place as place
from pension_transfer.embedded import PROJECT, Server

OPTIONS = {"listen_addresses": "", "unix_socket_permissions": "0700", "log_error_verbosity": "terse"}


class Cluster:
    """One cluster below `home`: `make` it or copy its data there, `start`, `connect`, `stop`."""

    def __init__(self, home: Path, name: str, **options: str):
        server = Server(PROJECT, durable=False)
        self.home, self.data, self.account = home, home / name, server.account
        self.binaries, self.options = server.binaries, options

    def run(self, program: str, *words: str) -> None:
        """One of PostgreSQL's programs; CalledProcessError with what it said when it fails."""
        env = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
        subprocess.run(
            [str(self.binaries / program), *words], check=True, cwd=self.home, env=env | {"LC_ALL": "C"},
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            **place.identity(self.account),
        )  # fmt: skip

    def make(self, *words: str) -> None:
        self.run("initdb", "-D", str(self.data), "-U", "drill", "--auth=peer", "--encoding=UTF8", *words)
        (self.data / "pg_ident.conf").write_text("anybody /^.*$ drill\n")
        (self.data / "pg_hba.conf").write_text(
            "local all all peer map=anybody\nlocal replication all peer map=anybody\n"
        )

    def configure(self, **options: str) -> None:
        """Written anew: the options of the cluster and these."""
        said = OPTIONS | {"unix_socket_directories": str(self.home)} | self.options | options
        lines = [f"{name} = '{value}'\n" for name, value in said.items()]
        (self.data / "postgresql.auto.conf").write_text("".join(lines))

    def start(self, seconds: int = 60) -> None:
        self.run("pg_ctl", "-D", str(self.data), "-w", "-t", str(seconds), "-l", f"{self.data}.log", "start")

    def stop(self, mode: str = "fast") -> None:
        """`immediate` is what a power cut does."""
        if (self.data / "postmaster.pid").exists():
            self.run("pg_ctl", "-D", str(self.data), "-w", "-m", mode, "stop")

    def connect(self) -> Any:
        """A connection, each statement committed at once."""
        connection = psycopg2.connect(host=str(self.home), user="drill", dbname="postgres")
        connection.autocommit = True
        return connection


@contextmanager
def folder() -> Iterator[Path]:
    """A private folder that the server's account owns; deleted at the end."""
    home = Path(tempfile.mkdtemp(prefix="drill-"))
    place.give(home, Server(PROJECT, durable=False).account)
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)
