"""A run, its stages and its answer."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BeforeValidator, Field, JsonValue

from contracts.base import SOME_TEXT, Wire, whole
from contracts.catalog import NumberFormat
from contracts.plan import Choice, Grain, PlannerOutput, WidgetType
from contracts.result import Column
from contracts.verdict import Finding


class Stage(StrEnum):
    """The steps of a run, in order."""

    RETRIEVAL = "rag_retrieval"
    PLANNING = "llm_generation"
    VALIDATION = "validation"
    APPROVAL = "approval"
    EXECUTION = "db_execution"
    NARRATION = "narration"
    COMPLETED = "completed"


class RunStatus(StrEnum):
    """Where a run stands. All but `running` and `needs_approval` are final."""

    RUNNING = "running"
    NEEDS_APPROVAL = "needs_approval"
    COMPLETED = "completed"
    CLARIFY = "clarify"
    REFUSED = "refused"
    BLOCKED = "blocked"
    FAILED = "failed"
    CANCELLED = "cancelled"


QuestionText = Annotated[str, Field(min_length=1, max_length=4000, pattern=SOME_TEXT)]


SearchText = Annotated[
    str, Field(min_length=1, max_length=200, pattern=r"^[^\u0000-\u001f\u007f-\u009f]+$")
]
"""What is looked for in questions."""

StoreId = Annotated[int, Field(strict=True, ge=1, le=2**31 - 1), BeforeValidator(whole)]


class AskRequest(Wire):
    """A question as the gateway takes it. `role` and `store_id` only ever narrow."""

    question: QuestionText
    role: str | None = Field(default=None, min_length=1, max_length=64)
    store_id: StoreId | None = None
    conversation_id: UUID | None = None


class RunRequest(Wire):
    """A question as the gateway hands it to the workflow; who asks is in the internal token."""

    question: QuestionText
    conversation_id: UUID | None = None
    idempotency_key: str | None = Field(
        default=None, min_length=1, max_length=255, pattern=r"^[\u0021-\u007e]+$"
    )


class Match(Wire):
    """Why a passage was chosen: its place among those found, `words` of the question that it
    holds, and how alike the two are in meaning (cosine, 1 is the same; none where the passage is
    not among the nearest)."""

    rank: int
    words: tuple[str, ...] = ()
    similarity: float | None = None


class Source(Wire):
    """A passage that was retrieved for the question; `document` is the lasting name of the
    document that it is from, `kind` says what sort of document that is."""

    document_id: str
    title: str
    snippet: str
    document: str = ""
    kind: str = ""
    match: Match | None = None


class RiskFactor(Wire):
    """A measured reason, with its points."""

    name: str
    points: int
    reason: str


class Risk(Wire):
    """0 to 100, the sum of its factors, capped."""

    score: int
    factors: tuple[RiskFactor, ...] = ()


class Security(Wire):
    """What the person was allowed, and what the guardrails found."""

    role: str
    row_scope: tuple[int, ...] | Literal["all"]
    allowed_views: tuple[str, ...]
    findings: tuple[Finding, ...] = ()
    risk: Risk | None = None


class Heading(Wire):
    """How a column of a result is headed, and how its values are shown: `unit` and `format` as
    the catalog has them, a share as percent. The dates of a `grain` stand for whole periods. A
    number without `is_measure` is a name, such as a store's."""

    label: str
    is_measure: bool = False
    unit: str | None = None
    format: NumberFormat | None = None
    is_share: bool = False
    grain: Grain | None = None


class Widget(Wire):
    """A presentation of the result: `x` and `series` name dimensions, `y` the measures, and
    `headings` say how each column of the result is shown, in their order.

    `spec` is how a chart is drawn, in Vega-Lite. It holds no row: its data is called `rows`, and
    is the answer's rows as objects by column name.
    """

    type: WidgetType
    title: str
    subtitle: str = ""
    x: str | None = None
    y: tuple[str, ...] = ()
    series: str | None = None
    headings: tuple[Heading, ...] = ()
    spec: dict[str, JsonValue] | None = None


