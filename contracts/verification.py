"""What a verification of the record says, while it goes on and in the end."""

from datetime import datetime
from uuid import UUID

from contracts.base import Wire


class VerificationProgress(Wire):
    """What is being read now, and how far that is, from 0 to 1, where that is known."""

    what: str
    share: float | None = None


class VerificationFault(Wire):
    """What is wrong, and where exactly: `id` is the run's of an event, the approval request's of
    an action, the organisation's of a checkpoint or a change; `seq` is its number there."""

    subject: str
    id: str
    seq: int | None
    what: str


class Verification(Wire):
    """How much of an organisation's record was recomputed, and every fault that was found, up to
    20. `unsealed` has ended since the last checkpoint, so that its removal would not show yet;
    `since` is when the first run was asked."""

    is_unbroken: bool
    org_id: UUID
    verified_at: datetime
    since: datetime | None
    runs: int
    events: int
    actions: int
    changes: int
    checkpoints: int
    entries: int
    receipts: int
    unsealed: int
    faults: tuple[VerificationFault, ...]
