"""A workflow over HTTP with the demo's people, a model that obeys its prompt, and a small suite."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import httpx
import orjson
import psycopg
import pytest
from pydantic import JsonValue

from cli.local_model import LocalModel
from cli.local_model import serving as serving_model
from contracts.context import UserContext
from kit import internal_token
from seeds.identity import seed_identity
from tests.gateway.loopback import serving
from tests.workflow.conftest import KEY
from tests.workflow.desk import CONTEXT
from workflow.app import create
from workflow.settings import WorkflowSettings

SUITE: list[dict[str, JsonValue]] = [
    {
        "id": "revenue",
        "role": "finance",
        "stores": [1],
        "question": "total revenue",
        "plans": [{"metrics": ["revenue"]}],
    },
    {
        "id": "by-category",
        "role": "admin",
        "question": "revenue by category",
        "plans": [{"metrics": ["revenue"], "dimensions": [{"field": "category"}]}],
    },
    {
        "id": "rentals",
        "role": "store_manager",
        "stores": [1],
        "question": "number of rentals",
        "plans": [{"metrics": ["rental_count"]}],
    },
]


class Caller:
    """Calls the workflow as one person."""

    def __init__(self, url: str, context: UserContext) -> None:
        self.url = url
        self.context = context
        self.headers = {internal_token.HEADER: internal_token.sign(context, KEY)}

    def call(self, method: str, path: str, body: JsonValue = None, **more: str) -> httpx.Response:
        headers = {internal_token.HEADER: internal_token.sign(self.context, KEY), **more}
        return httpx.request(
            method, self.url + path, json=body, headers=headers, trust_env=False, timeout=30
        )

    def get(self, path: str) -> httpx.Response:
        return self.call("GET", path)

    def post(self, path: str, body: JsonValue = None) -> httpx.Response:
        return self.call("POST", path, body)


@pytest.fixture
def owner(app_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(app_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def people(app_url: str) -> Callable[[str], UserContext]:
    seed_identity(app_url)

    def person(username: str) -> UserContext:
        with psycopg.connect(app_url) as connection:
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

    return person


@pytest.fixture(scope="session")
def language_model() -> Iterator[LocalModel]:
    with serving_model(LocalModel()) as state:
        yield state


Start = Callable[..., AbstractContextManager[Callable[[str], Caller]]]
"""Called with settings; gives what makes a caller of a person's name."""


@pytest.fixture
def start(
    settings: WorkflowSettings,
    people: Callable[[str], UserContext],
    tmp_path: Path,
) -> Start:
    suite = tmp_path / "suite.jsonl"
    suite.write_bytes(b"".join(orjson.dumps(case) + b"\n" for case in SUITE))

    @contextmanager
    def begin(**changed: object) -> Iterator[Callable[[str], Caller]]:
        chosen = {"evaluation_suite": suite, "narrator": "template", **changed}
        with serving(create(settings.model_copy(update=chosen))) as url:
            yield lambda username: Caller(url, people(username))

    return begin
