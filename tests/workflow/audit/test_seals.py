"""Checkpoints as a forger would meet them, with every table at his mercy but not the key."""

import asyncio
from uuid import UUID

import psycopg
import pytest

from contracts.evidence import Inclusion
from tests.workflow.audit.conftest import Record, write_run
from workflow.audit import checkpoint, signing
from workflow.audit.check_seals import Anchor
from workflow.audit.sealing import Sealer, key_in_force, rotate, seal
from workflow.store import checkpoints, signing_keys

SECRET = "a-secret-that-signing-keys-are-kept-under"


async def seal_now(record: Record, secret: str = SECRET) -> list[int]:
    async with record.pool.connection() as connection:
        return [made.checkpoint.entries for made in await seal(connection, secret)]


@pytest.fixture
async def sealed(record: Record) -> Record:
    """Two checkpoints: of three runs, and of two more."""
    assert await seal_now(record) == [3]
    record.runs += [await write_run(record.pool, record.org_id) for _ in range(2)]
    assert await seal_now(record) == [2]
    return record


async def keys_of(record: Record) -> dict[str, bytes]:
    async with record.pool.connection() as connection:
        return {row.key_id: row.public_key for row in await signing_keys.every(connection)}


async def proof_of(record: Record, run_id: UUID) -> Inclusion:
    async with record.pool.connection() as connection:
        place = await checkpoints.place(connection, record.org_id, run_id)
        assert place is not None
        row = await checkpoints.one(connection, record.org_id, place[0])
        assert row is not None
        entries = await checkpoints.entries(connection, record.org_id, place[0])
    return checkpoint.inclusion(checkpoint.signed(row), entries, place[1])


async def test_a_sealed_record_is_unbroken(sealed: Record) -> None:
    found = sealed.verify()
    assert (found.checkpoints, found.entries, found.unsealed, found.faults) == (2, 5, 0, ())
    assert await seal_now(sealed) == []


async def test_every_run_is_proven_offline(sealed: Record) -> None:
    keys = await keys_of(sealed)
    for run_id in sealed.runs:
        proof = await proof_of(sealed, run_id)
        assert proof.entry.id == run_id
        checkpoint.check_inclusion(Inclusion.model_validate_json(proof.model_dump_json()), keys)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"position": 1}, "is not in checkpoint 1"),
        ({"position": 3}, "is not in checkpoint 1"),
        ({"path": ("00" * 32, "00" * 32)}, "is not in checkpoint 1"),
        ({"path": ()}, "is not in checkpoint 1"),
        ({"path": ("x",)}, "not one of hashes"),
    ],
)
async def test_a_proof_that_was_touched_proves_nothing(
    sealed: Record, change: dict[str, object], complaint: str
) -> None:
    proof = (await proof_of(sealed, sealed.runs[0])).model_copy(update=change)
    with pytest.raises(signing.Untrusted, match=complaint):
        checkpoint.check_inclusion(proof, await keys_of(sealed))


async def test_a_run_removed_from_every_table_is_found(sealed: Record) -> None:
    run = sealed.runs[1]
    for table in ("query_audit_events", "runs", "query_audit_logs"):
        sealed.forge(f"DELETE FROM {table} WHERE run_id = %(run)s", run=run)
    assert sealed.faults() == [f"run {run}: was removed after checkpoint 1 had sealed it"]


async def test_a_tail_cut_together_with_the_run_s_state_is_found(sealed: Record) -> None:
    run = sealed.runs[3]
    sealed.forge("DELETE FROM query_audit_events WHERE run_id = %(run)s AND seq > 4", run=run)
    sealed.forge(
        """
        UPDATE runs SET head_seq = 4, head_hash = (
            SELECT hash FROM query_audit_events e WHERE e.run_id = runs.run_id AND seq = 4)
        WHERE run_id = %(run)s
        """,
        run=run,
    )
    assert sealed.faults() == [
        f"event 5 of run {run}: was removed after checkpoint 2 had sealed it"
    ]


async def test_a_chain_rewritten_as_a_whole_is_found(sealed: Record) -> None:
    run, other = sealed.runs[0], await write_run(sealed.pool, sealed.org_id)
    await seal_now(sealed)
    sealed.forge("DELETE FROM query_audit_events WHERE run_id = %(run)s", run=run)
    # the chain of a run that is in order, told as this run's: its first event cannot fit
    sealed.forge(
        """
        UPDATE runs SET head_hash = other.head_hash, answer = other.answer, head_seq = 6
        FROM runs other WHERE runs.run_id = %(run)s AND other.run_id = %(other)s
        """,
        run=run,
        other=other,
    )
    assert f"run {run}: its chain is not the one that checkpoint 1 sealed" in sealed.faults()


