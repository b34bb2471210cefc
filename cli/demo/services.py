"""Which services the demo runs, and what each of them is told: its own settings and no other's."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from cli.databases import Databases
from cli.demo.home import SECRETS, Home
from cli.demo.supervisor import Service
from cli.output import CommandError
from kit.logins import GATEWAY_LOGIN, WORKFLOW_LOGIN, with_login

PORTS = {
    "WORKFLOW_PORT": 8001,
    "GATEWAY_PORT": 8000,
    "WEBUI_PORT": 3001,
    "LOCAL_MODEL_PORT": 8002,
}
LOCAL_MODEL = "local"
_PRIVATE = {*SECRETS, "DATABASE_URL", "WAREHOUSE_URL", "OPENAI_API_KEY", "EMBEDDINGS_API_KEY"}
# what each service may know of these
_CONFIDED: dict[str, set[str]] = {
    "workflow": {
        "DATABASE_URL",
        "WAREHOUSE_URL",
        "INTERNAL_TOKEN",
        "WAREHOUSE_READER_SECRET",
        "SIGNING_KEY_SECRET",
        "OPENAI_API_KEY",
        "EMBEDDINGS_API_KEY",
    },
    "gateway": {"DATABASE_URL", "INTERNAL_TOKEN", "JWT_SECRET"},
    "webui": {"WEBUI_SECRET"},
    "model": set(),
}
# under which name of its own a service uses the application's database, and the secret for it
_LOGINS = {
    "workflow": (WORKFLOW_LOGIN, "WORKFLOW_DATABASE_PASSWORD"),
    "gateway": (GATEWAY_LOGIN, "GATEWAY_DATABASE_PASSWORD"),
}


@dataclass(frozen=True)
class Demo:
    """The settings of a demo: everything that is not its own business comes from `outside`."""

    home: Home
    databases: Databases | None  # not yet known while it is only planned
    secrets: Mapping[str, str]
    ports: Mapping[str, int]
    has_local_model: bool
    outside: Mapping[str, str]

    def url(self, port: str) -> str:
        """Where the service with that port setting answers."""
        return f"http://127.0.0.1:{self.ports[port]}"

    def public_settings(self) -> dict[str, str]:
        """What the demo set, secrets left out; the database URLs are for the owner's eyes."""
        settings = {
            "COUNTERSIGN_HOME": str(self.home.root),
            "COUNTERSIGN_DEMO": "true",
            "GATEWAY_URL": self.url("GATEWAY_PORT"),
            "WORKFLOW_URL": self.url("WORKFLOW_PORT"),
            **{name: str(port) for name, port in self.ports.items()},
        }
        if self.databases is not None:
            settings["DATABASE_URL"] = self.databases.app
            settings["WAREHOUSE_URL"] = self.databases.warehouse
        if self.has_local_model:
            settings["OPENAI_BASE_URL"] = self.url("LOCAL_MODEL_PORT") + "/v1"
            wanted = self.outside.get("OPENAI_MODEL", "")
            settings["OPENAI_MODEL"] = wanted if wanted.startswith(LOCAL_MODEL) else LOCAL_MODEL
            settings["OPENAI_FALLBACK_MODELS"] = ""
        return settings

    def services(self) -> tuple[Service, ...]:
        """In the order in which they are waited for."""
        model = self._service(
            "model",
            "LOCAL_MODEL_PORT",
            ("cli.app", "local-model", "--port", str(self.ports["LOCAL_MODEL_PORT"])),
            ready_path="/v1/models",
        )
        return (
            *((model,) if self.has_local_model else ()),
            self._service("workflow", "WORKFLOW_PORT", ("workflow",)),
            self._service("gateway", "GATEWAY_PORT", ("gateway",)),
            self._service("webui", "WEBUI_PORT", ("webui",)),
        )

    def _service(
        self, name: str, port: str, module: tuple[str, ...], ready_path: str = "/readyz"
    ) -> Service:
        told = {**self.outside, **self.secrets, **self.public_settings()}
        if name in _LOGINS and self.databases is not None:
            login, password = _LOGINS[name]
            told["DATABASE_URL"] = with_login(self.databases.app, login, self.secrets[password])
        kept_from_it = _PRIVATE - _CONFIDED[name]
        return Service(
            name=name,
            command=(sys.executable, "-m", *module),
            port=self.ports[port],
            port_setting=port,
            environment={k: v for k, v in told.items() if k not in kept_from_it},
            ready_path=ready_path,
        )


def ports_of_environment() -> dict[str, int]:
    """The ports that are set, or the usual ones."""
    ports = {}
    for name, usual in PORTS.items():
        given = os.environ.get(name) or str(usual)
        if not given.isdigit() or not 1 <= int(given) <= 65535:
            raise CommandError(f"{name} must be a port from 1 to 65535, not {given!r}.")
        ports[name] = int(given)
    return ports
