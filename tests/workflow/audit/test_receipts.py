"""Receipts: made of the record, signed, checked from a file, and held against the record."""

import json
from typing import Any
from uuid import UUID

import pytest

from contracts.evidence import KeySet, PublicKey, Receipt
from contracts.run import RunStatus, Stage
from kit.canonical import text_digest
from tests.workflow.audit.conftest import Record, write_run
from workflow.audit.receipt_check import check_receipt, read_keys, read_receipt
from workflow.audit.sealing import rotate, seal
from workflow.audit.signing import Untrusted, new_key, to_base64url
from workflow.receipts import Broken, NotEnded, receipt_of
from workflow.store import signing_keys

SECRET = "a-secret-that-signing-keys-are-kept-under"


async def fetch(record: Record, run_id: UUID) -> Receipt:
    async with record.pool.connection() as connection:
        found = await receipt_of(connection, run_id, secret=SECRET)
    assert found is not None
    return found


async def keys_of(record: Record) -> dict[str, bytes]:
    async with record.pool.connection() as connection:
        return {row.key_id: row.public_key for row in await signing_keys.every(connection)}


async def seal_now(record: Record) -> None:
    async with record.pool.connection() as connection:
        await seal(connection, SECRET)


def check(raw: bytes, keys: dict[str, bytes]) -> None:
    check_receipt(read_receipt(raw), keys)


@pytest.fixture
async def sealed_file(record: Record) -> tuple[bytes, dict[str, bytes]]:
    await seal_now(record)
    receipt = await fetch(record, record.runs[1])
    return receipt.model_dump_json().encode(), await keys_of(record)


async def test_a_receipt_says_what_the_record_says(record: Record) -> None:
    body = (await fetch(record, record.runs[0])).receipt
    assert body.run_id == record.runs[0]
    assert body.question_digest == text_digest("What is total revenue for my store 1?")
    assert body.answer_digest == text_digest('{"answer":"33,689.74"}')
    assert (body.status, body.context.store_ids, body.record.events) == ("completed", (1,), 6)


async def test_it_is_the_same_whenever_it_is_fetched_but_for_the_proof(record: Record) -> None:
    first = await fetch(record, record.runs[0])
    assert first.seal is None
    await seal_now(record)
    async with record.pool.connection() as connection, connection.transaction():
        await rotate(connection, SECRET)
    later = await fetch(record, record.runs[0])
    assert later.seal is not None
    assert later.model_copy(update={"seal": None}) == first
    check(later.model_dump_json().encode(), await keys_of(record))
    assert record.verify().receipts == 1
    assert record.faults() == []


async def test_no_changed_byte_goes_unseen(sealed_file: tuple[bytes, dict[str, bytes]]) -> None:
    raw, keys = sealed_file
    check(raw, keys)
    for place in range(0, len(raw), 7):
        changed = bytearray(raw)
        changed[place] ^= 0b100
        with pytest.raises(Untrusted):
            check(bytes(changed), keys)


async def test_a_receipt_written_out_otherwise_says_the_same(
    sealed_file: tuple[bytes, dict[str, bytes]],
) -> None:
    raw, keys = sealed_file
    check(json.dumps(json.loads(raw), indent=3, sort_keys=True).encode(), keys)


@pytest.mark.parametrize("cut", [0, 1, 100, -1])
async def test_a_cut_file_is_no_receipt(
    sealed_file: tuple[bytes, dict[str, bytes]], cut: int
) -> None:
    with pytest.raises(Untrusted, match="not a whole receipt"):
        read_receipt(sealed_file[0][:cut])


@pytest.mark.parametrize(
    "raw", [b"\xff\xfe", b"{}", b"[1]", b"[" * 100_000, b'{"receipt":{},"receipt":{}}']
)
async def test_what_is_no_receipt_is_said_to_be_none(raw: bytes) -> None:
    with pytest.raises(Untrusted, match="not a"):
        read_receipt(raw)


async def test_a_name_that_stands_twice_is_no_receipt(
    sealed_file: tuple[bytes, dict[str, bytes]],
) -> None:
    twice = sealed_file[0].replace(b'"status":', b'"status":"blocked","status":')
    with pytest.raises(Untrusted, match="twice"):
        read_receipt(twice)


