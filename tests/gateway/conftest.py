"""A gateway over a seeded database and a fake workflow."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from gateway.app import create_app
from gateway.settings import GatewaySettings
from kit import embedded_postgres
from seeds.identity import seed_identity
from tests.gateway.fake_workflow import FakeWorkflow
from tests.gateway.loopback import serving

JWT_SECRET = "jwt-secret-of-the-tests-0123456789abcdef"
INTERNAL_TOKEN = "internal-token-of-the-tests-0123456789"


class ManualClock:
    """Time that passes when told to. It starts at the present, as tokens are checked by it."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)
        self.seconds = 1000.0

    def __call__(self) -> datetime:
        return self.now

    def monotonic(self) -> float:
        return self.seconds

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.seconds += seconds


SEEDED = ("app_roles", "app_stores", "app_users", "app_user_roles", "app_user_store_access")


@pytest.fixture(scope="session")
def seeded_url(cluster: embedded_postgres.Cluster, app_template: str) -> str:
    """A database with the demo's people, and with copies of their rows to start again from: much
    faster than a database a test."""
    with psycopg.connect(cluster.url("postgres"), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE identity TEMPLATE "{app_template}"')
    url = cluster.url("identity")
    seed_identity(url)
    with psycopg.connect(url, autocommit=True) as connection:
        for table in SEEDED:
            connection.execute(f"CREATE TABLE seeded_{table} AS TABLE {table}")
    return url


@pytest.fixture
def identity_url(seeded_url: str) -> str:
    """The application's database as it was seeded: nobody logged in, nobody locked."""
    with psycopg.connect(seeded_url) as connection:
        connection.execute("TRUNCATE app_login_failures, app_revoked_tokens")
        connection.execute("TRUNCATE " + ", ".join(SEEDED) + " CASCADE")
        for table in SEEDED:
            connection.execute(f"INSERT INTO {table} TABLE seeded_{table}")
    return seeded_url


@pytest.fixture(scope="session")
def shared_workflow() -> Iterator[FakeWorkflow]:
    workflow = FakeWorkflow(key=INTERNAL_TOKEN)
    with serving(workflow.app()) as url:
        workflow.url = url
        yield workflow


@pytest.fixture
def workflow(shared_workflow: FakeWorkflow) -> FakeWorkflow:
    shared_workflow.reset()
    return shared_workflow


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def settings(identity_url: str, workflow: FakeWorkflow) -> GatewaySettings:
    return GatewaySettings(
        database_url=SecretStr(identity_url),
        workflow_url=workflow.url,
        jwt_secret=SecretStr(JWT_SECRET),
        internal_token=SecretStr(INTERNAL_TOKEN),
        identity_refresh_seconds=3600,
    )


StartGateway = Callable[..., AbstractContextManager[TestClient]]


@pytest.fixture
def start_gateway(settings: GatewaySettings, clock: ManualClock) -> StartGateway:
    """Start one with some settings changed; time is the test's clock."""

    @contextmanager
    def start(**changed: object) -> Iterator[TestClient]:
        chosen = settings.model_copy(update=changed)
        app = create_app(chosen, clock=clock, monotonic=clock.monotonic)
        with TestClient(app) as client:
            yield client

    return start


@pytest.fixture
def gateway(start_gateway: StartGateway) -> Iterator[TestClient]:
    with start_gateway() as client:
        yield client


LogIn = Callable[[str, str], dict[str, str]]


@pytest.fixture
def log_in(gateway: TestClient) -> LogIn:
    """The header of a person who has logged in."""
    return lambda username, password: headers_of(gateway, username, password)


def headers_of(gateway: TestClient, username: str, password: str) -> dict[str, str]:
    answer = gateway.post("/api/auth/login", json={"username": username, "password": password})
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


@pytest.fixture
def database(identity_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(identity_url, autocommit=True) as connection:
        yield connection
