"""What the gateway does for auditors, and for anybody who wants the public keys."""

from collections.abc import Iterator
from urllib.parse import parse_qs

import psycopg
import pytest
from fastapi.testclient import TestClient

from gateway.public_keys import KEPT_SECONDS
from tests.gateway.conftest import LogIn, ManualClock
from tests.gateway.fake_workflow import FakeWorkflow

KEYS = "/.well-known/countersign-keys.json"
PATHS = ("runs", "events", "checkpoints", "accesses")


@pytest.mark.parametrize("what", PATHS)
def test_a_role_that_does_not_audit_never_reaches_the_workflow(
    gateway: TestClient, workflow: FakeWorkflow, log_in: LogIn, what: str
) -> None:
    for username in ("admin_user", "finance_user", "reviewer_user"):
        headers = log_in(username, username.split("_")[0] + "123")
        refused = gateway.get(f"/api/audit/{what}", headers=headers)
        assert refused.status_code == 403
        assert "the audit permission" in refused.json()["detail"]
    assert gateway.get(f"/api/audit/{what}").status_code == 401
    assert not workflow.received


def test_a_search_is_handed_on_as_it_is(
    gateway: TestClient, workflow: FakeWorkflow, log_in: LogIn
) -> None:
    search = {"person": "a b&c=d", "stage": "db_execution", "since": "2026-01-01T00:00:00+02:00"}
    headers = log_in("auditor_user", "auditor123")
    found = gateway.get("/api/audit/runs", params={**search, "role": "auditor"}, headers=headers)
    assert found.status_code == 200
    handed_on = parse_qs(workflow.last.query)
    assert handed_on == {**{k: [v] for k, v in search.items()}, "limit": ["20"]}


def test_lines_come_as_lines(gateway: TestClient, workflow: FakeWorkflow, log_in: LogIn) -> None:
    headers = {**log_in("auditor_user", "auditor123"), "Accept": "application/x-ndjson"}
    found = gateway.get("/api/audit/runs", headers=headers)
    assert (found.text, found.headers["content-type"]) == ("{}\n", "application/x-ndjson")


@pytest.fixture
def key(database: psycopg.Connection) -> Iterator[str]:
    database.execute(
        "INSERT INTO signing_keys (key_id, public_key, kept_private_key)"
        " VALUES ('one', decode(repeat('ab', 32), 'hex'), 'private')"
    )
    yield "one"
    database.execute("DELETE FROM signing_keys")


def test_public_keys_need_no_token_and_hold_nothing_private(gateway: TestClient, key: str) -> None:
    found = gateway.get(KEYS)
    assert found.status_code == 200
    (shown,) = found.json()["keys"]
    assert (shown["kid"], shown["kty"], shown["crv"]) == (key, "OKP", "Ed25519")
    assert shown["x"] == "q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s"
    assert "private" not in found.text


def test_public_keys_are_read_only_now_and_then(
    gateway: TestClient, database: psycopg.Connection, key: str, clock: ManualClock
) -> None:
    assert len(gateway.get(KEYS).json()["keys"]) == 1
    database.execute("DELETE FROM signing_keys")
    assert len(gateway.get(KEYS).json()["keys"]) == 1
    clock.advance(KEPT_SECONDS)
    assert gateway.get(KEYS).json()["keys"] == []
