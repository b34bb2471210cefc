"""A question on its way to the workflow."""

import time
from typing import Any
from uuid import UUID

import jwt
import psycopg
import pytest
from fastapi import Response as Given
from fastapi.testclient import TestClient

from contracts.context import UserContext
from gateway.routes.ask import wants_async, wants_stream
from kit import internal_token
from tests.gateway.conftest import INTERNAL_TOKEN, LogIn, StartGateway, headers_of
from tests.gateway.fake_workflow import CONVERSATION, RUN, FakeWorkflow

QUESTION = "What is total revenue for my store 1?"
Header = dict[str, str]


@pytest.fixture
def manager(log_in: LogIn) -> Header:
    return log_in("manager_multi", "manager123")


def test_an_answer_comes_through_as_it_is(
    gateway: TestClient, workflow: FakeWorkflow, manager: Header
) -> None:
    body = b'{"run_id": "x",   "rows": [["1.50"]], "unknown": null}'
    workflow.answer = Given(body, media_type="application/json")
    answer = gateway.post("/api/ask", json={"question": QUESTION}, headers=manager)
    assert (answer.status_code, answer.content) == (200, body)
    assert answer.headers["content-type"] == "application/json"


def test_the_workflow_is_told_who_asks_in_a_fresh_internal_token_and_nothing_in_the_body(
    gateway: TestClient, workflow: FakeWorkflow, manager: Header
) -> None:
    question = {"question": QUESTION, "role": "store_manager", "store_id": 2}
    for _ in range(2):
        assert gateway.post("/api/ask", json=question, headers=manager).status_code == 200
    context = workflow.last.context
    assert (context.username, context.role) == ("manager_multi", "store_manager")
    assert (context.store_ids, context.is_all_stores) == ((2,), False)
    assert context.permissions == ("ask",)
    assert context.allowed_views == ("v_payment_scoped", "v_rental_scoped")
    assert workflow.last.body == b'{"question":"' + QUESTION.encode() + b'"}'
    tokens = [call.headers[internal_token.HEADER.lower()] for call in workflow.received]
    claims = [
        jwt.decode(t, INTERNAL_TOKEN, algorithms=["HS256"], audience=internal_token.AUDIENCE)
        for t in tokens
    ]
    assert claims[0]["jti"] != claims[1]["jti"]
    assert all(c["exp"] - c["iat"] == 60 and c["iat"] >= time.time() - 5 for c in claims)
    assert "authorization" not in workflow.last.headers


@pytest.mark.parametrize(
    ("username", "password", "store_id", "status"),
    [
        ("manager_store1", "manager123", 1, 200),
        ("manager_store1", "manager123", 2, 403),
        ("manager_multi", "manager123", 2, 200),
        ("manager_multi", "manager123", 3, 403),
        ("finance_user", "finance123", 2, 403),
        ("admin_user", "admin123", 2, 200),
        ("admin_user", "admin123", 99, 403),
    ],
)
def test_a_store_outside_the_scope_never_reaches_the_workflow(
    gateway: TestClient,
    workflow: FakeWorkflow,
    log_in: LogIn,
    username: str,
    password: str,
    store_id: int,
    status: int,
) -> None:
    answer = gateway.post(
        "/api/ask",
        json={"question": QUESTION, "store_id": store_id},
        headers=log_in(username, password),
    )
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["detail"] == "Requested store is outside your access scope"
        assert answer.headers["content-type"] == "application/problem+json"
        assert not workflow.received
    else:
        assert workflow.last.context.store_ids == (store_id,)
        assert workflow.last.context.is_all_stores is False


def test_an_asker_s_own_internal_token_and_context_headers_go_nowhere(
    gateway: TestClient, workflow: FakeWorkflow, manager: Header
) -> None:
    context = UserContext(
        user_id=UUID(int=1),
        username="root",
        org_id=UUID(int=2),
        role="admin",
        permissions=("ask", "admin"),
        store_ids=(),
        is_all_stores=True,
        allowed_views=(),
    )
    forged = internal_token.sign(context, "k" * 40)
    headers = {**manager, internal_token.HEADER: forged, "X-User-Id": "root"}
    answer = gateway.post("/api/ask", json={"question": QUESTION}, headers=headers)
    assert answer.status_code == 200
    assert workflow.last.context.username == "manager_multi"
    assert "x-user-id" not in workflow.last.headers


def test_a_role_that_is_not_held_is_refused(
    gateway: TestClient, workflow: FakeWorkflow, manager: Header
) -> None:
    answer = gateway.post("/api/ask", json={"question": QUESTION, "role": "admin"}, headers=manager)
    assert (answer.status_code, answer.json()["detail"]) == (
        403,
        "Requested role is not one of yours",
    )
    assert not workflow.received


