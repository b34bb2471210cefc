"""Everything that is handed on to the workflow as it is, and what it says in return."""

import socket
from typing import Any
from urllib.parse import parse_qs

import orjson
import psycopg
import pytest
from fastapi import Response as Given
from fastapi.testclient import TestClient
from psycopg import sql

from tests.gateway.conftest import LogIn, StartGateway, headers_of
from tests.gateway.fake_workflow import RUN, SOMEBODY_ELSES, FakeWorkflow

Header = dict[str, str]


@pytest.fixture
def admin(log_in: LogIn) -> Header:
    return log_in("admin_user", "admin123")


@pytest.mark.parametrize(
    ("method", "path", "internal"),
    [
        ("GET", "/api/runs", "/runs"),
        ("GET", f"/api/runs/{RUN}", f"/runs/{RUN}"),
        ("GET", f"/api/runs/{RUN}/events", f"/runs/{RUN}/events"),
        ("GET", f"/api/runs/{RUN}/receipt", f"/runs/{RUN}/receipt"),
        ("POST", f"/api/runs/{RUN}/cancel", f"/runs/{RUN}/cancel"),
        ("GET", "/api/conversations", "/conversations"),
        ("GET", "/api/suggestions", "/suggestions"),
        ("GET", "/api/catalog", "/catalog"),
    ],
)
def test_each_call_reaches_its_neighbour_inside(
    gateway: TestClient,
    workflow: FakeWorkflow,
    admin: Header,
    method: str,
    path: str,
    internal: str,
) -> None:
    assert gateway.request(method, path).status_code == 401
    assert not workflow.received
    answer = gateway.request(method, path, headers=admin)
    assert answer.status_code == 200
    assert workflow.last.path == internal
    assert workflow.last.context.username == "admin_user"


def test_who_waits_is_told_the_few_who_may_decide_and_nobody_else(
    gateway: TestClient, workflow: FakeWorkflow, admin: Header, identity_url: str
) -> None:
    path = f"/api/runs/{RUN}/deciders"
    assert gateway.get(path, headers=admin).json() == {"roles": [], "people": []}  # it has ended

    def wait_for(*roles: str) -> Any:
        usual = gateway.get(f"/api/runs/{RUN}", headers=admin).json()
        approval = {
            "approval_id": str(RUN),
            "status": "pending",
            "approvers_needed": 1,
            "may_decide": roles,
        }
        waits = {**usual, "status": "needs_approval", "approval": approval}
        workflow.answer = Given(orjson.dumps(waits), 200, media_type="application/json")
        found = gateway.get(path, headers=admin).json()
        workflow.answer = None
        return found

    with psycopg.connect(identity_url, autocommit=True) as connection:
        connection.execute("UPDATE app_users SET is_active = false WHERE username = 'reviewer_two'")
        connection.execute(
            "INSERT INTO organisations (org_id, name) VALUES (%s, 'Another')", [SOMEBODY_ELSES]
        )
        connection.execute(
            """
            WITH one AS (INSERT INTO app_users (org_id, username, password_hash, is_all_stores)
                SELECT %(org)s, 'stranger', password_hash, true FROM app_users LIMIT 1
                RETURNING user_id),
            role AS (INSERT INTO app_roles (org_id, role, permissions, allowed_views)
                VALUES (%(org)s, 'reviewer', '{approve}', '{}') RETURNING role)
            INSERT INTO app_user_roles (user_id, org_id, role, position)
            SELECT user_id, %(org)s, role, 1 FROM one, role
            """,
            {"org": SOMEBODY_ELSES},
        )
    assert wait_for("admin", "reviewer") == {
        "roles": ["admin", "reviewer"],
        "people": ["admin_two", "reviewer_user"],
    }
    many = wait_for("admin", "reviewer", "finance", "marketing", "store_manager", "auditor")
    assert many["people"] == []
    assert gateway.get(f"/api/runs/{SOMEBODY_ELSES}/deciders", headers=admin).status_code == 404
    with psycopg.connect(identity_url) as connection:
        for table in ("app_user_roles", "app_users", "app_roles", "organisations"):
            connection.execute(
                sql.SQL("DELETE FROM {} WHERE org_id = %s").format(sql.Identifier(table)),
                [SOMEBODY_ELSES],
            )


