"""Tokens of an outside issuer, over its discovery document and key set on a loopback port."""

import base64
import hmac
import json
import time
from collections.abc import Iterator
from contextlib import nullcontext
from functools import cache
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import jwt
import psycopg
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from fastapi import FastAPI, Response
from fastapi.testclient import TestClient

from gateway.auth.outside_claims import identity_of
from gateway.directory import Directory, RolePolicy
from gateway.settings import ClaimMap
from kit.problems import Forbidden
from tests.gateway.conftest import JWT_SECRET, ManualClock, StartGateway
from tests.gateway.fake_workflow import FakeWorkflow
from tests.gateway.loopback import serving

Claims = dict[str, Any]


@cache
def _first_key() -> rsa.RSAPrivateKey:
    """Made once for all tests: it takes longer than most of them."""
    return rsa.generate_private_key(65537, 2048)


class Issuer:
    """An identity provider with one key at a time."""

    def __init__(self) -> None:
        self.url = ""
        self.keys = {"one": _first_key()}
        self.fetches = 0
        self.status = 200
        self.document: Claims = {}
        self.extra_keys: list[Claims] = []

    def rotate(self, kid: str) -> None:
        self.keys = {kid: rsa.generate_private_key(65537, 2048)}

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.get("/.well-known/openid-configuration")
        def discovery() -> Response:
            document = {"issuer": self.url, "jwks_uri": f"{self.url}/keys", **self.document}
            return Response(json.dumps(document), self.status)

        @app.get("/keys")
        def keys() -> Response:
            self.fetches += 1
            return Response(json.dumps({"keys": [*self.extra_keys, *self.public()]}))

        return app

    def public(self) -> list[Claims]:
        make = jwt.algorithms.RSAAlgorithm.to_jwk
        return [
            {**make(key.public_key(), as_dict=True), "kid": kid, "use": "sig", "alg": "RS256"}
            for kid, key in self.keys.items()
        ]

    def claims(self, **changed: object) -> Claims:
        now = int(time.time())
        whole = {
            "iss": self.url,
            "aud": "countersign",
            "iat": now,
            "exp": now + 300,
            "sub": "alice",
            "preferred_username": "Alice",
            "realm": {"roles": ["offline_access", "store_manager"]},
            "https://example.com/stores": ["1", 2],
            "org": "Demo",
            **changed,
        }
        return {name: value for name, value in whole.items() if value is not None}

    def token(self, algorithm: str = "RS256", kid: str | None = None, **changed: object) -> str:
        (own, key), *_ = self.keys.items()
        headers = {"kid": kid or own}
        return jwt.encode(self.claims(**changed), key, algorithm=algorithm, headers=headers)


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    issuer = Issuer()
    with serving(issuer.app()) as url:
        issuer.url = url
        yield issuer


@pytest.fixture
def gateway(start_gateway: StartGateway, issuer: Issuer) -> Iterator[TestClient]:
    with start_gateway(
        oidc_issuer=issuer.url,
        oidc_audience="countersign",
        oidc_claim_map=ClaimMap(role="realm.roles", store_ids="https://example.com/stores"),
    ) as client:
        yield client


