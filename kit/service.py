"""What every service's app has: ids, limits, headers, logs, metrics, health, problems."""

import re
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from uuid import uuid4

import structlog
from fastapi import FastAPI, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram
from prometheus_client import generate_latest as render_metrics
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contracts.problem import Problem
from kit import problems

Probe = Callable[[], Awaitable[None]]
"""Returns when a dependency answers; raises when it does not."""

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}
_REQUEST_ID = re.compile(r"[\w.:-]{1,64}")
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
log = structlog.get_logger(__name__)


class _BodyTooLarge(Exception):
    pass


class Telemetry:
    """The counters of one service, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "http_requests_total",
            "Requests by route, method and status.",
            ("route", "method", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "http_request_duration_seconds",
            "Time to the end of the response.",
            ("route",),
            registry=self.registry,
        )


class _Edge:
    """The outermost middleware, plain ASGI, so that a stream stays a stream."""

    def __init__(self, app: ASGIApp, *, telemetry: Telemetry, max_body_bytes: int) -> None:
        self.app = app
        self.telemetry = telemetry
        self.max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else uuid4().hex
        trace = headers.get("traceparent", "")
        if not _TRACEPARENT.fullmatch(trace):
            trace = f"00-{uuid4().hex}-{uuid4().hex[:16]}-01"
        scope.setdefault("state", {}).update(request_id=request_id, traceparent=trace)
        structlog.contextvars.bind_contextvars(request_id=request_id, trace_id=trace[3:35])
        status = 500
        begun = False

        async def send_with_headers(message: Message) -> None:
            nonlocal status, begun
            if message["type"] == "http.response.start":
                status, begun = message["status"], True
                out = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    out.setdefault(name, value)
                out["X-Request-Id"] = request_id
                out["traceparent"] = trace
            await send(message)

        try:
            await self.app(scope, self._limited(headers, receive), send_with_headers)
        except _BodyTooLarge:
            if begun:
                raise
            problem = Problem(
                type=problems.TYPE_PREFIX + "too-large",
                title=problems.TooLarge.title,
                status=413,
                detail=f"A request may hold at most {self.max_body_bytes:,} bytes.",
                instance=None,
                request_id=request_id,
            )
            await problems.problem_response(problem)(scope, receive, send_with_headers)
        finally:
            self._record(scope, status, time.perf_counter() - started)

    def _limited(self, headers: Headers, receive: Receive) -> Receive:
        declared = headers.get("content-length", "0")
        if declared.isdigit() and int(declared) > self.max_body_bytes:

            async def refuse() -> Message:
                raise _BodyTooLarge

            return refuse
        seen = 0

        async def limited() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self.max_body_bytes:
                raise _BodyTooLarge
            return message

        return limited

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "unmatched")
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self.telemetry.requests.labels(route, method, str(status)).inc()
        self.telemetry.seconds.labels(route).observe(seconds)
        if route not in _QUIET:
            log.info(
                "request", route=route, method=method, status=status, ms=round(seconds * 1e3, 1)
            )


_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
_QUIET = frozenset({"/healthz", "/readyz", "/metrics"})


def create_app(
    *,
    title: str,
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]],
    probes: Callable[[FastAPI], dict[str, Probe]],
    max_body_bytes: int = 64 * 1024,
) -> FastAPI:
    """An app with everything but its routes.

    `probes` names the dependencies that `/readyz` asks, each within two seconds.
    """
    app = FastAPI(
        title=title,
        version="0.1.0",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    telemetry = Telemetry()
    app.state.telemetry = telemetry
    app.add_middleware(_Edge, telemetry=telemetry, max_body_bytes=max_body_bytes)
    problems.install(app)

    @app.get("/healthz", tags=["operations"])
    async def healthz() -> dict[str, str]:
        """The process is alive."""
        return {"status": "ok"}

    @app.get("/readyz", tags=["operations"], responses={503: {"model": Problem}})
    async def readyz() -> dict[str, str]:
        """The process and what it needs are ready to serve."""
        for name, probe in probes(app).items():
            try:
                await probe()
            except Exception as error:  # any failure of a dependency means not ready
                log.warning("not ready", dependency=name, error=type(error).__name__)
                raise problems.Unavailable(f"{name} does not answer.") from error
        return {"status": "ready"}

    @app.get("/metrics", tags=["operations"], response_class=Response)
    async def metrics() -> Response:
        """Prometheus' text format."""
        return Response(render_metrics(telemetry.registry), media_type=CONTENT_TYPE_LATEST)

    return app