def test_a_call_is_made_in_the_role_that_its_header_names(
    gateway: TestClient, workflow: FakeWorkflow, identity_url: str, log_in: LogIn
) -> None:
    with psycopg.connect(identity_url, autocommit=True) as connection:
        connection.execute(
            """
            INSERT INTO app_user_roles (user_id, org_id, role, position)
            SELECT user_id, org_id, 'finance', 9 FROM app_users WHERE username = 'manager_store1'
            """
        )
    mine = log_in("manager_store1", "manager123")
    assert gateway.get("/api/me", headers=mine).json()["role"] == "store_manager"
    chosen = gateway.get("/api/me", headers={**mine, "X-Role": "finance"}).json()
    assert (chosen["role"], chosen["allowed_views"]) == ("finance", ["v_payment_scoped"])
    gateway.get("/api/runs", headers={**mine, "X-Role": "finance"})
    assert workflow.last.context.role == "finance"
    gateway.get("/api/catalog?role=store_manager", headers={**mine, "X-Role": "finance"})
    assert workflow.last.context.role == "store_manager"
    refused = gateway.get("/api/me", headers={**mine, "X-Role": "admin"})
    assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (
        403,
        "role-not-held",
    )


def test_pages(gateway: TestClient, workflow: FakeWorkflow, admin: Header) -> None:
    first = gateway.get("/api/runs", headers=admin).json()
    assert parse_qs(workflow.last.query) == {"limit": ["20"]}
    params = {"cursor": first["next"], "limit": 5}
    assert gateway.get("/api/runs", params=params, headers=admin).status_code == 200
    assert parse_qs(workflow.last.query) == {"cursor": ["cursor-2"], "limit": ["5"]}


@pytest.mark.parametrize(
    "params",
    [{"limit": 0}, {"limit": 101}, {"limit": "x"}, {"cursor": ""}, {"cursor": "a&limit=1000"}],
)
def test_a_page_that_cannot_be_is_422(
    gateway: TestClient, workflow: FakeWorkflow, admin: Header, params: dict[str, Any]
) -> None:
    assert gateway.get("/api/runs", params=params, headers=admin).status_code == 422
    assert not workflow.received


@pytest.mark.parametrize("run_id", ["7", "..", "%2e%2e", "x' OR 1=1", str(RUN) + "/x"])
def test_an_id_that_is_not_one_never_reaches_the_workflow(
    gateway: TestClient, workflow: FakeWorkflow, admin: Header, run_id: str
) -> None:
    assert gateway.get(f"/api/runs/{run_id}", headers=admin).status_code in {404, 422, 200}
    assert all(call.path == "/runs" for call in workflow.received)  # ".." is /api/runs itself


def test_a_problem_of_the_workflow_comes_under_our_path_and_request_id(
    gateway: TestClient, admin: Header
) -> None:
    path = f"/api/runs/{SOMEBODY_ELSES}"
    answer = gateway.get(path, headers=admin | {"X-Request-Id": "mine"})
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "urn:countersign:problem:not-found",
        "title": "There is no such run.",
        "status": 404,
        "detail": "There is no such run.",
        "instance": path,
        "request_id": "mine",
    }


def test_a_stream_that_is_refused_is_a_problem(gateway: TestClient, admin: Header) -> None:
    answer = gateway.get(f"/api/runs/{SOMEBODY_ELSES}/events", headers=admin)
    assert answer.status_code == 404
    assert answer.json()["instance"] == f"/api/runs/{SOMEBODY_ELSES}/events"


def test_retry_after_comes_through(
    gateway: TestClient, workflow: FakeWorkflow, admin: Header
) -> None:
    body = '{"type": "t", "title": "t", "status": 503, "detail": "d"}'
    workflow.answer = Given(body, 503, {"Retry-After": "7"}, "application/problem+json")
    answer = gateway.get("/api/catalog", headers=admin)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "7")


