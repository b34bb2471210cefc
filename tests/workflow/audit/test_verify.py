"""The record as a forger would meet it: whatever is done to it, `verify` names the place."""

from dataclasses import replace
from time import perf_counter

import psycopg
import pytest
from uuid_utils.compat import uuid7

from contracts.run import RunStatus, Stage
from tests.workflow.audit.conftest import Record
from workflow.audit.chain import event_hash
from workflow.audit.journal import Journal
from workflow.audit.verify import Verified
from workflow.store import audit_events, runs


async def test_an_untouched_record_is_unbroken(record: Record) -> None:
    assert replace(record.verify(), since=None) == Verified(
        runs=3,
        events=18,
        actions=0,
        changes=0,
        checkpoints=0,
        entries=0,
        receipts=0,
        unsealed=3,
        faults=(),
    )


@pytest.mark.parametrize(
    "column",
    [
        "stage = 'approval'",
        "status = 'failed'",
        "at = at + interval '1 microsecond'",
        "duration_ms = duration_ms + 0.001",
        """detail = replace(detail::text, 'said', 'sung')::json""",
        "detail = (detail::text || ' ')::json",
    ],
)
async def test_an_altered_event_is_found(record: Record, column: str) -> None:
    run = record.runs[1]
    record.forge(
        f"UPDATE query_audit_events SET {column} WHERE run_id = %(run)s AND seq = 3", run=run
    )
    assert record.faults() == [
        f"event 3 of run {run}: its content was changed after it was written"
    ]


@pytest.mark.parametrize("seq", [1, 3, 6])
async def test_a_removed_event_is_found(record: Record, seq: int) -> None:
    run = record.runs[0]
    record.forge(
        "DELETE FROM query_audit_events WHERE run_id = %(run)s AND seq = %(seq)s",
        run=run,
        seq=seq,
    )
    assert record.faults() == [f"event {seq} of run {run}: was removed"]


async def test_reordered_events_are_found(record: Record) -> None:
    run = record.runs[2]
    record.forge(
        """
        UPDATE query_audit_events SET seq = CASE seq WHEN 2 THEN 103 WHEN 3 THEN 102 END
        WHERE run_id = %(run)s AND seq IN (2, 3)
        """,
        run=run,
    )
    record.forge("UPDATE query_audit_events SET seq = seq - 100 WHERE seq > 100")
    (fault,) = record.faults()
    assert fault.startswith(f"event 2 of run {run}: ")


async def test_an_inserted_event_is_found(record: Record) -> None:
    run = record.runs[2]
    record.forge(
        """
        INSERT INTO query_audit_events
        SELECT run_id, 7, stage, status, at, duration_ms, detail, prev_hash, hash
        FROM query_audit_events WHERE run_id = %(run)s AND seq = 6
        """,
        run=run,
    )
    (fault,) = record.faults()
    assert fault.startswith(f"event 7 of run {run}: ")


async def test_a_chain_recomputed_without_its_tail_is_found_by_the_run_s_state(
    record: Record,
) -> None:
    run = record.runs[0]
    record.forge("DELETE FROM query_audit_events WHERE run_id = %(run)s AND seq > 4", run=run)
    assert record.faults() == [f"event 5 of run {run}: was removed"]


@pytest.mark.parametrize(
    "column",
    [
        "question = 'What is total revenue for my store 2?'",
        "username = 'someone else'",
        "role = 'admin'",
        "asked_at = asked_at - interval '1 day'",
        """user_context = replace(user_context::text, '[1]', '[1,2]')::json""",
    ],
)
async def test_who_asked_what_is_under_the_chain(record: Record, column: str) -> None:
    run = record.runs[1]
    record.forge(f"UPDATE query_audit_logs SET {column} WHERE run_id = %(run)s", run=run)
    assert record.faults() == [f"run {run}: its log row was changed after it was written"]


async def test_a_changed_answer_is_found(record: Record) -> None:
    run = record.runs[1]
    record.forge(
        """UPDATE runs SET answer = '{"answer":"33,689.75"}' WHERE run_id = %(run)s""", run=run
    )
    assert record.faults() == [f"run {run}: its answer was changed after it was recorded"]


