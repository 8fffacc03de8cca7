"""Make `.venv` hold exactly what a lock file says. The Makefile runs this before everything else.

Needs nothing but Python and pip. A changed lock, an interrupted run or a vanished Python makes the next run
build `.venv` anew; two runs at once wait for each other.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

if sys.version_info < (3, 10):  # noqa: UP036 - the very point: say it before anything fails oddly
    sys.exit("Python 3.10 or newer is needed, this is %d.%d: try make PYTHON=python3.12" % sys.version_info[:2])

PROJECT = Path(__file__).resolve().parent.parent
VENV = PROJECT / ".venv"
PYTHON = VENV / "bin" / "python"
UNFINISHED = VENV / "unfinished"
RUNTIME, DEVELOPMENT = "requirements.lock", "requirements-dev.lock"
MISLEADING = {"PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_REQUIRE_VIRTUALENV", "PYTHONHOME", "PYTHONPATH"}


def run(*command: object, quiet: bool = False) -> bool:
    """Run a program without the settings that would lead pip astray; whether it succeeded."""
    environment = {name: value for name, value in os.environ.items() if name not in MISLEADING}
    output = subprocess.DEVNULL if quiet else None
    words = [str(word) for word in command]
    try:
        return not subprocess.call(words, cwd=PROJECT, env=environment, stdout=output, stderr=output)
    except OSError:
        return False


def stamp(lock: str) -> Path:
    """What `.venv` holds of this lock: the hash of the lock that was installed."""
    return VENV / (lock + ".sha256")


def digest(lock: str) -> str:
    return hashlib.sha256((PROJECT / lock).read_bytes()).hexdigest()


def sound() -> bool:
    """Whether `.venv` can be built upon: finished, its Python alive, and nothing in it from another lock."""
    stamped = [lock for lock in (RUNTIME, DEVELOPMENT) if stamp(lock).exists()]
    current = all(stamp(lock).read_text() == digest(lock) for lock in stamped)
    return bool(stamped) and current and not UNFINISHED.exists() and run(PYTHON, "-c", "", quiet=True)


def create() -> None:
    """Debian parts pip from Python: without pip in it, `.venv` is filled by the pip that is there."""
    if not os.access(PROJECT, os.W_OK):
        sys.exit("%s cannot be written to: clone the project into a folder of your own" % PROJECT)
    shutil.rmtree(VENV, ignore_errors=True)
    make = [sys.executable, "-m", "venv", "--clear", VENV]
    if not run(*make, quiet=True) and not run(*make, "--without-pip"):
        sys.exit("this Python cannot make environments: install venv (Debian: apt install python3-venv)")


def pip() -> list[object]:
    if run(PYTHON, "-c", "import pip", quiet=True):
        return [PYTHON, "-m", "pip"]
    return [sys.executable, "-m", "pip", "--python", PYTHON]


def install(lock: str) -> None:
    """The development lock contains the other one whole."""
    UNFINISHED.touch()
    options = ["-qq", "--disable-pip-version-check", "--no-input", "--require-hashes"]
    if not run(*pip(), "install", *options, "-r", lock):
        sys.exit("pip could not install %s (it says above why). The next run starts anew." % lock)
    for name in {lock, RUNTIME}:
        stamp(name).write_text(digest(name))
    UNFINISHED.unlink()


def main(lock: str) -> None:
    """Bring `.venv` up to date with the lock; a moment when it is."""
    with open(__file__, "rb") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if sound() and stamp(lock).exists():
            return
        print("Preparing .venv from %s (about a minute, once) ..." % lock, flush=True)
        if not sound():
            create()
        install(lock)


if __name__ == "__main__":
    main(sys.argv[1])