@pytest.mark.parametrize(
    "given",
    [
        Given("Internal Server Error", 500),
        Given("<html>", 502, media_type="text/html"),
        Given('{"detail": "FastAPI\'s own"}', 422, media_type="application/json"),
        Given("", 302, {"Location": "/healthz"}),
    ],
)
def test_an_answer_that_cannot_be_passed_on_is_503(
    gateway: TestClient, workflow: FakeWorkflow, admin: Header, given: Given
) -> None:
    workflow.answer = given
    for accept in ("application/json", "text/event-stream"):
        answer = gateway.post(
            "/api/ask", json={"question": "x"}, headers=admin | {"Accept": accept}
        )
        assert answer.status_code == 503
        assert answer.headers["content-type"] == "application/problem+json"
        assert "html" not in answer.text and "FastAPI" not in answer.text


def test_a_202_without_a_run_is_503(
    gateway: TestClient, workflow: FakeWorkflow, admin: Header
) -> None:
    workflow.answer = Given("{}", 202, media_type="application/json")
    headers = admin | {"Prefer": "respond-async"}
    assert gateway.post("/api/ask", json={"question": "x"}, headers=headers).status_code == 503


def test_two_services_with_different_keys_are_no_log_in_problem(
    start_gateway: StartGateway, workflow: FakeWorkflow
) -> None:
    from pydantic import SecretStr

    with start_gateway(internal_token=SecretStr("another" * 6)) as gateway:
        header = headers_of(gateway, "admin_user", "admin123")
        answer = gateway.get("/api/runs", headers=header)
    assert answer.status_code == 503
    assert not workflow.received


def test_a_workflow_that_is_down_is_503_and_not_ready(start_gateway: StartGateway) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    with start_gateway(workflow_url=url) as gateway:  # nobody listens there any more
        header = headers_of(gateway, "admin_user", "admin123")
        for accept in ("application/json", "text/event-stream"):
            answer = gateway.post(
                "/api/ask", json={"question": "x"}, headers=header | {"Accept": accept}
            )
            assert answer.status_code == 503
            assert answer.headers["retry-after"]
            assert answer.json()["instance"] == "/api/ask"
        assert gateway.get("/healthz").status_code == 200
        ready = gateway.get("/readyz")
        assert (ready.status_code, ready.json()["detail"]) == (503, "workflow does not answer.")


def test_an_answer_that_takes_too_long_is_504(
    start_gateway: StartGateway, workflow: FakeWorkflow
) -> None:
    workflow.hangs = True
    changed = {"ask_timeout_seconds": 0.05, "call_timeout_seconds": 0.05}
    with start_gateway(**changed) as gateway:
        header = headers_of(gateway, "admin_user", "admin123")
        late = gateway.post("/api/ask", json={"question": "x"}, headers=header)
        assert late.status_code == 504
        assert late.headers["content-type"] == "application/problem+json"
        assert gateway.get("/api/catalog", headers=header).status_code == 504


def test_a_silent_stream_is_504_before_it_begins(
    start_gateway: StartGateway, workflow: FakeWorkflow
) -> None:
    workflow.hangs = True
    with start_gateway(stream_idle_seconds=0.05) as gateway:
        header = headers_of(gateway, "admin_user", "admin123")
        answer = gateway.get(f"/api/runs/{RUN}/events", headers=header)
    assert answer.status_code == 504


def test_feedback_is_handed_on_as_it_is(
    gateway: TestClient, workflow: FakeWorkflow, admin: Header
) -> None:
    said = {"verdict": "wrong", "about": ["metric"], "comment": "Not “sales”."}
    path = f"/api/runs/{RUN}/feedback"
    assert gateway.post(path, json=said).status_code == 401
    answer = gateway.post(path, json=said, headers=admin)
    assert answer.status_code == 200
    assert answer.json()["about"] == ["metric"]
    assert orjson.loads(workflow.last.body) == said
    assert workflow.last.path == f"/runs/{RUN}/feedback"
    assert gateway.post(path, json={"verdict": "?"}, headers=admin).status_code == 422
    elsewhere = f"/api/runs/{SOMEBODY_ELSES}/feedback"
    assert gateway.post(elsewhere, json=said, headers=admin).status_code == 404