@pytest.mark.parametrize(
    "column",
    [
        "user_id = gen_random_uuid()",
        "org_id = gen_random_uuid()",
        "asked_at = asked_at - interval '1 day'",
        "conversation_id = (SELECT conversation_id FROM runs WHERE run_id <> %(run)s LIMIT 1)",
    ],
)
async def test_a_run_given_to_somebody_else_is_found(record: Record, column: str) -> None:
    run = record.runs[1]
    record.forge(f"UPDATE runs SET {column} WHERE run_id = %(run)s", run=run)
    assert record.faults() == [
        f"run {run}: its state is another person's or time's than its log row"
    ]


@pytest.mark.parametrize("detail", ["{}", "[]", '{"summary": 1}', '{"summary": "\\ud800"}'])
async def test_a_last_event_written_anew_without_what_it_holds_is_a_fault(
    record: Record, detail: str
) -> None:
    run = record.runs[1]
    async with record.pool.connection() as connection:
        *_, last = await audit_events.of_run(connection, run)
    forged = replace(last, detail=detail)
    record.forge(
        """
        WITH event AS (
            UPDATE query_audit_events SET detail = %(detail)s, hash = %(hash)s
            WHERE run_id = %(run)s AND seq = 6)
        UPDATE runs SET head_hash = %(hash)s WHERE run_id = %(run)s
        """,
        run=run,
        detail=detail,
        hash=event_hash(forged),
    )
    assert record.faults() == [f"run {run}: its status is not the one on record"]


@pytest.mark.parametrize(
    ("table", "what"),
    [("query_audit_logs", "its log row was removed"), ("runs", "its state was removed")],
)
async def test_a_missing_row_is_found(record: Record, table: str, what: str) -> None:
    run = record.runs[1]
    record.forge(f"DELETE FROM {table} WHERE run_id = %(run)s", run=run)
    assert record.faults() == [f"run {run}: {what}"]


async def test_events_of_no_run_are_found(record: Record) -> None:
    run = record.runs[2]
    record.forge("DELETE FROM runs WHERE run_id = %(run)s", run=run)
    record.forge("DELETE FROM query_audit_logs WHERE run_id = %(run)s", run=run)
    faults = record.faults()
    assert f"event 1 of run {run}: belongs to no run on record" in faults


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE query_audit_events SET status = 'ok'",
        "DELETE FROM query_audit_events",
        "TRUNCATE query_audit_events CASCADE",
        "UPDATE query_audit_logs SET question = ''",
        "DELETE FROM query_audit_logs",
        "TRUNCATE query_audit_logs CASCADE",
    ],
)
async def test_not_even_the_owner_changes_the_record_by_accident(
    record: Record, statement: str
) -> None:
    with (
        psycopg.connect(record.url) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"),
    ):
        connection.execute(statement)


@pytest.mark.parametrize("verb", ["UPDATE", "DELETE", "TRUNCATE"])
@pytest.mark.parametrize("table", ["query_audit_events", "query_audit_logs"])
async def test_the_workflow_s_login_may_only_add_to_the_record(
    record: Record, table: str, verb: str
) -> None:
    with psycopg.connect(record.url) as connection:
        row = connection.execute(
            "SELECT has_table_privilege('countersign_workflow', %s, %s)", (table, verb)
        ).fetchone()
    assert row == (False,)


async def test_a_worker_that_lost_its_run_writes_nothing(record: Record) -> None:
    run_id = record.runs[0]
    async with record.pool.connection() as connection:
        rows = await connection.execute(
            "SELECT org_id, user_id FROM runs WHERE run_id = %s", (run_id,)
        )
        org_id, user_id = (await rows.fetchone()) or (None, None)
        run = await runs.get(connection, run_id, org_id=org_id, user_id=user_id)
    assert run is not None
    journal = Journal(record.pool, run, worker_id=uuid7(), publish=lambda _: None)
    journal.add(Stage.COMPLETED, "again", perf_counter(), {})
    with pytest.raises(runs.Lost):
        await journal.flush(RunStatus.COMPLETED, answer="{}")
    assert record.faults() == []
