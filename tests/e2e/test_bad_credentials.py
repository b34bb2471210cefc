"""Tokens, headers and internal calls that should not be believed, against the running demo."""

import re
import socket
import time
from decimal import Decimal
from uuid import UUID

import httpx
import jwt
import pytest

from contracts.context import UserContext
from kit import internal_token
from tests.e2e.test_bad_input import (
    ASK,
    INSIDE,
    QUESTION,
    pointers,
    problem,
)
from tests.stack import Demo

FORGERIES = {
    "expired": {"exp": 1},
    "of another audience": {"aud": "countersign-workflow"},
    "of another issuer": {"iss": "somebody"},
    "without an end": {"exp": None},
    "without an id": {"jti": None},
    "from the future": {"iat": 2**32},
    "with stores that are none": {"store_ids": ["x"]},
    "with a store beyond all": {"store_ids": [2**70]},
    "with a wish for a scope": {"is_all_stores": "true"},
    "without a scope": {"store_ids": None},
}


def claims_of(person: httpx.Client) -> dict[str, object]:
    token = person.headers["Authorization"].removeprefix("Bearer ")
    return dict(jwt.decode(token, options={"verify_signature": False}))


def with_token(demo: Demo, token: str) -> httpx.Response:
    return httpx.post(
        demo.url(ASK),
        json={"question": QUESTION},
        headers={"Authorization": f"Bearer {token}"},
        trust_env=False,
    )


@pytest.mark.parametrize("changed", FORGERIES.values(), ids=FORGERIES.keys())
def test_a_token_with_wrong_claims_is_401(
    demo: Demo, manager: httpx.Client, changed: dict[str, object]
) -> None:
    claims = {k: v for k, v in {**claims_of(manager), **changed}.items() if v is not None}
    problem(with_token(demo, jwt.encode(claims, demo.settings["JWT_SECRET"], "HS256")), 401)


def test_a_token_that_is_not_signed_by_us_is_401(demo: Demo, manager: httpx.Client) -> None:
    everything = {**claims_of(manager), "is_all_stores": True, "roles": ["admin"], "role": "admin"}
    secret = demo.settings["JWT_SECRET"]
    whole = manager.headers["Authorization"].removeprefix("Bearer ")
    head, _, signature = whole.split(".")
    other_claims = jwt.encode(everything, "x" * 40, "HS256").split(".")[1]
    forged = {
        "unsigned": jwt.encode(everything, "", "none"),
        "another key": jwt.encode(everything, "x" * 40, "HS256"),
        "the internal key": jwt.encode(everything, demo.settings["INTERNAL_TOKEN"], "HS256"),
        "another algorithm": jwt.encode(everything, secret, "HS512"),
        "other claims, old signature": f"{head}.{other_claims}.{signature}",
        "no signature": whole.rpartition(".")[0] + ".",
        "no third part": whole.rpartition(".")[0],
        "noise": "a.b.c",
        "endless": "a" * 20_000,
    }
    for name, token in forged.items():
        assert problem(with_token(demo, token), 401)["type"], name
    assert with_token(demo, whole).status_code == 200
    problem(httpx.get(demo.url("/api/me"), trust_env=False), 401)
    basic = {"Authorization": "Basic bWFuYWdlcjptYW5hZ2Vy"}
    problem(httpx.get(demo.url("/api/me"), headers=basic, trust_env=False), 401)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Internal-Token": "x"},
        {"X-User": "admin_user", "X-Forwarded-User": "admin_user", "X-Remote-User": "admin_user"},
        {"Role": "admin", "X-Store-Ids": "2", "X-Is-All-Stores": "true"},
        {"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Host": "elsewhere.example"},
        {"X-HTTP-Method-Override": "DELETE"},
        {"Cookie": "user_id=1; role=admin"},
    ],
)
def test_no_header_but_the_token_says_who_asks(
    manager: httpx.Client, headers: dict[str, str], by_store: dict[int, Decimal]
) -> None:
    answer = manager.post(ASK, json={"question": QUESTION}, headers=headers).json()
    assert answer["rows"] == [[str(by_store[1])]]
    assert answer["security"]["role"] == "store_manager"


def test_a_role_is_chosen_by_a_header_only_among_one_s_own(manager: httpx.Client) -> None:
    another = {"X-Role": "admin"}
    problem(manager.get("/api/me", headers=another), 403)
    problem(manager.post(ASK, json={"question": QUESTION}, headers=another), 403)


@pytest.mark.parametrize("given", ["a\tb", "a b", "<script>", "x" * 65, "é", '{"a":1}'])
def test_a_request_id_that_could_be_more_is_replaced(manager: httpx.Client, given: str) -> None:
    response = manager.get("/api/me", headers={"X-Request-Id": given.encode()})
    assert re.fullmatch("[0-9a-f]{32}", response.headers["x-request-id"])


