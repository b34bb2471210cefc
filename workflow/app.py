"""The workflow service: internal, behind the gateway."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from contracts.sizes import BY_PATH
from kit import collector
from kit.service import Probe, create_app
from workflow.api import (
    approvals,
    artifacts,
    ask,
    audit,
    catalog,
    changes,
    documents,
    exports,
    feedback,
    model_map,
    notifications,
    policies,
    prompt_packs,
    receipts,
    runs,
    simulate,
    usage,
    verification,
    verified_queries,
)
from workflow.bootstrap import Workflow, running
from workflow.settings import WorkflowSettings


def create(settings: WorkflowSettings | None = None) -> FastAPI:
    """The app; settings come from the environment where none are given."""
    chosen = settings or WorkflowSettings()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with running(chosen) as workflow:
            app.state.workflow = workflow
            collector.settle()
            yield

    app = create_app(
        title="Countersign workflow",
        lifespan=lifespan,
        probes=_probes,
        body_bytes_by_path=BY_PATH,
    )
    for module in (
        ask, runs, exports, feedback, catalog, approvals, policies, verified_queries,
        notifications, receipts, audit, changes, simulate, artifacts,
        prompt_packs, documents, model_map, verification, usage,
    ):  # fmt: skip
        app.include_router(module.router)
    return app


def _probes(app: FastAPI) -> dict[str, Probe]:
    workflow: Workflow = app.state.workflow

    async def database() -> None:
        async with workflow.parts.pool.connection(timeout=2) as connection:
            await connection.execute("SELECT 1")

    return {"the database": database}
