"""Django's PostgreSQL backend, but for one thing: a COMMIT of which nobody knows is not taken for done (base.py)."""
