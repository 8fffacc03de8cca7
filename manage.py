#!/usr/bin/env python
"""Runs the project's commands; those that need a database find the embedded server running."""

import os
import sys

from pension_transfer import embedded

# `check` looks into the database only when told to; its system checks read the models.
WITHOUT_DATABASE = {
    "check",
    "collectstatic",
    "compilemessages",
    "diffsettings",
    "findstatic",
    "help",
    "makemessages",
    "spectacular",
    "version",
}
AT_WORK = {"backup", "import_pension_files", "payroll_list", "reconcile", "send_digest", "send_notices", "sync_center"}
NOWHERE = "postgresql:///pension_transfer"  # lets the settings load; nothing connects to it


def needs_database(arguments: list[str]) -> bool:
    """Whether the command line (without the program's name) asks for a database."""
    command, *options = arguments or ["help"]
    if command.startswith("-") or {"-h", "--help"} & set(options):
        return False
    if any(option.startswith("--database") for option in options):
        return True
    return command not in WITHOUT_DATABASE


def refuse_an_old_schema() -> None:
    """Leave with a sentence where the database is older than this program."""
    import django
    from django.core.exceptions import ImproperlyConfigured

    from pension_transfer.lib.servers import require_schema

    django.setup()
    try:
        require_schema()
    except ImproperlyConfigured as error:
        sys.exit(str(error))


def main() -> None:
    """Start the embedded server where it is needed, then hand over to Django."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pension_transfer.settings")
    if needs_database(sys.argv[1:]):
        try:
            embedded.ensure()
        except embedded.EmbeddedPostgresError as error:
            sys.exit(str(error))
    else:
        os.environ.setdefault("DATABASE_URL", NOWHERE)

    from django.core.management import execute_from_command_line

    if sys.argv[1:2] and sys.argv[1] in AT_WORK and needs_database(sys.argv[1:]):
        refuse_an_old_schema()
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
