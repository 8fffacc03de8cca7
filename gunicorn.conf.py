"""How gunicorn serves the pages. It reads this file by itself; its command line wins over it.

The number of workers and the address are the machine's affair: WEB_CONCURRENCY and `--bind`.
"""

from typing import Any

from gunicorn.glogging import Logger

wsgi_app = "pension_transfer.wsgi"
timeout = 30  # seconds: a commit that hangs has an unknown outcome, and the page says so
graceful_timeout = 20  # finish what was begun, take no more
max_requests, max_requests_jitter = 5000, 500
errorlog = "-"  # no access log: the product's own trail says who did what
control_socket_disable = True  # it would stand in the home folder, one for all servers there


class MaskedLogger(Logger):
    """A worker that is stopped in the middle of a request says which address it was at."""

    def setup(self, cfg: Any) -> None:
        from pension_transfer.lib.logs import Masked

        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(Masked(self.error_fmt, self.datefmt))


logger_class = MaskedLogger


def on_starting(_arbiter: Any) -> None:
    """The master holds the embedded server, so that a worker may come and go without stopping it."""
    from pension_transfer import embedded

    embedded.ensure()
