"""`countersign eval`: ask the questions of a case file and compare the rows with reference SQL."""

import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import httpx
import psycopg
import typer
import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from rich.console import Console
from rich.progress import track
from rich.table import Table

from cli.compare_rows import Reference, difference, reference
from contracts.run import Answer, RunStatus

USERS = Path(__file__).parents[1] / "seeds" / "pagila" / "users.yaml"
TIMEOUT_SECONDS = 150.0
MAX_WAITS = 30
_REFUSALS = (RunStatus.REFUSED, RunStatus.BLOCKED)


class Case(BaseModel):
    """A question of a case file, and either reference SQL or what is expected instead of rows.

    `gold_sql` runs as owner of the warehouse, in UTC; its columns are the dimensions, then the
    metrics.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    role_user: str
    question: str
    kind: str
    gold_sql: str | None = None
    ordered: bool = False
    expect: Literal["refused", "clarify"] | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> "Case":
        if (self.gold_sql is None) == (self.expect is None):
            raise ValueError("a case needs either gold_sql or expect")
        return self


class Outcome(BaseModel):
    """What came of a case: `reason` says what is wrong, and is empty when nothing is."""

    model_config = ConfigDict(frozen=True)

    id: str
    kind: str
    question: str
    is_right: bool
    reason: str
    milliseconds: float


class EvaluationError(Exception):
    """Why no case can be judged, in a sentence for a person."""


def read_cases(path: Path) -> list[Case]:
    """The cases of a file of JSON lines. Raises EvaluationError with the line of a fault."""
    cases = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise EvaluationError(f"{path} cannot be read.") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            cases.append(Case.model_validate_json(line))
        except ValidationError as error:
            raise EvaluationError(f"{path}:{number}: {error.errors()[0]['msg']}") from error
    if not cases:
        raise EvaluationError(f"{path} holds no case.")
    return cases


def read_passwords(path: Path) -> dict[str, str]:
    """The passwords of the demo's users, by name."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        return {str(user["username"]): str(user["password"]) for user in document["users"]}
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise EvaluationError(f"{path} is not a list of users with passwords.") from error


class Asker:
    """Asks as each of the demo's users, logging in once each and again when a token ran out."""

    def __init__(self, client: httpx.Client, passwords: dict[str, str]) -> None:
        self.client = client
        self.passwords = passwords
        self.tokens: dict[str, str] = {}

    def ask(self, user: str, question: str) -> httpx.Response:
        """The gateway's response; a rate limit is waited out."""
        for _ in range(MAX_WAITS):
            headers = {"Authorization": f"Bearer {self._token(user)}", "Accept": "application/json"}
            response = self.client.post("/api/ask", json={"question": question}, headers=headers)
            if response.status_code == httpx.codes.UNAUTHORIZED and user in self.tokens:
                del self.tokens[user]
            elif not _is_limited(response):
                return response
        raise EvaluationError(f"The gateway kept turning {user} away; is the rate limit too low?")

    def _token(self, user: str) -> str:
        if user not in self.tokens:
            if user not in self.passwords:
                raise EvaluationError(f"There is no password for {user}.")
            body = {"username": user, "password": self.passwords[user]}
            for _ in range(MAX_WAITS):
                response = self.client.post("/api/auth/login", json=body)
                if not _is_limited(response):
                    break
            if response.status_code != httpx.codes.OK:
                raise EvaluationError(f"{user} cannot log in: HTTP {response.status_code}.")
            self.tokens[user] = str(response.json()["access_token"])
        return self.tokens[user]


def _is_limited(response: httpx.Response) -> bool:
    """Whether it was a rate limit, which is over by the time this returns."""
    if response.status_code != httpx.codes.TOO_MANY_REQUESTS:
        return False
    wait = response.headers.get("Retry-After", "1")
    time.sleep(min(float(wait) if wait.isdigit() else 1.0, 60.0))
    return True


def judge(case: Case, response: httpx.Response, warehouse: psycopg.Connection) -> str:
    """What is wrong with the answer to a case; empty when nothing is."""
    if case.expect == "refused" and response.status_code == httpx.codes.FORBIDDEN:
        return ""
    if response.status_code != httpx.codes.OK:
        return f"HTTP {response.status_code}"
    try:
        answer = Answer.model_validate_json(response.content)
    except ValidationError:
        return "the answer is not in the agreed form"
    if case.expect is not None:
        wanted = _REFUSALS if case.expect == "refused" else (RunStatus.CLARIFY,)
        return "" if answer.status in wanted else f"{answer.status} instead of {case.expect}"
    if answer.status != RunStatus.COMPLETED:
        return f"{answer.status}: {answer.answer[:80]}"
    return _judge_rows(case, answer, warehouse)


def _judge_rows(case: Case, answer: Answer, warehouse: psycopg.Connection) -> str:
    try:
        gold = reference(case.gold_sql or "")
        wanted = _rows(warehouse, gold)
    except (ValueError, psycopg.Error) as error:
        return f"the reference query fails: {str(error).splitlines()[0]}"
    found = difference(answer.columns, answer.rows, wanted, gold, is_ordered=case.ordered)
    return found or ""


def _rows(warehouse: psycopg.Connection, gold: Reference) -> Sequence[Sequence[object]]:
    return warehouse.execute(gold.sql.encode()).fetchall()


