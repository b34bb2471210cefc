"""The app of webui: pages for people, made from what the gateway says."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from kit.problems import Unavailable
from kit.service import Probe, create_app
from webui import refusals
from webui.assets import Assets
from webui.gateway_client import GatewayClient
from webui.outside_login import OutsideLogin
from webui.pages import (
    admin,
    analytics,
    approvals,
    assets,
    audit,
    gallery,
    home,
    login,
    outside_login,
    palette,
    runs,
    verification,
)
from webui.person import People
from webui.services import Services, make_templates
from webui.session import KeepSession, Sessions
from webui.settings import WebuiSettings

MOST_BYTES = 1 << 20
"""Of a form: more than any field may hold, so that too long a text is answered on the page."""


def make_app(settings: WebuiSettings) -> FastAPI:
    """The service."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with _services(settings, files) as services:
            app.state.services = services
            yield

    files = Assets()
    app = create_app(
        title="Countersign webui",
        lifespan=lifespan,
        probes=_probes,
        max_body_bytes=MOST_BYTES,
        body_bytes_by_path=admin.BODY_BYTES_BY_PATH,
        refusal=refusals.outermost,
    )
    refusals.install(app)
    for pages in (
        assets, login, outside_login, home, analytics, runs, approvals, gallery, audit,
        verification, admin, palette,
    ):  # fmt: skip
        app.include_router(pages.router, include_in_schema=False)
    app.add_middleware(KeepSession)
    return app


@asynccontextmanager
async def _services(settings: WebuiSettings, files: Assets) -> AsyncIterator[Services]:
    is_outside = settings.oidc_issuer and settings.oidc_client_id
    outside = OutsideLogin(settings) if is_outside else None
    gateway = GatewayClient(settings.gateway_url)
    secret = settings.webui_secret.get_secret_value()
    yield Services(
        settings=settings,
        gateway=gateway,
        sessions=Sessions(secret, gateway, is_secure=settings.is_cookie_secure, outside=outside),
        outside=outside,
        people=People(gateway),
        assets=files,
        templates=make_templates(files),
    )
    await gateway.close()
    if outside is not None:
        await outside.close()


def _probes(app: FastAPI) -> dict[str, Probe]:
    async def gateway() -> None:
        if not await app.state.services.gateway.is_ready():
            raise Unavailable("The gateway does not answer.")

    return {"gateway": gateway}
