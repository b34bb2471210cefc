"""What happened to an approval request, as a forger would change it."""

from datetime import UTC, datetime

import psycopg
import pytest
from uuid_utils.compat import uuid7

from tests.workflow.audit.conftest import Record
from workflow.audit.chain import digest, moment

REQUEST = """
INSERT INTO approval_requests (approval_id, org_id, kind, run_id, status, asker_id, asker_name,
    asker_role, score, approvers_needed, subject, risk, bound, binding, policy_version, prepared,
    evidence, requested_at, expires_at, head_seq, head_hash)
VALUES (%s, %s, 'query', %s, 'rejected', %s, 'someone', 'store_manager', 50, 1, '{}', '{}', '{}',
    'b', 0, '{}', '{}', now(), now(), 3, %s)
"""
ACTION = "INSERT INTO approval_actions VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"


@pytest.fixture
def approval(record: Record) -> str:
    """A request, as it was made, claimed by somebody, and found expired by nobody."""
    approval_id = str(uuid7())
    head = ""
    rows = []
    for seq, (action, by) in enumerate(
        [("request", "someone"), ("claim", "another"), ("expire", None)], 1
    ):
        user_id = str(uuid7()) if by else None
        at = datetime.now(UTC)
        who = (user_id, by, "reviewer" if by else None)
        parts = (approval_id, str(seq), action, *(w or "" for w in who), "why", "b", moment(at))
        own = digest([*parts, head])
        rows.append((approval_id, seq, action, *who, "why", "b", at, head, own))
        head = own
    with psycopg.connect(record.url) as connection:
        connection.execute(
            REQUEST, (approval_id, record.org_id, record.runs[0], str(uuid7()), head)
        )
        for row in rows:
            connection.execute(ACTION, row)
    return approval_id


async def test_untouched_actions_are_unbroken(record: Record, approval: str) -> None:
    assert (record.verify().actions, record.faults()) == (3, [])


@pytest.mark.parametrize(
    ("statement", "place"),
    [
        ("UPDATE approval_actions SET text = 'other' WHERE seq = 2", "2"),
        ("UPDATE approval_actions SET user_id = gen_random_uuid() WHERE seq = 1", "1"),
        ("UPDATE approval_actions SET at = at - interval '1 day' WHERE seq = 3", "3"),
        ("DELETE FROM approval_actions WHERE seq = 1", "1"),
        ("DELETE FROM approval_actions WHERE seq = 2", "2"),
        ("DELETE FROM approval_actions WHERE seq = 3", "3"),
        ("DELETE FROM approval_actions", "1"),
        ("DELETE FROM approval_requests", "1"),
        ("UPDATE approval_requests SET head_hash = 'x'", "3"),
    ],
)
async def test_a_changed_action_is_found(
    record: Record, approval: str, statement: str, place: str
) -> None:
    record.forge(statement)
    (fault,) = record.faults()
    assert fault.startswith(f"action {place} of approval request {approval}: ")
