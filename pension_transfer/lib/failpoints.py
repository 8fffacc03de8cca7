"""Places where a test may kill the process: between the commits of a step that crosses to the center (D3).

`FAIL_POINT` in the environment names the one that is armed. Production never arms any.
"""

import os
import signal

ARMED = "" if os.environ.get("DJANGO_ENV") == "production" else os.environ.get("FAIL_POINT", "")


def fail_point(name: str) -> None:
    """End this process as kill -9 does when `name` is armed."""
    if name == ARMED:
        os.kill(os.getpid(), signal.SIGKILL)
