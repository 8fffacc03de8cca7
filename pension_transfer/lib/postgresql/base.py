"""A COMMIT that "succeeds" with a warning has an unknown outcome.

With a synchronous standby, COMMIT waits for it. When that wait is cancelled, PostgreSQL reports success and says in a
mere WARNING that the row is on this server only: after a failover it may be gone. Here that is an error, for every
transaction of the product, as is any other answer that was lost: what was asked is asked again, which is harmless (D3).
"""

from django.db import OperationalError
from django.db.backends.postgresql.base import DatabaseWrapper as Base

__all__ = ["DatabaseWrapper", "OutcomeUnknown"]


class OutcomeUnknown(OperationalError):
    """The transaction may be there or not; repeat it under the same key."""


class DatabaseWrapper(Base):
    """Takes every notice of COMMIT for doubt: its wording depends on the server's language, and nothing else warns."""

    def _commit(self) -> None:
        if self.connection is None:
            return
        del self.connection.notices[:]
        super()._commit()  # type: ignore[misc]  # the stubs leave it out
        if notices := self.connection.notices[:]:
            raise OutcomeUnknown(" ".join(notices).strip())
