"""Receipts: made of the record and signed when they are first asked for, and kept from then on.

A question costs no time for its receipt that way: all that is in one is on record when the
question is answered.
"""

from uuid import UUID

import orjson

from contracts.evidence import Inclusion, Receipt, Signature
from kit.canonical import jcs
from kit.database import Connection
from workflow.audit import checkpoint
from workflow.audit.sealing import key_in_force
from workflow.receipt_body import Broken, NotEnded, receipt_body
from workflow.store import audit_events, checkpoints, receipts
from workflow.store.receipts import ReceiptRow

__all__ = ["Broken", "NotEnded", "receipt_of"]


async def receipt_of(connection: Connection, run_id: UUID, *, secret: str) -> Receipt | None:
    """The run's receipt; None where there is no such run. Raises Broken where the record does not
    hold, and NotEnded. `secret` is what the signing key is kept under."""
    log = await audit_events.log_of_run(connection, run_id)
    if log is None:
        return None
    row = await receipts.get(connection, run_id)
    if row is None:
        body = receipt_body(log, await audit_events.of_run(connection, run_id))
        signed_text = jcs(body.model_dump(mode="json"))
        async with connection.transaction():
            key = await key_in_force(connection, secret)
            signature = key.sign(signed_text)
            await receipts.add(
                connection, ReceiptRow(run_id, signed_text, key.key_id, signature.value)
            )
        row = await receipts.get(connection, run_id)
    if row is None:
        raise Broken("its receipt was removed while it was being kept")
    return Receipt.model_validate(
        {
            "receipt": orjson.loads(row.body),
            "signature": Signature(key_id=row.key_id, value=row.signature),
            "seal": await inclusion_of(connection, log.org_id, run_id),
        }
    )


async def inclusion_of(connection: Connection, org_id: UUID, entry_id: UUID) -> Inclusion | None:
    """The proof that the entry is sealed; None while it is not."""
    place = await checkpoints.place(connection, org_id, entry_id)
    if place is None:
        return None
    number, position = place
    row = await checkpoints.one(connection, org_id, number)
    if row is None:
        raise Broken(f"checkpoint {number} was removed")
    entries = await checkpoints.entries(connection, org_id, number)
    if position >= len(entries):
        raise Broken(f"entries of checkpoint {number} were removed")
    return checkpoint.inclusion(checkpoint.signed(row), entries, position)
