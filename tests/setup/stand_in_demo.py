"""A demo of stand-ins under the real supervisor, with the real embedded database.

stand_in_demo.py MODE: `plain`, or what stand_in_service.py knows. Ports and home by environment.
"""

import os
import sys
from contextlib import ExitStack
from pathlib import Path

import cli.app
from cli.databases import Databases
from cli.demo import command, supervisor
from cli.demo.home import home
from cli.demo.services import Demo, ports_of_environment
from cli.demo.supervisor import Service

MODE = sys.argv[1]


class StandIn(Demo):
    def services(self) -> tuple[Service, ...]:
        return tuple(
            Service(
                name=name,
                command=(
                    sys.executable,
                    str(Path(__file__).with_name("stand_in_service.py")),
                    str(self.ports[port]),
                    *([MODE] if name == "gateway" else []),
                ),
                port=self.ports[port],
                port_setting=port,
                environment=self.outside,
            )
            for name, port in (("workflow", "WORKFLOW_PORT"), ("gateway", "GATEWAY_PORT"))
        )


def open_databases(plan: Demo, stack: ExitStack) -> Databases:
    return command.embedded(plan.home, stack)


def announce(_demo: Demo, _seconds: float) -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()


def demo() -> None:
    plan = StandIn(home(), None, {}, ports_of_environment(), False, os.environ)
    command.run(plan, open_databases, announce)


if __name__ == "__main__":
    supervisor.GRACE_SECONDS = 1.0
    cli.app.app = lambda **_: demo()
    cli.app.main([])
