"""docker-compose.yml and the Dockerfile keep what the design asks of them. No engine runs here:
this reads the files."""

import re
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml

from cli.demo.home import SECRETS as DEMO_SECRETS

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
EACH = pytest.mark.parametrize("name", sorted(SERVICES))
SECRETS = {*DEMO_SECRETS, "POSTGRES_PASSWORD"}
SETTING = re.compile(r"\$\{(\w+)(:[?-])?([^}]*)\}")


def test_the_services_are_the_designs() -> None:
    assert set(SERVICES) == {"postgres", "migrate", "workflow", "gateway", "webui"}
    assert SERVICES["postgres"]["image"] == "pgvector/pgvector:pg18"


@EACH
def test_a_container_has_no_more_rights_than_it_needs(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert any(mount.startswith("/tmp:") for mount in service["tmpfs"])
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert "no-new-privileges:true" in service["security_opt"]
    assert not service.get("privileged", False)
    user, group = service["user"].split(":")
    assert int(user) != 0
    assert int(group) != 0


@EACH
def test_every_service_that_stays_has_a_health_check_and_comes_back(name: str) -> None:
    service = SERVICES[name]
    if name == "migrate":
        assert service["restart"] == "no"
    else:
        assert service["restart"] == "unless-stopped"
        assert service["healthcheck"]["test"][0] == "CMD"


def test_only_the_public_services_have_a_host_port_and_only_on_this_host() -> None:
    assert {name for name in SERVICES if SERVICES[name].get("ports")} == {"gateway", "webui"}
    for name in ("gateway", "webui"):
        assert all(port.startswith("127.0.0.1:") for port in SERVICES[name]["ports"])
    for name in ("postgres", "migrate"):
        assert all(COMPOSE["networks"][net].get("internal") for net in SERVICES[name]["networks"])


def test_services_wait_for_what_they_need() -> None:
    waits = {
        name: {on: rule["condition"] for on, rule in service.get("depends_on", {}).items()}
        for name, service in SERVICES.items()
    }
    assert waits == {
        "postgres": {},
        "migrate": {"postgres": "service_healthy"},
        "workflow": {"migrate": "service_completed_successfully"},
        "gateway": {"workflow": "service_healthy"},
        "webui": {"gateway": "service_healthy"},
    }


@EACH
def test_secrets_come_from_outside_and_have_no_default(name: str) -> None:
    for setting, value in SERVICES[name].get("environment", {}).items():
        for used, rule, _ in SETTING.findall(value):
            if used in SECRETS:
                assert rule == ":?", f"{setting} would start without {used}"
        if setting in SECRETS:
            assert SETTING.fullmatch(value), f"{setting} is written down"
        assert not re.search(r"://[^$/:@]+:[^$@]+@", value), f"{setting} holds a password"


def test_each_service_gets_only_the_secrets_it_needs() -> None:
    told = {
        name: {
            secret
            for secret in SECRETS
            if any(secret in str(v) for v in service.get("environment", {}).values())
        }
        for name, service in SERVICES.items()
    }
    assert told["webui"] == {"WEBUI_SECRET"}
    assert told["gateway"] == {"JWT_SECRET", "INTERNAL_TOKEN", "GATEWAY_DATABASE_PASSWORD"}
    assert told["workflow"] == {
        "INTERNAL_TOKEN",
        "WAREHOUSE_READER_SECRET",
        "SIGNING_KEY_SECRET",
        "WORKFLOW_DATABASE_PASSWORD",
    }
    assert "WAREHOUSE_URL" not in SERVICES["gateway"]["environment"]


def test_the_image_runs_as_nobody_in_particular_from_hashed_wheels() -> None:
    text = (ROOT / "Dockerfile").read_text()
    last_stage = text.rpartition("\nFROM ")[2]
    assert re.search(r"^USER 10001:10001$", last_stage, re.M)
    assert text.count("--require-hashes") == 2
    assert text.count("--only-binary :all:") == 2
    assert "COPY . " not in text
    packages = re.search(r"^packages = \[(.*)\]$", (ROOT / "pyproject.toml").read_text(), re.M)
    assert packages is not None
    for package in re.findall(r'"(\w+)"', packages[1]):
        assert f"COPY {package} {package}\n" in text
        assert f"\n!{package}\n" in (ROOT / ".dockerignore").read_text()


def test_the_health_checks_ask_the_port_that_the_service_listens_on() -> None:
    for name in ("workflow", "gateway", "webui"):
        port = SERVICES[name]["environment"][f"{name.upper()}_PORT"]
        assert SERVICES[name]["healthcheck"]["test"][-1] == f"http://127.0.0.1:{port}/readyz"


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1), (None, 1)])
def test_the_health_check_says_whether_a_service_is_ready(status: int | None, code: int) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status or 200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        url = f"http://127.0.0.1:{server.server_port}/readyz"
        thread = Thread(target=server.serve_forever, args=(0.02,))
        if status is not None:
            thread.start()
        else:
            server.server_close()
        probe = subprocess.run([sys.executable, "-m", "kit.probe", url], cwd=ROOT, check=False)
        if status is not None:
            server.shutdown()
            thread.join()
    assert probe.returncode == code
