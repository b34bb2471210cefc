"""`countersign audit`: verify the record, or show a run."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated
from uuid import UUID

import orjson
import psycopg
import typer
from pydantic import JsonValue
from rich.table import Table

from cli.databases import databases
from cli.output import CommandError, Exit, console, emit_json, say
from cli.progress import progress
from workflow.audit.verify import verify
from workflow.store import audit_events
from workflow.store.rows import EventRow, LogRow

app = typer.Typer(help="Verify the record, or show a run.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


@app.command("verify")
def verify_command(as_json: AsJson = False) -> None:
    """Recompute the whole record: events, checkpoints, receipts. Exit code 1, and the place,
    where anything is wrong."""
    with _app_database() as url, progress() as report:
        found = verify(url, report)
    if as_json:
        emit_json(
            {
                "is_unbroken": not found.faults,
                "runs": found.runs,
                "events": found.events,
                "checkpoints": found.checkpoints,
                "sealed": found.entries,
                "unsealed": found.unsealed,
                "faults": [
                    {"subject": f.subject, "id": f.id, "seq": f.seq, "what": f.what}
                    for f in found.faults
                ],
            }
        )
    elif found.faults:
        for fault in found.faults:
            say(f"Broken at {fault}.")
    else:
        say(
            f"{found.events:,} events of {found.runs:,} runs, unbroken; {found.entries:,} entries "
            f"sealed in {found.checkpoints:,} checkpoints, {found.unsealed:,} not sealed yet."
        )
    if found.faults:
        raise typer.Exit(Exit.FAILED)


@app.command("show")
def show_command(
    run_id: Annotated[UUID, typer.Argument(help="The run.")], as_json: AsJson = False
) -> None:
    """One run as it stands on record: who asked what, then stage by stage."""
    with _app_database() as url:
        log, events = asyncio.run(_read(url, run_id))
    if log is None:
        raise CommandError(f"There is no run {run_id} on record.")
    if as_json:
        emit_json(_as_json(log, events))
        return
    say(f"{log.asked_at:%Y-%m-%d %H:%M:%S} UTC  {log.username} as {log.role}")
    say(f"“{log.question}”")
    table = Table("#", "stage", "status", "ms", "summary", "digest")
    for event in events:
        summary = orjson.dumps(orjson.loads(event.detail).get("summary", {})).decode()
        table.add_row(
            str(event.seq),
            event.stage,
            event.status,
            str(event.duration_ms),
            summary,
            event.hash[:12],
        )
    console().print(table)


@contextmanager
def _app_database() -> Iterator[str]:
    try:
        with databases() as found:
            yield found.app
    except psycopg.OperationalError as error:
        raise CommandError(f"The database does not answer: {str(error).strip()}") from error
    except psycopg.errors.UndefinedTable as error:
        raise CommandError("There is no record yet; run `countersign migrate`.") from error


async def _read(url: str, run_id: UUID) -> tuple[LogRow | None, list[EventRow]]:
    async with await psycopg.AsyncConnection.connect(url) as connection:
        return (
            await audit_events.log_of_run(connection, run_id),
            await audit_events.of_run(connection, run_id),
        )


def _as_json(log: LogRow, events: list[EventRow]) -> JsonValue:
    return {
        "run_id": str(log.run_id),
        "conversation_id": str(log.conversation_id),
        "username": log.username,
        "role": log.role,
        "question": log.question,
        "user_context": orjson.loads(log.user_context),
        "asked_at": log.asked_at.isoformat(),
        "hash": log.hash,
        "events": [
            {
                "seq": e.seq,
                "stage": e.stage,
                "status": e.status,
                "at": e.at.isoformat(),
                "duration_ms": float(e.duration_ms),
                "detail": orjson.loads(e.detail),
                "prev_hash": e.prev_hash,
                "hash": e.hash,
            }
            for e in events
        ],
    }
