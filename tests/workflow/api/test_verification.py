"""A verification over HTTP: told as it goes, one at a time, for auditors, and recorded."""

from uuid import UUID

import httpx
import orjson
import psycopg
import pytest
from pydantic import JsonValue
from uuid_utils.compat import uuid7

from contracts.context import UserContext
from kit import internal_token
from tests.workflow.conftest import KEY
from workflow.audit.verifier import ALONE

EVENTS = {"Accept": "text/event-stream"}


@pytest.fixture
def org_id(app_url: str) -> UUID:
    with psycopg.connect(app_url, autocommit=True) as connection:
        row = connection.execute(
            "INSERT INTO organisations (name) VALUES ('one') RETURNING org_id"
        ).fetchone()
    assert row is not None
    return UUID(str(row[0]))


def call(url: str, org_id: UUID, role: str, path: str, **more: object) -> httpx.Response:
    permissions = {"store_manager": ("ask",), "auditor": ("audit",), "admin": ("ask", "admin")}
    context = UserContext(
        user_id=uuid7(),
        username="someone",
        org_id=org_id,
        role=role,
        permissions=permissions[role],
        store_ids=(1,),
        is_all_stores=False,
        allowed_views=("v_payment_scoped", "v_rental_scoped"),
    )
    headers = {internal_token.HEADER: internal_token.sign(context, KEY)}
    headers |= more.pop("headers", {})  # type: ignore[arg-type]
    body = {"json": {"question": "total revenue"}} if path == "/run" else {}
    return httpx.post(url + path, headers=headers, trust_env=False, timeout=60, **body)  # type: ignore[arg-type]


def told(answer: httpx.Response) -> list[tuple[str, dict[str, JsonValue]]]:
    found = []
    for block in answer.text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line[:8])
        if "event" in lines:
            found.append((lines["event"], orjson.loads(lines["data"])))
    return found


def test_progress_is_told_and_then_what_was_found(url: str, org_id: UUID, app_url: str) -> None:
    call(url, org_id, "store_manager", "/run")
    found = told(call(url, org_id, "auditor", "/audit/verify", headers=EVENTS))
    assert {name for name, _ in found[:-1]} == {"progress"}
    assert [progress["what"] for _, progress in found[:2]] == ["Beginning", "Reading the events"]
    name, result = found[-1]
    assert (name, result["is_unbroken"], result["runs"], result["events"]) == (
        "verified", True, 1, 6,
    )  # fmt: skip
    assert result["org_id"] == str(org_id)

    with psycopg.connect(app_url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("UPDATE query_audit_events SET status = 'x' WHERE seq = 3")
        broken = call(url, org_id, "auditor", "/audit/verify").json()
        rows = connection.execute(
            "SELECT what, query FROM record_accesses ORDER BY access_id"
        ).fetchall()
    assert broken["is_unbroken"] is False
    (fault,) = broken["faults"]
    assert (fault["subject"], fault["seq"]) == ("event", 3)
    assert fault["what"] == "its content was changed after it was written"
    assert rows == [
        ("verify", {}),
        ("verified", {"events": 6, "faults": 0}),
        ("verify", {}),
        ("verified", {"events": 6, "faults": 1}),
    ]


def test_there_is_one_at_a_time(url: str, org_id: UUID, app_url: str) -> None:
    with psycopg.connect(app_url, autocommit=True) as connection:
        assert connection.execute(ALONE).fetchone() == (True,)
        for headers in ({}, EVENTS):
            busy = call(url, org_id, "auditor", "/audit/verify", headers=headers)
            assert busy.status_code == 409
            assert busy.json()["type"].endswith("verification-busy")
    assert call(url, org_id, "auditor", "/audit/verify").status_code == 200


def test_it_is_for_auditors(url: str, org_id: UUID, app_url: str) -> None:
    for role in ("store_manager", "admin"):
        assert call(url, org_id, role, "/audit/verify").status_code == 403
    with psycopg.connect(app_url) as connection:
        assert connection.execute("SELECT count(*) FROM record_accesses").fetchone() == (0,)


def test_it_is_given_up_when_nobody_listens(url: str, org_id: UUID, app_url: str) -> None:
    """The place is free again at once."""
    context = UserContext(
        user_id=uuid7(), username="someone", org_id=org_id, role="auditor",
        permissions=("audit",), store_ids=(), is_all_stores=False, allowed_views=(),
    )  # fmt: skip
    token = internal_token.sign(context, KEY)
    with psycopg.connect(app_url, autocommit=True) as held:
        # the verification waits behind this lock, so that it cannot end by itself
        with held.transaction():
            held.execute("LOCK TABLE approval_actions IN ACCESS EXCLUSIVE MODE")
            headers = {internal_token.HEADER: token, **EVENTS}
            stream = httpx.stream(
                "POST", f"{url}/audit/verify", headers=headers, trust_env=False, timeout=60
            )
            with stream as answer:
                assert answer.status_code == 200
            held.execute("SET LOCAL statement_timeout = '30s'")
            held.execute(ALONE.replace("pg_try_advisory_lock", "pg_advisory_lock"))
        held.execute("SELECT pg_advisory_unlock_all()")
