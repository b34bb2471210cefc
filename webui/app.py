"""The app of webui: a page that says whether the service behind it answers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI, Response
from fastapi.responses import HTMLResponse

from kit.service import Probe, create_app
from webui.settings import WebuiSettings

TIMEOUT_SECONDS = 2.0
PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Countersign</title>
<meta name="viewport" content="width=device-width"></head>
<body><h1>Countersign</h1><p>{sentence}</p></body>
</html>
"""


def make_app(settings: WebuiSettings, transport: httpx.AsyncBaseTransport | None = None) -> FastAPI:
    """The service; `transport` stands in for the network to the gateway."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with httpx.AsyncClient(
            base_url=settings.gateway_url,
            timeout=TIMEOUT_SECONDS,
            trust_env=False,  # a proxy of the machine is not for calls between services
            transport=transport,
        ) as gateway:
            app.state.gateway = gateway
            yield

    def probes(app: FastAPI) -> dict[str, Probe]:
        async def gateway() -> None:
            (await app.state.gateway.get("/healthz")).raise_for_status()

        return {"gateway": gateway}

    app = create_app(title="Countersign webui", lifespan=lifespan, probes=probes)

    @app.get("/", response_class=HTMLResponse, include_in_schema=False)
    async def home() -> Response:
        """Whether questions can be asked just now."""
        try:
            ready = (await app.state.gateway.get("/readyz")).is_success
        except httpx.HTTPError:
            ready = False
        sentence = (
            "The service is ready. Questions are asked through the API for now."
            if ready
            else "The service behind this page does not answer just now. Please try again soon."
        )
        return HTMLResponse(PAGE.format(sentence=sentence), status_code=200 if ready else 503)

    return app
