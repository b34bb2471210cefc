"""Schemathesis over the OpenAPI document and the running workflow, with every check on."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest
from pydantic import SecretStr
from uuid_utils.compat import uuid7

from contracts.context import UserContext
from kit import internal_token
from tests.gateway.loopback import serving
from workflow.app import create
from workflow.settings import WorkflowSettings

KEY = "a-key-of-the-tests-and-of-nobody-else-at-all"


@pytest.fixture
def url(app_url: str, warehouse_url: str, reader_secret: str) -> Iterator[str]:
    settings = WorkflowSettings(
        database_url=SecretStr(app_url),
        warehouse_url=SecretStr(warehouse_url),
        warehouse_reader_secret=SecretStr(reader_secret),
        internal_token=SecretStr(KEY),
        signing_key_secret=SecretStr(KEY),
    )
    with serving(create(settings)) as url:
        yield url


@pytest.fixture
def manager(app_url: str) -> UserContext:
    with psycopg.connect(app_url, autocommit=True) as connection:
        row = connection.execute(
            "INSERT INTO organisations (name) VALUES ('one') RETURNING org_id"
        ).fetchone()
    assert row is not None
    return UserContext(
        user_id=uuid7(),
        username="someone",
        org_id=row[0],
        role="store_manager",
        permissions=("ask",),
        store_ids=(1,),
        is_all_stores=False,
        allowed_views=("v_payment_scoped", "v_rental_scoped"),
    )


def schemathesis(url: str, folder: Path, *chosen: str) -> None:
    run = subprocess.run(
        [
            str(Path(sys.executable).with_name("schemathesis")),
            *("run", f"{url}/openapi.json", "--checks", "all", "--mode", "all"),
            *("--max-examples", "12", "--seed", "1", "--no-color", *chosen),
        ],
        cwd=folder,
        env={"HOME": str(folder), "NO_PROXY": "*"},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "generated" in run.stdout


def test_nothing_contradicts_the_document(url: str, manager: UserContext, tmp_path: Path) -> None:
    token = internal_token.sign(manager, KEY)
    schemathesis(url, tmp_path, "-H", f"{internal_token.HEADER}: {token}")


def test_nothing_contradicts_it_for_a_role_that_does_not_ask(
    url: str, manager: UserContext, tmp_path: Path
) -> None:
    governs = manager.model_copy(
        update={"role": "auditor", "permissions": ("audit",), "allowed_views": (), "store_ids": ()}
    )
    token = internal_token.sign(governs, KEY)
    schemathesis(url, tmp_path, "-H", f"{internal_token.HEADER}: {token}", "--phases", "coverage")


def test_nothing_contradicts_it_without_a_token(url: str, tmp_path: Path) -> None:
    schemathesis(url, tmp_path)


def test_every_problem_is_documented_under_its_own_media_type(url: str) -> None:
    document = httpx.get(f"{url}/openapi.json", trust_env=False).json()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            for status, response in operation["responses"].items():
                if int(status) >= 400:
                    where = f"{method} {path} {status}"
                    assert list(response["content"]) == ["application/problem+json"], where
    assert "HTTPValidationError" not in document["components"]["schemas"]


def test_every_route_but_operations_asks_for_an_internal_token(url: str) -> None:
    document = httpx.get(f"{url}/openapi.json", trust_env=False).json()
    open_to_all = {
        path
        for path, methods in document["paths"].items()
        if not all(operation.get("security") for operation in methods.values())
    }
    assert open_to_all == {"/healthz", "/readyz", "/metrics"}