@pytest.mark.parametrize("username", ["reviewer_user", "auditor_user"])
def test_those_who_govern_ask_nothing(
    gateway: TestClient, workflow: FakeWorkflow, log_in: LogIn, username: str
) -> None:
    header = log_in(username, username.split("_", maxsplit=1)[0] + "123")
    answer = gateway.post("/api/ask", json={"question": QUESTION}, headers=header)
    assert answer.status_code == 403
    assert answer.json()["type"].endswith("permission-missing")
    assert not workflow.received
    assert gateway.get("/api/runs", headers=header).status_code == 200


def test_somebody_with_several_roles_chooses_one_a_call(
    gateway: TestClient, workflow: FakeWorkflow, database: psycopg.Connection
) -> None:
    database.execute(
        "INSERT INTO app_user_roles (user_id, org_id, role, position) "
        "SELECT user_id, org_id, 'reviewer', 2 FROM app_users WHERE username = 'finance_user'"
    )
    header = headers_of(gateway, "finance_user", "finance123")
    assert gateway.get("/api/me", headers=header).json()["roles"] == ["finance", "reviewer"]
    for role, status in ((None, 200), ("finance", 200), ("reviewer", 403), ("admin", 403)):
        body = {"question": QUESTION} | ({"role": role} if role else {})
        answer = gateway.post("/api/ask", json=body, headers=header)
        assert answer.status_code == status, role
    catalog = gateway.get("/api/catalog", params={"role": "reviewer"}, headers=header)
    assert catalog.status_code == 200
    assert workflow.last.context.role == "reviewer"
    refused = gateway.get("/api/suggestions", params={"role": "admin"}, headers=header)
    assert refused.status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "\x00",
        "[]",
        "null",
        '"question"',
        "{}",
        '{"question": null}',
        '{"question": ""}',
        '{"question": "   "}',
        '{"question": "\\u00a0\\t\\n"}',
        '{"question": 7}',
        '{"question": ["x"]}',
        '{"question": "a\\u0000b"}',
        '{"question": "a\\u001bb"}',
        '{"question": "\\ud800"}',
        '{"question": "' + "x" * 4001 + '"}',
        '{"question": "x", "store_id": "1"}',
        '{"question": "x", "store_id": 1.5}',
        '{"question": "x", "store_id": true}',
        '{"question": "x", "store_id": 0}',
        '{"question": "x", "store_id": -1}',
        '{"question": "x", "store_id": 99999999999}',
        '{"question": "x", "role": ""}',
        '{"question": "x", "role": 1}',
        '{"question": "x", "conversation_id": "7"}',
        '{"question": "x", "conversation_id": 7}',
        '{"question": "x", "user_id": "01900000-0000-7000-8000-0000000000bb"}',
        '{"question": "x", "store_ids": [1, 2]}',
        '{"question": "x", "is_all_stores": true}',
        '{"question": "x", "context": {"is_all_stores": true}}',
        '{"question": "x", "idempotency_key": "k"}',
    ],
)
def test_a_body_that_is_not_a_question_is_422(
    gateway: TestClient, workflow: FakeWorkflow, manager: Header, body: str
) -> None:
    answer = gateway.post(
        "/api/ask", content=body, headers={**manager, "Content-Type": "application/json"}
    )
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == 422
    assert all(set(e) == {"pointer", "detail"} for e in problem["errors"])
    assert not workflow.received


def test_a_stranger_learns_nothing_of_the_body(gateway: TestClient) -> None:
    assert gateway.post("/api/ask", content="{").status_code == 401


@pytest.mark.parametrize(
    "question", ["多少收入?", "¿Cuánto?\tÉté\r\n🙂", "' OR 1=1; --", "x" * 4000]
)
def test_any_text_is_a_question(
    gateway: TestClient, workflow: FakeWorkflow, manager: Header, question: str
) -> None:
    answer = gateway.post("/api/ask", json={"question": question}, headers=manager)
    assert answer.status_code == 200
    import orjson

    assert orjson.loads(workflow.last.body) == {"question": question}


def test_a_whole_number_may_be_written_with_a_point(
    gateway: TestClient, workflow: FakeWorkflow, manager: Header
) -> None:
    answer = gateway.post(
        "/api/ask",
        content='{"question": "x", "store_id": 2.0}',
        headers={**manager, "Content-Type": "application/json"},
    )
    assert answer.status_code == 200
    assert workflow.last.context.store_ids == (2,)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "x"])
def test_another_media_type_is_415(gateway: TestClient, manager: Header, kind: str) -> None:
    answer = gateway.post(
        "/api/ask", content='{"question": "x"}', headers={**manager, "Content-Type": kind}
    )
    assert answer.status_code == 415


def test_a_repeated_post_carries_its_key(
    gateway: TestClient, workflow: FakeWorkflow, manager: Header
) -> None:
    headers = {**manager, "Idempotency-Key": "a1-b2"}
    body = {"question": QUESTION, "conversation_id": str(CONVERSATION)}
    assert gateway.post("/api/ask", json=body, headers=headers).status_code == 200
    import orjson

    assert orjson.loads(workflow.last.body) == {
        "question": QUESTION,
        "conversation_id": str(CONVERSATION),
        "idempotency_key": "a1-b2",
    }


