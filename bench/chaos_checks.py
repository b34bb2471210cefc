"""What must not be found after everything was killed at random."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
import psycopg

from bench.fleet import Fleet
from workflow.audit.verify import verify

# An asker may give up what was approved, until it has run: then it ends as cancelled.
_GIVEN_UP = "r.status = 'cancelled' AND r.cancel_requested"
MUST_NOT_BE = {
    "runs that have not ended": """
        SELECT run_id FROM runs WHERE status IN ('running', 'needs_approval')""",
    "requests still open": """
        SELECT approval_id FROM approval_requests WHERE status IN ('pending', 'claimed')""",
    "asked once, run twice": """
        SELECT idempotency_key FROM runs GROUP BY user_id, idempotency_key HAVING count(*) > 1""",
    "approved, and not executed once": f"""
        SELECT a.run_id FROM approval_requests a JOIN runs r USING (run_id)
        WHERE a.status = 'approved' AND NOT ({_GIVEN_UP})
          AND (SELECT count(*) FROM query_audit_events e
            WHERE e.run_id = a.run_id AND e.stage = 'db_execution' AND e.status = 'ok') <> 1""",
    "approved, given up, and executed more than once": f"""
        SELECT a.run_id FROM approval_requests a JOIN runs r USING (run_id)
        WHERE a.status = 'approved' AND {_GIVEN_UP}
          AND (SELECT count(*) FROM query_audit_events e
            WHERE e.run_id = a.run_id AND e.stage = 'db_execution') > 1""",
    "approved, and neither completed nor given up": f"""
        SELECT a.run_id FROM approval_requests a JOIN runs r USING (run_id)
        WHERE a.status = 'approved' AND r.status <> 'completed' AND NOT ({_GIVEN_UP})""",
    "executed, and not approved": """
        SELECT e.run_id FROM query_audit_events e WHERE e.stage = 'db_execution'
          AND NOT EXISTS (SELECT FROM approval_requests a
            WHERE a.run_id = e.run_id AND a.status = 'approved')""",
    "approved by other than as many people as it needs": """
        SELECT a.approval_id FROM approval_requests a
        WHERE a.status = 'approved' AND a.approvers_needed <> (
            SELECT count(DISTINCT p.user_id) FROM approval_actions p
            WHERE p.approval_id = a.approval_id AND p.action = 'approve')""",
    "decided more often than it needs": """
        SELECT a.approval_id FROM approval_requests a JOIN approval_actions p USING (approval_id)
        WHERE p.action IN ('approve', 'reject')
        GROUP BY a.approval_id HAVING count(*) > max(a.approvers_needed)""",
    "ended other than it was decided": f"""
        SELECT a.approval_id FROM approval_requests a JOIN runs r USING (run_id)
        WHERE (a.status, r.status) NOT IN (('approved', 'completed'), ('rejected', 'refused'),
            ('cancelled', 'cancelled'), ('stale', 'completed'))
          AND NOT (a.status = 'approved' AND {_GIVEN_UP})""",
}


@dataclass(frozen=True, slots=True)
class Expected:
    """What an asker was told last of a run; `key` made the ask the same one when repeated."""

    run_id: UUID
    key: str
    username: str
    question: str
    answer: dict[str, Any]


def findings(fleet: Fleet, expected: list[Expected]) -> list[tuple[str, int]]:
    """Each thing that must not be, and how often it was found."""
    with psycopg.connect(fleet.databases.app) as connection:
        found = [
            (name, len(connection.execute(query.encode()).fetchall()))
            for name, query in MUST_NOT_BE.items()
        ]
        kept = {
            run_id: (key, orjson.loads(answer or b"null"))
            for run_id, key, answer in connection.execute(
                "SELECT run_id, idempotency_key, answer::text FROM runs"
            )
        }
    found.append(("asked and lost", sum(one.run_id not in kept for one in expected)))
    found.append(
        (
            "told other than what is kept",
            sum(kept.get(one.run_id, ("", None)) != (one.key, one.answer) for one in expected),
        )
    )
    rows: dict[tuple[str, str], set[bytes]] = defaultdict(set)
    for one in expected:
        if one.answer["status"] == "completed":
            rows[one.username, one.question].add(orjson.dumps(one.answer["rows"]))
    found.append(("one question, different rows", sum(len(r) > 1 for r in rows.values())))
    faults = verify(fleet.databases.app, lambda *_: None).faults
    for fault in faults:
        print(fault)
    return [*found, ("faults in the record", len(faults))]
