"""Large byte strings in and out of PostgreSQL piece by piece: no process ever holds more than a piece of one.

A table of blobs has the key `sha256` and the column `bytes`, stored uncompressed, so that a piece is cut out without
reading the rest; the database itself holds it to its hash.
"""

import hashlib
import io
import struct
from collections.abc import Iterable, Iterator
from typing import IO, Any

from django.db import connections, models

PIECE = 256 * 1024
# PostgreSQL, COPY, binary format: signature, flags, length of the extension; -1 ends the rows.
HEAD, TAIL = b"PGCOPY\n\xff\r\n\0" + struct.pack("!ii", 0, 0), struct.pack("!h", -1)


def hash_of(file: IO[bytes]) -> str:
    """SHA-256 of a file in hexadecimal, the file back at its beginning."""
    digest = hashlib.sha256()
    file.seek(0)
    while piece := file.read(PIECE):
        digest.update(piece)
    file.seek(0)
    return digest.hexdigest()


def write(model: type[models.Model], alias: str, sha256: str, file: IO[bytes]) -> None:
    """Store a file under its hash; IntegrityError when it is not that file's hash, or is stored already."""
    size, key = file.seek(0, io.SEEK_END), sha256.encode()
    file.seek(0)
    row = struct.pack("!hi", 2, len(key)) + key + struct.pack("!i", size)
    connection = connections[alias]
    with connection.wrap_database_errors, connection.cursor() as cursor:
        copy = f"COPY {_table(model)} (sha256, bytes) FROM STDIN WITH (FORMAT binary)"
        cursor.copy_expert(copy, _Joined([io.BytesIO(HEAD + row), file, io.BytesIO(TAIL)]), PIECE)


class _Joined:
    """Several files read one after the other."""

    def __init__(self, files: Iterable[IO[bytes]]):
        self.files = list(files)

    def read(self, size: int) -> bytes:
        while self.files:
            if piece := self.files[0].read(size):
                return piece
            self.files.pop(0)
        return b""


def pieces(model: type[models.Model], alias: str, sha256: str) -> Iterator[bytes]:
    """The bytes stored under a hash; nothing when there are none."""
    first = 1
    while piece := _piece(model, alias, sha256, first):
        yield piece
        first += PIECE


def _piece(model: type[models.Model], alias: str, sha256: str, first: int) -> bytes:
    sql = f"SELECT substring(bytes FROM %s FOR %s) FROM {_table(model)} WHERE sha256 = %s"  # noqa: S608
    with connections[alias].cursor() as cursor:
        cursor.execute(sql, [first, PIECE, sha256])
        row = cursor.fetchone()
    return bytes(row[0]) if row else b""


def broken(model: type[models.Model], alias: str, hashes: Iterable[str]) -> set[str]:
    """Those of the hashes whose bytes no longer hash to them; counted anew by the database."""
    sql = f"SELECT sha256 FROM {_table(model)} WHERE sha256 = ANY(%s) AND {HOLDS.replace('=', '<>')}"  # noqa: S608
    with connections[alias].cursor() as cursor:
        cursor.execute(sql, [list(hashes)])
        return {row[0] for row in cursor.fetchall()}


HOLDS = "sha256 = encode(sha256(bytes), 'hex')"


def held_to_its_hash(table: str) -> str:
    """SQL: the bytes are those of the hash, whoever writes them, and are stored so that a piece can be cut out."""
    return f"""
ALTER TABLE {table} ADD CONSTRAINT {table}_is_its_hash CHECK ({HOLDS});
ALTER TABLE {table} ALTER COLUMN bytes SET STORAGE EXTERNAL;
"""


def _table(model: Any) -> str:
    return f'"{model._meta.db_table}"'
