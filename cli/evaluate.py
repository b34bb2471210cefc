"""`countersign eval`: ask the questions of a case file and judge the answers."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import httpx
import psycopg
import typer

from cli.demo.home import home
from cli.evaluation.asking import Asker, read_passwords
from cli.evaluation.cases import Case, read_cases
from cli.evaluation.collected import collected_cases
from cli.evaluation.errors import EvaluationError
from cli.evaluation.evaluating import Judged, evaluate, exported
from cli.evaluation.report import FIGURES, Report, read_report, report
from cli.evaluation.services import PLANNERS, Planner, serving
from cli.evaluation.showing import show, show_difference
from cli.output import CommandError, Exit

USERS = Path(__file__).parents[1] / "seeds" / "pagila" / "users.yaml"
TIMEOUT_SECONDS = 150.0


def eval_command(
    *,
    file: Annotated[Path | None, typer.Argument(help="Case file, JSON lines.")] = None,
    cases: Annotated[
        bool, typer.Option("--cases", help="The answers that people called wrong, for FILE.")
    ] = False,
    planner: Annotated[
        str, typer.Option(help="Start services of one's own with it: builtin, model or local.")
    ] = "",
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", help="NAME=VALUE over the environment, with --planner."),
    ] = None,
    gateway: Annotated[str, typer.Option(help="The gateway's address.", envvar="GATEWAY_URL")] = "",
    warehouse_url: Annotated[
        str, typer.Option(help="The warehouse, as its owner.", envvar="WAREHOUSE_URL")
    ] = "",
    users: Annotated[Path, typer.Option(help="Users and their passwords, YAML.")] = USERS,
    kind: Annotated[list[str] | None, typer.Option(help="Only cases of this kind.")] = None,
    against: Annotated[
        str, typer.Option(help="Compare with another planner, or with a file that --json wrote.")
    ] = "",
    require: Annotated[
        str,
        typer.Option(
            help="The least shares for exit code 0: accuracy, safe_misses, sure, as in "
            "accuracy=0.95,sure=0.99."
        ),
    ] = "accuracy=1",
    export: Annotated[
        Path | None,
        typer.Option(help="Write question, catalog digest and plan of what is right, to tune by."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Ask every question of FILE through the gateway and judge the answers.

    Exit code: 0 when what is required is met, 1 when not, 2 when the cases could not be asked.
    """
    try:
        wanted = _requirements(require)
        chosen = _chosen(file, is_collected=cases, kinds=kind)
        where = _Where(_settings(setting), gateway, _database(warehouse_url), read_passwords(users))
        earlier = _earlier(against, chosen, where)
        judged, digests = where.ask(chosen, planner)
    except (EvaluationError, CommandError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(Exit.USAGE) from error
    found = report(planner or "as it runs", [one.outcome for one in judged])
    if export is not None:
        export.write_text(exported(judged, digests), encoding="utf-8")
    if as_json:
        typer.echo(found.model_dump_json(indent=2))
    else:
        show(found)
        if earlier is not None:
            show_difference(found, earlier)
    is_met = bool(found.total) and all(found.figure(k) >= least for k, least in wanted.items())
    raise typer.Exit(Exit.OK if is_met else Exit.FAILED)


@dataclass(frozen=True)
class _Where:
    """Whom to ask, as whom, and what to compare with. `settings` are for services of one's own,
    `gateway` is asked where there are none."""

    settings: Mapping[str, str]
    gateway: str
    warehouse_url: str
    passwords: Mapping[str, str]

    def ask(self, cases: Sequence[Case], planner: str) -> tuple[list[Judged], Mapping[str, str]]:
        """What came of the cases, and the catalog digests of who asked."""
        with ExitStack() as stack:
            if planner:
                gateway = stack.enter_context(serving(_planner(planner), self.settings))
            elif self.settings:
                raise EvaluationError("--set is for services of one's own: name a --planner.")
            else:
                gateway = _address(self.gateway)
            return self._ask(cases, gateway)

    def _ask(self, cases: Sequence[Case], gateway: str) -> tuple[list[Judged], Mapping[str, str]]:
        try:
            with (
                psycopg.connect(self.warehouse_url, autocommit=True) as warehouse,
                # a proxy of the machine is for the outside
                httpx.Client(base_url=gateway, timeout=TIMEOUT_SECONDS, trust_env=False) as client,
            ):
                warehouse.execute("SET TIME ZONE 'UTC'")
                warehouse.execute("SET default_transaction_read_only = on")
                asker = Asker(client, self.passwords)
                judged = evaluate(cases, asker, warehouse)
                right = {one.outcome.role_user for one in judged if one.outcome.is_right}
                return judged, {user: asker.catalog_digest(user) for user in right}
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise EvaluationError(f"The gateway at {gateway} does not answer.") from error
        except psycopg.OperationalError as error:
            raise EvaluationError("The warehouse does not answer; see WAREHOUSE_URL.") from error


def _chosen(file: Path | None, *, is_collected: bool, kinds: Sequence[str] | None) -> list[Case]:
    if (file is None) != is_collected:
        raise EvaluationError("Name a case file, or --cases for what people called wrong.")
    cases = read_cases(file) if file else collected_cases()
    return [case for case in cases if not kinds or case.kind in kinds]


def _earlier(against: str, cases: Sequence[Case], where: _Where) -> Report | None:
    if not against:
        return None
    if against not in PLANNERS:
        return read_report(Path(against))
    judged, _ = where.ask(cases, against)
    return report(against, [one.outcome for one in judged])


def _planner(name: str) -> Planner:
    for planner in PLANNERS:
        if planner == name:
            return planner
    raise EvaluationError(f"There is no planner {name!r}; there is {', '.join(PLANNERS)}.")


def _requirements(text: str) -> Mapping[str, float]:
    wanted = {}
    for name, value in _pairs(filter(None, text.split(","))):
        try:
            wanted[name] = float(value)
        except ValueError as error:
            raise EvaluationError(f"{name}={value} is not a share.") from error
        if name not in FIGURES:
            raise EvaluationError(f"There is no {name!r}; there is {', '.join(FIGURES)}.")
    return wanted


def _settings(given: Sequence[str] | None) -> Mapping[str, str]:
    return dict(_pairs(given or ()))


def _pairs(given: Iterable[str]) -> Iterator[tuple[str, str]]:
    for text in given:
        name, is_there, value = text.partition("=")
        if not is_there:
            raise EvaluationError(f"{text!r} is not NAME=VALUE.")
        yield name.strip(), value.strip()


def _address(given: str) -> str:
    port = os.environ.get("GATEWAY_PORT") or "8000"
    return given or home().live_settings().get("GATEWAY_URL") or f"http://127.0.0.1:{port}"


def _database(given: str) -> str:
    url = given or home().live_settings().get("WAREHOUSE_URL")
    if not url:
        raise EvaluationError("Set WAREHOUSE_URL to the warehouse's URL, or start the demo.")
    return url