def header(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def me(gateway: TestClient, token: str) -> Any:
    return gateway.get("/api/me", headers=header(token))


def test_its_claims_become_role_and_row_scope_by_the_map(
    gateway: TestClient, issuer: Issuer
) -> None:
    body = me(gateway, issuer.token()).json()
    assert UUID(body["user_id"]) == uuid5(NAMESPACE_URL, f"{issuer.url}\nalice")
    assert (body["username"], body["role"]) == ("Alice", "store_manager")
    assert body["roles"] == ["store_manager"]
    assert (body["store_ids"], body["is_all_stores"]) == ([1, 2], False)


def test_an_outside_person_asks_within_their_scope(
    gateway: TestClient, issuer: Issuer, workflow: FakeWorkflow
) -> None:
    token = issuer.token(**{"https://example.com/stores": [2]})
    ask = {"question": "x", "store_id": 2}
    assert gateway.post("/api/ask", json=ask, headers=header(token)).status_code == 200
    assert workflow.last.context.store_ids == (2,)
    ask = {"question": "x", "store_id": 1}
    assert gateway.post("/api/ask", json=ask, headers=header(token)).status_code == 403


def test_keys_are_fetched_once(gateway: TestClient, issuer: Issuer) -> None:
    for _ in range(3):
        assert me(gateway, issuer.token()).status_code == 200
    assert issuer.fetches == 1


def test_keys_are_fetched_again_when_they_are_old(
    gateway: TestClient, issuer: Issuer, clock: ManualClock
) -> None:
    assert me(gateway, issuer.token()).status_code == 200
    withdrawn = issuer.token()
    issuer.rotate("one")
    clock.seconds += 601
    gateway.get("/readyz")  # the directory is old too
    assert me(gateway, withdrawn).status_code == 401
    assert issuer.fetches == 2


def test_a_new_key_is_found_at_once(gateway: TestClient, issuer: Issuer) -> None:
    assert me(gateway, issuer.token()).status_code == 200
    old = issuer.token()
    issuer.rotate("two")
    assert me(gateway, issuer.token()).status_code == 200
    assert issuer.fetches == 2
    assert me(gateway, old).status_code == 401  # its key is withdrawn


def test_strangers_cannot_make_it_fetch_more_than_now_and_then(
    gateway: TestClient, issuer: Issuer, clock: ManualClock
) -> None:
    for n in range(5):
        assert me(gateway, issuer.token(kid=f"unknown {n}")).status_code == 401
    assert issuer.fetches == 2  # the first, and one more
    clock.seconds += 30
    gateway.get("/readyz")
    assert me(gateway, issuer.token(kid="unknown")).status_code == 401
    assert issuer.fetches == 3


def test_keys_serve_on_while_the_issuer_is_away_but_not_for_ever(
    gateway: TestClient, issuer: Issuer, clock: ManualClock
) -> None:
    assert me(gateway, issuer.token()).status_code == 200
    issuer.status = 500
    clock.seconds += 700
    gateway.get("/readyz")
    assert me(gateway, issuer.token()).status_code == 200
    clock.seconds += 3600
    gateway.get("/readyz")
    assert me(gateway, issuer.token()).status_code == 503


def test_an_issuer_that_never_answered_is_503(gateway: TestClient, issuer: Issuer) -> None:
    issuer.status = 500
    assert me(gateway, issuer.token()).status_code == 503


@pytest.mark.parametrize(
    "document",
    [
        {"issuer": "https://somebody.example"},
        {"jwks_uri": "http://169.254.169.254/keys"},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": None},
    ],
)
def test_a_discovery_document_that_points_elsewhere_is_not_followed(
    gateway: TestClient, issuer: Issuer, document: Claims
) -> None:
    issuer.document = document
    assert me(gateway, issuer.token()).status_code == 503
    assert issuer.fetches == 0


def test_the_published_key_is_no_secret(gateway: TestClient, issuer: Issuer) -> None:
    """Algorithm confusion: HS256 under the bytes of the public key."""
    (key,) = issuer.keys.values()
    for encoding in (serialization.Encoding.PEM, serialization.Encoding.DER):
        public = key.public_key().public_bytes(
            encoding, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        parts = [{"alg": "HS256", "kid": "one"}, issuer.claims()]
        body = ".".join(
            base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
            for part in parts
        )
        mac = hmac.digest(public, body.encode(), "sha256")
        token = f"{body}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"
        assert me(gateway, token).status_code == 401


def test_our_secret_signs_nothing_in_its_name(gateway: TestClient, issuer: Issuer) -> None:
    token = jwt.encode(issuer.claims(), JWT_SECRET, algorithm="HS256", headers={"kid": "one"})
    assert me(gateway, token).status_code == 401


def test_its_key_signs_nothing_in_our_name(gateway: TestClient, issuer: Issuer) -> None:
    token = issuer.token(iss="countersign", aud="countersign-api")
    assert me(gateway, token).status_code == 401


def test_a_symmetric_or_small_or_encryption_key_in_its_set_is_not_used(
    gateway: TestClient, issuer: Issuer
) -> None:
    small = rsa.generate_private_key(65537, 1024)
    whole = rsa.generate_private_key(65537, 2048)
    make = jwt.algorithms.RSAAlgorithm.to_jwk
    issuer.extra_keys = [
        {"kty": "oct", "k": "c2VjcmV0", "kid": "oct", "alg": "HS256"},
        {**make(small.public_key(), as_dict=True), "kid": "small"},
        {**make(whole.public_key(), as_dict=True), "kid": "enc", "use": "enc"},
        {"kty": "RSA", "kid": "broken"},
    ]
    assert me(gateway, issuer.token()).status_code == 200
    for kid, key in (("small", small), ("enc", whole)):
        with pytest.warns() if kid == "small" else nullcontext():
            token = jwt.encode(issuer.claims(), key, algorithm="RS256", headers={"kid": kid})
        assert me(gateway, token).status_code == 401


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "somebody-else"},
        {"aud": None},
        {"exp": None},
        {"iat": None},
        {"sub": 7},
        {"exp": 1},
        {"nbf": int(time.time()) + 3600},
        {"iss": "https://somebody.example"},
        {"algorithm": "RS512"},
        {"algorithm": "PS256"},
    ],
)
def test_a_token_that_is_not_for_us_is_401(
    gateway: TestClient, issuer: Issuer, changed: Claims
) -> None:
    assert me(gateway, issuer.token(**changed)).status_code == 401


