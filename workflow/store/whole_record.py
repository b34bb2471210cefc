"""The whole record, as streams of rows in bounded memory, for whoever recomputes it.

COPY, because at a million events what a cursor costs is most of the time. All columns come as
text, formatted as they are hashed; a column that may be missing is None.
"""

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow, class_row

from workflow.store.one_organisation import narrowed

Connection = psycopg.Connection[TupleRow]
Text = str | None

# a time as it is hashed
MOMENT = """to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"')"""

# An answer is only as good as its digest, and may be megabytes. Whose a run is stands in both
# tables: the log row's is under the chain, the state's is what the services go by.
RUNS = f"""
SELECT coalesce(l.run_id, r.run_id) AS run_id, l.org_id, l.user_id, l.username, l.role,
    l.conversation_id, l.question, l.user_context, {MOMENT.format("l.asked_at")}, l.hash,
    r.head_seq, r.head_hash, r.status,
    encode(sha256(convert_to(coalesce(r.answer::text, ''), 'UTF8')), 'hex'),
    (r.org_id, r.user_id, r.conversation_id, r.asked_at)
        = (l.org_id, l.user_id, l.conversation_id, l.asked_at)
FROM query_audit_logs l FULL JOIN runs r USING (run_id)
ORDER BY run_id
"""

EVENTS = f"""
SELECT run_id, seq, stage, status, {MOMENT.format("at")}, duration_ms, detail, prev_hash, hash
FROM query_audit_events ORDER BY run_id, seq
"""

KEYS = """
SELECT key_id, encode(public_key, 'hex') FROM signing_keys ORDER BY created_at
"""

CHECKPOINTS = """
SELECT org_id, number, body, digest, key_id, signature FROM checkpoints
ORDER BY org_id, number
"""

# Each entry beside what it stands for as that is now.
ENTRIES = f"""
SELECT e.org_id, e.number, e.position, e.kind, e.entry_id, e.seq, e.digest,
    r.head_seq, r.head_hash,
    a.access_id, a.org_id, coalesce(a.user_id::text, ''), a.username, a.role,
    {MOMENT.format("a.at")}, a.what, a.query, a.hash,
    c.hash
FROM checkpoint_entries e
LEFT JOIN runs r ON e.kind = 'run' AND r.run_id = e.entry_id
LEFT JOIN record_accesses a ON e.kind = 'access' AND a.access_id = e.entry_id
LEFT JOIN governance_changes c ON e.kind = 'change' AND c.change_id = e.entry_id
ORDER BY e.org_id, e.number, e.position
"""

# What has ended and is neither sealed nor waiting for it, and what waits and is not there.
LOOSE = """
SELECT 'run', run_id, 'has ended, but is neither sealed nor waiting to be' FROM runs
WHERE status NOT IN ('running', 'needs_approval')
  AND NOT EXISTS (SELECT FROM checkpoint_entries e WHERE e.entry_id = run_id)
  AND NOT EXISTS (SELECT FROM unsealed_entries u WHERE u.entry_id = run_id)
UNION ALL
SELECT 'access', access_id, 'is neither sealed nor waiting to be' FROM record_accesses
WHERE NOT EXISTS (SELECT FROM checkpoint_entries e WHERE e.entry_id = access_id)
  AND NOT EXISTS (SELECT FROM unsealed_entries u WHERE u.entry_id = access_id)
UNION ALL
SELECT 'change', change_id, 'is neither sealed nor waiting to be' FROM governance_changes
WHERE NOT EXISTS (SELECT FROM checkpoint_entries e WHERE e.entry_id = change_id)
  AND NOT EXISTS (SELECT FROM unsealed_entries u WHERE u.entry_id = change_id)
UNION ALL
SELECT kind, entry_id, 'was removed while it waited to be sealed' FROM unsealed_entries
WHERE NOT EXISTS (SELECT FROM runs WHERE run_id = entry_id)
  AND NOT EXISTS (SELECT FROM query_audit_logs WHERE run_id = entry_id)
  AND NOT EXISTS (SELECT FROM record_accesses WHERE access_id = entry_id)
  AND NOT EXISTS (SELECT FROM governance_changes WHERE change_id = entry_id)
ORDER BY 1, 2
"""

# Accesses that no checkpoint holds yet; the others come with their entries.
UNSEALED_ACCESSES = f"""
SELECT access_id, org_id, coalesce(user_id::text, ''), username, role, {MOMENT.format("at")},
    what, query, hash
FROM record_accesses
WHERE NOT EXISTS (SELECT FROM checkpoint_entries e WHERE e.entry_id = access_id)
ORDER BY access_id
"""

ACTIONS = f"""
SELECT approval_id, a.seq, a.action, a.user_id, a.username, a.role, a.text, a.binding,
    {MOMENT.format("a.at")}, a.prev_hash, a.hash, q.head_seq, q.head_hash
FROM approval_actions a FULL JOIN approval_requests q USING (approval_id)
ORDER BY approval_id, a.seq
"""

CHANGES = f"""
SELECT c.change_id, org_id, c.seq, {MOMENT.format("c.at")}, c.actor_id, c.actor_name,
    c.actor_role, c.kind, c.subject, c.action, c.before, c.after, c.prev_hash, c.hash,
    h.seq, h.hash
FROM governance_changes c FULL JOIN governance_heads h USING (org_id)
ORDER BY org_id, c.seq
"""

RECEIPTS = """
SELECT c.run_id, c.body, c.key_id, c.signature, r.head_hash
FROM receipts c LEFT JOIN runs r USING (run_id) ORDER BY c.run_id
"""

COUNTS = """
SELECT coalesce((SELECT sum(head_seq) FROM runs), 0)::bigint AS events,
    (SELECT count(*) FROM checkpoint_entries) AS entries,
    (SELECT count(*) FROM receipts) AS receipts,
    (SELECT count(*) FROM unsealed_entries) AS unsealed
"""


@dataclass(frozen=True, slots=True)
class Counts:
    """How much there should be to read, and what no checkpoint holds yet."""

    events: int
    entries: int
    receipts: int
    unsealed: int


def stream(
    connection: Connection, query: str, org_id: UUID | None = None
) -> Generator[tuple[Text, ...]]:
    """The rows of one of the queries above, of one organisation or of all. The connection is busy
    until the last, or until the generator is closed."""
    copying = sql.SQL("COPY ({}) TO STDOUT").format(narrowed(query, org_id))
    with closing(connection.cursor()) as cursor, cursor.copy(copying) as copy:
        yield from copy.rows()


def counts(connection: Connection, org_id: UUID | None = None) -> Counts:
    """By what the runs say of themselves."""
    with connection.cursor(row_factory=class_row(Counts)) as cursor:
        return cursor.execute(narrowed(COUNTS, org_id)).fetchone() or Counts(0, 0, 0, 0)
