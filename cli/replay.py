"""`countersign replay`: a recorded run, asked again in the scope it had."""

import asyncio
import getpass
import os
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated
from uuid import UUID

import psycopg
import typer

from cli.databases import Databases, databases, keys
from cli.demo.home import home
from cli.output import CommandError, Exit, emit_json, say
from cli.settings_command import in_force
from contracts.evidence import Replay
from workflow.audit.access import record_owner_access
from workflow.execute.errors import ExecutionError
from workflow.execute.warehouse import Warehouse
from workflow.receipt_body import Broken
from workflow.replay import NothingToReplay, read, replay
from workflow.semantic.errors import ModelError
from workflow.semantic.load import load
from workflow.semantic.roles import RoleModels


def replay_command(
    run_id: Annotated[UUID, typer.Argument(help="The run.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Ask a recorded run again, and say what is different. Exit code 0 where nothing is."""
    try:
        with databases() as found:
            outcome = asyncio.run(_replay(found, keys().reader_secret, run_id))
    except psycopg.OperationalError as error:
        raise CommandError(f"The database does not answer: {str(error).strip()}") from error
    except ModelError as error:
        raise CommandError(f"SEMANTIC_MODEL: {error}") from error
    except NothingToReplay as error:
        raise CommandError(
            "This run executed no statement, so there is nothing to replay."
        ) from error
    except Broken as error:
        raise CommandError(f"The record of this run does not hold: {error}.") from error
    except ExecutionError as error:
        raise CommandError(f"The replay did not get to its end. {error.message}") from error
    if as_json:
        emit_json(outcome.model_dump(mode="json"))
    else:
        say(f"{outcome.outcome}: {outcome.detail}")
        for line in outcome.difference:
            say(f"  {line}")
    if outcome.outcome != "identical":
        raise typer.Exit(Exit.FAILED)


async def _replay(found: Databases, reader_secret: str, run_id: UUID) -> Replay:
    async with AsyncExitStack() as stack:
        connection = await stack.enter_async_context(
            await psycopg.AsyncConnection.connect(found.app, autocommit=True)
        )
        recorded = await read(connection, run_id)
        if recorded is None:
            raise CommandError(f"There is no run {run_id} on record.")
        await record_owner_access(
            connection,
            recorded.log.org_id,
            getpass.getuser(),
            "replay",
            {"run_id": str(run_id)},
        )
        warehouse = Warehouse(found.warehouse, reader_secret=reader_secret)
        stack.push_async_callback(warehouse.close)
        models = RoleModels(load(_semantic_model()))
        return await replay(recorded, models, warehouse)


def _semantic_model() -> Path:
    values = {one.setting.name: one.value for one in in_force(home(), os.environ)}
    return Path(values["SEMANTIC_MODEL"])
