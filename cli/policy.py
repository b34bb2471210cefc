"""`countersign policy`: a proposed policy, tried on what was asked before."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import psycopg
import typer
import yaml
from pydantic import ValidationError
from rich.table import Table

from cli.databases import databases
from cli.evidence_files import contents
from cli.output import CommandError, Exit, console, emit_json, say
from contracts.policy import Policy
from workflow.policy_trial import other_fates
from workflow.store import checked_runs
from workflow.store.checked_runs import CheckedRun

app = typer.Typer(help="Try a proposed policy on what was asked before.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Try a proposed policy on what was asked before."""


@app.command("test")
def test_command(
    policy: Annotated[Path, typer.Option(help="The proposed policy, as YAML or JSON.")],
    since: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%d"], help="The first day of questions, in UTC.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """List each recorded question that the policy would treat otherwise. Nothing is run."""
    proposed = _policy(policy)
    count = 0

    def counted(runs: Iterator[CheckedRun]) -> Iterator[CheckedRun]:
        nonlocal count
        for run in runs:
            count += 1
            yield run

    try:
        with databases() as found, psycopg.connect(found.app) as connection:
            runs = checked_runs.since(connection, since.replace(tzinfo=UTC))
            others = list(other_fates(counted(runs), proposed))
    except psycopg.OperationalError as error:
        raise CommandError(f"The database does not answer: {str(error).strip()}") from error
    if as_json:
        emit_json({"tried": count, "others": [one.model_dump(mode="json") for one in others]})
        return
    if others:
        table = Table("run", "role", "question", "score", "then", "now")
        for one in others:
            score = f"{one.score_then}"
            if one.score_now != one.score_then:
                score += f" → {one.score_now}"
            table.add_row(str(one.run_id), one.role, one.question, score, one.then, one.now)
        console().print(table, markup=False)
    say(f"{len(others):,} of {count:,} recorded questions would go another way.")


def _policy(path: Path) -> Policy:
    try:
        return Policy.model_validate(yaml.safe_load(contents(path)))
    except yaml.YAMLError as error:
        raise CommandError(f"{path} is neither YAML nor JSON.", Exit.USAGE) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise CommandError(f"{path}: {where}: {first['msg']}.", Exit.USAGE) from error
