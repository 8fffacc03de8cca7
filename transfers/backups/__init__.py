"""Backups of the site's database and the center's, and the way back: `manage.py backup`, `manage.py restore`."""

from transfers.backups.folders import Backup, last_backup
from transfers.backups.making import make
from transfers.backups.restoring import restore

__all__ = ["Backup", "last_backup", "make", "restore"]
