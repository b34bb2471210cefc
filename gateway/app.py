"""The composition root: settings in, a FastAPI app out."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from importlib.metadata import version

from fastapi import FastAPI

from contracts.sizes import BY_PATH
from gateway.auth.access_tokens import AccessTokens, Clock
from gateway.auth.bearer import Bearer
from gateway.auth.logins import Logins
from gateway.auth.outside_fetch import OutsideFetch
from gateway.auth.passwords import Passwords
from gateway.directory import DirectoryReader
from gateway.export.chart import Charts
from gateway.limits import Buckets, Limits, OpenCalls
from gateway.mcp.door import McpDoor
from gateway.people import People
from gateway.public_keys import PublicKeys
from gateway.routes import (
    approvals,
    artifacts,
    ask,
    audit,
    authentication,
    catalog,
    changes,
    export,
    feedback,
    governance,
    keys,
    knowledge,
    mcp,
    people,
    prompt_packs,
    runs,
    usage,
)
from gateway.services import Services
from gateway.settings import GatewaySettings
from gateway.workflow_client import WorkflowClient
from kit import collector, service
from kit.database import make_pool
from kit.outside_issuer import OutsideIssuer

Monotonic = Callable[[], float]


def utc_now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


def create_app(
    settings: GatewaySettings | None = None,
    *,
    clock: Clock = utc_now,
    monotonic: Monotonic = time.monotonic,
) -> FastAPI:
    """The gateway. `clock` and `monotonic` are for tests that let time pass.

    It starts, alive but not ready, while the database or the workflow is away.
    """
    chosen = settings or GatewaySettings()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with _services(chosen, clock, monotonic) as services:
            app.state.services = services
            collector.settle()
            yield

    app = service.create_app(
        title="Countersign",
        lifespan=lifespan,
        probes=_probes,
        body_bytes_by_path={
            mcp.PATH: mcp.MOST_BYTES,
            **{f"/api{path}": size for path, size in BY_PATH.items()},
        },
    )
    for module in (
        authentication, ask, runs, export, feedback, catalog, approvals, governance, audit,
        changes, prompt_packs, knowledge, people, usage, keys, artifacts, mcp,
    ):  # fmt: skip
        app.include_router(module.router)
    return app


def _probes(app: FastAPI) -> dict[str, service.Probe]:
    services: Services = app.state.services
    return {"database": services.directory.refresh, "workflow": services.workflow.ready}


@asynccontextmanager
async def _services(
    settings: GatewaySettings, clock: Clock, monotonic: Monotonic
) -> AsyncIterator[Services]:
    """Everything that is opened is closed in reverse, whatever happens between."""
    async with AsyncExitStack() as stack:
        pool = make_pool(
            settings.database_url.get_secret_value(),
            name="gateway",
            max_size=4,
            timeout=settings.database_timeout_seconds,
        )
        await pool.open(wait=False)
        stack.push_async_callback(pool.close)
        fetch = OutsideFetch()
        await fetch.open()
        stack.push_async_callback(fetch.close)
        workflow = _workflow(settings)
        await workflow.open()
        stack.push_async_callback(workflow.close)
        passwords = Passwords()
        stack.callback(passwords.close)
        directory = DirectoryReader(
            pool,
            every=settings.identity_refresh_seconds,
            stale_after=settings.identity_stale_seconds,
            clock=clock,
            monotonic=monotonic,
        )
        await stack.enter_async_context(directory.kept_fresh())
        tokens = _tokens(settings, clock)
        door = McpDoor(version=version("countersign"), public_url=settings.public_url)
        await stack.enter_async_context(door.kept())
        yield Services(
            settings=settings,
            directory=directory,
            bearer=_bearer(settings, tokens, _outside(settings, fetch, monotonic)),
            logins=Logins(
                pool,
                passwords=passwords,
                tokens=tokens,
                directory=directory,
                clock=clock,
                session_lifetime=timedelta(days=settings.session_days),
                free_failures=settings.login_free_failures,
                longest_lock=timedelta(seconds=settings.login_longest_lock_seconds),
            ),
            workflow=workflow,
            public_keys=PublicKeys(pool, monotonic=monotonic),
            limits=_limits(settings, monotonic),
            mcp=door,
            charts=Charts(),
            people=People(
                pool,
                passwords=passwords,
                directory=directory,
                clock=clock,
                token_lifetime=tokens.lifetime,
            ),
        )


def _workflow(settings: GatewaySettings) -> WorkflowClient:
    return WorkflowClient(
        settings.workflow_url,
        key=settings.internal_token.get_secret_value(),
        call_seconds=settings.call_timeout_seconds,
        stream_idle_seconds=settings.stream_idle_seconds,
    )


def _tokens(settings: GatewaySettings, clock: Clock) -> AccessTokens:
    return AccessTokens(
        key=settings.jwt_secret.get_secret_value(),
        issuer=settings.jwt_issuer,
        audience=settings.jwt_audience,
        lifetime=timedelta(minutes=settings.access_token_minutes),
        clock=clock,
    )


def _bearer(
    settings: GatewaySettings, tokens: AccessTokens, outside: OutsideIssuer | None
) -> Bearer:
    return Bearer(
        tokens,
        outside,
        claim_map=settings.oidc_claim_map,
        default_organisation=settings.oidc_organisation,
    )


def _outside(
    settings: GatewaySettings, fetch: OutsideFetch, monotonic: Monotonic
) -> OutsideIssuer | None:
    if not settings.oidc_issuer:
        return None
    return OutsideIssuer(
        issuer=settings.oidc_issuer,
        audience=settings.oidc_audience,
        algorithm=settings.oidc_algorithm,
        keys_seconds=settings.oidc_keys_seconds,
        fetch=fetch,
        monotonic=monotonic,
    )


def _limits(settings: GatewaySettings, monotonic: Monotonic) -> Limits:
    def buckets(name: str, per_minute: int, burst: int) -> Buckets:
        return Buckets(name, per_minute=per_minute, burst=burst, monotonic=monotonic)

    return Limits(
        login=buckets("login", settings.login_rate_per_minute, settings.login_burst),
        ask=buckets("ask", settings.ask_rate_per_minute, settings.ask_burst),
        call=buckets("call", settings.call_rate_per_minute, settings.call_burst),
        open_calls=OpenCalls(settings.open_calls_per_user),
    )
