"""Receipts: of one's own runs for everybody, of all of the organisation's for auditors; and
replays, for auditors."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from contracts.context import Permission, UserContext
from contracts.evidence import Receipt, ReceiptCheck, ReceiptCheckRequest, Replay
from kit.database import Connection, connected
from kit.payload import documented_body, json_body
from kit.problems import Conflict, NotFound, Unavailable, documented
from workflow.api.access import Auditor, Caller, Running
from workflow.audit.access import record_access
from workflow.audit.receipt_check import check_receipt, read_receipt
from workflow.audit.signing import Untrusted
from workflow.execute.errors import ExecutionError
from workflow.receipts import Broken, NotEnded, receipt_of
from workflow.replay import NothingToReplay, read, replay
from workflow.store import audit_events, signing_keys

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


@router.post(
    "/audit/receipts/check",
    responses=documented(403, 413, 415),
    openapi_extra=documented_body(ReceiptCheckRequest),
)
async def check(
    caller: Auditor,
    running: Running,
    shown: Annotated[ReceiptCheckRequest, Depends(json_body(ReceiptCheckRequest))],
) -> ReceiptCheck:
    """Whether a receipt that somebody shows is genuine, and the record still says the same. That
    it was looked up is recorded."""
    async with connected(running.parts.pool) as connection:
        keys = {key.key_id: key.public_key for key in await signing_keys.every(connection)}
        try:
            receipt = read_receipt(shown.text.encode())
            check_receipt(receipt, keys)
        except Untrusted as error:
            await record_access(connection, caller, "receipt check", {"is_genuine": False})
            return ReceiptCheck(is_genuine=False, reason=str(error))
        body, seal = receipt.receipt.receipt, receipt.receipt.seal
        run_id = str(body.run_id)
        await record_access(
            connection, caller, "receipt check", {"is_genuine": True, "run_id": run_id}
        )
        log = await audit_events.log_of_run(connection, body.run_id)
        events = await audit_events.of_run(connection, body.run_id)
    is_ours = log is not None and log.org_id == caller.org_id
    return ReceiptCheck(
        is_genuine=True,
        run_id=body.run_id,
        key_id=receipt.receipt.signature.key_id,
        checkpoint=seal.sealed.checkpoint.number if seal else None,
        is_on_record=is_ours and bool(events) and events[-1].hash == body.record.head,
    )


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