@pytest.mark.parametrize("with_entries", [False, True])
@pytest.mark.parametrize("number", [1, 2])
async def test_a_removed_checkpoint_is_found(
    sealed: Record, number: int, with_entries: bool
) -> None:
    tables = ["checkpoints", "checkpoint_entries"] if with_entries else ["checkpoints"]
    for table in tables:
        sealed.forge(f"DELETE FROM {table} WHERE number = %(number)s", number=number)
    faults = sealed.faults()
    if with_entries and number == 2:  # nothing on record knows of it any more, but its runs do
        run = min(sealed.runs[3:])
        what = "has ended, but is neither sealed nor waiting to be"
        assert faults[0] == f"run {run}: {what}"
    else:
        place = f"checkpoint {number} of organisation {sealed.org_id}"
        assert faults[0] == f"{place}: was removed"


async def test_a_record_set_back_whole_is_found_by_a_checkpoint_kept_elsewhere(
    sealed: Record,
) -> None:
    proof = await proof_of(sealed, sealed.runs[4])
    for run in sealed.runs[3:]:
        for table in ("query_audit_events", "runs", "query_audit_logs"):
            sealed.forge(f"DELETE FROM {table} WHERE run_id = %(run)s", run=run)
    for table in ("checkpoints", "checkpoint_entries"):
        sealed.forge(f"DELETE FROM {table} WHERE number = 2")
    assert sealed.faults() == []
    place = (str(sealed.org_id), 2)
    kept = Anchor(place, proof.sealed.digest, "kept.json")
    assert sealed.faults(anchors=[kept]) == [
        f"checkpoint 2 of organisation {sealed.org_id}: "
        "is known from kept.json, but is not on record"
    ]
    other = Anchor((str(sealed.org_id), 1), "0" * 64, "kept.json")
    assert "is not the one that is known from kept.json" in sealed.faults(anchors=[other])[0]


@pytest.mark.parametrize(
    ("statement", "complaint"),
    [
        ("body = replace(body, '\"entries\":3', '\"entries\":4')", "its signature does not fit"),
        ("body = body || ' '", None),  # the same canonical JSON: nothing that was said is changed
        ("body = '{}'", "it is not a checkpoint any more"),
        ("digest = repeat('0', 64)", "the digest given for it is another one's"),
        ("signature = 'AAAA'", "its signature does not fit"),
        ("signature = '!'", "its signature does not fit"),
    ],
)
async def test_a_changed_checkpoint_is_found(
    sealed: Record, statement: str, complaint: str | None
) -> None:
    sealed.forge(f"UPDATE checkpoints SET {statement} WHERE number = 1")
    faults = sealed.faults()
    if complaint is None:
        assert faults == []
    else:
        assert faults[0].startswith(f"checkpoint 1 of organisation {sealed.org_id}: {complaint}")


async def test_a_changed_list_of_entries_is_found(sealed: Record) -> None:
    sealed.forge("UPDATE checkpoint_entries SET digest = repeat('0', 64) WHERE position = 2")
    assert sealed.faults() == [
        f"checkpoint 1 of organisation {sealed.org_id}: "
        "its list of entries is not the one that was sealed"
    ]


@pytest.mark.parametrize("position", [0, 1, 2])
async def test_a_removed_entry_is_found(sealed: Record, position: int) -> None:
    sealed.forge(
        "DELETE FROM checkpoint_entries WHERE number = 1 AND position = %(position)s",
        position=position,
    )
    assert sealed.faults()[0] == (
        f"checkpoint 1 of organisation {sealed.org_id}: its entry {position} was removed"
    )


async def test_checkpoints_in_each_other_s_place_are_found(sealed: Record) -> None:
    sealed.forge("UPDATE checkpoint_entries SET number = 12 - number * 3")
    sealed.forge("UPDATE checkpoints SET number = 12 - number * 3")
    faults = sealed.faults()
    assert f"checkpoint 1 of organisation {sealed.org_id}: was removed" in faults
    assert any("stands in another checkpoint's place" in fault for fault in faults)


async def test_a_run_that_was_kept_from_being_sealed_is_found(record: Record) -> None:
    run = record.runs[0]
    record.forge("DELETE FROM unsealed_entries WHERE entry_id = %(run)s", run=run)
    assert await seal_now(record) == [2]
    assert record.faults() == [f"run {run}: has ended, but is neither sealed nor waiting to be"]


async def test_a_run_removed_while_it_waits_to_be_sealed_is_found(record: Record) -> None:
    run = record.runs[0]
    for table in ("query_audit_events", "runs", "query_audit_logs"):
        record.forge(f"DELETE FROM {table} WHERE run_id = %(run)s", run=run)
    assert record.faults() == [f"run {run}: was removed while it waited to be sealed"]
    assert await seal_now(record) == [2]


