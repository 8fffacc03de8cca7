"""What is done to the cluster, and how long it may then take until everybody can write again."""

import signal
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

from deploy.ha.cluster import NAMES, Cluster

CUT = 20  # seconds without etcd
CANCELLING = 4
TTL = 20  # as in patroni.yml
Undo = Callable[[], None]
WAITING = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"

LATE = "SELECT pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())"


@dataclass(frozen=True)
class Scene:
    """`strike` does it and returns what undoes it; `bound`: seconds until writable; `lasts`: seconds to watch."""

    fault: int
    what: str
    strike: Callable[[Cluster], Undo]
    bound: float
    lasts: float


def _nothing() -> None: ...


def _leader(cluster: Cluster) -> str:
    if name := cluster.leader():
        return name
    raise RuntimeError("nobody leads")


def _kill_node(cluster: Cluster, name: str) -> Undo:
    cluster.running[name].kill()
    cluster.signal_postgres(name, signal.SIGKILL)
    return lambda: cluster.start_node(name)


def kill(cluster: Cluster) -> Undo:
    cluster.signal_postgres(_leader(cluster), signal.SIGKILL)
    return _nothing


def node(cluster: Cluster) -> Undo:
    return _kill_node(cluster, _leader(cluster))


def freeze(cluster: Cluster) -> Undo:
    agent = cluster.running[_leader(cluster)]
    agent.send_signal(signal.SIGSTOP)
    return lambda: agent.send_signal(signal.SIGCONT)


def etcd(cluster: Cluster) -> Undo:
    """All three members are silent for a while."""

    def tell(number: int) -> None:
        for name in NAMES:
            cluster.running[f"etcd-{name}"].send_signal(number)

    tell(signal.SIGSTOP)
    threading.Timer(CUT, tell, [signal.SIGCONT]).start()
    return _nothing


def standby(cluster: Cluster) -> Undo:
    return _kill_node(cluster, cluster.standbys()[0])


def cancel(cluster: Cluster) -> Undo:
    """Both standbys are gone, and somebody cancels every COMMIT that waits for one."""
    leader = _leader(cluster)
    restarts = [_kill_node(cluster, name) for name in NAMES if name != leader]
    with closing(cluster.connect(cluster.port_of(leader))) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        until = time.monotonic() + CANCELLING
        while time.monotonic() < until:
            cursor.execute(WAITING)
            time.sleep(0.1)
    for restart in restarts:
        restart()
    return _nothing


def lag(cluster: Cluster) -> Undo:
    """The standbys keep what they are sent and show none of it: whoever replays it is frozen."""
    standbys = [name for name in NAMES if name != _leader(cluster)]
    replaying = [p for name in standbys for p in cluster.postgres_of(name) if ": startup " in " ".join(p.cmdline())]
    for process in replaying:
        process.suspend()

    def resume() -> None:
        late = [_bytes_behind(cluster, name) for name in standbys]
        for process in replaying:
            process.resume()
        if not all(late):
            raise RuntimeError(f"the standbys were not behind: {late} bytes")

    return resume


def _bytes_behind(cluster: Cluster, name: str) -> int:
    with closing(cluster.connect(cluster.port_of(name))) as connection, connection.cursor() as cursor:
        cursor.execute(LATE)
        return int(cursor.fetchone()[0])


SCENES = {
    "kill": Scene(34, "the leader's PostgreSQL is killed", kill, bound=10, lasts=5),
    "node": Scene(34, "the leader's whole node is killed", node, bound=TTL + 10, lasts=5),
    "freeze": Scene(46, "the leader's agent is frozen", freeze, bound=TTL + 10, lasts=TTL + 4),
    "etcd": Scene(34, f"etcd is cut off for {CUT} seconds", etcd, bound=CUT + 10, lasts=CUT + 4),
    "standby": Scene(45, "the synchronous standby is killed", standby, bound=10, lasts=5),
    "cancel": Scene(45, "both standbys are killed, waits for them cancelled", cancel, bound=30, lasts=1),
    "lag": Scene(50, "the standbys show nothing new", lag, bound=5, lasts=4),
}
