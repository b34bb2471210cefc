"""What waits for a person, what that person is shown, and what they decide."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, JsonValue

from contracts.base import ANY_TEXT, SOME_TEXT, Wire
from contracts.catalog import Catalog
from contracts.context import Name
from contracts.plan import MetricQuery, Plan, RawSql
from contracts.policy import Policy
from contracts.result import Column
from contracts.run import ApprovalStatus, Page, Risk
from contracts.verdict import Finding, Outcome


class Action(StrEnum):
    """What happens to an approval request. `refuse` is an attempt that changed nothing,
    `remember` made it a verified query."""

    REQUEST = "request"
    CLAIM = "claim"
    RELEASE = "release"
    APPROVE = "approve"
    REJECT = "reject"
    COMMENT = "comment"
    EDIT = "edit"
    CANCEL = "cancel"
    EXPIRE = "expire"
    INVALIDATE = "invalidate"
    REFUSE = "refuse"
    REMEMBER = "remember"


class Person(Wire):
    """Somebody, in the role they acted in."""

    user_id: UUID
    username: Name
    role: Name


class Bound(Wire):
    """All that decides what a statement does and shows: a decision is for exactly this.

    `statement` is the SHA-256 of the SQL that would run (its parameters are in it), `context` of
    the asker's user context, `model` of the semantic model, `policy` of the policy.
    """

    statement: str
    context: str
    model: str
    policy: str


class QuerySubject(Wire):
    """A statement that is to run. `output` is the plan or the SQL it comes from, `views` are
    those that it reads."""

    kind: Literal["query"] = "query"
    run_id: UUID
    question: str
    output: MetricQuery | RawSql = Field(discriminator="kind")
    plan_in_words: str
    sql: str
    views: tuple[str, ...]


class PolicySubject(Wire):
    """A policy that is to come into force."""

    kind: Literal["policy"] = "policy"
    base_version: int
    policy: Policy
    changes: tuple[str, ...]
    reason: str


Subject = Annotated[QuerySubject | PolicySubject, Field(discriminator="kind")]


class Decision(Wire):
    """What a person said, and of which binding."""

    by: Person
    decision: Literal["approve", "reject"]
    reason: str = ""
    binding: str
    at: datetime


class ApprovalItem(Wire):
    """An approval request. `version` goes up with every change but a comment, and is its ETag.
    `editors` changed what would run, and may not approve it. `replaces` is the stale request
    that this one asks again."""

    approval_id: UUID
    run_id: UUID | None
    version: int
    status: ApprovalStatus
    subject: Subject
    risk: Risk
    asker: Person
    binding: str
    policy_version: int
    approvers_needed: int
    decisions: tuple[Decision, ...] = ()
    editors: tuple[UUID, ...] = ()
    claimed_by: Person | None = None
    claimed_at: datetime | None = None
    requested_at: datetime
    expires_at: datetime
    decided_at: datetime | None = None
    replaces: UUID | None = None
    stale_because: tuple[str, ...] = ()


class ApprovalPage(Page):
    """`total` counts what fits the filters, on all pages; `counts` every status."""

    items: tuple[ApprovalItem, ...]
    total: int
    counts: dict[ApprovalStatus, int]


class HistoryItem(Wire):
    """One thing that happened to a request; a link of its chain. `by` is absent where nobody
    did it: it expired, or was found stale."""

    seq: int
    action: Action
    by: Person | None
    text: str
    binding: str
    at: datetime
    hash: str


class PastQuestion(Wire):
    """What the asker asked before in the same conversation, and was told: empty for a reviewer
    who may not see all that the asker may."""

    question: str
    answer: str


class Lineage(Wire):
    """Where a metric's numbers come from."""

    metric: str
    label: str
    expression: str
    fields: tuple[str, ...]
    views: tuple[str, ...]


class RevealedColumn(Wire):
    """A column that the asker would see."""

    name: str
    label: str
    is_personal: bool = False


class Reveal(Wire):
    """What would be shown. `smallest_group` is the number of people behind the row with the
    fewest, counted in the asker's scope; absent where that could not be measured, or where the
    rows are not about people."""

    columns: tuple[RevealedColumn, ...]
    row_estimate: int | None
    smallest_group: int | None
    note: str = ""


class AskerScope(Wire):
    """What the asker may see."""

    role: str
    row_scope: tuple[int, ...] | Literal["all"]
    allowed_views: tuple[str, ...]


