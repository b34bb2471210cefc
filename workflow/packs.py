"""The prompt pack and the model that hold in each organisation, for every question that a model
plans. Read anew every second, and at once where this process changed them."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID

import structlog

from contracts.plan import Planned
from contracts.prompt_pack import PromptBlocks
from contracts.run import Source
from kit.database import Connection, DatabaseAway, Pool
from workflow.llm.client import ModelClient
from workflow.llm.errors import ModelUnavailable
from workflow.plan import model_planner
from workflow.plan.ground import Ground
from workflow.plan.history import Exchange
from workflow.plan.prompt_pack import PromptPacks, digest_of, packs_of
from workflow.plan.router import MayAsk, ModelPlan
from workflow.store import prompt_packs

KEPT_SECONDS = 1.0
NOT_SWITCHED = (
    "another model is configured than the one in force, and the suite has not held with it"
)
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Holding:
    """What holds in an organisation; `model` is the one that may plan, as `model_identity`."""

    version: int
    blocks: PromptBlocks
    digest: str
    packs: PromptPacks
    model: str | None


class PacksInForce:
    """`shipped` is version 0 of every organisation; `model` the one that is configured, None
    where there is none. With `is_gated`, a model other than the one in force plans nothing."""

    def __init__(
        self, pool: Pool, shipped: PromptBlocks, *, model: str | None, is_gated: bool
    ) -> None:
        self.shipped = shipped
        self.model = model
        self.is_gated = is_gated
        self._pool = pool
        self._shipped = packs_of(shipped), digest_of(shipped)
        self._kept: dict[UUID, tuple[float, Holding]] = {}

    async def of(self, org_id: UUID) -> Holding:
        """What holds, at most a second old. The first model that is ever configured holds."""
        kept = self._kept.get(org_id)
        if kept is not None and time.monotonic() < kept[0]:
            return kept[1]
        async with self._pool.connection() as connection:
            holding = await self.read(connection, org_id)
            if holding.model is None and self.model is not None and self.is_gated:
                await prompt_packs.first_model(connection, org_id, self.model)
                holding = await self.read(connection, org_id)
        self._kept[org_id] = (time.monotonic() + KEPT_SECONDS, holding)
        return holding

    async def read(self, connection: Connection, org_id: UUID) -> Holding:
        """The same, as this transaction sees it."""
        found = await prompt_packs.standing(connection, org_id)
        if found.body is None:
            packs, digest = self._shipped
            return Holding(0, self.shipped, digest, packs, found.model)
        blocks = PromptBlocks.model_validate_json(found.body)
        return Holding(found.version, blocks, digest_of(blocks), packs_of(blocks), found.model)

    def forget(self, org_id: UUID) -> None:
        """Read it anew for the next question."""
        self._kept.pop(org_id, None)

    def planning_by(self, client: ModelClient) -> ModelPlan:
        """The model planner with whatever holds when a question comes."""

        async def plan(
            question: str,
            ground: Ground,
            *,
            snippets: Sequence[Source],
            history: Sequence[Exchange],
            may_ask: MayAsk,
        ) -> Planned:
            holding = await self._holding(ground.context.org_id)
            planning = planning_with(client, holding.packs)
            return await planning(
                question, ground, snippets=snippets, history=history, may_ask=may_ask
            )

        return plan

    async def _holding(self, org_id: UUID) -> Holding:
        try:
            holding = await self.of(org_id)
        except DatabaseAway as error:
            raise ModelUnavailable("the prompt pack could not be read") from error
        except ValueError as error:  # a version that somebody changed by hand
            log.error("prompt pack cannot be used", org_id=str(org_id), error=type(error).__name__)
            raise ModelUnavailable("the prompt pack in force cannot be used") from error
        if self.is_gated and holding.model != self.model:
            raise ModelUnavailable(NOT_SWITCHED)
        return holding


def planning_with(client: ModelClient, packs: PromptPacks) -> ModelPlan:
    """The model planner with these packs and no others."""
    return partial(model_planner.plan, client=client, packs=packs)