class Usage(Wire):
    """What the model cost; no model, no tokens. `cost` is in US dollars, where prices are set."""

    model: str | None = None
    tokens: int = 0
    cost: Decimal | None = None


class Explain(Wire):
    """How the answer came about, in words. `fallback_reason` says why a configured model did not
    plan; `prompt_digest` is of what one that did was told."""

    planner: str
    fallback_reason: str | None = None
    prompt_digest: str | None = None
    confidence: float
    plan: str = ""
    notes: tuple[str, ...] = ()
    as_of: str | None = None
    used_words: dict[str, str] = {}
    unused_words: tuple[str, ...] = ()
    struck: tuple[str, ...] = ()


class AnswerStep(Wire):
    """A further result that an answer rests on, with the statement that it came from. `note`
    says what may not be concluded from it."""

    title: str
    sql: str
    columns: tuple[Column, ...] = ()
    rows: tuple[tuple[JsonValue, ...], ...] = ()
    widget: Widget | None = None
    note: str = ""


class ApprovalStatus(StrEnum):
    """Of an approval request. `pending` and `claimed` are open; all others are final. A `stale`
    request was followed by another, unless there was nothing left to ask for."""

    PENDING = "pending"
    CLAIMED = "claimed"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    STALE = "stale"


class Waiting(Wire):
    """The request that a run waits for, or waited for, as its asker is told of it. `reason` is
    that of whoever refused it, `may_decide` the roles whose people decide on such requests."""

    approval_id: UUID
    status: ApprovalStatus
    approvers_needed: int
    approved_by: tuple[str, ...] = ()
    requested_at: datetime | None = None
    expires_at: datetime | None = None
    may_decide: tuple[str, ...] = ()
    reason: str = ""


class Answer(Wire):
    """What a person gets for a question."""

    run_id: UUID
    conversation_id: UUID
    status: RunStatus
    question: str
    answer: str
    plan: PlannerOutput | None = None
    sql: str | None = None
    columns: tuple[Column, ...] = ()
    rows: tuple[tuple[JsonValue, ...], ...] = ()
    row_count: int = 0
    total_rows: int | None = None
    truncated: bool = False
    steps: tuple[AnswerStep, ...] = ()
    widgets: tuple[Widget, ...] = ()
    sources: tuple[Source, ...] = ()
    choices: tuple[Choice, ...] = ()
    suggestions: tuple[str, ...] = ()
    explain: Explain | None = None
    security: Security
    approval: Waiting | None = None
    timings: dict[str, float] = {}
    usage: Usage = Usage()


class Started(Wire):
    """A question that will be answered later."""

    run_id: UUID
    conversation_id: UUID
    status: RunStatus


class StageEvent(Wire):
    """One link of a run's chain. `duration_ms` is the stage's own time."""

    run_id: UUID
    seq: int
    stage: Stage
    status: str
    at: datetime
    duration_ms: float
    detail: dict[str, JsonValue] = {}
    hash: str


class RunSummary(Wire):
    """A line in the list of runs; `feedback` is what the person said of the answer last."""

    run_id: UUID
    conversation_id: UUID
    status: RunStatus
    question: str
    answer: str = ""
    asked_at: datetime
    finished_at: datetime | None = None
    feedback: Literal["right", "wrong"] | None = None


class ConversationSummary(Wire):
    """A line in the list of conversations; its title is its first question."""

    conversation_id: UUID
    title: str
    run_count: int
    started_at: datetime
    last_asked_at: datetime


class Page(Wire):
    """A page of anything is `items` and where the next one starts."""

    next: str | None = None


class RunPage(Page):
    """Runs, newest first."""

    items: tuple[RunSummary, ...]


class ConversationPage(Page):
    """Conversations, last asked first."""

    items: tuple[ConversationSummary, ...]
