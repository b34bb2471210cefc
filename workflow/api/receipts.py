"""Receipts: of one's own runs for everybody, of all of the organisation's for auditors; and
replays, for auditors."""

from uuid import UUID

from fastapi import APIRouter

from contracts.context import Permission, UserContext
from contracts.evidence import Receipt, Replay
from kit.database import Connection, connected
from kit.problems import Conflict, NotFound, Unavailable, documented
from workflow.api.access import Auditor, Caller, Running
from workflow.audit.access import record_access
from workflow.audit.signing import Untrusted
from workflow.execute.errors import ExecutionError
from workflow.receipts import Broken, NotEnded, receipt_of
from workflow.replay import NothingToReplay, read, replay
from workflow.store import audit_events

router = APIRouter(tags=["runs"], responses=documented(401, 404, 409, 422, 503))


@router.get("/runs/{run_id}/receipt")
async def get_receipt(run_id: UUID, caller: Caller, running: Running) -> Receipt:
    """The signed receipt of a run that has ended. An auditor's reading is recorded."""
    async with connected(running.parts.pool) as connection:
        await require_sight(connection, caller, run_id, what="receipt")
        try:
            found = await receipt_of(connection, run_id, secret=running.signing_secret)
        except NotEnded as error:
            raise Conflict(
                "This run has not ended; there is a receipt once it has.", run_id=str(run_id)
            ) from error
        except (Broken, Untrusted) as error:
            raise _broken(run_id, error) from error
    if found is None:
        raise _none()
    return found


@router.post("/runs/{run_id}/replay", responses=documented(403))
async def post_replay(run_id: UUID, caller: Auditor, running: Running) -> Replay:
    """Ask a recorded run again, in the scope it had, and say what is different. That it was
    replayed is recorded."""
    async with connected(running.parts.pool) as connection:
        recorded = await read(connection, run_id, org_id=caller.org_id)
        if recorded is None:
            raise _none()
        await record_access(connection, caller, "replay", {"run_id": str(run_id)})
    try:
        return await replay(recorded, running.parts.models, running.parts.warehouse)
    except NothingToReplay as error:
        raise Conflict(
            "This run executed no statement, so there is nothing to replay.",
            kind="nothing-to-replay",
            run_id=str(run_id),
        ) from error
    except Broken as error:
        raise _broken(run_id, error) from error
    except ExecutionError as error:
        raise Unavailable(f"The replay did not get to its end. {error.message}") from error


async def require_sight(
    connection: Connection, caller: UserContext, run_id: UUID, *, what: str
) -> None:
    """Return if the caller may see the run: it is their own, or they audit their organisation,
    and then it is recorded that they looked. Raises NotFound."""
    log = await audit_events.log_of_run(connection, run_id)
    if log is None or log.org_id != caller.org_id:
        raise _none()
    if log.user_id == caller.user_id:
        return
    if Permission.AUDIT not in caller.permissions:
        raise _none()
    await record_access(connection, caller, what, {"run_id": str(run_id)})


def _broken(run_id: UUID, error: Exception) -> Conflict:
    return Conflict(
        f"The record of this run does not hold: {error}. Nothing is certified of it, and nothing "
        "compared with it; `countersign audit verify` tells more.",
        kind="record-broken",
        run_id=str(run_id),
    )


def _none() -> NotFound:
    return NotFound("There is no such run.")
