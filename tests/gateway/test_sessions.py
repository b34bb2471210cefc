"""Staying logged in, and logging out."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from tests.gateway.conftest import ManualClock, StartGateway


def logged_in(gateway: TestClient, username: str = "admin_user") -> dict[str, str]:
    password = username.split("_", maxsplit=1)[0] + "123"
    answer = gateway.post("/api/auth/login", json={"username": username, "password": password})
    assert answer.status_code == 200
    tokens: dict[str, str] = answer.json()
    return tokens


def refreshed(gateway: TestClient, token: str) -> Response:
    return gateway.post("/api/auth/refresh", json={"refresh_token": token})


def me(gateway: TestClient, tokens: dict[str, str]) -> Response:
    return gateway.get("/api/me", headers={"Authorization": f"Bearer {tokens['access_token']}"})


def test_a_refresh_gives_new_tokens_and_leaves_the_old_access_token_valid(
    gateway: TestClient,
) -> None:
    first = logged_in(gateway)
    answer = refreshed(gateway, first["refresh_token"])
    assert answer.status_code == 200
    second = answer.json()
    assert second["refresh_token"] != first["refresh_token"]
    assert second["access_token"] != first["access_token"]
    assert me(gateway, first).status_code == me(gateway, second).status_code == 200


def test_a_second_use_ends_the_whole_session(gateway: TestClient) -> None:
    first = logged_in(gateway)
    second = refreshed(gateway, first["refresh_token"]).json()
    other = logged_in(gateway)
    assert refreshed(gateway, first["refresh_token"]).status_code == 401
    assert refreshed(gateway, second["refresh_token"]).status_code == 401
    assert me(gateway, first).status_code == me(gateway, second).status_code == 401
    assert me(gateway, other).status_code == 200  # another login of the same person


def test_of_two_uses_at_the_same_time_at_most_one_succeeds_and_the_session_ends(
    gateway: TestClient,
) -> None:
    token = logged_in(gateway)["refresh_token"]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: refreshed(gateway, token), range(8)))
    won = [answer.json() for answer in answers if answer.status_code == 200]
    assert len(won) == 1
    assert {answer.status_code for answer in answers} == {200, 401}
    assert refreshed(gateway, won[0]["refresh_token"]).status_code == 401
    assert me(gateway, won[0]).status_code == 401


def test_a_session_ends_however_often_it_was_refreshed(
    gateway: TestClient, clock: ManualClock
) -> None:
    tokens = logged_in(gateway)
    for _ in range(2):
        clock.advance(6 * 86_400)
        tokens = refreshed(gateway, tokens["refresh_token"]).json()
    clock.advance(3 * 86_400)
    assert refreshed(gateway, tokens["refresh_token"]).status_code == 401


@pytest.mark.parametrize("token", ["nonsense", "\u0000", "é" * 200])
def test_an_unknown_refresh_token_is_refused(gateway: TestClient, token: str) -> None:
    assert refreshed(gateway, token).status_code == 401


def test_a_refresh_carries_the_claims_of_now(
    gateway: TestClient, database: psycopg.Connection
) -> None:
    tokens = logged_in(gateway, "finance_user")
    database.execute(
        "UPDATE app_user_store_access AS s SET store_id = 2 FROM app_users AS u "
        "WHERE u.user_id = s.user_id AND u.username = 'finance_user'"
    )
    assert me(gateway, tokens).json()["store_ids"] == [1]
    tokens = refreshed(gateway, tokens["refresh_token"]).json()
    assert me(gateway, tokens).json()["store_ids"] == [2]


def test_nobody_refreshes_a_closed_account(
    gateway: TestClient, database: psycopg.Connection
) -> None:
    tokens = logged_in(gateway)
    database.execute("UPDATE app_users SET is_active = false WHERE username = 'admin_user'")
    assert refreshed(gateway, tokens["refresh_token"]).status_code == 401
    assert me(gateway, tokens).status_code == 401  # the session is over with it


def test_a_closed_account_loses_its_access_tokens_at_the_next_reading(
    gateway: TestClient, database: psycopg.Connection
) -> None:
    tokens = logged_in(gateway)
    database.execute("UPDATE app_users SET is_active = false WHERE username = 'admin_user'")
    assert gateway.get("/readyz").status_code == 200  # reads the directory
    assert me(gateway, tokens).status_code == 401


def test_logging_out_ends_every_token_of_the_session(gateway: TestClient) -> None:
    first = logged_in(gateway)
    second = refreshed(gateway, first["refresh_token"]).json()
    header = {"Authorization": f"Bearer {second['access_token']}"}
    answer = gateway.post("/api/auth/logout", headers=header)
    assert (answer.status_code, answer.content) == (204, b"")
    assert me(gateway, first).status_code == me(gateway, second).status_code == 401
    assert refreshed(gateway, second["refresh_token"]).status_code == 401
    assert gateway.post("/api/auth/logout", headers=header).status_code == 401


def test_another_gateway_learns_of_a_log_out_at_its_next_reading(
    start_gateway: StartGateway,
) -> None:
    with start_gateway() as one, start_gateway() as other:
        tokens = logged_in(one)
        assert me(other, tokens).status_code == 200
        one.post("/api/auth/logout", headers={"Authorization": f"Bearer {tokens['access_token']}"})
        assert other.get("/readyz").status_code == 200
        assert me(other, tokens).status_code == 401


def test_refresh_tokens_are_stored_as_hashes_only(
    gateway: TestClient, database: psycopg.Connection
) -> None:
    tokens = logged_in(gateway)
    rows = database.execute("SELECT token_hash FROM app_refresh_tokens").fetchall()
    assert [len(stored) for (stored,) in rows] == [32]
    assert tokens["refresh_token"].encode() not in rows[0][0]


def test_what_is_over_is_removed(
    start_gateway: StartGateway, clock: ManualClock, database: psycopg.Connection
) -> None:
    with start_gateway() as gateway:
        tokens = logged_in(gateway)
        gateway.post("/api/auth/login", json={"username": "nobody", "password": "x"})
        gateway.post(
            "/api/auth/logout", headers={"Authorization": f"Bearer {tokens['access_token']}"}
        )
    clock.advance(15 * 86_400)
    with start_gateway():
        pass
    for table in (
        "app_sessions", "app_refresh_tokens", "app_revoked_tokens", "app_login_failures"
    ):  # fmt: skip
        assert database.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
