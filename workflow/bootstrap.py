"""The composition root: the one place that knows which parts a workflow is made of."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from kit.database import make_pool
from workflow.approval_keeper import ApprovalKeeper
from workflow.approve.in_force import InForce
from workflow.audit.sealing import Sealer
from workflow.budgets import Budgets
from workflow.decisions import Decisions
from workflow.execute.profile_cache import ProfileCache
from workflow.execute.warehouse import Warehouse
from workflow.hub import Hub
from workflow.knowledge import Knowledge
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
    pool = make_pool(
        settings.database_url.get_secret_value(), name="workflow", min_size=2, max_size=10
    )
    warehouse = Warehouse(
        settings.warehouse_url.get_secret_value(),
        reader_secret=settings.warehouse_reader_secret.get_secret_value(),
    )
    budgets = Budgets(pool, settings)
    client = model_client(settings, budgets)
    embedders = Embedders(settings)
    whole = load(settings.semantic_model)
    for part in whole.unusable:
        log.warning("model_part_unusable", kind=part.kind, name=part.name, fault=part.fault)
    channels = _channels(settings)
    packs = PacksInForce(
        pool,
        read_blocks(settings.prompt_pack),
        model=settings.model_identity if client else None,
        is_gated=settings.model_switch == "suite",
    )
    parts = Parts(
        pool=pool,
        warehouse=warehouse,
        profiles=ProfileCache(warehouse),
        models=RoleModels(whole),
        retriever=Retriever(pool, embedders.named),
        in_force=InForce(pool),
        model_plan=packs.planning_by(client) if client else None,
        model_words=words_of(client) if client and settings.narrator != "template" else None,
        today=lambda: datetime.now(UTC).date(),
        channels=tuple(channels),
        approval_seconds=settings.approval_hours * 3600,
    )
    suite = SuiteRunner(
        parts,
        packs,
        client,
        read_suite(settings.evaluation_suite),
        required=settings.evaluation_accuracy,
    )
    hub = Hub()
    runner = Runner(parts, hub)
    decisions = Decisions(parts, runner)
    keeper = ApprovalKeeper(
        parts,
        decisions,
        Sender(pool, channels),
        warning_seconds=settings.approval_warning_hours * 3600,
    )
    signing_secret = settings.signing_key_secret.get_secret_value()
    sealer = Sealer(pool, secret=signing_secret, seconds=settings.checkpoint_seconds)
    sources = DocumentSources(whole, settings.knowledge_documents)
    refresher = Refresher(
        pool,
        embedders.configured,
        sources,
        minutes=settings.knowledge_refresh_minutes,
    )
    knowledge = Knowledge(pool, embedders.configured, sources)
    await embedders.open()
    await pool.open(wait=True)
    await warehouse.open()
    try:
        await runner.open()
        await sealer.open()
        refresher.start()
        keeper.open()
        key = settings.internal_token.get_secret_value()
        yield Workflow(
            parts,
            runner,
            hub,
            decisions,
            key,
            signing_secret,
            settings.database_url.get_secret_value(),
            packs,
            suite,
            knowledge,
            (settings.model_tokens_per_person, settings.model_tokens_per_organisation),
        )
        await suite.close()
        await keeper.close()
        await runner.close()
        await sealer.close()
    finally:
        await refresher.close()
        await warehouse.close()
        await budgets.close()
        await pool.close()
        await embedders.close()
        if client is not None:
            await client.close()


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