async def test_a_run_that_ends_while_others_are_sealed_is_in_the_next_checkpoint(
    record: Record,
) -> None:
    """Its commit comes after the sealing has looked, although it began before."""
    slow = await psycopg.AsyncConnection.connect(record.url)
    async with slow:
        run = record.runs[0]
        await slow.execute("DELETE FROM unsealed_entries WHERE entry_id = %s", (run,))
        await slow.commit()
        await slow.execute(
            "INSERT INTO unsealed_entries VALUES (%s, %s, 'run')", (run, record.org_id)
        )
        assert await seal_now(record) == [2]
        await slow.commit()
    assert await seal_now(record) == [1]
    assert record.faults() == []


async def test_processes_that_seal_at_once_seal_everything_once(record: Record) -> None:
    record.runs += [await write_run(record.pool, record.org_id) for _ in range(5)]
    made = await asyncio.gather(*(seal_now(record) for _ in range(4)))
    assert sum(sum(one) for one in made) == 8
    assert record.faults() == []


async def test_a_sealer_goes_on_by_itself(record: Record) -> None:
    sealer = Sealer(record.pool, secret=SECRET, seconds=0.01)
    await sealer.open()
    try:
        async with asyncio.timeout(10):
            while record.verify().unsealed:  # noqa: ASYNC110 - nothing tells of a checkpoint
                await asyncio.sleep(0.02)
    finally:
        await sealer.close()
    assert record.faults() == []


async def test_what_an_old_key_signed_stays_good(sealed: Record) -> None:
    before = await keys_of(sealed)
    async with sealed.pool.connection() as connection, connection.transaction():
        key = await rotate(connection, SECRET)
    sealed.runs.append(await write_run(sealed.pool, sealed.org_id))
    await seal_now(sealed)
    assert sealed.faults() == []
    assert (await proof_of(sealed, sealed.runs[5])).sealed.signature.key_id == key.key_id
    assert sealed.faults(keys=before) == [
        f"checkpoint 3 of organisation {sealed.org_id}: its key {key.key_id} is not known"
    ]


async def test_a_retired_key_cannot_sign_any_more(sealed: Record) -> None:
    async with sealed.pool.connection() as connection, connection.transaction():
        await rotate(connection, SECRET)
        rows = await connection.execute(
            "SELECT kept_private_key IS NULL, retired_at IS NULL FROM signing_keys"
        )
        assert sorted(await rows.fetchall()) == [(False, True), (True, False)]


async def test_another_secret_makes_another_key_and_says_nothing_of_the_old(
    sealed: Record,
) -> None:
    before = set(await keys_of(sealed))
    sealed.runs.append(await write_run(sealed.pool, sealed.org_id))
    await seal_now(sealed, secret="another-secret-of-more-than-thirty-two-characters")
    assert len(set(await keys_of(sealed)) - before) == 1
    assert sealed.faults() == []


async def test_the_key_is_made_once_by_however_many(record: Record) -> None:
    async def made() -> str:
        async with record.pool.connection() as connection, connection.transaction():
            return (await key_in_force(connection, SECRET)).key_id

    assert len(set(await asyncio.gather(*(made() for _ in range(4))))) == 1


async def test_the_database_alone_cannot_sign(sealed: Record) -> None:
    async with sealed.pool.connection() as connection:
        kept = await signing_keys.in_force(connection)
    assert kept is not None
    assert signing.opened(*kept, SECRET).key_id == kept[0]
    with pytest.raises(signing.CannotOpen):
        signing.opened(*kept, SECRET + "x")
    with pytest.raises(signing.CannotOpen):
        signing.opened("another", kept[1], SECRET)


async def test_a_key_changed_under_its_id_is_found(sealed: Record) -> None:
    sealed.forge("UPDATE signing_keys SET public_key = sha256(public_key)")
    faults = sealed.faults()
    assert faults[0].startswith("key ")
    assert "its public half was changed" in faults[0]


async def test_the_workflow_s_login_may_only_add_to_the_evidence(record: Record) -> None:
    tables = ["checkpoints", "checkpoint_entries", "record_accesses", "receipts"]
    with psycopg.connect(record.url) as connection:
        rows = connection.execute(
            "SELECT has_table_privilege('countersign_workflow', name, verb)"
            " FROM unnest(%s::text[]) AS name,"
            " unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE']) AS verb",
            (tables,),
        ).fetchall()
    assert set(rows) == {(False,)}


async def test_the_gateway_sees_no_private_key(record: Record) -> None:
    with psycopg.connect(record.url) as connection:
        row = connection.execute(
            "SELECT has_column_privilege('countersign_gateway', 'signing_keys', name, 'SELECT')"
            " FROM unnest(ARRAY['public_key', 'kept_private_key']) AS name"
        ).fetchall()
    assert row == [(True,), (False,)]
