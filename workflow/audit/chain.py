"""The hash chain of a run: each event's hash covers its content and the hash before it.

Pure. The first event follows the hash of the run's log row, so that who asked what is under the
chain too. SHA-256 over canonical JSON; times are UTC with microseconds, durations have three
decimals, and details are hashed as the text that is stored.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256

import orjson

from workflow.store.rows import AccessRow, EventRow, LogRow


def log_hash(row: LogRow) -> str:
    """What `row.hash` must be."""
    return digest(
        (
            str(row.run_id),
            str(row.org_id),
            str(row.user_id),
            row.username,
            row.role,
            str(row.conversation_id),
            row.question,
            row.user_context,
            moment(row.asked_at),
        )
    )


def sealed_log(row: LogRow) -> LogRow:
    """The row with its hash."""
    return replace(row, hash=log_hash(row))


def event_hash(row: EventRow) -> str:
    """What `row.hash` must be, given its `prev_hash`."""
    return digest(
        (
            str(row.run_id),
            str(row.seq),
            row.stage,
            row.status,
            moment(row.at),
            f"{row.duration_ms:.3f}",
            row.detail,
            row.prev_hash,
        )
    )


def access_hash(row: AccessRow) -> str:
    """What `row.hash` must be."""
    return digest(
        (
            str(row.access_id),
            str(row.org_id),
            str(row.user_id or ""),
            row.username,
            row.role,
            moment(row.at),
            row.what,
            row.query,
        )
    )


def digest(parts: Sequence[str]) -> str:
    """The hash of a row whose content is these texts."""
    return sha256(orjson.dumps(parts)).hexdigest()


def moment(at: datetime) -> str:
    """A time as it is hashed: `2022-08-01T00:00:00.000000+00:00`."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")