def _other_run(value: dict[str, Any], other: dict[str, Any]) -> None:
    value["seal"] = other["seal"]


def _no_seal(value: dict[str, Any], _: dict[str, Any]) -> None:
    value["seal"]["sealed"]["checkpoint"]["number"] += 1


def _other_signature(value: dict[str, Any], other: dict[str, Any]) -> None:
    value["signature"] = other["signature"]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (_other_run, "its inclusion proof is that of something else"),
        (_no_seal, "its signature does not fit"),
        (_other_signature, "its signature does not fit"),
    ],
)
async def test_parts_of_another_receipt_do_not_fit(
    record: Record, change: Any, complaint: str
) -> None:
    await seal_now(record)
    value = json.loads((await fetch(record, record.runs[0])).model_dump_json())
    change(value, json.loads((await fetch(record, record.runs[1])).model_dump_json()))
    with pytest.raises(Untrusted, match=complaint):
        check(json.dumps(value).encode(), await keys_of(record))


async def test_an_unknown_key_and_a_wrong_one_are_told_apart(
    sealed_file: tuple[bytes, dict[str, bytes]],
) -> None:
    raw, keys = sealed_file
    with pytest.raises(Untrusted, match=r"its key .* is not known"):
        check(raw, {})
    stranger = new_key().private.public_key().public_bytes_raw()
    with pytest.raises(Untrusted, match="is another one"):
        check(raw, dict.fromkeys(keys, stranger))


async def test_keys_are_read_as_they_are_published(record: Record) -> None:
    await fetch(record, record.runs[0])
    async with record.pool.connection() as connection:
        rows = await signing_keys.every(connection)
    published = KeySet(
        keys=tuple(
            PublicKey(kid=r.key_id, x=to_base64url(r.public_key), created_at=r.created_at)
            for r in rows
        )
    )
    assert read_keys(published.model_dump_json().encode()) == await keys_of(record)
    with pytest.raises(Untrusted, match="not one"):
        read_keys(b'{"keys": [{"kid": 1}]}')


async def test_nothing_is_certified_of_a_broken_chain(record: Record) -> None:
    run = record.runs[0]
    record.forge(
        "UPDATE query_audit_events SET status = 'fine' WHERE run_id = %(run)s AND seq = 2", run=run
    )
    with pytest.raises(Broken, match="event 2"):
        await fetch(record, run)


async def test_a_run_that_goes_on_has_no_receipt(record: Record) -> None:
    run = await write_run(record.pool, record.org_id, until=Stage.VALIDATION)
    with pytest.raises(NotEnded):
        await fetch(record, run)


async def test_a_run_that_is_not_there_has_no_receipt(record: Record) -> None:
    async with record.pool.connection() as connection:
        assert await receipt_of(connection, record.org_id, secret=SECRET) is None


@pytest.mark.parametrize(
    ("statement", "complaint"),
    [
        ("body = replace(body, 'completed', 'refused')", "its signature does not fit"),
        ("signature = 'AAAA'", "its signature does not fit"),
        ("run_id = %(other)s", "is that of another run"),
    ],
)
async def test_verify_covers_receipts(record: Record, statement: str, complaint: str) -> None:
    run, other = record.runs[0], record.runs[2]
    await fetch(record, run)
    record.forge(f"UPDATE receipts SET {statement} WHERE run_id = %(run)s", run=run, other=other)
    (fault,) = record.faults()
    assert fault.startswith("receipt ")
    assert complaint in fault


async def test_verify_finds_a_chain_that_its_receipt_does_not_know(record: Record) -> None:
    run = record.runs[0]
    await fetch(record, run)
    record.forge("DELETE FROM unsealed_entries WHERE entry_id = %(run)s", run=run)
    for table in ("query_audit_events", "runs", "query_audit_logs"):
        record.forge(f"DELETE FROM {table} WHERE run_id = %(run)s", run=run)
    assert record.faults() == [f"receipt {run}: is all that is left of its run"]


async def test_a_run_that_failed_is_certified_too(record: Record) -> None:
    run = await write_run(record.pool, record.org_id, status=RunStatus.FAILED)
    assert (await fetch(record, run)).receipt.status == "failed"
