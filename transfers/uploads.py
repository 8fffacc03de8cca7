"""How much of an upload is read: a scan over the limit is cut a piece behind it, and refused for its size.

So a body of any length is answered with a page, costs no memory and hardly any disk. Named in the settings.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.core.files.uploadhandler import FileUploadHandler, TemporaryFileUploadHandler

from transfers.scans import MAX_SIZE, MOST_AT_ONCE

LIMITED = frozenset({"case_step", "api_step"})  # url names


class ScanLimit(FileUploadHandler):
    """Hands on nothing behind the limit, and nothing of more files than may come at once; the form refuses both."""

    count = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.count += 1

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        is_over = start > MAX_SIZE or self.count > MOST_AT_ONCE
        return None if is_over and self._is_limited() else raw_data

    def file_complete(self, file_size: int) -> None:
        """The next handler makes the file."""

    def _is_limited(self) -> bool:
        match = getattr(self.request, "resolver_match", None)
        return bool(match and match.url_name in LIMITED)


class OnDisk(TemporaryFileUploadHandler):
    """Django's own, which leaves nothing half written behind where the disk has no room."""

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        with self._all_or_nothing():
            super().receive_data_chunk(raw_data, start)

    def file_complete(self, file_size: int) -> Any:
        with self._all_or_nothing():
            return super().file_complete(file_size)

    @contextmanager
    def _all_or_nothing(self) -> Iterator[None]:
        try:
            yield
        except OSError:
            with suppress(OSError):
                self.file.close()
            raise