class Nearest(Wire):
    """The verified query that is most like this one, and the lines that differ."""

    verified_id: UUID
    question: str
    likeness: float
    difference: tuple[str, ...]


class Sample(Wire):
    """At most five rows, read as the reviewer, in the stores that both may see, with what is
    personal masked. No rows, and a `note` that says why, where the reviewer may not see them."""

    columns: tuple[Column, ...] = ()
    rows: tuple[tuple[JsonValue, ...], ...] = ()
    note: str = ""


class ReviewEvidence(Wire):
    """What a reviewer decides by. `sql` is the subject's, laid out in lines; `explained` says in
    words what the database expects to do."""

    conversation: tuple[PastQuestion, ...] = ()
    plan_in_words: str = ""
    sql: str = ""
    findings: tuple[Finding, ...] = ()
    explained: tuple[str, ...] = ()
    lineage: tuple[Lineage, ...] = ()
    reveals: Reveal | None = None
    scope: AskerScope | None = None
    nearest: Nearest | None = None
    sample: Sample = Sample()


class Approval(ApprovalItem):
    """One request with all there is to know of it. `possible` is what the caller may do to it as
    it stands, `why_not` what keeps somebody who decides from approving it."""

    evidence: ReviewEvidence
    history: tuple[HistoryItem, ...]
    possible: tuple[Action, ...] = ()
    why_not: str = ""


class ReviewChoices(Wire):
    """What a reviewer may choose from: `catalog` is what the asker's role may ask with, `roles` are
    those that the reviewer may have it remembered for: they may read all that it reads, and the
    policy lets the reviewer decide for them."""

    catalog: Catalog
    roles: tuple[str, ...]


Reason = Annotated[str, Field(min_length=1, max_length=2000, pattern=SOME_TEXT)]


class Approve(Wire):
    """A reason is welcome."""

    reason: Annotated[str, Field(max_length=2000, pattern=ANY_TEXT)] = ""


class Reject(Wire):
    """The asker is shown the reason."""

    reason: Reason


class Comment(Wire):
    """Seen by whoever may see the request, the asker included."""

    text: Reason


class Edit(Wire):
    """What is to run instead: a plan or SQL, one of them."""

    plan: Plan | None = None
    sql: Annotated[str, Field(min_length=1, max_length=20_000, pattern=ANY_TEXT)] | None = None
    reason: Reason


class Draft(Wire):
    """What somebody may want to run instead, to see what would be said of it: a plan or SQL, one
    of them."""

    plan: Plan | None = None
    sql: Annotated[str, Field(min_length=1, max_length=20_000, pattern=ANY_TEXT)] | None = None


class DraftVerdict(Wire):
    """What the guardrails say of a draft in the asker's scope. Nothing is measured in the data
    and nothing kept. `sql` is what would run, in lines; `difference` is against what would run
    as it stands; both are empty where it would not run at all."""

    verdict: Outcome
    findings: tuple[Finding, ...] = ()
    plan_in_words: str = ""
    sql: str = ""
    difference: tuple[str, ...] = ()
    columns: tuple[RevealedColumn, ...] = ()
    views: tuple[str, ...] = ()


class Remember(Wire):
    """Make an approved query a verified one. `patterns` are questions in other words than the
    one that was asked; `roles` those that may run it without waiting."""

    patterns: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=400, pattern=ANY_TEXT)], ...],
        Field(max_length=20),
    ] = ()
    roles: Annotated[tuple[Name, ...], Field(max_length=50)] | None = None
    expires_at: datetime | None = None


class VerifiedQuery(Wire):
    """A question and its reading that a person has let through once for all. It is in force for
    the semantic model and the policy that it was approved under."""

    verified_id: UUID
    question: str
    patterns: tuple[str, ...]
    plan: Plan | None
    sql: str | None
    plan_in_words: str
    owner: Person
    roles: tuple[str, ...]
    approval_id: UUID
    model_digest: str
    policy_digest: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    in_force: bool = True


class VerifiedQueryPage(Page):
    """Newest first."""

    items: tuple[VerifiedQuery, ...]


class Approved(Wire):
    """In the record, as the value of the approval that let a run go on: by whom, and for what."""

    approval_id: UUID
    binding: str
    bound: Bound
    decisions: tuple[Decision, ...]
    edited_by: tuple[UUID, ...] = ()
