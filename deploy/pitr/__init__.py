"""Point-in-time recovery, drilled: `make pitr-drill`."""
