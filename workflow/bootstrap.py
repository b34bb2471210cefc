"""The composition root: the one place that knows which parts a workflow is made of."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from kit.database import Pool, make_pool
from kit.version import software
from workflow.approval_keeper import ApprovalKeeper
from workflow.approve.in_force import InForce
from workflow.audit.sealing import Sealer
from workflow.budgets import Budgets
from workflow.decisions import Decisions
from workflow.execute.profile_cache import ProfileCache
from workflow.execute.warehouse import Warehouse
from workflow.hub import Hub
from workflow.knowledge import Knowledge
from workflow.llm.client import ModelClient
from workflow.llm.client import from_settings as model_client
from workflow.llm.embeddings import Embedders
from workflow.notify.channels import Deliver, Mail, Webhook
from workflow.notify.sender import Sender
from workflow.packs import PacksInForce
from workflow.parts import Parts
from workflow.plan.prompt_pack import read_blocks
from workflow.plan.suite import read_suite
from workflow.retrieve.refresh import Refresher
from workflow.retrieve.search import Retriever
from workflow.retrieve.sources import DocumentSources
from workflow.runner import Runner
from workflow.semantic.load import load
from workflow.semantic.roles import RoleModels
from workflow.settings import WorkflowSettings
from workflow.store.notifications import Channel
from workflow.suite import SuiteRunner
from workflow.telling import words_of

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Workflow:
    """What the endpoints need."""

    parts: Parts
    runner: Runner
    hub: Hub
    decisions: Decisions
    internal_key: str
    signing_secret: str
    database_url: str
    packs: PacksInForce
    suite: SuiteRunner
    knowledge: Knowledge
    budget_defaults: tuple[int, int]


@asynccontextmanager
async def running(settings: WorkflowSettings) -> AsyncIterator[Workflow]:
    """Open everything, and close it in reverse."""
    software()  # reads every file of the program once, which the first question need not wait for
    async with AsyncExitStack() as opened:
        pool = make_pool(
            settings.database_url.get_secret_value(), name="workflow", min_size=2, max_size=10
        )
        embedders = Embedders(settings)
        await embedders.open()
        opened.push_async_callback(embedders.close)
        await pool.open(wait=True)
        opened.push_async_callback(pool.close)
        budgets = Budgets(pool, settings)
        opened.push_async_callback(budgets.close)
        client = model_client(settings, budgets)
        if client is not None:
            opened.push_async_callback(client.close)
        warehouse = Warehouse(
            settings.warehouse_url.get_secret_value(),
            reader_secret=settings.warehouse_reader_secret.get_secret_value(),
        )
        await warehouse.open()
        opened.push_async_callback(warehouse.close)
        packs = PacksInForce(
            pool,
            read_blocks(settings.prompt_pack),
            model=settings.model_identity if client else None,
            is_gated=settings.model_switch == "suite",
        )
        retriever = Retriever(pool, embedders.named)
        parts = _parts(settings, pool, warehouse, retriever, packs, client)
        knowledge = await _knowledge(settings, parts, embedders, opened)
        yield await _at_work(settings, parts, packs, knowledge, client, opened)


def _parts(
    settings: WorkflowSettings,
    pool: Pool,
    warehouse: Warehouse,
    retriever: Retriever,
    packs: PacksInForce,
    client: ModelClient | None,
) -> Parts:
    """What a run is made with."""
    whole = load(settings.semantic_model)
    for part in whole.unusable:
        log.warning("model_part_unusable", kind=part.kind, name=part.name, fault=part.fault)
    return Parts(
        pool=pool,
        warehouse=warehouse,
        profiles=ProfileCache(warehouse),
        models=RoleModels(whole),
        retriever=retriever,
        in_force=InForce(pool),
        model_plan=packs.planning_by(client) if client else None,
        model_words=words_of(client) if client and settings.narrator != "template" else None,
        today=lambda: datetime.now(UTC).date(),
        channels=tuple(_channels(settings)),
        approval_seconds=settings.approval_hours * 3600,
    )


async def _knowledge(
    settings: WorkflowSettings, parts: Parts, embedders: Embedders, opened: AsyncExitStack
) -> Knowledge:
    """The documents, and what keeps them fresh."""
    sources = DocumentSources(parts.models.whole, settings.knowledge_documents)
    refresher = Refresher(
        parts.pool, embedders.configured, sources, minutes=settings.knowledge_refresh_minutes
    )
    refresher.start()
    opened.push_async_callback(refresher.close)
    return Knowledge(parts.pool, embedders.configured, sources)


async def _at_work(
    settings: WorkflowSettings,
    parts: Parts,
    packs: PacksInForce,
    knowledge: Knowledge,
    client: ModelClient | None,
    opened: AsyncExitStack,
) -> Workflow:
    """What runs questions, decides, seals and reminds, begun."""
    hub = Hub()
    runner = Runner(parts, hub)
    decisions = Decisions(parts, runner)
    signing_secret = settings.signing_key_secret.get_secret_value()
    sealer = Sealer(parts.pool, secret=signing_secret, seconds=settings.checkpoint_seconds)
    await sealer.open()
    opened.push_async_callback(sealer.close)
    await runner.open()
    opened.push_async_callback(runner.close)
    keeper = ApprovalKeeper(
        parts,
        decisions,
        Sender(parts.pool, _channels(settings)),
        warning_seconds=settings.approval_warning_hours * 3600,
    )
    keeper.open()
    opened.push_async_callback(keeper.close)
    cases = read_suite(settings.evaluation_suite)
    suite = SuiteRunner(parts, packs, client, cases, required=settings.evaluation_accuracy)
    opened.push_async_callback(suite.close)
    return Workflow(
        parts=parts,
        runner=runner,
        hub=hub,
        decisions=decisions,
        internal_key=settings.internal_token.get_secret_value(),
        signing_secret=signing_secret,
        database_url=settings.database_url.get_secret_value(),
        packs=packs,
        suite=suite,
        knowledge=knowledge,
        budget_defaults=(
            settings.model_tokens_per_person, settings.model_tokens_per_organisation,
        ),
    )  # fmt: skip


def _channels(settings: WorkflowSettings) -> dict[Channel, Deliver]:
    """The ways out that are set up."""
    channels: dict[Channel, Deliver] = {}
    if settings.webhook_url:
        channels["webhook"] = Webhook(
            settings.webhook_url, settings.webhook_secret.get_secret_value()
        )
    if settings.mail_host:
        channels["mail"] = Mail(
            host=settings.mail_host,
            port=settings.mail_port,
            sender=settings.mail_from,
            recipients=tuple(to.strip() for to in settings.mail_to.split(",") if to.strip()),
            user=settings.mail_user,
            password=settings.mail_password.get_secret_value(),
            is_encrypted=settings.mail_starttls,
        )
    return channels
