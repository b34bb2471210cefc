"""Every kind of token that is not ours, or not any more."""

import base64
import hmac
import json
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import jwt
import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi.testclient import TestClient

from tests.gateway.conftest import INTERNAL_TOKEN, JWT_SECRET, LogIn

Claims = dict[str, Any]


@pytest.fixture
def claims(database: psycopg.Connection) -> Claims:
    """Those of a token that is accepted, and no more than the fixed ones."""
    row = database.execute(
        "SELECT user_id, org_id FROM app_users WHERE username = 'admin_user'"
    ).fetchone()
    assert row is not None
    now = int(time.time())
    return {
        "iss": "countersign",
        "aud": "countersign-api",
        "jti": uuid4().hex,
        "iat": now,
        "exp": now + 60,
        "user_id": str(row[0]),
        "org_id": str(row[1]),
        "role": "admin",
        "permissions": ["ask", "approve", "admin"],
        "store_ids": [],
        "is_all_stores": True,
    }


def signed(claims: Claims, key: str = JWT_SECRET, algorithm: str = "HS256") -> str:
    return jwt.encode(claims, key, algorithm=algorithm)


def segment(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def unsigned(claims: Claims, algorithm: str) -> str:
    return f"{segment({'alg': algorithm, 'typ': 'JWT'})}.{segment(claims)}."


def with_header(claims: Claims, **header: object) -> str:
    return jwt.encode(claims, JWT_SECRET, algorithm="HS256", headers=header)


def without(name: str) -> Callable[[Claims], str]:
    return lambda claims: signed({k: v for k, v in claims.items() if k != name})


def changed(**values: object) -> Callable[[Claims], str]:
    return lambda claims: signed({**claims, **values})


def tampered(claims: Claims) -> str:
    header, _, signature = signed({**claims, "role": "auditor"}).split(".")
    return f"{header}.{segment(claims)}.{signature}"


def hmac_signed(claims: Claims, key: bytes, algorithm: str) -> str:
    """By hand: the library refuses to make what an attacker would."""
    body = f"{segment({'alg': algorithm, 'typ': 'JWT'})}.{segment(claims)}"
    digest = hmac.digest(key, body.encode(), f"sha{algorithm[2:]}")
    return f"{body}.{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"


def rs256(claims: Claims) -> str:
    return jwt.encode(claims, rsa.generate_private_key(65537, 2048), algorithm="RS256")


BAD: dict[str, Callable[[Claims], str]] = {
    "garbage": lambda _: "garbage",
    "empty segments": lambda _: "..",
    "not base64": lambda _: "a!.b!.c!",
    "header is not an object": lambda c: f"{segment([])}.{segment(c)}.x",
    "payload is not an object": lambda _: f"{segment({'alg': 'HS256'})}.{segment([])}.x",
    "deep nesting": lambda _: f"{segment({'alg': 'HS256'})}."
    + base64.urlsafe_b64encode(b"[" * 5000).decode().rstrip("=")
    + ".x",
    "longer than any token": lambda c: signed({**c, "x": "y" * 20_000}),
    "unsigned": lambda c: unsigned(c, "HS256"),
    "alg none": lambda c: unsigned(c, "none"),
    "alg None": lambda c: unsigned(c, "None"),
    "another key": lambda c: signed(c, "another-key-0123456789-0123456789-0123"),
    "the internal key": lambda c: signed(c, INTERNAL_TOKEN),
    "another HMAC": lambda c: hmac_signed(c, JWT_SECRET.encode(), "HS512"),
    "RS256": rs256,
    "an empty key": lambda c: hmac_signed(c, b"", "HS256"),
    "tampered": tampered,
    "a key of its own": lambda c: with_header(
        {**c, "iss": "x"}, jwk={"kty": "oct", "k": segment("x")}
    ),
    "an unknown critical header": lambda c: with_header(c, crit=["exp2"], exp2=1),
    "another audience": changed(aud="countersign-workflow"),
    "another issuer": changed(iss="somebody"),
    "issuer is not text": lambda c: f"{segment({'alg': 'HS256'})}.{segment({**c, 'iss': 7})}.x",
    "not valid yet": changed(nbf=int(time.time()) + 3600),
    "issued in the future": changed(iat=int(time.time()) + 3600),
    "expiry is not a number": changed(exp="tomorrow"),
    "user_id is not an id": changed(user_id="admin_user"),
    "is_all_stores is not a boolean": changed(is_all_stores="true"),
    "store_ids are not numbers": changed(store_ids=["one"]),
    "role is empty": changed(role=""),
    **{f"without {name}": without(name) for name in (
        "iss", "aud", "jti", "iat", "exp", "user_id", "org_id", "role", "permissions",
        "store_ids", "is_all_stores",
    )},
}  # fmt: skip


def get_me(gateway: TestClient, token: str) -> Any:
    return gateway.get("/api/me", headers={"Authorization": f"Bearer {token}"})


def test_a_token_with_the_fixed_claims_alone_is_accepted(
    gateway: TestClient, claims: Claims
) -> None:
    assert get_me(gateway, signed(claims)).json()["role"] == "admin"


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_token_is_401_and_all_kinds_are_told_the_same(
    gateway: TestClient, claims: Claims, kind: str
) -> None:
    answer = get_me(gateway, BAD[kind](claims))
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["type"] == "urn:countersign:problem:token-invalid"


def test_an_expired_token_is_told_so(gateway: TestClient, claims: Claims) -> None:
    now = int(time.time())
    answer = get_me(gateway, signed({**claims, "iat": now - 901, "exp": now - 1}))
    assert answer.status_code == 401
    assert answer.json()["type"] == "urn:countersign:problem:token-expired"


def test_a_token_that_was_accepted_expires_all_the_same(
    gateway: TestClient, claims: Claims
) -> None:
    expires = int(time.time()) + 2
    token = signed({**claims, "exp": expires})
    assert get_me(gateway, token).status_code == 200
    while time.time() < expires:
        time.sleep(0.05)
    answer = get_me(gateway, token)
    assert answer.status_code == 401
    assert answer.json()["type"] == "urn:countersign:problem:token-expired"


def test_a_changed_copy_of_an_accepted_token_is_not_accepted(
    gateway: TestClient, claims: Claims
) -> None:
    token = signed(claims)
    assert get_me(gateway, token).status_code == 200
    head, body, signature = token.split(".")
    other = segment({**claims, "jti": uuid4().hex})
    for changed in (f"{head}.{other}.{signature}", f"{head}.{body}.{signature[::-1]}"):
        assert get_me(gateway, changed).status_code == 401
    assert get_me(gateway, token).status_code == 200


def test_an_expired_token_of_another_key_is_not_told_so(
    gateway: TestClient, claims: Claims
) -> None:
    token = signed({**claims, "exp": int(time.time()) - 1}, "k" * 40)
    assert get_me(gateway, token).json()["type"].endswith("token-invalid")


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Basic YTpi", "Token x", "bearer\tx"]
)
def test_no_token_is_401(gateway: TestClient, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = gateway.get("/api/me", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_token_cannot_widen_what_its_role_grants(gateway: TestClient, claims: Claims) -> None:
    token = signed({**claims, "role": "auditor", "permissions": ["ask", "audit", "admin"]})
    assert get_me(gateway, token).json()["permissions"] == ["audit"]


def test_a_token_can_narrow_what_its_role_grants(gateway: TestClient, claims: Claims) -> None:
    token = signed({**claims, "permissions": ["approve"]})
    assert get_me(gateway, token).json()["permissions"] == ["approve"]
    header = {"Authorization": f"Bearer {token}"}
    assert gateway.post("/api/ask", json={"question": "x"}, headers=header).status_code == 403


@pytest.mark.parametrize("values", [{"role": "owner"}, {"org_id": str(uuid4())}])
def test_a_role_without_a_policy_is_403(
    gateway: TestClient, claims: Claims, values: Claims
) -> None:
    assert get_me(gateway, signed({**claims, **values})).status_code == 403


def test_a_role_s_policy_is_read_again_and_not_taken_from_the_token(
    gateway: TestClient, log_in: LogIn, database: psycopg.Connection
) -> None:
    header = log_in("finance_user", "finance123")
    database.execute("UPDATE app_roles SET permissions = '{}' WHERE role = 'finance'")
    assert gateway.get("/readyz").status_code == 200  # reads the directory
    assert gateway.get("/api/me", headers=header).json()["permissions"] == []
    answer = gateway.post("/api/ask", json={"question": "x"}, headers=header)
    assert answer.status_code == 403
