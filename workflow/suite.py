"""The evaluation suite, asked of a model with a prompt pack, in the background.

One at a time in an organisation. No case may fall that what is in force had right. Where there is
nothing to compare with, the share of right ones has to reach what is required.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID

import structlog
from uuid_utils.compat import uuid7

from contracts.context import UserContext
from contracts.prompt_pack import FallenCase, PromptBlocks
from kit.database import DatabaseAway
from kit.problems import Conflict, NotFound
from kit.tasks import end
from workflow.execute.errors import ExecutionError
from workflow.llm.client import ModelClient
from workflow.packs import Holding, PacksInForce, planning_with
from workflow.parts import Parts
from workflow.plan.prompt_pack import digest_of, packs_of
from workflow.plan.router import ModelPlan
from workflow.plan.suite import NO_PLAN, Case, Suite, fault_of
from workflow.planning import context_of_role, plan_anew
from workflow.semantic.resolve import as_of_day, resolve
from workflow.store import evaluations
from workflow.store.evaluations import Ended, Subject

AT_ONCE = 4
MOST_FALLEN = 100
MOST_UNANSWERED = 0.1
"""The share of questions that a model may leave without a plan; beyond it, it was not there, and
nothing can be said of what it was told."""
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Asked:
    """A case, as who it is asked."""

    case: Case
    username: str

    @property
    def key(self) -> str:
        """Tells it from the same case asked by somebody with a block of their own."""
        return f"{self.case.id} as {self.username}" if self.username else self.case.id


@dataclass(frozen=True, slots=True)
class Judged:
    """A case, what was wanted, and what is wrong with what came of it; empty where nothing is."""

    asked: Asked
    wanted: str
    fault: str


class SuiteRunner:
    """Evaluates candidates. `client` is None where no model is configured."""

    def __init__(
        self,
        parts: Parts,
        packs: PacksInForce,
        client: ModelClient | None,
        suite: Suite,
        *,
        required: float,
    ) -> None:
        self.suite = suite
        self._parts = parts
        self._packs = packs
        self._client = client
        self.required = required
        self._tasks: dict[UUID, asyncio.Task[None]] = {}

    @property
    def model(self) -> str | None:
        """The model that is configured."""
        return self._packs.model

    def subject(self, digest: str, model: str) -> Subject:
        """What an evaluation of this pack by this model over the suite is found under."""
        return Subject(digest, model, self.suite.digest)

    async def start(self, caller: UserContext, version: int, blocks: PromptBlocks) -> UUID:
        """Begin, and go on in the background. Raises Conflict where nothing could be tested, or
        another evaluation of the organisation is under way."""
        client, model = self._client, self.model
        if client is None or model is None:
            raise Conflict(
                "No model is configured, so there is nothing to test the prompt pack with.",
                kind="no-model",
            )
        if not self.suite.cases:
            raise Conflict("The evaluation suite holds no case.", kind="no-suite")
        running = self._tasks.get(caller.org_id)
        if running is not None and not running.done():
            raise Conflict("An evaluation is under way. Wait for its end.", kind="being-evaluated")
        holding = await self._packs.of(caller.org_id)
        evaluation_id = uuid7()
        cases = self._cases(blocks, holding.blocks)
        async with self._parts.pool.connection() as connection:
            await evaluations.start(
                connection,
                evaluation_id,
                org_id=caller.org_id,
                version=version,
                subject=self.subject(digest_of(blocks), model),
                total=len(cases),
                required=self.required,
                by=caller.user_id,
                name=caller.username,
            )
        work = _Evaluation(self, client, caller, evaluation_id, cases, holding, blocks)
        self._tasks[caller.org_id] = asyncio.create_task(
            self._guarded(work), name="evaluation of the suite"
        )
        return evaluation_id

    async def close(self) -> None:
        """Stop at once; what was under way says so."""
        await end(*self._tasks.values())

    def _cases(self, blocks: PromptBlocks, before: PromptBlocks) -> tuple[Asked, ...]:
        """Every case as nobody in particular, and again as each person whose block is another."""
        changed = [
            name
            for name in sorted({*blocks.users, *before.users})
            if blocks.users.get(name, "") != before.users.get(name, "")
        ]
        return tuple(Asked(case, name) for name in ("", *changed) for case in self.suite.cases)

    async def _guarded(self, work: "_Evaluation") -> None:
        ended = Ended("stopped", problem="The service was stopped meanwhile. Evaluate again.")
        try:
            ended = await work.run()
        except (ExecutionError, *DatabaseAway) as error:
            log.warning("suite not evaluated", error=type(error).__name__)
            ended = Ended("stopped", problem="A database did not answer. Evaluate again.")
        except Exception:  # it would be said nowhere else
            log.exception("suite not evaluated")
            ended = Ended("stopped", problem="It failed for a reason that is in the log.")
        finally:
            async with self._parts.pool.connection() as connection:
                await evaluations.end(connection, work.evaluation_id, ended)

    async def judged(self, asked: Asked, caller: UserContext, model_plan: ModelPlan) -> Judged:
        """The case with what is wrong with the answer. Raises ExecutionError."""
        parts, case = self._parts, asked.case
        try:
            context = await context_of_role(
                caller, case.role, case.stores or (), parts, username=asked.username
            )
        except NotFound:
            return Judged(asked, "", "no such role that asks questions")
        retrieval = partial(parts.retriever.search, case.question, context)
        planned = await plan_anew(
            case.question, context, parts, retrieval=retrieval, model_plan=model_plan
        )
        model = parts.models.part(context)
        profile = await parts.profiles.get(model, context)
        resolved = [
            resolve(plan, as_of_day(plan, model, profile, parts.today())) for plan in case.plans
        ]
        fault = fault_of(case, planned, context=context, model=model, resolved=resolved)
        return Judged(asked, case.wanted(model), fault)

    async def right_before(
        self, caller: UserContext, holding: Holding, cases: Sequence[Asked], client: ModelClient
    ) -> frozenset[str] | None:
        """What the pack and the model in force have right; None where that model is not to be had
        any more and was never evaluated."""
        if holding.model is None or self.model is None:
            return None
        async with self._parts.pool.connection() as connection:
            known = await evaluations.right_cases(
                connection, caller.org_id, self.subject(holding.digest, holding.model)
            )
        plain = {one.key for one in cases}
        if known is not None and plain <= {one.case.id for one in cases}:
            return known
        if holding.model != self.model:
            return known
        found = await self.all_of(cases, caller, planning_with(client, holding.packs))
        return frozenset(one.asked.key for one in found if not one.fault)

    async def all_of(
        self,
        cases: Sequence[Asked],
        caller: UserContext,
        model_plan: ModelPlan,
        evaluation_id: UUID | None = None,
    ) -> list[Judged]:
        """Every case with its fault, a few at a time; says how far it is where there is an id."""
        places = asyncio.Semaphore(AT_ONCE)
        done = 0

        async def one(asked: Asked) -> Judged:
            nonlocal done
            async with places:
                found = await self.judged(asked, caller, model_plan)
            done += 1
            if evaluation_id is not None:
                async with self._parts.pool.connection() as connection:
                    await evaluations.progress(connection, evaluation_id, done)
            return found

        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(one(asked)) for asked in cases]
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from failed
        return [task.result() for task in tasks]


@dataclass(frozen=True, slots=True)
class _Evaluation:
    """One candidate, from beginning to end."""

    runner: SuiteRunner
    client: ModelClient
    caller: UserContext
    evaluation_id: UUID
    cases: tuple[Asked, ...]
    holding: Holding
    blocks: PromptBlocks

    async def run(self) -> Ended:
        model_plan = planning_with(self.client, packs_of(self.blocks))
        found = await self.runner.all_of(self.cases, self.caller, model_plan, self.evaluation_id)
        is_another = (
            digest_of(self.blocks) != self.holding.digest or self.runner.model != self.holding.model
        )
        before = (
            await self.runner.right_before(self.caller, self.holding, self.cases, self.client)
            if is_another
            else None
        )
        right = tuple(one.asked.key for one in found if not one.fault)
        fallen = [_fallen(one, before) for one in found if one.fault]
        unanswered = [one.fault for one in found if one.fault.startswith(NO_PLAN)]
        status, problem = "held", ""
        if any(one.had_held for one in fallen):
            status = "fell"
        elif len(unanswered) > MOST_UNANSWERED * len(found):
            status = "stopped"
            problem = f"{len(unanswered)} of {len(found)} questions got {unanswered[0]}."
        elif before is None and len(right) < self.runner.required * len(found):
            status = "fell"
        return Ended(
            status,
            right=len(right),
            right_before=None if before is None else len(before),
            right_cases=right,
            fallen=tuple(sorted(fallen, key=lambda one: not one.had_held)[:MOST_FALLEN]),
            problem=problem,
        )


def _fallen(judged: Judged, before: frozenset[str] | None) -> FallenCase:
    asked = judged.asked
    return FallenCase(
        case_id=asked.case.id,
        role=asked.case.role,
        username=asked.username,
        question=asked.case.question,
        wanted=judged.wanted,
        got=judged.fault,
        had_held=before is not None and asked.key in before,
    )
