"""The record as an auditor reads it."""

import re
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BeforeValidator, Field, JsonValue

from contracts.base import Wire
from contracts.evidence import SignedCheckpoint
from contracts.run import Page, Stage

Identifier = Annotated[str, Field(max_length=63, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
"""Of a view or a metric."""
Word = Annotated[str, Field(max_length=64, pattern=r"^[a-z_]+$")]


_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)


def _written_out(value: object) -> object:
    """A time is not guessed from a number or from half a date."""
    if isinstance(value, str) and not _MOMENT.fullmatch(value.upper()):
        raise ValueError("a time is written like 2026-01-31T00:00:00Z")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_written_out)]


def _day_written_out(value: object) -> object:
    """A day is not guessed from a number."""
    if isinstance(value, str) and not re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
        raise ValueError("a day is written like 2026-01-31")
    return value


Day = Annotated[date, BeforeValidator(_day_written_out)]


AccessKind = Annotated[
    str,
    Field(max_length=64, pattern=r"^[a-z][a-z ()-]*$", description="What was read, or done."),
]


class RunSearch(Wire):
    """All that is given has to fit. `person` is a user's name or id; `since` is included, `until`
    is not; `metric` is in a plan of the run, `view` in a statement of it or in what the
    guardrails said of one; `stage` is one the run came to."""

    person: Annotated[str | None, Field(max_length=128, pattern=r"^[^\u0000]*$")] = None
    since: Moment | None = None
    until: Moment | None = None
    view: Identifier | None = None
    metric: Identifier | None = None
    status: Word | None = None
    stage: Stage | None = None
    run_id: UUID | None = None


class EventSearch(RunSearch):
    """The same for events: `stage` and `status` are the event's."""


_NEXT = "The `next` of the page before; none for the first."
RunCursor = Annotated[UUID, Field(description=_NEXT)]
EventCursor = Annotated[
    str,
    Field(
        pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.[1-9][0-9]{0,8}$", description=_NEXT
    ),
]
Limit = Annotated[int, Field(ge=1, le=100, description="Most items on a page.")]


class RunQuery(RunSearch):
    """A page of what is found."""

    cursor: RunCursor | None = None
    limit: Limit = 20


class EventQuery(EventSearch):
    """A page of what is found."""

    cursor: EventCursor | None = None
    limit: Limit = 20


class AuditedRun(Wire):
    """A run, without what it answered. `checkpoint` is the number of the one that seals it."""

    run_id: UUID
    conversation_id: UUID
    user_id: UUID
    username: str
    role: str
    question: str
    status: str
    asked_at: datetime
    finished_at: datetime | None
    events: int
    head: str
    checkpoint: int | None


def _three_decimals(value: object) -> object:
    return f"{value:.3f}" if not isinstance(value, str) else value


class AuditedEvent(Wire):
    """An event, whole: with `prev_hash` and `hash` its place in the chain can be recomputed.
    `detail` is shown as JSON; what is hashed is its stored text."""

    run_id: UUID
    seq: int
    stage: str
    status: str
    at: datetime
    duration_ms: Annotated[str, BeforeValidator(_three_decimals)]
    detail: JsonValue
    prev_hash: str
    hash: str


class Access(Wire):
    """That somebody read the record. A reader at the command line has no id."""

    access_id: UUID
    user_id: UUID | None
    username: str
    role: str
    at: datetime
    what: str
    query: JsonValue
    hash: str


class AuditedRunPage(Page):
    """Newest first."""

    items: tuple[AuditedRun, ...]


class AuditedEventPage(Page):
    """Runs newest first, the events of each in order."""

    items: tuple[AuditedEvent, ...]


class CheckpointPage(Page):
    """Newest first."""

    items: tuple[SignedCheckpoint, ...]


class AccessPage(Page):
    """Newest first."""

    items: tuple[Access, ...]
