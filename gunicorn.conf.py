"""How gunicorn serves the pages. It reads this file by itself; its command line wins over it.

The number of workers and the address are the machine's affair: WEB_CONCURRENCY and `--bind`.
"""

from typing import Any

wsgi_app = "pension_transfer.wsgi"
timeout = 30  # seconds: a commit that hangs has an unknown outcome, and the page says so
graceful_timeout = 20  # finish what was begun, take no more
max_requests, max_requests_jitter = 5000, 500
errorlog = "-"  # no access log: the product's own trail says who did what


def on_starting(_arbiter: Any) -> None:
    """The master holds the embedded server, so that a worker may come and go without stopping it."""
    from pension_transfer import embedded

    embedded.ensure()
