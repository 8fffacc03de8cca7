"""The second wall between branches: PostgreSQL itself shows a request the rows of its person's branches only.

The first wall is `visible_to`. A query that forgot it, run for a request, finds nothing of others: the request's
statements run as the role `pension_web`, which the policies below hold to the branches in `pension.branches`. Commands,
the worker and migrations take no role and are held to nothing. See docs/decisions/0017-row-security.md.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connections
from psycopg2.extensions import TRANSACTION_STATUS_IDLE, TRANSACTION_STATUS_INERROR

ROLE = "pension_web"
POLICY = "of_own_branches"
NOBODY = ""  # the reach of a request that nobody has signed in to
Who = Callable[[], str | None]

# --- what stands in the database ------------------------------------------------------------------------

# The inner SELECT is answered once for a statement, not for each row.
OWN = "{column} = ANY ((SELECT string_to_array(current_setting('pension.branches', true), ','))::text[])"
# A lookup for each row, never a hash of the whole parent table; the parent's own policy answers it.
OF_PARENT = "(SELECT true FROM {parent} AS parent WHERE parent.id = {table}.{column})"


def fence(table: str, column: str = "branch_id", parent: str = "") -> str:
    """SQL that holds `table` to the branches in `column`, or to the rows of `parent` that `column` points to."""
    rule = (OF_PARENT if parent else OWN).format(table=table, column=column, parent=parent)
    return f"""
CREATE POLICY {POLICY} ON {table} USING (current_user <> '{ROLE}' OR {rule});
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
"""


def unfence(table: str) -> str:
    """The way back."""
    return f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY; DROP POLICY {POLICY} ON {table};"


def fencing(tables: dict[str, Any]) -> set[str]:
    """The policies that `fence` sets, as table.policy."""
    return {f"{table}.{POLICY}" for table in tables}


# Roles belong to the whole cluster: another database may have made it already, this very moment too.
PREPARE = f"""
DO $$
DECLARE place text := format('IN SCHEMA %I', current_schema());
  how text := CASE WHEN current_setting('server_version_num')::int < 160000 THEN 'MEMBER' ELSE 'SET' END;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{ROLE}') THEN
    BEGIN
      CREATE ROLE {ROLE} NOLOGIN;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END;
  END IF;
  IF NOT pg_has_role('{ROLE}', how) THEN
    GRANT {ROLE} TO CURRENT_USER;
  END IF;
  EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES %s TO {ROLE}', place);
  EXECUTE format('GRANT USAGE ON ALL SEQUENCES %s TO {ROLE}', place);
  EXECUTE format('ALTER DEFAULT PRIVILEGES %s GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {ROLE}', place);
  EXECUTE format('ALTER DEFAULT PRIVILEGES %s GRANT USAGE ON SEQUENCES TO {ROLE}', place);
EXCEPTION WHEN insufficient_privilege THEN NULL; -- somebody with the right does it, see docs/configuration.md
END $$
"""
IS_READY = f"""
SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = '{ROLE}'
  AND pg_has_role(session_user, oid, %(how)s) AND has_table_privilege(oid, 'django_migrations', 'INSERT'))
"""  # noqa: S608
SWITCH = f"""
SELECT set_config('pension.branches', %(branches)s, false), set_config('role', CASE
  WHEN %(is_open)s THEN 'none' WHEN %(is_needed)s THEN '{ROLE}' WHEN ({IS_READY}) THEN '{ROLE}' ELSE 'none' END, false)
"""


def prepare(connection: Any) -> bool:
    """Create the role and let it at the tables, where this account may; whether requests can take it now."""
    with connection.cursor() as cursor:
        cursor.execute(PREPARE)
        cursor.execute(IS_READY, {"how": _how(connection)})
        return bool(cursor.fetchone()[0])


def _how(connection: Any) -> str:
    return "SET" if connection.pg_version >= 160000 else "MEMBER"


# --- what a request may reach ---------------------------------------------------------------------------


class Reach:
    """Stands before every statement of one request: codes of branches, comma-separated; None for the whole country.

    `who` tells them, and its own statements run before there is a reach. A connection that is opened anew within the
    request takes the role anew.
    """

    def __init__(self, connection: Any, who: Who):
        self.connection, self.who = connection, who
        self.branches: str | None = NOBODY
        self.lifted = 0
        self.is_told = self.is_asking = False
        self.set: tuple[Any, str | None] | None = None  # the driver's connection, and what lasts on it
        self.touched: Any = None

    def __call__(self, execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        if not self.is_asking:
            self.ask()
            self._take_effect()
        return execute(sql, params, many, context)

    def ask(self) -> None:
        """Learn, once, whose request it is."""
        if self.is_told:
            return
        self.is_asking = True
        try:
            self.branches, self.is_told = self.who(), True
        finally:
            self.is_asking = False

    def _take_effect(self) -> None:
        wanted = (self.connection.connection, None if self.lifted else self.branches)
        if self.set != wanted:
            self.touched = wanted[0]
            self.set = wanted if _switch(self.connection, wanted[1]) else None

    def leave(self) -> None:
        """Back to the account's own standing; a connection that cannot go back is closed."""
        self.set = None
        if self.touched is None or self.touched is not self.connection.connection:
            return
        try:
            is_back = _switch(self.connection, None) or self.connection.in_atomic_block  # whose end takes it back
        except DatabaseError:
            is_back = False
        if not is_back:
            self.connection.close()


def _switch(connection: Any, branches: str | None) -> bool:
    """Whether it lasts: what is set inside a transaction goes with its rollback, and is then set again."""
    raw = connection.connection
    status = raw.get_transaction_status()
    if status == TRANSACTION_STATUS_INERROR:  # it hears of nothing but the rollback
        return False
    is_needed, how = settings.ROW_SECURITY == "on", _how(connection)
    given = {"branches": branches or "", "is_open": branches is None, "is_needed": is_needed, "how": how}
    is_between = status == TRANSACTION_STATUS_IDLE
    with connection.wrap_database_errors, _at_once(raw, is_between), raw.cursor() as cursor:
        cursor.execute(SWITCH, given)
    return bool(is_between)


@contextmanager
def _at_once(raw: Any, is_between: bool) -> Iterator[None]:
    """Outside of the transaction that Django has announced and PostgreSQL has not begun yet."""
    is_announced = is_between and not raw.autocommit
    if is_announced:
        raw.autocommit = True
    try:
        yield
    finally:
        if is_announced and not raw.closed:
            raw.autocommit = False


@contextmanager
def within(reach: Reach) -> Iterator[None]:
    """A stretch of a request's work."""
    fenced: AbstractContextManager[None] = reach.connection.execute_wrapper(reach)
    try:
        with fenced:
            with suppress(DatabaseError):  # asked again by the first statement, which then fails as it would have
                reach.ask()
            yield
    finally:
        reach.leave()


@contextmanager
def as_site() -> Iterator[None]:
    """What the site does by itself for another branch in the middle of a request; each use is told in decision 0017."""
    reaches = [wrapper for wrapper in connections["default"].execute_wrappers if isinstance(wrapper, Reach)]
    for reach in reaches:
        reach.lifted += 1
    try:
        yield
    finally:
        for reach in reaches:
            reach.lifted -= 1
