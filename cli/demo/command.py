"""`countersign demo`: everything on this machine, until a signal."""

import os
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import Annotated

import typer

from cli.databases import Databases, keys_of, of_cluster, of_environment
from cli.demo import banner
from cli.demo.home import SECRETS, Home, home
from cli.demo.prepare import prepare
from cli.demo.services import LOCAL_MODEL, Demo, ports_of_environment
from cli.demo.supervisor import (
    Service,
    Stopped,
    Supervisor,
    check_ports,
    ignore_stop_signals,
    stop_signals,
)
from cli.output import CommandError, Exit, emit_json, say, warn
from kit import embedded_postgres


def demo_command(
    scale: Annotated[
        int | None,
        typer.Option(min=1, max=1000, help="Size of the sample data; 1 is Pagila's own size."),
    ] = None,
    model: Annotated[
        str, typer.Option(help="`local` plans with a stand-in for a language model.")
    ] = "",
    verbose: Annotated[bool, typer.Option(help="Show the services' logs as they come.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Say where it answers as JSON.")] = False,
) -> None:
    """Start every service with sample data, and stop them all on Ctrl-C or SIGTERM."""
    if model not in ("", LOCAL_MODEL):
        raise CommandError(
            f"MODEL may be {LOCAL_MODEL!r} or empty, not {model!r}; another model is chosen by "
            "OPENAI_BASE_URL, OPENAI_API_KEY and OPENAI_MODEL.",
            Exit.USAGE,
        )
    place = home()
    plan = Demo(
        home=place,
        databases=of_environment(),
        secrets={name: os.environ[name] for name in SECRETS if os.environ.get(name)},
        ports=ports_of_environment(),
        has_local_model=model == LOCAL_MODEL,
        outside=os.environ,
    )
    announce = _announce_as_json if as_json else _announce
    run(plan, partial(_prepared, scale=scale), announce, is_verbose=verbose)


def run(
    plan: Demo,
    open_databases: Callable[[Demo, ExitStack], Databases],
    announce: Callable[[Demo, float], None],
    *,
    is_verbose: bool = False,
) -> None:
    """Run a demo until a signal comes, or until a part of it ends by itself, which raises.
    Either way nothing is left running. `open_databases` leaves on the stack what has to be
    closed after the services have stopped; `announce` is told the seconds that the start took."""
    began = time.monotonic()
    place = plan.home
    with stop_signals(), ExitStack() as stack:
        try:
            stack.enter_context(place.held())
            supervisor = Supervisor(place, is_verbose=is_verbose)
            supervisor.end_leftovers()
            check_ports(plan.services())
            plan = replace(plan, secrets={**place.made_secrets(), **plan.secrets})
            demo = replace(plan, databases=open_databases(plan, stack))
            stack.callback(supervisor.stop)
            supervisor.start(demo.services())
            stack.callback(place.forget, "demo.json")
            place.write("demo.json", _live(demo))
            announce(demo, time.monotonic() - began)
            supervisor.watch()
        except Stopped:
            warn("Stopping…")
        finally:
            ignore_stop_signals()


def _prepared(plan: Demo, stack: ExitStack, *, scale: int | None) -> Databases:
    databases = plan.databases or embedded(plan.home, stack)
    prepare(
        plan.home,
        databases,
        scale=scale,
        keys=keys_of(plan.secrets),
        is_ours=plan.databases is None,
    )
    return databases


def embedded(place: Home, stack: ExitStack) -> Databases:
    """Start the home's own PostgreSQL; the stack stops it."""
    if not (place.data_dir / "PG_VERSION").exists():
        warn("Making the embedded database…")
    stack.callback(embedded_postgres.end_leftover, place.data_dir)
    try:
        cluster = embedded_postgres.start(place.data_dir)
    except (embedded_postgres.EmbeddedPostgresError, OSError) as error:
        raise CommandError(str(error)) from error
    stack.callback(embedded_postgres.stop, place.data_dir)
    return of_cluster(cluster)


def _urls(services: Sequence[Service]) -> dict[str, str]:
    return {service.name: service.url for service in reversed(services)}


def _live(demo: Demo) -> dict[str, object]:
    return {
        "pid": os.getpid(),
        "urls": _urls(demo.services()),
        "settings": demo.public_settings(),
    }


def _announce(demo: Demo, seconds: float) -> None:
    say(banner.banner(_urls(demo.services()), demo.home.logs, seconds))


def _announce_as_json(demo: Demo, seconds: float) -> None:
    users = {user.username: user.password for user in banner.demo_users()}
    urls = _urls(demo.services())
    emit_json({"urls": {**urls}, "users": {**users}, "seconds": round(seconds, 2)})
