"""A line to PostgreSQL that can be bad: down, hanging, slow, losing a COMMIT or the answer to it.

It listens on loopback and forwards bytes to the database of one alias. What it does is its `mode`, which may be
changed while connections are open.
"""

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from django.db import connections

PASS = "pass"
DOWN = "down"  # open connections are cut and new ones hung up on
HANG = "hang"  # questions are taken and never answered
SLOW = "slow"  # `delay` seconds for everything that is asked
SILENT = "silent"  # as HANG, for questions about the center's tables only
LOSE_ANSWER = "lose_answer"  # the next COMMIT is carried out, its answer is lost with the connection
DROP_COMMIT = "drop_commit"  # the next COMMIT never arrives
CUT_AFTER = "cut_after"  # the connection is cut after `bytes` bytes were asked
ONCE = {LOSE_ANSWER, DROP_COMMIT}


class Line:
    """A line between a site and a database; `hits` counts what it lost or cut on purpose."""

    def __init__(self, alias: str) -> None:
        connections[alias].ensure_connection()
        at = connections[alias].connection.info
        self.upstream = (at.host, at.port)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = self.listener.getsockname()
        self.mode, self.delay, self.bytes, self.hits = PASS, 0.5, 0, 0
        self.cut: set[socket.socket] = set()
        self.ends: list[socket.socket] = []
        self.threads = [self._run(self._accept)]

    def becomes(self, mode: str, *, delay: float = 0.5, bytes: int = 0) -> "Line":
        """From now on the line is like this; DOWN also hangs up on whoever is connected."""
        self.mode, self.delay, self.bytes, self.hits = mode, delay, bytes, 0
        if mode == DOWN:
            self._hang_up_all()
        return self

    def close(self) -> None:
        _hang_up(self.listener)
        self._hang_up_all()
        for thread in self.threads:
            thread.join(5)
        for end in [self.listener, *self.ends]:
            end.close()

    # --- what it is made of -------------------------------------------------------------------------------

    def _run(self, pump: Callable[..., None], *ends: socket.socket) -> threading.Thread:
        thread = threading.Thread(target=pump, args=ends, daemon=True)
        thread.start()
        return thread

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near = self.listener.accept()[0]
                if self.mode == DOWN:
                    near.close()
                    continue
                far = self._reach()
                self.ends += [near, far]
                self.threads += [self._run(self._ask, near, far), self._run(self._answer, near, far)]

    def _reach(self) -> socket.socket:
        host, port = self.upstream
        if not host.startswith("/"):
            return socket.create_connection((host, port))
        far = socket.socket(socket.AF_UNIX)
        far.connect(f"{host}/.s.PGSQL.{port}")
        return far

    def _ask(self, near: socket.socket, far: socket.socket) -> None:
        asked = 0
        with suppress(OSError):
            while data := near.recv(65536):
                asked += len(data)
                if not self._is_lost(data, asked, near):
                    far.sendall(data)
        _hang_up(far)

    def _is_lost(self, data: bytes, asked: int, near: socket.socket) -> bool:
        """Whether what was asked does not arrive."""
        if self.mode == SLOW:
            time.sleep(self.delay)
        if self.mode in ONCE and b"COMMIT" in data:
            is_dropped, self.mode = self.mode == DROP_COMMIT, PASS
            return self._cut(near, at_once=is_dropped)
        if self.mode == CUT_AFTER and asked > self.bytes:
            return self._cut(near, at_once=True)
        return self.mode == HANG or (self.mode == SILENT and b"central_" in data)

    def _cut(self, near: socket.socket, at_once: bool) -> bool:
        """Nothing comes back any more; `at_once`: nor does anything go there. Whether what was asked is lost."""
        self.hits += 1
        self.cut.add(near)
        if at_once:
            _hang_up(near)
        return at_once

    def _answer(self, near: socket.socket, far: socket.socket) -> None:
        with suppress(OSError):
            while (data := far.recv(65536)) and near not in self.cut:
                near.sendall(data)
        _hang_up(near)

    def _hang_up_all(self) -> None:
        for end in self.ends:
            _hang_up(end)


def _hang_up(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
