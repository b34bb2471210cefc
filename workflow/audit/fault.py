"""What is wrong with the record, and where exactly."""

from dataclasses import dataclass
from typing import Literal

Subject = Literal["event", "run", "access", "checkpoint", "receipt", "key"]


@dataclass(frozen=True, slots=True)
class Fault:
    """`id` is the run's, or the organisation's for a checkpoint; `seq` the number of the event or
    of the checkpoint, and absent for the others."""

    subject: Subject
    id: str
    what: str
    seq: int | None = None

    def __str__(self) -> str:
        if self.seq is None:
            return f"{self.subject} {self.id}: {self.what}"
        owner = "organisation" if self.subject == "checkpoint" else "run"
        return f"{self.subject} {self.seq} of {owner} {self.id}: {self.what}"
