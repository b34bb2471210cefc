"""Rows as the run's code knows them."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from contracts.context import UserContext
from contracts.run import RunStatus


@dataclass(frozen=True, slots=True)
class Run:
    """A run as it stands: who asked what, and the head of its chain."""

    run_id: UUID
    conversation_id: UUID
    question: str
    context: UserContext
    status: RunStatus
    asked_at: datetime
    head_seq: int
    head_hash: str
    takeovers: int = 0
    is_first: bool = False
    """Known to open its conversation, so that there is nothing to look up before it."""


@dataclass(frozen=True, slots=True)
class LogRow:
    """A row of `query_audit_logs`; `user_context` is JSON text."""

    run_id: UUID
    org_id: UUID
    user_id: UUID
    username: str
    role: str
    conversation_id: UUID
    question: str
    user_context: str
    asked_at: datetime
    hash: str


@dataclass(frozen=True, slots=True)
class EventRow:
    """A row of `query_audit_events`; `detail` is JSON text, `duration_ms` has three decimals."""

    run_id: UUID
    seq: int
    stage: str
    status: str
    at: datetime
    duration_ms: Decimal
    detail: str
    prev_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class AccessRow:
    """A row of `record_accesses`; `query` is JSON text. Who read the database itself, by the
    command line, has a name and no id."""

    access_id: UUID
    org_id: UUID
    user_id: UUID | None
    username: str
    role: str
    at: datetime
    what: str
    query: str
    hash: str


@dataclass(frozen=True, slots=True)
class PastRun:
    """An earlier question of a conversation; `plan` is the planner's output as JSON text."""

    run_id: UUID
    question: str
    plan: str | None
    answer: str
