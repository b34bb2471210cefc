"""The whole system, as `make demo` starts it, on ports and in a folder of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import orjson

ROOT = Path(__file__).parents[1]
PASSWORDS = {
    "admin_user": "admin123",
    "admin_two": "admin123",
    "manager_store1": "manager123",
    "manager_multi": "manager123",
    "marketing_user": "marketing123",
    "finance_user": "finance123",
    "reviewer_user": "reviewer123",
    "reviewer_two": "reviewer123",
    "auditor_user": "auditor123",
}


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@dataclass
class Demo:
    """A running demo."""

    home: Path
    environment: dict[str, str]
    process: subprocess.Popen[bytes]
    settings: dict[str, str] = field(default_factory=dict)
    people: dict[str, httpx.Client] = field(default_factory=dict)

    @property
    def gateway_port(self) -> int:
        return int(self.environment["GATEWAY_PORT"])

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.environment['GATEWAY_PORT']}{path}"

    def countersign(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "cli.app", *arguments],
            env=self.environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def person(self, username: str) -> httpx.Client:
        """An HTTP client of the gateway, logged in; one for each person."""
        client = self.people.get(username)
        if client is None:
            client = httpx.Client(base_url=self.url(""), timeout=60, trust_env=False)
            self.people[username] = client
            answer = client.post(
                "/api/auth/login",
                json={"username": username, "password": PASSWORDS[username]},
            )
            assert answer.status_code == 200, answer.text
            client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return client


def start_demo(home: Path, *options: str, **settings: str) -> Demo:
    gateway, workflow, webui, model = free_ports(4)
    environment = {
        **os.environ,
        "COUNTERSIGN_HOME": str(home),
        "GATEWAY_PORT": str(gateway),
        "WORKFLOW_PORT": str(workflow),
        "WEBUI_PORT": str(webui),
        "LOCAL_MODEL_PORT": str(model),
        **settings,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "cli.app", "demo", *options],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    demo = Demo(home, environment, process)
    deadline = time.monotonic() + 90
    while True:
        if process.poll() is not None:
            out = process.stdout.read().decode() if process.stdout else ""
            raise AssertionError(f"the demo ended: {out}")
        try:
            if httpx.get(demo.url("/readyz"), trust_env=False).is_success:
                break
        except httpx.HTTPError:
            pass
        assert time.monotonic() < deadline, "the demo was not ready in time"
        time.sleep(0.1)
    shown = demo.countersign("settings", "--json", "--secrets")
    assert shown.returncode == 0, shown.stderr
    demo.settings = {k: v["value"] for k, v in orjson.loads(shown.stdout).items()}
    return demo


def stop_demo(demo: Demo) -> None:
    for client in demo.people.values():
        client.close()
    demo.process.send_signal(signal.SIGTERM)
    assert demo.process.wait(timeout=30) == 0
    if demo.process.stdout:
        demo.process.stdout.close()
