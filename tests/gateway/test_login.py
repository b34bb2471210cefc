"""Logging in: who may, and what somebody who may not can learn."""

import asyncio
import threading
from datetime import timedelta

import jwt
import psycopg
import pytest
from argon2 import extract_parameters
from fastapi.testclient import TestClient
from httpx2 import Response

from gateway.auth import passwords
from gateway.auth.access_tokens import AccessTokens
from gateway.auth.lockout import lock_after
from gateway.auth.logins import Logins
from gateway.auth.passwords import Passwords
from gateway.directory import DirectoryReader
from kit.database import make_pool
from kit.problems import TooManyRequests, Unauthorised
from tests.gateway.conftest import JWT_SECRET, LogIn, ManualClock, StartGateway

DEMO = {
    "admin_user": ("admin123", "admin", [], True),
    "manager_store1": ("manager123", "store_manager", [1], False),
    "manager_multi": ("manager123", "store_manager", [1, 2], False),
    "marketing_user": ("marketing123", "marketing", [1, 2], False),
    "finance_user": ("finance123", "finance", [1], False),
    "reviewer_user": ("reviewer123", "reviewer", [], False),
    "reviewer_two": ("reviewer123", "reviewer", [], False),
    "auditor_user": ("auditor123", "auditor", [], False),
}


def attempt(gateway: TestClient, username: str, password: str) -> Response:
    return gateway.post("/api/auth/login", json={"username": username, "password": password})


def told(response: Response) -> tuple[int, object, str | None]:
    """What an asker learns from an answer: all but the request id."""
    body = response.json()
    body.pop("request_id")
    return response.status_code, body, response.headers.get("retry-after")


@pytest.mark.parametrize("username", DEMO)
def test_everybody_of_the_demo_can_log_in_with_the_claims_written_down(
    gateway: TestClient, username: str
) -> None:
    password, role, store_ids, is_all_stores = DEMO[username]
    answer = attempt(gateway, username, password)
    assert answer.status_code == 200
    body = answer.json()
    assert set(body) == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 900)
    claims = jwt.decode(
        body["access_token"], JWT_SECRET, algorithms=["HS256"], audience="countersign-api"
    )
    assert claims["role"] == role
    assert claims["store_ids"] == store_ids
    assert claims["is_all_stores"] is is_all_stores
    assert claims["exp"] - claims["iat"] == 900
    assert {"user_id", "org_id", "permissions", "iss", "aud", "jti"} <= set(claims)


def test_a_wrong_password_an_unknown_name_and_a_closed_account_are_told_the_same(
    gateway: TestClient, database: psycopg.Connection
) -> None:
    database.execute("UPDATE app_users SET is_active = false WHERE username = 'finance_user'")
    wrong = told(attempt(gateway, "admin_user", "nonsense"))
    assert wrong[0] == 401
    assert told(attempt(gateway, "nobody", "nonsense")) == wrong
    assert told(attempt(gateway, "finance_user", "finance123")) == wrong


