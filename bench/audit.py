"""How fast the record is verified, and in how much memory: python -m bench.audit [EVENTS]

Fills a database of its own with a log of that many events (a million unless given), sealed and
signed, by COPY; then runs `countersign audit verify` on it as a process of its own.
"""

import asyncio
import json
import logging
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import psycopg
import structlog
from uuid_utils.compat import uuid7

from kit import embedded_postgres
from kit.canonical import canonical, text_digest
from kit.database import make_pool
from migrations.runner import migrate
from workflow.audit.chain import event_hash, sealed_log
from workflow.audit.sealing import key_in_force, seal
from workflow.store.rows import EventRow, LogRow

STAGES = (
    "rag_retrieval",
    "llm_generation",
    "validation",
    "db_execution",
    "narration",
    "completed",
)
DETAIL_BYTES = (1600, 900, 1500, 200, 150, 150)
"""Of each stage, as a question about revenue leaves them."""
SECRET = "a-secret-of-the-benchmark-and-of-nobody"
ANSWER = canonical({"answer": "x" * 1500})
START = datetime(2026, 1, 1, tzinfo=UTC)


def main() -> None:
    """Prints events a second, the most memory, and the same for a log a tenth as long."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    events = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    for size in (events // 10, events):
        folder = Path(tempfile.mkdtemp(prefix="cs-bench-"))
        folder.chmod(0o755)
        try:
            with embedded_postgres.running(folder / "pg") as cluster:
                _measure(cluster, size)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _measure(cluster: embedded_postgres.Cluster, events: int) -> None:
    url = cluster.url(embedded_postgres.APP_DATABASE)
    migrate("app", url)
    began = time.perf_counter()
    _fill(url, events // len(STAGES))
    filled = time.perf_counter()
    asyncio.run(_seal(url))
    sealed = time.perf_counter()
    print(
        f"{events:,} events made in {filled - began:.0f} s, sealed in {sealed - filled:.1f} s",
        flush=True,
    )
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "WAREHOUSE_URL": cluster.url(embedded_postgres.WAREHOUSE_DATABASE),
    }
    command = [sys.executable, "-m", "cli.app", "audit", "verify", "--json"]
    began = time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    seconds = time.perf_counter() - began
    found = json.loads(done.stdout)
    assert found["is_unbroken"], found
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    rate = found["events"] / seconds
    print(f"verified {found['events']:,} events in {seconds:.1f} s: {rate:,.0f} a second")
    print(f"most memory of any child process so far: {most:.0f} MB", flush=True)


async def _seal(url: str) -> None:
    async with make_pool(url, name="bench") as pool, pool.connection() as connection:
        async with connection.transaction():
            await key_in_force(connection, SECRET)
        await seal(connection, SECRET)


def _fill(url: str, runs: int) -> None:
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "INSERT INTO organisations (name) VALUES ('bench') RETURNING org_id"
        ).fetchone()
        assert row is not None
        org_id = row[0]
        conversation, user = uuid7(), uuid7()
        connection.execute(
            "INSERT INTO conversations (conversation_id, org_id, user_id, title)"
            " VALUES (%s, %s, %s, 'bench')",
            (conversation, org_id, user),
        )
        for table in ("query_audit_logs", "query_audit_events", "runs"):
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        done = 0
        while done < runs:
            batch = list(_runs(org_id, conversation, user, done, min(5_000, runs - done)))
            _copy(connection, batch)
            done += len(batch)
        for table in ("query_audit_logs", "query_audit_events", "runs"):
            connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER ALL")
        connection.execute("INSERT INTO unsealed_entries SELECT run_id, org_id, 'run' FROM runs")
        connection.commit()
        connection.autocommit = True
        connection.execute("VACUUM ANALYZE")


def _runs(
    org_id: UUID, conversation: UUID, user: UUID, first: int, count: int
) -> Iterator[tuple[LogRow, list[EventRow]]]:
    for number in range(first, first + count):
        at = START + timedelta(seconds=number)
        log = sealed_log(
            LogRow(
                run_id=uuid7(),
                org_id=org_id,
                user_id=user,
                username="somebody",
                role="store_manager",
                conversation_id=conversation,
                question=f"What was revenue on day {number}?",
                user_context=canonical({"padding": "x" * 300}),
                asked_at=at,
                hash="",
            )
        )
        events: list[EventRow] = []
        head = log.hash
        for seq, stage in enumerate(STAGES, 1):
            summary = {"note": "x" * DETAIL_BYTES[seq - 1]}
            if stage == "completed":
                summary = {"status": "completed", "answer_digest": text_digest(ANSWER)}
            event = EventRow(
                run_id=log.run_id,
                seq=seq,
                stage=stage,
                status="completed" if stage == "completed" else "ok",
                at=at,
                duration_ms=Decimal("1.234"),
                detail=canonical({"salt": "0" * 32, "summary": summary}),
                prev_hash=head,
                hash="",
            )
            head = event_hash(event)
            events.append(replace(event, hash=head))
        yield log, events


def _copy(connection: psycopg.Connection, batch: list[tuple[LogRow, list[EventRow]]]) -> None:
    with connection.cursor() as cursor:
        with cursor.copy(
            "COPY query_audit_logs (run_id, org_id, user_id, username, role, conversation_id,"
            " question, user_context, asked_at, hash) FROM STDIN"
        ) as copy:
            for log, _ in batch:
                copy.write_row(
                    (log.run_id, log.org_id, log.user_id, log.username, log.role,
                     log.conversation_id, log.question, log.user_context, log.asked_at, log.hash)
                )  # fmt: skip
        with cursor.copy(
            "COPY query_audit_events (run_id, seq, stage, status, at, duration_ms, detail,"
            " prev_hash, hash) FROM STDIN"
        ) as copy:
            for _, events in batch:
                for e in events:
                    copy.write_row(
                        (e.run_id, e.seq, e.stage, e.status, e.at, e.duration_ms, e.detail,
                         e.prev_hash, e.hash)
                    )  # fmt: skip
        with cursor.copy(
            "COPY runs (run_id, org_id, user_id, conversation_id, status, head_seq, head_hash,"
            " answer, asked_at, finished_at) FROM STDIN"
        ) as copy:
            for log, events in batch:
                copy.write_row(
                    (log.run_id, log.org_id, log.user_id, log.conversation_id, "completed",
                     len(events), events[-1].hash, ANSWER, log.asked_at, log.asked_at)
                )  # fmt: skip


if __name__ == "__main__":
    main()
