"""The workflow over HTTP, and people who call it."""

from collections.abc import Iterator

import httpx
import psycopg
import pytest
from pydantic import JsonValue
from uuid_utils.compat import uuid7

from contracts.context import UserContext
from kit import internal_token
from tests.gateway.loopback import serving
from tests.workflow.conftest import KEY
from workflow.app import create
from workflow.settings import WorkflowSettings


@pytest.fixture
def url(settings: WorkflowSettings) -> Iterator[str]:
    with serving(create(settings)) as url:
        yield url


@pytest.fixture
def owner(app_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(app_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def manager(owner: psycopg.Connection) -> UserContext:
    row = owner.execute("INSERT INTO organisations (name) VALUES ('one') RETURNING org_id")
    found = row.fetchone()
    assert found is not None
    return UserContext(
        user_id=uuid7(),
        username="someone",
        org_id=found[0],
        role="store_manager",
        permissions=("ask",),
        store_ids=(1,),
        is_all_stores=False,
        allowed_views=("v_payment_scoped", "v_rental_scoped"),
    )


class Caller:
    """Calls the workflow as one person."""

    def __init__(self, url: str, context: UserContext) -> None:
        self.url = url
        self.headers = {internal_token.HEADER: internal_token.sign(context, KEY)}

    def post(self, path: str, body: JsonValue) -> httpx.Response:
        return httpx.post(self.url + path, json=body, headers=self.headers, trust_env=False)

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.url + path, headers=self.headers, trust_env=False)

    def ask(self, question: str = "total revenue") -> str:
        return str(self.post("/run", {"question": question}).json()["run_id"])

    def say(self, run_id: str, **said: JsonValue) -> httpx.Response:
        return self.post(f"/runs/{run_id}/feedback", said)
