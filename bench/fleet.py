"""Gateway, workflow and an embedded PostgreSQL, each of which may be killed and started again."""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cli.databases import Databases, keys_of, of_cluster
from cli.demo.home import Home
from cli.demo.prepare import prepare
from cli.demo.services import Demo
from cli.demo.supervisor import Service
from kit import embedded_postgres
from kit.postgres_account import die_with_parent
from kit.postgres_folder import postmaster
from kit.probe import answers
from tests.stack import free_ports

POSTGRES = "postgres"
SERVICES = ("workflow", "gateway")
READY_SECONDS = 60.0


class Fleet:
    """The demo's services without its supervisor, which would not have one of them die. Used from
    the main thread: what it starts ends with that."""

    def __init__(self, home: Home, databases: Databases, services: dict[str, Service]) -> None:
        self.home = home
        self.databases = databases
        self._services = services
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._uses = 1

    @property
    def url(self) -> str:
        """Where the gateway answers."""
        return self._services["gateway"].url

    def start(self, name: str) -> None:
        """Start it, and wait until it is ready; a service, until its database is there too."""
        if name == POSTGRES:
            embedded_postgres.start(self.home.data_dir)
            self._uses += 1
            return
        service = self._services[name]
        with (self.home.logs / f"{name}.log").open("ab") as output:
            self._running[name] = subprocess.Popen(
                service.command,
                env=dict(service.environment),
                cwd=Path(__file__).parents[1],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509 - takes no lock
            )
        deadline = time.monotonic() + READY_SECONDS
        while not answers(service.url + service.ready_path):
            assert self._running[name].poll() is None, f"{name} ended by itself"
            assert time.monotonic() < deadline, f"{name} was not ready in time"
            time.sleep(0.02)

    def kill(self, name: str) -> None:
        """SIGKILL, and wait until it is gone."""
        if name != POSTGRES:
            self._running[name].kill()
            self._running[name].wait()
            return
        server = postmaster(self.home.data_dir)
        assert server is not None, "the database had ended by itself"
        server.kill()
        while postmaster(self.home.data_dir) is not None:
            time.sleep(0.005)

    def stop(self) -> None:
        """All of it, with grace."""
        for process in self._running.values():
            process.terminate()
        for process in self._running.values():
            process.wait(20)
        for _ in range(self._uses):
            embedded_postgres.stop(self.home.data_dir)


@contextmanager
def running(**settings: str) -> Iterator[Fleet]:
    """A fleet in a folder of its own, migrated and seeded, thrown away afterwards."""
    gateway, workflow, webui, model = free_ports(4)
    with tempfile.TemporaryDirectory(prefix="cs-fleet-") as folder:
        Path(folder).chmod(0o755)
        home = Home(Path(folder) / "home")
        home.logs.mkdir(parents=True)
        databases = of_cluster(embedded_postgres.start(home.data_dir))
        secrets = home.made_secrets()
        prepare(home, databases, scale=None, keys=keys_of(secrets), is_ours=True)
        demo = Demo(
            home=home,
            databases=databases,
            secrets=secrets,
            ports={
                "WORKFLOW_PORT": workflow,
                "GATEWAY_PORT": gateway,
                "WEBUI_PORT": webui,
                "LOCAL_MODEL_PORT": model,
            },
            has_local_model=False,
            outside={**os.environ, **settings},
        )
        fleet = Fleet(home, databases, {s.name: s for s in demo.services()})
        try:
            for name in SERVICES:
                fleet.start(name)
            yield fleet
        finally:
            fleet.stop()
