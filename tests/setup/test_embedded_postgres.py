"""The embedded server is put right after whatever happened to it before."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from kit import embedded_postgres
from kit.embedded_postgres import EmbeddedPostgresError
from kit.postgres_folder import postmaster

STARTER = """
import sys, time
from pathlib import Path
from kit import embedded_postgres
embedded_postgres.start(Path(sys.argv[1]))
print("started", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="cs-"))
    yield folder
    embedded_postgres.end_leftover(folder / "pg")
    shutil.rmtree(folder, ignore_errors=True)


def _answers(cluster: embedded_postgres.Cluster) -> bool:
    url = cluster.url(embedded_postgres.WAREHOUSE_DATABASE)
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT 1").fetchone() == (1,)


def _starter(data_dir: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", STARTER, str(data_dir)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "started\n"
    return process


def _close(process: subprocess.Popen[str]) -> None:
    for pipe in (process.stdin, process.stdout):
        assert pipe is not None
        pipe.close()
    process.wait(30)


def test_it_stops_with_its_last_user_and_not_before(home: Path) -> None:
    other = _starter(home / "pg")
    cluster = embedded_postgres.start(home / "pg")
    embedded_postgres.stop(home / "pg")
    assert _answers(cluster)  # the other process goes on
    server = postmaster(home / "pg")
    assert server is not None
    _close(other)
    server.wait(10)
    assert not (home / "pg" / "postmaster.pid").exists()


def test_a_server_is_not_left_behind_when_its_starter_is_killed(home: Path) -> None:
    other = _starter(home / "pg")
    server = postmaster(home / "pg")
    assert server is not None
    other.kill()
    _close(other)
    server.wait(10)
    with embedded_postgres.running(home / "pg") as cluster:
        assert _answers(cluster)


def test_a_killed_server_whose_process_id_is_now_somebody_elses_starts_again(home: Path) -> None:
    with embedded_postgres.running(home / "pg"):
        server = postmaster(home / "pg")
        assert server is not None
        server.send_signal(signal.SIGKILL)
        server.wait(10)
    pid_file = home / "pg" / "postmaster.pid"
    with embedded_postgres.running(home / "other"):
        theirs = postmaster(home / "other")
        assert theirs is not None
        lines = pid_file.read_text().splitlines()
        lines[0] = str(theirs.pid)
        pid_file.write_text("\n".join(lines))
        with embedded_postgres.running(home / "pg") as cluster:
            assert _answers(cluster)
        assert theirs.is_running()


@pytest.mark.parametrize("content", ["", "4242\n/somewhere\n", "not a number\n"])
def test_a_half_written_pid_file_does_no_harm(home: Path, content: str) -> None:
    with embedded_postgres.running(home / "pg"):
        pass
    (home / "pg" / "postmaster.pid").write_text(content)
    with embedded_postgres.running(home / "pg") as cluster:
        assert _answers(cluster)


def test_a_set_up_that_was_cut_short_is_made_again(home: Path) -> None:
    unfinished = home / "pg.new-abc"
    unfinished.mkdir()
    (unfinished / "base").mkdir()
    (home / "pg").mkdir()  # empty: what a first attempt may leave
    with embedded_postgres.running(home / "pg") as cluster:
        assert _answers(cluster)
    assert not unfinished.exists()


def test_a_folder_with_something_else_in_it_is_left_alone(home: Path) -> None:
    (home / "pg").mkdir()
    (home / "pg" / "letter.txt").write_text("dear")
    with pytest.raises(EmbeddedPostgresError, match="not a database"):
        embedded_postgres.start(home / "pg")
    assert (home / "pg" / "letter.txt").read_text() == "dear"


def test_a_folder_of_another_version_says_so(home: Path) -> None:
    with embedded_postgres.running(home / "pg"):
        pass
    (home / "pg" / "PG_VERSION").write_text("16\n")
    with pytest.raises(EmbeddedPostgresError, match="PostgreSQL 16 and this is 18"):
        embedded_postgres.start(home / "pg")


@pytest.mark.parametrize("name", ["long" * 40, "a b, c"])
def test_a_path_that_no_socket_can_have_works(home: Path, name: str) -> None:
    with embedded_postgres.running(home / name / "pg") as cluster:
        assert _answers(cluster)
        socket_dir = Path(cluster.socket_dir)
        assert socket_dir.stat().st_mode & 0o077 == 0
    assert not socket_dir.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts it as another account")
def test_root_opens_a_closed_folder_for_passing_through_only(home: Path) -> None:
    home.chmod(0o700)
    with embedded_postgres.running(home / "pg") as cluster:
        assert _answers(cluster)
        server = postmaster(home / "pg")
        assert server is not None
        assert server.uids().effective != 0
    assert home.stat().st_mode & 0o777 == 0o701


def test_nothing_but_the_socket_is_listened_on(home: Path) -> None:
    with embedded_postgres.running(home / "pg") as cluster:
        server = postmaster(home / "pg")
        assert server is not None
        assert [c for c in server.net_connections("tcp") if c.status == psutil.CONN_LISTEN] == []
        socket_file = Path(cluster.socket_dir) / ".s.PGSQL.5432"
        assert socket_file.stat().st_mode & 0o077 == 0
