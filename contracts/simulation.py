"""What becomes of questions under a policy, told without running them."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from contracts.base import Wire
from contracts.run import QuestionText, Risk, StoreId
from contracts.verdict import Finding

Fate = Literal[
    "runs at once", "waits for one approver", "waits for two approvers", "blocked", "no statement"
]


class SimulateRequest(Wire):
    """A question, and the stores it would be asked for: all of them where none are named."""

    question: QuestionText
    store_ids: Annotated[tuple[StoreId, ...], Field(max_length=1000)] = ()


class SimulatedRole(Wire):
    """What a role would get. `kind` is what the planner makes of the question; `detail` says why
    there is no statement, or why it is blocked."""

    role: str
    fate: Fate
    kind: str
    detail: str = ""
    plan_in_words: str = ""
    sql: str | None = None
    findings: tuple[Finding, ...] = ()
    risk: Risk | None = None
    row_scope: tuple[int, ...] | Literal["all"]
    allowed_views: tuple[str, ...]


class Simulation(Wire):
    """For every role that asks questions."""

    question: str
    policy_version: int
    roles: tuple[SimulatedRole, ...]


class OtherFate(Wire):
    """A recorded question that a proposed policy would treat otherwise."""

    run_id: UUID
    username: str
    role: str
    question: str
    score_then: int
    score_now: int
    then: Fate
    now: Fate