def test_an_unknown_name_takes_the_same_path_as_a_known_one(
    gateway: TestClient, database: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[tuple[str, str]] = []
    real = passwords._matches

    def spy(password_hash: str, password: str) -> bool:
        checked.append((password_hash, threading.current_thread().name))
        return real(password_hash, password)

    monkeypatch.setattr(passwords, "_matches", spy)
    attempt(gateway, "admin_user", "nonsense")
    attempt(gateway, "nobody", "nonsense")
    (known, thread), (unknown, _) = checked
    assert extract_parameters(known) == extract_parameters(unknown)
    assert thread.startswith("password")  # not on the event loop
    rows = database.execute("SELECT failures, locked_until FROM app_login_failures").fetchall()
    assert rows == [(1, None), (1, None)]


@pytest.mark.parametrize("username", ["admin_user", "nobody"])
def test_locks_double_from_the_fifth_failure_for_known_and_unknown_names_alike(
    gateway: TestClient, clock: ManualClock, username: str
) -> None:
    for _ in range(5):
        assert attempt(gateway, username, "nonsense").status_code == 401
    for seconds in (1, 2, 4, 8):
        locked = attempt(gateway, username, "admin123")  # right, for one of the two
        assert (locked.status_code, locked.headers["retry-after"]) == (429, str(seconds))
        assert locked.json()["type"].endswith("login-locked")
        clock.advance(seconds)
        assert attempt(gateway, username, "nonsense").status_code == 401


def test_a_login_clears_the_count(
    gateway: TestClient, clock: ManualClock, database: psycopg.Connection
) -> None:
    for _ in range(5):
        attempt(gateway, "admin_user", "nonsense")
    clock.advance(1)
    assert attempt(gateway, "admin_user", "admin123").status_code == 200
    assert database.execute("SELECT count(*) FROM app_login_failures").fetchone() == (0,)


def test_failures_of_yesterday_do_not_count(gateway: TestClient, clock: ManualClock) -> None:
    for _ in range(4):
        attempt(gateway, "admin_user", "nonsense")
    clock.advance(25 * 3600)
    for _ in range(2):
        assert attempt(gateway, "admin_user", "nonsense").status_code == 401
    assert attempt(gateway, "admin_user", "admin123").status_code == 200


def test_the_lock_grows_to_its_longest_and_no_further() -> None:
    longest = timedelta(minutes=15)
    locks = [lock_after(n, free=5, longest=longest) for n in (0, 4, 5, 6, 7, 14, 15, 10_000)]
    assert [lock.total_seconds() for lock in locks] == [0, 0, 1, 2, 4, 512, 900, 900]


def test_a_burst_of_guesses_cannot_outrun_the_count(identity_url: str, clock: ManualClock) -> None:
    async def burst() -> list[type[BaseException] | None]:
        pool = make_pool(identity_url, name="test", max_size=4)
        await pool.open()
        directory = DirectoryReader(pool, every=60, stale_after=60, clock=clock)
        checker = Passwords()
        tokens = AccessTokens(
            key=JWT_SECRET, issuer="i", audience="a", lifetime=timedelta(minutes=1), clock=clock
        )
        logins = Logins(
            pool,
            passwords=checker,
            tokens=tokens,
            directory=directory,
            clock=clock,
            session_lifetime=timedelta(days=1),
            free_failures=5,
            longest_lock=timedelta(minutes=15),
        )
        outcomes = await asyncio.gather(
            *(logins.log_in("admin_user", f"guess {n}") for n in range(20)), return_exceptions=True
        )
        checker.close()
        await pool.close()
        return [type(outcome) for outcome in outcomes if isinstance(outcome, BaseException)]

    kinds = asyncio.run(burst())
    assert kinds.count(Unauthorised) == 5
    assert kinds.count(TooManyRequests) == 15


def test_logins_from_one_address_are_limited_whatever_the_name(
    start_gateway: StartGateway, clock: ManualClock
) -> None:
    with start_gateway(login_burst=3, login_rate_per_minute=60) as gateway:
        for n in range(3):
            assert attempt(gateway, f"nobody{n}", "x").status_code == 401
        limited = attempt(gateway, "admin_user", "admin123")
        assert limited.status_code == 429
        assert limited.headers["retry-after"] == "1"
        assert limited.headers["ratelimit-policy"] == '"login";q=3;w=3'
        clock.advance(1)
        assert attempt(gateway, "admin_user", "admin123").status_code == 200


def test_a_person_without_a_role_is_told_so_only_with_the_right_password(
    gateway: TestClient, database: psycopg.Connection
) -> None:
    database.execute(
        "DELETE FROM app_user_roles USING app_users AS u "
        "WHERE u.user_id = app_user_roles.user_id AND u.username = 'admin_user'"
    )
    assert attempt(gateway, "admin_user", "nonsense").status_code == 401
    assert attempt(gateway, "admin_user", "admin123").status_code == 403


def test_a_password_hashed_with_older_parameters_is_hashed_anew(
    gateway: TestClient, database: psycopg.Connection
) -> None:
    from argon2 import PasswordHasher

    old = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash("admin123")
    database.execute(
        "UPDATE app_users SET password_hash = %s WHERE username = 'admin_user'", (old,)
    )
    assert attempt(gateway, "admin_user", "admin123").status_code == 200
    row = database.execute(
        "SELECT password_hash FROM app_users WHERE username = 'admin_user'"
    ).fetchone()
    assert row is not None and row[0] != old
    assert attempt(gateway, "admin_user", "admin123").status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        "null",
        '"admin_user"',
        '{"username": "admin_user"}',
        '{"username": "admin_user", "password": ""}',
        '{"username": 1, "password": "x"}',
        '{"username": "admin_user", "password": ["admin123"]}',
        '{"username": "admin_user", "password": "admin123", "role": "admin"}',
        '{"username": "admin\\u0000user", "password": "admin123"}',
        '{"username": "admin\\nuser", "password": "admin123"}',
        '{"username": "\\ud800", "password": "admin123"}',
        '{"username": "admin_user", "password": "' + "x" * 257 + '"}',
    ],
)
def test_a_malformed_login_is_refused_without_an_echo(gateway: TestClient, body: str) -> None:
    answer = gateway.post(
        "/api/auth/login", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert "admin123" not in answer.text
    assert answer.json()["errors"]


def test_a_name_in_another_script_is_a_wrong_name_and_no_fault(gateway: TestClient) -> None:
    assert attempt(gateway, "użytkownik 管理者 🙂", "x").status_code == 401


def test_me_says_who_one_is(gateway: TestClient, log_in: LogIn) -> None:
    answer = gateway.get("/api/me", headers=log_in("manager_multi", "manager123"))
    body = answer.json()
    assert answer.status_code == 200
    assert body["username"] == "manager_multi"
    assert (body["role"], body["roles"]) == ("store_manager", ["store_manager"])
    assert (body["store_ids"], body["is_all_stores"]) == ([1, 2], False)
    assert body["permissions"] == ["ask"]
