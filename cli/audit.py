"""`countersign audit`: verify the record, seal it, or show a run."""

import asyncio
import getpass
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, TypeVar
from uuid import UUID

import orjson
import psycopg
import structlog
import typer
from pydantic import JsonValue
from rich.table import Table

from cli.databases import databases, signing_secret
from cli.evidence_files import anchors_in, keys_in
from cli.output import CommandError, Exit, console, emit_json, say
from cli.progress import progress
from kit.database import Connection
from workflow.audit.access import record_owner_access
from workflow.audit.sealing import rotate, seal
from workflow.audit.verify import verify
from workflow.store import audit_events
from workflow.store.rows import EventRow, LogRow

app = typer.Typer(help="Verify the record, seal it, or show a run.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


@app.command("verify")
def verify_command(
    keys: Annotated[
        Path | None,
        typer.Option(help="Trust the public keys in this file, and none that are on record."),
    ] = None,
    anchor: Annotated[
        list[Path] | None,
        typer.Option(help="A file of checkpoints or receipts that was kept elsewhere."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Recompute the whole record: events, governing changes, checkpoints, receipts.
    Exit code 1, and the place, where anything is wrong."""
    trusted = keys_in(keys) if keys else None
    anchors = [one for path in anchor or () for one in anchors_in(path)]
    with _app_database() as url, progress() as report:
        found = verify(url, report, keys=trusted, anchors=anchors)
    if as_json:
        emit_json(
            {
                "is_unbroken": not found.faults,
                "runs": found.runs,
                "events": found.events,
                "actions": found.actions,
                "changes": found.changes,
                "checkpoints": found.checkpoints,
                "sealed": found.entries,
                "receipts": found.receipts,
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
            f"Unbroken: {found.events:,} events of {found.runs:,} runs; {found.actions:,} actions "
            f"on approval requests; {found.changes:,} governing changes; {found.entries:,} entries "
            f"sealed in {found.checkpoints:,} checkpoints, {found.unsealed:,} not sealed yet; "
            f"{found.receipts:,} receipts."
        )
    if found.faults:
        raise typer.Exit(Exit.FAILED)


@app.command("seal")
def seal_command(as_json: AsJson = False) -> None:
    """Seal what has ended now, without waiting for the next checkpoint."""
    with _app_database() as url:
        made = asyncio.run(_with_key(url, seal))
    if as_json:
        emit_json([one.model_dump(mode="json") for one in made])
        return
    for one in made:
        say(
            f"Checkpoint {one.checkpoint.number} of organisation {one.checkpoint.org_id}: "
            f"{one.checkpoint.entries:,} entries, {one.digest}"
        )
    if not made:
        say("Nothing has ended since the last checkpoint, or another process is sealing.")


@app.command("rotate-key")
def rotate_command(as_json: AsJson = False) -> None:
    """Sign with a new key from now on. What the old one signed stays good; its private half is
    gone."""

    async def rotated(connection: Connection, secret: str) -> str:
        async with connection.transaction():
            return (await rotate(connection, secret)).key_id

    with _app_database() as url:
        key_id = asyncio.run(_with_key(url, rotated))
    if as_json:
        emit_json({"key_id": key_id})
    else:
        say(f"From now on {key_id} signs.")


@app.command("show")
def show_command(
    run_id: Annotated[UUID, typer.Argument(help="The run.")], as_json: AsJson = False
) -> None:
    """One run as it stands on record: who asked what, then stage by stage. That it was looked at
    is recorded."""
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


Made = TypeVar("Made")


async def _with_key(url: str, work: Callable[[Connection, str], Awaitable[Made]]) -> Made:
    # what a service would log is told by the command itself
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        return await work(connection, signing_secret())


async def _read(url: str, run_id: UUID) -> tuple[LogRow | None, list[EventRow]]:
    async with await psycopg.AsyncConnection.connect(url) as connection:
        log = await audit_events.log_of_run(connection, run_id)
        if log is not None:
            await record_owner_access(
                connection, log.org_id, getpass.getuser(), "run", {"run_id": str(run_id)}
            )
        return log, await audit_events.of_run(connection, run_id)


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
