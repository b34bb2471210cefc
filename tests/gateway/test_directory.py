"""What the gateway does while its database is away."""

from fastapi.testclient import TestClient
from pydantic import SecretStr

from tests.gateway.conftest import ManualClock, StartGateway, headers_of

NOWHERE = SecretStr("postgresql://nobody@127.0.0.1:1/nothing?connect_timeout=1")


def test_it_starts_alive_and_not_ready_without_a_database(start_gateway: StartGateway) -> None:
    with start_gateway(database_url=NOWHERE, database_timeout_seconds=0.1) as gateway:
        assert gateway.get("/healthz").status_code == 200
        assert gateway.get("/readyz").status_code == 503
        assert gateway.get("/api/me", headers={"Authorization": "Bearer x"}).status_code == 503
        login = {"username": "admin_user", "password": "admin123"}
        answer = gateway.post("/api/auth/login", json=login)
        assert answer.status_code == 503
        assert answer.json()["detail"] == "The database does not answer. Try again shortly."


def test_a_reading_that_is_too_old_refuses_calls_until_the_next(
    gateway: TestClient, clock: ManualClock
) -> None:
    header = headers_of(gateway, "admin_user", "admin123")
    clock.seconds += 29
    assert gateway.get("/api/me", headers=header).status_code == 200
    clock.seconds += 2
    assert gateway.get("/api/me", headers=header).status_code == 503
    assert gateway.get("/readyz").status_code == 200  # reads it
    assert gateway.get("/api/me", headers=header).status_code == 200
