"""`countersign eval`: ask the questions of a case file and judge the answers."""

import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import httpx
import psycopg
import typer
from rich.console import Console
from rich.progress import track

from cli.demo.home import home
from cli.evaluation.asking import Asker, read_passwords
from cli.evaluation.cases import Case, filled, read_cases
from cli.evaluation.errors import EvaluationError
from cli.evaluation.judging import Judgement, judge
from cli.evaluation.report import FIGURES, Outcome, Report, read_report, report
from cli.evaluation.showing import show, show_difference
from cli.output import CommandError, Exit

USERS = Path(__file__).parents[1] / "seeds" / "pagila" / "users.yaml"
TIMEOUT_SECONDS = 150.0


def eval_command(
    *,
    file: Annotated[Path, typer.Argument(help="Case file, JSON lines.")],
    gateway: Annotated[str, typer.Option(help="The gateway's address.", envvar="GATEWAY_URL")] = "",
    warehouse_url: Annotated[
        str, typer.Option(help="The warehouse, as its owner.", envvar="WAREHOUSE_URL")
    ] = "",
    users: Annotated[Path, typer.Option(help="Users and their passwords, YAML.")] = USERS,
    kind: Annotated[list[str] | None, typer.Option(help="Only cases of this kind.")] = None,
    against: Annotated[
        Path | None, typer.Option(help="Compare with the report that `--json` wrote here.")
    ] = None,
    require: Annotated[
        str,
        typer.Option(
            help="The least shares for exit code 0: accuracy, safe_misses, sure, as in "
            "accuracy=0.95,sure=0.99."
        ),
    ] = "accuracy=1",
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Ask every question of FILE through the gateway and judge the answers.

    Exit code: 0 when what is required is met, 1 when not, 2 when the cases could not be asked.
    """
    try:
        wanted = _requirements(require)
        earlier = read_report(against) if against else None
        cases = [c for c in read_cases(file) if not kind or c.kind in kind]
        found = _run(file.stem, cases, _address(gateway), _database(warehouse_url), users)
    except (EvaluationError, CommandError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(Exit.USAGE) from error
    if as_json:
        typer.echo(found.model_dump_json(indent=2))
    else:
        show(found)
        if earlier is not None:
            show_difference(found, earlier)
    is_met = bool(found.total) and all(
        found.figure(name) >= least for name, least in wanted.items()
    )
    raise typer.Exit(Exit.OK if is_met else Exit.FAILED)


def _requirements(text: str) -> Mapping[str, float]:
    wanted = {}
    for part in filter(None, text.split(",")):
        name, _, value = part.partition("=")
        try:
            wanted[name.strip()] = float(value)
        except ValueError as error:
            raise EvaluationError(f"{part!r} is not a name and a share.") from error
        if name.strip() not in FIGURES:
            raise EvaluationError(f"There is no {name.strip()!r}; there is {', '.join(FIGURES)}.")
    return wanted


def _run(
    label: str, cases: Sequence[Case], gateway: str, warehouse_url: str, users: Path
) -> Report:
    passwords = read_passwords(users)
    try:
        with (
            psycopg.connect(warehouse_url, autocommit=True) as warehouse,
            # a proxy of the machine is for the outside
            httpx.Client(base_url=gateway, timeout=TIMEOUT_SECONDS, trust_env=False) as client,
        ):
            warehouse.execute("SET TIME ZONE 'UTC'")
            warehouse.execute("SET default_transaction_read_only = on")
            return report(label, evaluate(cases, Asker(client, passwords), warehouse))
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise EvaluationError(f"The gateway at {gateway} does not answer.") from error
    except psycopg.OperationalError as error:
        raise EvaluationError("The warehouse does not answer; see WAREHOUSE_URL.") from error


def evaluate(cases: Sequence[Case], asker: Asker, warehouse: psycopg.Connection) -> list[Outcome]:
    """Ask and judge every case, in order, with a progress bar on standard error."""
    outcomes = []
    console = Console(stderr=True)
    for case in track(cases, description="Asking", console=console, transient=True):
        try:
            asked = filled(case, warehouse)
        except (ValueError, psycopg.Error) as error:
            fault = f"a blank cannot be filled: {str(error).splitlines()[0]}"
            outcomes.append(_outcome(case, Judgement("no answer", fault), 0.0))
            continue
        started = time.perf_counter()
        response = asker.ask(asked.role_user, asked.question, after=asked.after)
        elapsed = (time.perf_counter() - started) * 1000
        outcomes.append(_outcome(asked, judge(asked, response, warehouse), elapsed))
    return outcomes


def _outcome(case: Case, found: Judgement, milliseconds: float) -> Outcome:
    explain = found.answer.explain if found.answer else None
    return Outcome(
        id=case.id,
        kind=case.kind,
        role_user=case.role_user,
        question=" → ".join((*case.after, case.question)),
        manner=found.manner,
        is_right=not found.fault,
        reason=found.fault,
        confidence=explain.confidence if explain else None,
        planner=explain.planner if explain else "",
        milliseconds=round(milliseconds, 1),
    )


def _address(given: str) -> str:
    port = os.environ.get("GATEWAY_PORT") or "8000"
    return given or home().live_settings().get("GATEWAY_URL") or f"http://127.0.0.1:{port}"


def _database(given: str) -> str:
    url = given or home().live_settings().get("WAREHOUSE_URL")
    if not url:
        raise EvaluationError("Set WAREHOUSE_URL to the warehouse's URL, or start the demo.")
    return url
