"""The policy and the verified queries that hold now, kept at hand for every question.

Read anew every second, and at once where this process changed them. A decision does not rest on
what is kept here: it reads the policy in its own transaction.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from contracts.context import UserContext
from contracts.plan import Plan
from contracts.policy import Policy, PolicyVersion
from kit.database import Connection, Pool
from workflow.approve import likeness
from workflow.approve.rules import policy_digest
from workflow.store import policies, verified_queries
from workflow.store.verified_queries import VerifiedRow

SHIPPED: Final = PolicyVersion(version=0, digest=policy_digest(Policy()), policy=Policy())
"""What holds until an organisation has a policy of its own."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds in one organisation."""

    policy: PolicyVersion
    verified: tuple[VerifiedRow, ...]

    def fitting(self, context: UserContext, model_digest: str) -> tuple[VerifiedRow, ...]:
        """The verified queries that this person's role may run as things stand. Not those that
        they made themselves: nobody lets their own question through by asking it of others first.
        """
        now = datetime.now(UTC)
        return tuple(
            row
            for row in self.verified
            if context.role in row.roles
            and row.owner_id != context.user_id
            and row.model_digest == model_digest
            and row.policy_digest == self.policy.digest
            and row.expires_at > now
        )

    def asked_for(
        self, question: str, context: UserContext, model_digest: str
    ) -> VerifiedRow | None:
        """The verified query that these words ask for."""
        fitting = self.fitting(context, model_digest)
        return likeness.asked_for(question, fitting) if fitting else None

    def same_plan(self, plan: Plan, context: UserContext, model_digest: str) -> VerifiedRow | None:
        """The verified query that is this very plan."""
        fitting = self.fitting(context, model_digest)
        return likeness.same_plan(plan, fitting) if fitting else None


class InForce:
    """The rules of each organisation that somebody asked about."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._rules: dict[UUID, Rules] = {}

    async def rules(self, org_id: UUID) -> Rules:
        """Those of this organisation, at most a second old."""
        kept = self._rules.get(org_id)
        if kept is not None:
            return kept
        async with self._pool.connection() as connection:
            return await self.reload(connection, org_id)

    async def reload(self, connection: Connection, org_id: UUID) -> Rules:
        """Read them anew."""
        rules = Rules(
            policy=await policy_now(connection, org_id),
            verified=tuple(await verified_queries.in_force(connection, org_id)),
        )
        self._rules[org_id] = rules
        return rules

    async def refresh(self) -> None:
        """Read anew what is kept."""
        async with self._pool.connection() as connection:
            for org_id in list(self._rules):
                await self.reload(connection, org_id)


async def policy_now(connection: Connection, org_id: UUID) -> PolicyVersion:
    """The policy in force, as this transaction sees it."""
    newest = await policies.newest(connection, org_id)
    return newest[0] if newest else SHIPPED
