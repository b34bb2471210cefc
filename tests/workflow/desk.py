"""The workflow in this process, over databases of one test's own, with the demo's people."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date

import psycopg
from pydantic import SecretStr

from contracts.context import UserContext
from contracts.run import Answer
from kit.database import make_pool
from seeds.identity import seed_identity
from tests.arrived import arrived_at
from workflow.bootstrap import Workflow, running
from workflow.llm.embeddings import Embedders
from workflow.retrieve.refresh import Refresher
from workflow.retrieve.sources import DocumentSources
from workflow.runner import Runner
from workflow.semantic.load import load
from workflow.settings import WorkflowSettings

SECRET = "k" * 40
TODAY = date(2022, 9, 1)
CONTEXT = """
SELECT u.user_id, u.org_id, r.role, r.permissions, r.allowed_views, u.is_all_stores,
    ARRAY(SELECT store_id FROM app_user_store_access s WHERE s.user_id = u.user_id ORDER BY 1)
FROM app_users u JOIN app_user_roles USING (user_id, org_id) JOIN app_roles r USING (org_id, role)
WHERE u.username = %s
"""


@dataclass
class Desk:
    """Where the demo's people ask, and the databases' owner changes what they like."""

    app_url: str
    warehouse_url: str
    workflow: Workflow

    def person(self, username: str) -> UserContext:
        with psycopg.connect(self.app_url) as connection:
            row = connection.execute(CONTEXT, (username,)).fetchone()
        assert row is not None
        user_id, org_id, role, permissions, views, is_all, stores = row
        return UserContext(
            user_id=user_id,
            username=username,
            org_id=org_id,
            role=role,
            permissions=tuple(permissions),
            store_ids=() if is_all else tuple(stores),
            is_all_stores=is_all,
            allowed_views=tuple(views),
        )

    async def ask(self, username: str, question: str) -> Answer:
        """The answer, or where the run came to."""
        run = await arrived_at(self.workflow, self.person(username), question)
        return (await self.workflow.runner.start(run)).answer

    def change_warehouse(self, sql: str, *values: object) -> None:
        """As its owner; the workflow forgets what it knew of it."""
        with psycopg.connect(self.warehouse_url) as connection:
            assert connection.execute(sql, values).rowcount != 0
        self.workflow.parts.forget_data()

    def change_app(self, sql: str, *values: object) -> None:
        """As its owner, past the triggers."""
        with psycopg.connect(self.app_url) as connection:
            connection.execute("SET session_replication_role = replica")
            assert connection.execute(sql, values).rowcount != 0


async def _index_documents(settings: WorkflowSettings) -> None:
    """Before the first question: the service itself does it in the background."""
    async with make_pool(settings.database_url.get_secret_value(), name="desk") as pool:
        await Refresher(
            pool,
            Embedders(settings).configured,
            DocumentSources(load(settings.semantic_model), settings.knowledge_documents),
            minutes=60,
        ).refresh()


@asynccontextmanager
async def open_desk(app_url: str, warehouse_url: str, reader_secret: str) -> AsyncIterator[Desk]:
    """Documents are indexed and people are there; today is the first of September 2022."""
    seed_identity(app_url)
    settings = WorkflowSettings(
        database_url=SecretStr(app_url),
        warehouse_url=SecretStr(warehouse_url),
        warehouse_reader_secret=SecretStr(reader_secret),
        internal_token=SecretStr(SECRET),
        signing_key_secret=SecretStr(SECRET),
        checkpoint_seconds=3600,
    )
    await _index_documents(settings)
    async with running(settings) as made:
        parts = replace(made.parts, today=lambda: TODAY)
        runner = Runner(parts, made.hub)
        runner.worker_id = made.runner.worker_id
        yield Desk(app_url, warehouse_url, replace(made, parts=parts, runner=runner))