@pytest.mark.parametrize(
    ("name", "value"),
    [("Idempotency-Key", b"a b"), ("Idempotency-Key", b"k" * 256), ("Idempotency-Key", b"\xff")],
)
def test_a_key_that_is_none_is_422(manager: httpx.Client, name: str, value: bytes) -> None:
    problem(manager.post(ASK, json={"question": QUESTION}, headers={name: value}), 422)


@pytest.mark.parametrize(
    "lines",
    [
        b"X-Request-Id: a\r\n b",
        b"X-Request-Id: a\x00b",
        b"X-Request-Id : a",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked",
        b"Content-Length: -5",
    ],
)
def test_headers_that_smuggle_are_refused_before_they_are_read(demo: Demo, lines: bytes) -> None:
    with socket.create_connection(("127.0.0.1", demo.gateway_port), timeout=5) as raw:
        raw.sendall(b"POST /api/ask HTTP/1.1\r\nHost: x\r\n" + lines + b"\r\n\r\n0\r\n\r\n")
        answer = raw.recv(4096)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert not INSIDE.search(answer.decode())


# -- the workflow's own port -----------------------------------------------------------------------


def internal(demo: Demo, token: str | None, path: str = "/runs") -> httpx.Response:
    url = f"http://127.0.0.1:{demo.environment['WORKFLOW_PORT']}{path}"
    headers = {} if token is None else {internal_token.HEADER: token}
    if path == "/run":
        return httpx.post(url, content=b"{", headers=headers, trust_env=False)
    return httpx.get(url, headers=headers, trust_env=False)


@pytest.fixture
def context(manager: httpx.Client) -> UserContext:
    me = manager.get("/api/me").json()
    del me["roles"]
    return UserContext.model_validate(me)


def test_the_workflow_takes_nobody_s_word_but_the_gateway_s(
    demo: Demo, manager: httpx.Client, context: UserContext
) -> None:
    key = demo.settings["INTERNAL_TOKEN"]
    good = internal_token.sign(context, key)
    claims = jwt.decode(good, options={"verify_signature": False})

    def signed(**changed: object) -> str:
        kept = {k: v for k, v in {**claims, **changed}.items() if v is not None}
        return jwt.encode(kept, key, "HS256")

    everything = {**claims["context"], "is_all_stores": True}
    refused = {
        "missing": None,
        "empty": "",
        "noise": "a.b.c",
        "a person's own": manager.headers["Authorization"].removeprefix("Bearer "),
        "expired": internal_token.sign(context, key, now=time.time() - 61),
        "not yet valid": internal_token.sign(context, key, now=time.time() + 60),
        "another audience": signed(aud="countersign-api"),
        "no audience": signed(aud=None),
        "another issuer": signed(iss="countersign"),
        "no end": signed(exp=None),
        "another key": internal_token.sign(context, "x" * 40),
        "the key of people's tokens": internal_token.sign(context, demo.settings["JWT_SECRET"]),
        "unsigned": jwt.encode({**claims, "context": everything}, "", "none"),
        "another algorithm": jwt.encode(claims, key, "HS512"),
        "no context": signed(context=None),
        "half a context": signed(context={"role": "admin"}),
        "two scopes": signed(context=everything),
        "a store beyond all": signed(context={**claims["context"], "store_ids": [2**70]}),
        "a name that is none": signed(context={**claims["context"], "username": "a\u0000b"}),
    }
    for name, token in refused.items():
        for path in ("/runs", "/runs/none", "/catalog", "/suggestions", "/run"):
            found = problem(internal(demo, token, path), 401)
            assert found["detail"] == "Invalid internal token", (name, path)
    assert internal(demo, good).status_code == 200


def test_the_workflow_refuses_what_the_gateway_would_not_send(
    demo: Demo, context: UserContext
) -> None:
    key = demo.settings["INTERNAL_TOKEN"]
    url = f"http://127.0.0.1:{demo.environment['WORKFLOW_PORT']}"

    def call(method: str, path: str, context: UserContext, **more: object) -> httpx.Response:
        headers = {internal_token.HEADER: internal_token.sign(context, key)}
        last = more.pop("last_event_id", None)
        if last:
            headers["Last-Event-ID"] = str(last)
        return httpx.request(
            method,
            url + path,
            headers=headers,
            trust_env=False,
            **more,  # type: ignore[arg-type]
        )

    for field, value in (
        ("idempotency_key", "\u0000"),
        ("idempotency_key", ""),
        ("context", {"store_ids": [2]}),
        ("store_ids", [2]),
        ("role", "admin"),
    ):
        body = {"question": QUESTION, field: value}
        assert pointers(problem(call("POST", "/run", context, json=body), 422)) == [f"/{field}"]
    run_id = call("POST", "/run", context, json={"question": QUESTION}).json()["run_id"]
    problem(call("GET", f"/runs/{run_id}/events", context, last_event_id="9" * 5000), 422)
    elsewhere = context.model_copy(update={"org_id": UUID(int=1)})
    problem(call("POST", "/run", elsewhere, json={"question": QUESTION}), 403)
    problem(call("GET", f"/runs/{run_id}", elsewhere), 404)
