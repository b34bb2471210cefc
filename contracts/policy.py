"""What score needs whose agreement: an organisation's policy."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from contracts.base import SOME_TEXT, Wire, whole
from contracts.context import Name

SubjectKind = Literal["query", "kpi", "recommendation", "policy"]
"""What can wait for a person."""

Score = Annotated[int, Field(ge=0, le=101), BeforeValidator(whole)]
"""0 to 100; 101 is out of reach, and says never."""


class Limits(Wire):
    """Below `one_approver_from` a statement runs at once; from there it needs one approver, from
    `two_approvers_from` two different ones, and from `never_from` nobody can let it through; they
    do not fall in this order. Raw SQL and what the guardrails hold back wait in any case."""

    one_approver_from: Score = 40
    two_approvers_from: Score = 70
    never_from: Score = 100


class ApproverRule(Wire):
    """What people of `role` may decide, besides having the permission to approve.

    `asker_roles` None means anybody's. Without `beyond_own_scope` an approver must be able to
    read the same views in the same stores as the asker.
    """

    role: Name
    subjects: tuple[SubjectKind, ...] = ("query", "kpi", "recommendation", "policy")
    asker_roles: tuple[Name, ...] | None = None
    highest_score: Score = 100
    beyond_own_scope: bool = False


class Policy(Wire):
    """`roles` holds the limits of single roles, `everyone` those of all others. A role without a
    rule in `approvers` decides nothing. A group of fewer people than `smallest_group` counts as
    one in which somebody could be recognised."""

    everyone: Limits = Limits()
    roles: Annotated[dict[str, Limits], Field(max_length=200)] = {}
    approvers: Annotated[tuple[ApproverRule, ...], Field(max_length=200)] = (
        ApproverRule(role="admin"),
        ApproverRule(
            role="reviewer", subjects=("query", "kpi", "recommendation"), beyond_own_scope=True
        ),
    )
    smallest_group: Annotated[int, Field(ge=1, le=1000), BeforeValidator(whole)] = 5


class PolicyVersion(Wire):
    """A policy in force, or one that was. Version 0 is the one that is shipped, which nobody
    proposed. `digest` is the SHA-256 of the policy in canonical JSON."""

    version: int
    digest: str
    policy: Policy
    proposed_by: str | None = None
    confirmed_by: str | None = None
    in_force_from: datetime | None = None


class PolicyChange(Wire):
    """A proposal: the whole policy as it is to be, and the version that it starts from."""

    base_version: Annotated[int, Field(ge=0, le=2**31 - 1), BeforeValidator(whole)]
    policy: Policy
    reason: Annotated[str, Field(min_length=1, max_length=1000, pattern=SOME_TEXT)]


class PolicyVersions(Wire):
    """The policy in force, then those before it."""

    items: tuple[PolicyVersion, ...]
