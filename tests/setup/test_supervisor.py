"""The demo's supervisor leaves nothing behind, whatever ends it."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import psutil
import pytest

from cli.demo.supervisor import MARK
from kit import embedded_postgres

SCRIPT = Path(__file__).with_name("stand_in_demo.py")
ROOT = Path(__file__).parents[2]


class Place(NamedTuple):
    home: Path
    ports: dict[str, str]

    def start(self, mode: str = "plain") -> subprocess.Popen[str]:
        environment = {
            **os.environ,
            **self.ports,
            "COUNTERSIGN_HOME": str(self.home),
            "PYTHONPATH": str(ROOT),
        }
        for name in ("DATABASE_URL", "WAREHOUSE_URL"):
            environment.pop(name, None)
        return subprocess.Popen(
            [sys.executable, str(SCRIPT), mode],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def left_running(self) -> list[str]:
        left = []
        for process in psutil.process_iter():
            try:
                marked = process.environ().get(MARK) == str(self.home)
                if marked or (
                    process.name() == "postgres" and process.cwd().startswith(str(self.home))
                ):
                    left.append(f"{process.pid} {process.name()}")
            except psutil.Error:
                continue
        return left

    def gateway(self, path: str) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{self.ports['GATEWAY_PORT']}{path}", trust_env=False)


def _free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@pytest.fixture
def place() -> Iterator[Place]:
    folder = Path(tempfile.mkdtemp(prefix="cs-")).resolve()
    names = ("GATEWAY_PORT", "WORKFLOW_PORT", "WEBUI_PORT", "LOCAL_MODEL_PORT")
    yield Place(folder, {name: _free_port() for name in names})
    embedded_postgres.end_leftover(folder / "pg")
    shutil.rmtree(folder, ignore_errors=True)


def _ready(demo: subprocess.Popen[str]) -> None:
    assert demo.stdout is not None
    assert demo.stdout.readline() == "ready\n", demo.communicate(timeout=30)[1]


def _end(demo: subprocess.Popen[str], number: signal.Signals) -> str:
    demo.send_signal(number)
    return demo.communicate(timeout=40)[1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything(place: Place, number: signal.Signals) -> None:
    demo = place.start()
    _ready(demo)
    assert place.gateway("/readyz").is_success
    assert (place.home / "demo.json").stat().st_mode & 0o777 == 0o600
    _end(demo, number)
    assert demo.returncode == 0
    assert place.left_running() == []
    assert not (place.home / "pg" / ".s.PGSQL.5432").exists()
    assert not (place.home / "demo.json").exists()


def test_a_second_signal_does_not_cut_the_stopping_short(place: Place) -> None:
    demo = place.start("stubborn")
    _ready(demo)
    for _ in range(3):
        demo.send_signal(signal.SIGINT)
    _, errors = demo.communicate(timeout=40)
    assert demo.returncode == 0, errors
    assert place.left_running() == []


def test_a_killed_supervisor_is_cleaned_up_after(place: Place) -> None:
    first = place.start()
    _ready(first)
    first.kill()
    first.communicate(timeout=30)
    second = place.start()
    _ready(second)
    assert place.gateway("/readyz").is_success
    _end(second, signal.SIGTERM)
    assert second.returncode == 0
    assert place.left_running() == []


def test_leftovers_are_ended_by_who_they_are_not_by_their_process_id(place: Place) -> None:
    ours = subprocess.Popen(["sleep", "600"], env={**os.environ, MARK: str(place.home)})
    not_ours = subprocess.Popen(["sleep", "600"])
    (place.home / "processes.json").write_text(json.dumps({"pids": [ours.pid, not_ours.pid, "x"]}))
    demo = place.start()
    _ready(demo)
    try:
        assert ours.wait(10) == -signal.SIGTERM
        assert not_ours.poll() is None
    finally:
        not_ours.kill()
        not_ours.wait()
    _end(demo, signal.SIGTERM)


def test_a_taken_port_is_named_with_its_setting_and_leaves_nothing(place: Place) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", int(place.ports["GATEWAY_PORT"])))
        other.listen()
        demo = place.start()
        output, errors = demo.communicate(timeout=30)
    assert demo.returncode == 1
    assert output == ""
    assert f"Port {place.ports['GATEWAY_PORT']}" in errors
    assert "GATEWAY_PORT" in errors
    assert len(errors.strip().splitlines()) == 1
    assert place.left_running() == []


def test_a_second_demo_on_the_same_home_says_so_and_does_not_touch_the_first(place: Place) -> None:
    first = place.start()
    _ready(first)
    second = place.start()
    _, errors = second.communicate(timeout=30)
    assert second.returncode == 1
    assert "already runs" in errors
    assert len(errors.strip().splitlines()) == 1
    assert place.gateway("/readyz").is_success
    assert first.poll() is None
    _end(first, signal.SIGTERM)


def test_a_service_that_cannot_start_is_named_with_its_last_words(place: Place) -> None:
    demo = place.start("dies")
    _, errors = demo.communicate(timeout=30)
    assert demo.returncode == 1
    assert "gateway ended by itself (exit code 3)" in errors
    assert "no such table: roof" in errors
    assert place.left_running() == []


def test_a_service_that_dies_later_takes_the_demo_with_it(place: Place) -> None:
    demo = place.start()
    _ready(demo)
    with pytest.raises(httpx.HTTPError):
        place.gateway("/die")
    _, errors = demo.communicate(timeout=30)
    assert demo.returncode == 1
    assert "gateway ended by itself (killed by SIGKILL)" in errors
    assert "the roof fell in" in errors
    assert place.left_running() == []


def test_secrets_are_made_once_and_for_the_owner_only(place: Place) -> None:
    kept = []
    for _ in range(2):
        demo = place.start()
        _ready(demo)
        _end(demo, signal.SIGTERM)
        path = place.home / "secrets.json"
        assert path.stat().st_mode & 0o777 == 0o600
        kept.append(path.read_text())
    assert kept[0] == kept[1]
    assert min(map(len, json.loads(kept[0]).values())) >= 32


def test_two_demos_run_side_by_side(place: Place) -> None:
    ports = {name: _free_port() for name in place.ports}
    other = Place(place.home / "other", ports)
    demos = [place.start(), other.start()]
    for demo in demos:
        _ready(demo)
    assert place.gateway("/readyz").is_success
    assert other.gateway("/readyz").is_success
    for demo in demos:
        _end(demo, signal.SIGTERM)
        assert demo.returncode == 0
