"""Services of our own beside a running demo, on its data, with another planner or settings."""

import os
import socket
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from cli.databases import Databases
from cli.demo.home import Home, home
from cli.demo.services import PORTS, Demo
from cli.demo.supervisor import Supervisor
from cli.evaluation.errors import EvaluationError

Planner = Literal["builtin", "model", "local"]
"""The built-in planner; the model that the environment names; the stand-in for one."""

PLANNERS: tuple[Planner, ...] = ("builtin", "model", "local")
MODEL_SETTINGS = ("OPENAI_BASE_URL", "OPENAI_API_KEY")
_ASKING = ("model", "workflow", "gateway")


@contextmanager
def serving(planner: Planner, settings: Mapping[str, str]) -> Iterator[str]:
    """The address of a gateway whose questions that planner plans; `settings` are put over those
    of the environment. Raises EvaluationError without a running demo, or without a model."""
    live = home().live_settings()
    if not live:
        raise EvaluationError(
            "No demo runs on COUNTERSIGN_HOME, and it is its data that would be asked. Start it."
        )
    # a trial is no switch: what is in force stays
    outside = {**os.environ, "MODEL_SWITCH": "free", **settings}
    if planner == "model" and not any(outside.get(name) for name in MODEL_SETTINGS):
        raise EvaluationError("No model is configured: set OPENAI_BASE_URL or OPENAI_API_KEY.")
    if planner != "model":
        outside = {k: v for k, v in outside.items() if k not in MODEL_SETTINGS}
    with tempfile.TemporaryDirectory(prefix="cs-eval-") as folder:
        place = Home(Path(folder))
        place.logs.mkdir()
        demo = Demo(
            home=place,
            databases=Databases(live["DATABASE_URL"], live["WAREHOUSE_URL"]),
            secrets=home().kept_secrets(),
            ports=_free_ports(),
            has_local_model=planner == "local",
            outside=outside,
        )
        supervisor = Supervisor(place)
        try:
            supervisor.start([one for one in demo.services() if one.name in _ASKING])
            yield demo.url("GATEWAY_PORT")
        finally:
            supervisor.stop()


def _free_ports() -> dict[str, int]:
    sockets = {name: socket.socket() for name in PORTS}
    for one in sockets.values():
        one.bind(("127.0.0.1", 0))
    ports = {name: int(one.getsockname()[1]) for name, one in sockets.items()}
    for one in sockets.values():
        one.close()
    return ports
