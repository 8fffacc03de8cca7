"""The site's private key: a file beside the database, never in it, in no backup of it and in no log.

PEM, PKCS8, readable by its owner only. A lost one is replaced by a new one: nothing has to be deciphered with it.
"""

import os
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from django.conf import settings


class BadKey(Exception):
    """The file SIGNING_KEY cannot be read, or holds something else than an Ed25519 key."""


def read() -> Ed25519PrivateKey | None:
    """The key as the file has it this moment; None where there is no file, or the site has no name. BadKey."""
    if not settings.SITE:
        return None
    try:
        return _parsed(_path().read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BadKey(f"{_path()}: {error.strerror}") from error


def _path() -> Path:
    return Path(settings.SIGNING_KEY)


def _parsed(pem: bytes) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(pem, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None  # whatever the reason: nothing of the file's content is repeated
    if not isinstance(key, Ed25519PrivateKey):
        raise BadKey(f"{_path()}: no Ed25519 key in PEM without a password")
    return key


def store(key: Ed25519PrivateKey) -> None:
    """Put the key in the place of the one before, whole or not at all. BadKey where the file cannot be written."""
    try:
        _path().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _replace(_path(), key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    except OSError as error:
        raise BadKey(f"{_path()}: {error.strerror}") from error


def _replace(path: Path, pem: bytes) -> None:
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)  # of a run that was cut
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
