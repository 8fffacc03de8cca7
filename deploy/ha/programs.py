"""What the cluster runs on: PostgreSQL from the product's wheel, Patroni in an environment of its own, etcd, HAProxy.

etcd and HAProxy are the system's; where it has none, Debian's packages are unpacked into a folder, which starts and
changes nothing. PostgreSQL refuses root, so root hands everything to the account of the embedded server.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from pension_transfer import embedded
from pension_transfer import embedded_place as place

HERE = Path(__file__).parent
REQUIREMENTS = HERE / "requirements.txt"
PACKAGES = ("etcd-server", "haproxy", "liblua5.3-0", "libopentracing-c-wrapper0", "libopentracing1")
SYSTEM = "/usr/local/bin:/usr/bin:/usr/local/sbin:/usr/sbin"


@dataclass(frozen=True)
class Programs:
    """Where they are, and the account (None: ourselves) that runs them."""

    account: place.Account
    binaries: Path
    patroni: Path
    etcd: Path
    haproxy: Path
    libraries: str


def folder(name: str) -> Path:
    """A private folder of the account, in `var/` or where the account gets."""
    account = place.account_for(embedded.PROJECT)
    return place.private(place.base_of(place.var_of(embedded.PROJECT), account) / name, account)


def prepare() -> Programs:
    """Find or fetch everything; SystemExit with what is to be installed."""
    account = place.account_for(embedded.PROJECT)
    at = folder("ha-programs")
    root = at / "debian"
    etcd, haproxy = (_found(name, root) or _fetched(name, at) for name in ("etcd", "haproxy"))
    libraries = ":".join(str(found) for found in (root / "usr/lib").glob("*-linux-gnu"))
    return Programs(account, embedded.Server().binaries, _patroni(at / "venv", account), etcd, haproxy, libraries)


# --- etcd and HAProxy -------------------------------------------------------------------------------------------


def _found(name: str, root: Path) -> Path | None:
    unpacked = f"{root}/usr/bin:{root}/usr/sbin"
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:{SYSTEM}:{unpacked}")
    return Path(found) if found else None


def _fetched(name: str, at: Path) -> Path:
    if not shutil.which("apt-get"):
        sys.exit(f"{name} is missing: install etcd (3.4 or newer) and HAProxy (2.4 or newer)")
    print("Unpacking etcd and HAProxy, once ...", flush=True)
    if subprocess.run(["apt-get", "-qq", "download", *PACKAGES], cwd=at, stderr=subprocess.DEVNULL).returncode:
        sys.exit(f"{name} is missing and cannot be fetched: apt-get update, or install etcd and HAProxy")
    for package in at.glob("*.deb"):
        subprocess.run(["dpkg", "-x", package, at / "debian"], check=True)
        package.unlink()
    return _found(name, at / "debian") or sys.exit(f"{name} is not in Debian's packages: install it")


# --- Patroni ------------------------------------------------------------------------------------------------------


def _patroni(venv: Path, account: place.Account) -> Path:
    """Installed anew when its requirements have changed."""
    stamp, wanted = venv / "requirements.sha256", hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        print("Preparing Patroni's environment, once ...", flush=True)
        _make(venv, _python(account))
        _install(venv)
        stamp.write_text(wanted)
    return venv / "bin" / "patroni"


def _python(account: place.Account) -> str:
    """A Python that the account can run: one in somebody's home folder cannot be."""
    known = [sys._base_executable, *(shutil.which(f"python3{minor}", path=SYSTEM) for minor in ("", ".12", ".11"))]
    for python in known:
        if python and place.reaches(account, Path(python).resolve()):
            return python
    sys.exit("no Python that the server's account can run: install python3")


def _make(venv: Path, python: str) -> None:
    """Debian parts pip from Python: without pip in it, the environment is filled by the one that is here."""
    words = [python, "-m", "venv", "--clear", str(venv)]
    quiet = subprocess.DEVNULL
    if subprocess.run(words, stdout=quiet, stderr=quiet, umask=0o022).returncode:
        subprocess.run([*words, "--without-pip"], check=True, umask=0o022)


def _install(venv: Path) -> None:
    python = str(venv / "bin" / "python")
    own = subprocess.run([python, "-c", "import pip"], stderr=subprocess.DEVNULL).returncode == 0
    pip = [python, "-m", "pip"] if own else [sys.executable, "-m", "pip", "--python", python]
    words = ["install", "-q", "--disable-pip-version-check", "--no-input", "-r", str(REQUIREMENTS)]
    if subprocess.run([*pip, *words], umask=0o022).returncode:
        sys.exit("pip could not install Patroni; it says above why")
