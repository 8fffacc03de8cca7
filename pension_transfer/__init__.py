"""The Django project: settings, addresses, which database holds what, and the embedded server."""