@pytest.mark.parametrize(
    "changed",
    [
        {"realm": {"roles": ["owner"]}},
        {"realm": None},
        {"realm": "store_manager"},
        {"org": "Another"},
        {"org": None},
        {"org": ["Demo"]},
        {"sub": None},
        {"sub": ""},
        {"https://example.com/stores": ["1; drop"]},
        {"https://example.com/stores": [True]},
        {"https://example.com/stores": [-1]},
        {"https://example.com/stores": {"1": 1}},
    ],
)
def test_a_valid_token_that_gives_no_place_here_is_403(
    gateway: TestClient, issuer: Issuer, changed: Claims
) -> None:
    assert me(gateway, issuer.token(**changed)).status_code == 403


def test_logging_out_refuses_that_token(gateway: TestClient, issuer: Issuer) -> None:
    token, other = issuer.token(), issuer.token(jti="another")
    assert gateway.post("/api/auth/logout", headers=header(token)).status_code == 204
    assert me(gateway, token).status_code == 401
    assert me(gateway, other).status_code == 200


def test_without_the_setting_its_tokens_are_nobody_s(
    start_gateway: StartGateway, issuer: Issuer
) -> None:
    with start_gateway() as gateway:
        assert me(gateway, issuer.token()).status_code == 401
    assert issuer.fetches == 0


def test_an_elliptic_curve_issuer(
    start_gateway: StartGateway, issuer: Issuer, database: psycopg.Connection
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    public = jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    issuer.extra_keys = [{**public, "kid": "ec"}]
    with start_gateway(
        oidc_issuer=issuer.url,
        oidc_audience="countersign",
        oidc_algorithm="ES256",
        oidc_claim_map=ClaimMap(role="realm.roles"),
        oidc_organisation="Demo",
    ) as gateway:
        token = jwt.encode(issuer.claims(org=None), key, algorithm="ES256")
        assert me(gateway, token).status_code == 200  # no kid, and a single usable key
        assert me(gateway, issuer.token()).status_code == 401


ORG = UUID("01900000-0000-7000-8000-0000000000aa")
DIRECTORY = Directory(
    roles={(ORG, "finance"): RolePolicy(("ask",), ())},
    organisations={"Demo": ORG, str(ORG): ORG},
    stores={},
    inactive_users=frozenset(),
    revoked_tokens=frozenset(),
)


@pytest.mark.parametrize(
    ("claim", "store_ids"),
    [
        (None, ()),
        (1, (1,)),
        ("1", (1,)),
        ("2, 1", (1, 2)),
        ("1 2", (1, 2)),
        ([2, "1", 2], (1, 2)),
        ([], ()),
    ],
)
def test_stores_are_read_in_the_forms_that_issuers_use(
    claim: Any, store_ids: tuple[int, ...]
) -> None:
    assert read(store_ids=claim).store_ids == store_ids


@pytest.mark.parametrize("claim", ["true", 1, "all", [True], None, {}])
def test_only_a_true_boolean_means_all_stores(claim: Any) -> None:
    assert read(is_all_stores=claim).is_all_stores is False


def test_a_name_is_printable_and_not_endless() -> None:
    assert read(preferred_username="a\u0000b\nc\u202e" + "d" * 500).username == "abc" + "d" * 125
    assert read(preferred_username="\u0000").username == "alice"
    assert read(preferred_username=["x"]).username == "alice"


@pytest.mark.parametrize("claim", [0, -1, 1.5, "one", [[1]], 10**12, True])
def test_stores_that_cannot_be_read_are_refused(claim: Any) -> None:
    with pytest.raises(Forbidden):
        read(store_ids=claim)


def read(**claims: Any) -> Any:
    whole = {"sub": "alice", "role": "finance", "org": "Demo", "exp": 1, **claims}
    return identity_of(
        whole,
        issuer="https://issuer.example",
        claim_map=ClaimMap(),
        default_organisation="",
        directory=DIRECTORY,
        token_key="outside:x",
    )