def evaluate(
    cases: Sequence[Case], asker: Asker, warehouse: psycopg.Connection, console: Console
) -> list[Outcome]:
    """Ask and judge every case, in order, with a progress bar on the console."""
    outcomes = []
    for case in track(cases, description="Asking", console=console, transient=True):
        started = time.perf_counter()
        response = asker.ask(case.role_user, case.question)
        elapsed = (time.perf_counter() - started) * 1000
        reason = judge(case, response, warehouse)
        outcomes.append(
            Outcome(
                id=case.id,
                kind=case.kind,
                question=case.question,
                is_right=not reason,
                reason=reason,
                milliseconds=round(elapsed, 1),
            )
        )
    return outcomes


def eval_command(
    *,
    file: Annotated[Path, typer.Argument(help="Case file, JSON lines.")],
    gateway: Annotated[str, typer.Option(help="The gateway's address.", envvar="GATEWAY_URL")] = "",
    warehouse_url: Annotated[
        str, typer.Option(help="The warehouse, as its owner.", envvar="WAREHOUSE_URL")
    ] = "",
    users: Annotated[Path, typer.Option(help="Users and their passwords, YAML.")] = USERS,
    kind: Annotated[list[str] | None, typer.Option(help="Only cases of this kind.")] = None,
    min_accuracy: Annotated[
        float, typer.Option(help="Share that must be right for exit code 0.", min=0.0, max=1.0)
    ] = 1.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Ask every question of FILE through the gateway and compare the rows with its SQL.

    Exit code: 0 when enough is right, 1 when not, 2 when the cases could not be asked.
    """
    errors = Console(stderr=True)
    try:
        cases = [c for c in read_cases(file) if not kind or c.kind in kind]
        outcomes = _run(cases, _address(gateway), _database(warehouse_url), users, errors)
    except EvaluationError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    right = sum(outcome.is_right for outcome in outcomes)
    accuracy = right / len(outcomes) if outcomes else 0.0
    if as_json:
        typer.echo(json.dumps(_report(outcomes, accuracy), indent=2))
    else:
        _show(outcomes, accuracy)
    raise typer.Exit(0 if outcomes and accuracy >= min_accuracy else 1)


def _run(
    cases: Sequence[Case], gateway: str, warehouse_url: str, users: Path, console: Console
) -> list[Outcome]:
    passwords = read_passwords(users)
    try:
        with (
            psycopg.connect(warehouse_url, autocommit=True) as warehouse,
            # a proxy of the machine is for the outside
            httpx.Client(base_url=gateway, timeout=TIMEOUT_SECONDS, trust_env=False) as client,
        ):
            warehouse.execute("SET TIME ZONE 'UTC'")
            warehouse.execute("SET default_transaction_read_only = on")
            return evaluate(cases, Asker(client, passwords), warehouse, console)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise EvaluationError(f"The gateway at {gateway} does not answer.") from error
    except psycopg.OperationalError as error:
        raise EvaluationError("The warehouse does not answer; see WAREHOUSE_URL.") from error


def _running_demo() -> dict[str, str]:
    """The settings of the demo that runs on COUNTERSIGN_HOME, if one does."""
    folder = Path(os.environ.get("COUNTERSIGN_HOME") or ".countersign").expanduser()
    try:
        live = json.loads((folder / "demo.json").read_text(encoding="utf-8"))["settings"]
        return {str(name): str(value) for name, value in live.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _address(given: str) -> str:
    port = os.environ.get("GATEWAY_PORT") or "8000"
    return given or _running_demo().get("GATEWAY_URL") or f"http://127.0.0.1:{port}"


def _database(given: str) -> str:
    url = given or _running_demo().get("WAREHOUSE_URL")
    if not url:
        raise EvaluationError("Set WAREHOUSE_URL to the warehouse's URL, or start the demo.")
    return url


def _report(outcomes: Sequence[Outcome], accuracy: float) -> dict[str, object]:
    kinds = {kind: {"right": right, "total": total} for kind, right, total, _ in _by_kind(outcomes)}
    return {
        "total": len(outcomes),
        "right": sum(o.is_right for o in outcomes),
        "accuracy": accuracy,
        "kinds": kinds,
        "cases": [o.model_dump() for o in outcomes],
    }


def _by_kind(outcomes: Sequence[Outcome]) -> list[tuple[str, int, int, float]]:
    """Kind, how many are right, of how many, and their median time."""
    table = []
    for kind in dict.fromkeys(o.kind for o in outcomes):
        of_kind = [o for o in outcomes if o.kind == kind]
        times = sorted(o.milliseconds for o in of_kind)
        right = sum(o.is_right for o in of_kind)
        table.append((kind, right, len(of_kind), times[len(times) // 2]))
    return table


def _show(outcomes: Sequence[Outcome], accuracy: float) -> None:
    console = Console(soft_wrap=True, highlight=False)
    table = Table("kind", "right", "of", "median ms")
    for kind, right, total, median in _by_kind(outcomes):
        table.add_row(kind, str(right), str(total), f"{median:.1f}")
    table.add_section()
    right = sum(o.is_right for o in outcomes)
    table.add_row("all", str(right), str(len(outcomes)), f"{accuracy:.0%} right")
    console.print(table)
    for outcome in outcomes:
        if not outcome.is_right:
            console.print(f"{outcome.id}: {outcome.question}", markup=False)
            console.print(f"    {outcome.reason}", markup=False)
