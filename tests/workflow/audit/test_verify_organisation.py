"""An auditor's verification: their organisation's record alone, and all of that."""

import re
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
import sqlglot
from sqlglot import exp

from tests.workflow.audit.conftest import Record, write_run
from workflow.audit.sealing import seal
from workflow.store import governed, whole_record
from workflow.store.one_organisation import NARROWED, SHARED

SECRET = "k" * 40
QUERIES = {
    name: value
    for module in (whole_record, governed)
    for name, value in vars(module).items()
    if name.isupper() and isinstance(value, str) and value.lstrip().startswith(("SELECT", "WITH"))
    if not name.startswith("_")
}


@pytest.fixture
async def other(record: Record) -> UUID:
    """A second organisation with a run, all sealed."""
    with psycopg.connect(record.url, autocommit=True) as connection:
        row = connection.execute(
            "INSERT INTO organisations (name) VALUES ('two') RETURNING org_id"
        ).fetchone()
    assert row is not None
    record.runs.append(await write_run(record.pool, row[0]))
    async with record.pool.connection() as connection:
        await seal(connection, SECRET)
    return UUID(str(row[0]))


async def test_each_organisation_is_counted_by_itself(record: Record, other: UUID) -> None:
    whole, ours, theirs = (
        record.verify(),
        record.verify(org_id=record.org_id),
        record.verify(org_id=other),
    )
    assert not (*whole.faults, *ours.faults, *theirs.faults)
    assert (whole.runs, ours.runs, theirs.runs) == (4, 3, 1)
    assert (ours.events, theirs.events) == (18, 6)
    assert (whole.checkpoints, ours.checkpoints, theirs.checkpoints) == (2, 1, 1)
    assert (ours.entries, theirs.entries) == (3, 1)
    assert ours.since == whole.since
    assert (theirs.since or "") > (ours.since or "")


@pytest.mark.parametrize(
    "forgery",
    [
        "UPDATE query_audit_events SET status = 'x' WHERE run_id = %(run)s AND seq = 3",
        "DELETE FROM query_audit_events WHERE run_id = %(run)s AND seq = 6",
        "UPDATE runs SET answer = '{}' WHERE run_id = %(run)s",
        "UPDATE query_audit_logs SET question = 'x' WHERE run_id = %(run)s",
        "DELETE FROM query_audit_logs WHERE run_id = %(run)s",
        "UPDATE checkpoints SET signature = '' WHERE org_id = %(org)s",
        "DELETE FROM checkpoint_entries WHERE entry_id = %(run)s",
        "UPDATE runs SET org_id = %(ours)s WHERE run_id = %(run)s",
    ],
)
async def test_a_fault_is_told_to_its_own_organisation_alone(
    record: Record, other: UUID, forgery: str
) -> None:
    record.forge(forgery, run=record.runs[-1], org=other, ours=record.org_id)
    assert record.faults(org_id=other)
    ours = record.faults(org_id=record.org_id)
    moved_here = "SET org_id" in forgery  # a state that says it is ours is ours to find wrong
    assert bool(ours) is moved_here, ours


async def test_what_belongs_to_nobody_is_told_to_everybody(record: Record, other: UUID) -> None:
    run = record.runs[-1]
    for table in ("query_audit_logs", "runs"):
        record.forge(f"DELETE FROM {table} WHERE run_id = %(run)s", run=run)
    for org_id in (record.org_id, other):
        assert any("belongs to no run on record" in f for f in record.faults(org_id=org_id))


async def test_the_workflow_s_own_login_may_read_all_that_it_verifies(
    record: Record, other: UUID
) -> None:
    as_workflow = (
        f"{record.url}{'&' if '?' in record.url else '?'}options=-c%20role%3Dcountersign_workflow"
    )
    limited = Record(as_workflow, record.pool, record.org_id, record.runs)
    assert limited.verify(org_id=other) == record.verify(org_id=other)


@pytest.mark.parametrize("name", QUERIES)
def test_no_query_reads_a_table_that_is_not_narrowed(name: str) -> None:
    tree = sqlglot.parse_one(QUERIES[name], read="postgres")
    defined = {cte.alias for cte in tree.find_all(exp.CTE)}
    read = {table.name for table in tree.find_all(exp.Table)} - defined
    assert read
    assert read <= NARROWED | SHARED, read


def test_all_queries_are_looked_at() -> None:
    text = "".join(Path(module.__file__ or "").read_text() for module in (whole_record, governed))
    assert len(QUERIES) == len(re.findall(r"^(?!_)[A-Z_]+ = f?\"\"\"\n(?:SELECT|WITH)", text, re.M))
    assert len(QUERIES) >= 11
