"""`python -m workflow.audit.verifier`: a verification in a process of its own.

Recomputing a long record takes a processor for minutes, which whoever asks meanwhile should not
notice. What to verify comes by standard input as one line of JSON (`url`, `org_id`); what is told
goes out as lines of JSON: `{"began": true}` or `{"busy": true}`, then progress, then `verified`.
"""

import os
import sys
import time
from contextlib import closing, suppress
from datetime import UTC, datetime
from uuid import UUID

import orjson
import psycopg
from pydantic import JsonValue

from contracts.verification import Verification, VerificationFault
from workflow.audit.verify import Verified, verify

ALONE = "SELECT pg_try_advisory_lock(hashtextextended('countersign verification', 0))"
TELL_SECONDS = 0.1


def main() -> None:
    """Verify what standard input names. One at a time, over all processes."""
    asked = orjson.loads(sys.stdin.buffer.readline())
    url, org_id = str(asked["url"]), UUID(asked["org_id"])
    os.nice(10)
    with closing(psycopg.connect(url, autocommit=True)) as held:
        row = held.execute(ALONE).fetchone()
        if not (row and row[0]):
            _tell({"busy": True})
            return
        _tell({"began": True})
        found = verify(url, _Reporter(), org_id=org_id)
        _tell({"verified": verification(found, org_id).model_dump(mode="json")})


def verification(found: Verified, org_id: UUID) -> Verification:
    """As it is told over the API."""
    return Verification(
        is_unbroken=not found.faults,
        org_id=org_id,
        verified_at=datetime.now(UTC),
        since=datetime.fromisoformat(found.since) if found.since else None,
        runs=found.runs,
        events=found.events,
        actions=found.actions,
        changes=found.changes,
        checkpoints=found.checkpoints,
        entries=found.entries,
        receipts=found.receipts,
        unsealed=found.unsealed,
        faults=tuple(
            VerificationFault(subject=f.subject, id=f.id, seq=f.seq, what=f.what)
            for f in found.faults
        ),
    )


class _Reporter:
    """Tells each part at once, and how far it is a few times a second."""

    def __init__(self) -> None:
        self._what = ""
        self._told_at = 0.0

    def __call__(self, what: str, share: float | None = None, /) -> None:
        now = time.monotonic()
        if what == self._what and now - self._told_at < TELL_SECONDS:
            return
        self._what, self._told_at = what, now
        _tell({"what": what, "share": share})


def _tell(value: JsonValue) -> None:
    sys.stdout.buffer.write(orjson.dumps(value) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    with suppress(BrokenPipeError):  # nobody listens any more
        main()
