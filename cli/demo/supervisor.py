"""Starts services as processes, waits until they are ready, watches them, stops them.

Nothing is restarted in silence: a service that ends takes the demo with it, and the reason is
told. A service is data, so that a test can supervise a stand-in.
"""

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil

from cli.demo.home import Home
from cli.output import CommandError, say
from kit.postgres_account import die_with_parent
from kit.probe import answers

START_SECONDS = 60.0
GRACE_SECONDS = 10.0
POLL_SECONDS = 0.05
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
MARK = "COUNTERSIGN_SUPERVISED_BY"  # in a service's environment: whose it is
_LOG_LINES = 8


class Stopped(KeyboardInterrupt):
    """Somebody asked the demo to stop."""


@dataclass(frozen=True)
class Service:
    """A process that serves HTTP. `port_setting` is the name of the setting to change when the
    port is taken; `environment` is all that the process gets."""

    name: str
    command: tuple[str, ...]
    port: int
    port_setting: str
    environment: Mapping[str, str]
    host: str = "127.0.0.1"
    ready_path: str = "/readyz"

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{self.host}:{self.port}"


@contextmanager
def stop_signals() -> Iterator[None]:
    """Turn the first SIGINT, SIGTERM or SIGHUP into `Stopped`; later ones do not disturb the
    stopping."""

    def once(_number: int, _frame: object) -> None:
        ignore_stop_signals()
        raise Stopped

    before = [signal.signal(number, once) for number in STOP_SIGNALS]
    try:
        yield
    finally:
        for number, handler in zip(STOP_SIGNALS, before, strict=True):
            signal.signal(number, handler)


def ignore_stop_signals() -> None:
    """From here on we are stopping, and nothing hurries it."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def _signals_wait() -> Iterator[None]:
    """No signal between starting a process and writing down that it was started."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def check_ports(services: Sequence[Service]) -> None:
    """Raise for the first port that is taken, or wanted twice."""
    wanted: dict[int, Service] = {}
    for service in services:
        other = wanted.setdefault(service.port, service)
        if other is not service:
            raise CommandError(
                f"{other.port_setting} and {service.port_setting} are both {service.port}; "
                "give each its own port."
            )
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((service.host, service.port))
            except OSError as error:
                raise CommandError(
                    f"Port {service.port} of {service.name} cannot be used "
                    f"({(error.strerror or str(error)).lower()}); free it, or set "
                    f"{service.port_setting} to another."
                ) from error


class Supervisor:
    """The services of one demo."""

    def __init__(self, home: Home, *, is_verbose: bool = False) -> None:
        self.home = home
        self.is_verbose = is_verbose
        self._running: list[tuple[Service, subprocess.Popen[bytes]]] = []

    def end_leftovers(self) -> None:
        """End what a supervisor of the same home, killed before it could, has left running."""
        recorded = self.home.read("processes.json").get("pids")
        left = []
        for pid in recorded if isinstance(recorded, list) else ():
            with suppress(psutil.Error, TypeError):
                process = psutil.Process(pid)
                if process.environ().get(MARK) == str(self.home.root):
                    process.terminate()
                    left.append(process)
        _, alive = psutil.wait_procs(left, timeout=GRACE_SECONDS)
        for process in alive:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(alive, timeout=GRACE_SECONDS)
        self.home.forget("processes.json")

    def start(self, services: Sequence[Service]) -> None:
        """Start all at once and return when each is ready. Raises when one ends, or is not
        ready in time; the caller stops the rest."""
        for service in services:
            self._spawn(service)
        if self.is_verbose:  # threads only now: a process is better not forked beside them
            for service in services:
                self._show(service)
        deadline = time.monotonic() + START_SECONDS
        for service in services:
            while not answers(service.url + service.ready_path):
                self.check()
                if time.monotonic() > deadline:
                    raise CommandError(
                        f"{service.name} was not ready after {START_SECONDS:.0f} seconds. "
                        f"{self._last_words(service)}"
                    )
                time.sleep(POLL_SECONDS)

    def watch(self) -> None:
        """Wait for ever; raises when a service ends by itself."""
        while True:
            self.check()
            time.sleep(POLL_SECONDS * 4)

    def check(self) -> None:
        """Raise when a service has ended by itself."""
        for service, process in self._running:
            code = process.poll()
            if code is not None:
                how = f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
                raise CommandError(
                    f"{service.name} ended by itself ({how}). {self._last_words(service)}"
                )

    def stop(self) -> None:
        """Stop all, with grace; kill what does not go."""
        for _, process in self._running:
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + GRACE_SECONDS
        for service, process in self._running:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                say(f"{service.name} did not stop in time and was killed.")
                process.kill()
                process.wait()
        self._running.clear()
        self.home.forget("processes.json")

    def _spawn(self, service: Service) -> None:
        with _signals_wait():
            with self._fresh_log(service).open("wb") as output:
                process = subprocess.Popen(  # noqa: S603 - our own modules, no shell
                    service.command,
                    env={**service.environment, MARK: str(self.home.root)},
                    cwd=Path(__file__).parents[2],  # services come from the same tree as we do
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,  # Ctrl-C reaches the supervisor alone
                    preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509 - takes no lock
                )
            self._running.append((service, process))
            self.home.write("processes.json", {"pids": [p.pid for _, p in self._running]})

    def _log(self, service: Service) -> Path:
        return self.home.logs / f"{service.name}.log"

    def _fresh_log(self, service: Service) -> Path:
        log = self._log(service)
        if log.exists():
            log.replace(log.with_suffix(".log.1"))
        log.touch(mode=0o600)
        return log

    def _last_words(self, service: Service) -> str:
        log = self._log(service)
        lines = log.read_text(errors="replace").splitlines()[-_LOG_LINES:] if log.exists() else []
        quoted = "\n".join(f"  {line[:500]}" for line in lines)
        return f"The end of {log}:\n{quoted}" if quoted else f"{log} is empty."

    def _show(self, service: Service) -> None:
        threading.Thread(
            target=_follow,
            args=(self._log(service).open("r", errors="replace"), service.name),
            daemon=True,
        ).start()


def _follow(log: IO[str], name: str) -> None:
    with log:
        while True:
            line = log.readline()
            if line:
                sys.stdout.write(f"{name}: {line}")
                sys.stdout.flush()
            else:
                time.sleep(POLL_SECONDS)
