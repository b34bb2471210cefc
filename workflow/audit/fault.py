"""What is wrong with the record, and where exactly."""

from dataclasses import dataclass
from typing import Literal

Subject = Literal[
    "event", "run", "action", "access", "change", "policy", "verified query", "user", "checkpoint",
    "receipt", "key",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """`id` is the run's, the approval request's for an action, the organisation's for a
    checkpoint or a change; `seq` the number of the event, action, checkpoint or change, absent
    for the others."""

    subject: Subject
    id: str
    what: str
    seq: int | None = None

    def __str__(self) -> str:
        if self.seq is None:
            return f"{self.subject} {self.id}: {self.what}"
        return f"{self.subject} {self.seq} of {_OWNERS[self.subject]} {self.id}: {self.what}"


_OWNERS = {
    "event": "run",
    "action": "approval request",
    "checkpoint": "organisation",
    "change": "organisation",
}