@pytest.mark.parametrize("key", ["", "x" * 256, "two words", "tab\t", b"\xff"])
def test_a_key_that_is_not_one_is_422(
    gateway: TestClient, workflow: FakeWorkflow, manager: Header, key: Any
) -> None:
    headers: Any = {**manager, "Idempotency-Key": key}
    answer = gateway.post("/api/ask", json={"question": QUESTION}, headers=headers)
    assert answer.status_code == 422
    assert not workflow.received


def test_ids_are_passed_on_and_come_back(
    gateway: TestClient, workflow: FakeWorkflow, manager: Header
) -> None:
    trace = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
    headers = {**manager, "X-Request-Id": "mine-1", "traceparent": trace}
    answer = gateway.post("/api/ask", json={"question": QUESTION}, headers=headers)
    for got in (answer.headers, workflow.last.headers):
        assert (got["x-request-id"], got["traceparent"]) == ("mine-1", trace)


@pytest.mark.parametrize(
    "given", [b"a b", b"a\tb", b"a\xe9", b"x" * 65, b"<script>", b"a;b", b"%0d%0aSet-Cookie: a=b"]
)
def test_a_request_id_that_is_not_one_is_replaced(
    gateway: TestClient, workflow: FakeWorkflow, manager: Header, given: bytes
) -> None:
    headers: Any = {**manager, "X-Request-Id": given, "traceparent": given}
    answer = gateway.post("/api/ask", json={"question": QUESTION}, headers=headers)
    assert answer.status_code == 200
    for got in (answer.headers, workflow.last.headers):
        assert UUID(got["x-request-id"])
        assert got["traceparent"].encode() != given


def test_respond_async_answers_202_with_the_run_s_url(
    gateway: TestClient, workflow: FakeWorkflow, manager: Header
) -> None:
    headers = {**manager, "Prefer": "wait=5, respond-async", "Accept": "text/event-stream"}
    answer = gateway.post("/api/ask", json={"question": QUESTION}, headers=headers)
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/api/runs/{RUN}"
    assert answer.headers["preference-applied"] == "respond-async"
    assert answer.json() == {
        "run_id": str(RUN),
        "conversation_id": str(CONVERSATION),
        "status": "running",
        "url": f"/api/runs/{RUN}",
    }
    assert workflow.last.headers["prefer"] == "respond-async"
    assert workflow.last.headers["accept"] == "application/json"


@pytest.mark.parametrize(
    ("accept", "is_stream"),
    [
        ("", False),
        ("*/*", False),
        ("application/json", False),
        ("text/event-stream", True),
        ("Text/Event-Stream; charset=utf-8", True),
        ("application/json, text/event-stream", False),
        ("application/json;q=0.5, text/event-stream", True),
        ("text/event-stream;q=0.1, */*", False),
        ("text/event-stream, */*;q=0.1", True),
        ("text/event-stream;q=nonsense", False),
        ("text/html", False),
        ("image/png", False),
        (",;,", False),
    ],
)
def test_events_are_sent_to_those_who_like_them_better(accept: str, is_stream: bool) -> None:
    assert wants_stream(accept) is is_stream


@pytest.mark.parametrize(
    ("prefer", "is_async"),
    [
        (None, False),
        ("", False),
        ("respond-async", True),
        ("Respond-Async; foo=bar", True),
        ("wait=10,respond-async", True),
        ("respond-asynchronously", False),
    ],
)
def test_prefer(prefer: str | None, is_async: bool) -> None:
    assert wants_async(prefer) is is_async


def test_too_many_questions_at_once_are_429_with_the_limit_s_headers(
    start_gateway: StartGateway, clock: Any
) -> None:
    with start_gateway(ask_burst=2, ask_rate_per_minute=60) as gateway:
        one = headers_of(gateway, "manager_multi", "manager123")
        other = headers_of(gateway, "finance_user", "finance123")
        statuses = [
            gateway.post("/api/ask", json={"question": QUESTION}, headers=header).status_code
            for header in (one, one, one, other)
        ]
        assert statuses == [200, 200, 429, 200]
        limited = gateway.post("/api/ask", json={"question": QUESTION}, headers=one)
        assert limited.headers["retry-after"] == "1"
        assert limited.headers["ratelimit-policy"] == '"ask";q=2;w=2'
        assert limited.headers["ratelimit"] == '"ask";r=0;t=1'
        assert gateway.get("/api/runs", headers=one).status_code == 200  # a limit of its own
        clock.advance(1)
        again = gateway.post("/api/ask", json={"question": QUESTION}, headers=one)
        assert again.status_code == 200
