"""The embedded server, tried with real processes."""
