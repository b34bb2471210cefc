"""What the gateway does while its database is away."""

import asyncio
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from gateway.directory import DirectoryReader
from gateway.store import directory as store
from kit.database import Connection, make_pool
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


def test_many_who_want_a_reading_at_once_share_it(
    identity_url: str, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    readings = 0
    real = store.roles

    async def counted(connection: Connection) -> list[tuple[UUID, str, list[str], list[str]]]:
        nonlocal readings
        readings += 1
        return await real(connection)

    async def crowd() -> None:
        pool = make_pool(identity_url, name="test")
        await pool.open()
        reader = DirectoryReader(pool, every=60, stale_after=60, clock=clock)
        await asyncio.gather(*(reader.refresh() for _ in range(50)))
        await reader.refresh()
        await pool.close()

    monkeypatch.setattr(store, "roles", counted)
    asyncio.run(crowd())
    assert readings == 3  # the first's, one for all who came meanwhile, the latecomer's
