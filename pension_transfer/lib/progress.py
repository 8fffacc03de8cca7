"""A progress bar for long commands: on a terminal only."""

import time
from typing import Any

WIDTH = 30


class Bar:
    """One line, written anew at most ten times a second; gone when the work is over."""

    def __init__(self, stream: Any):
        self.stream, self.shown, self.is_shown = stream, 0.0, bool(stream.isatty())

    def __enter__(self) -> "Bar":
        return self

    def __exit__(self, *_: Any) -> None:
        if self.is_shown:
            self.stream.write("\r\033[K", ending="")

    def show(self, what: str, done: int, of: int) -> None:
        """`done` of about `of` bytes."""
        if self.is_shown and time.monotonic() - self.shown > 0.1:
            self.shown, cells = time.monotonic(), min(WIDTH, WIDTH * done // max(of, 1))
            bar = "█" * cells + "░" * (WIDTH - cells)
            self.stream.write(f"\r\033[K{bar} {what}: {done / 2**20:,.1f} MB", ending="")
            self.stream.flush()
