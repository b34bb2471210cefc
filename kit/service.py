"""What every service's app has: ids, limits, headers, logs, metrics, health, problems."""

import re
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any
from uuid import uuid4

import structlog
from fastapi import FastAPI, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram
from prometheus_client import generate_latest as render_metrics
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contracts.problem import Problem
from kit import problems

Probe = Callable[[], Awaitable[None]]
"""Returns when a dependency answers; raises when it does not."""
Refusal = Callable[[Request, Exception], Awaitable[Response]]
"""The answer to what no handler of the app took."""

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}
_REQUEST_ID = re.compile(r"[\w.:-]{1,64}", re.ASCII)
_TRACEPARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
)
log = structlog.get_logger(__name__)


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

    def __init__(
        self,
        app: ASGIApp,
        *,
        telemetry: Telemetry,
        max_body_bytes: int,
        by_path: Mapping[str, int],
        refusal: Refusal,
    ) -> None:
        self.app = app
        self.telemetry = telemetry
        self.max_body_bytes = max_body_bytes
        self.by_path = by_path
        self.refusal = refusal

    def _limit_of(self, path: str) -> int:
        below = (name for name in self.by_path if name[-1] == "/" and path.startswith(name))
        return self.by_path.get(path) or self.by_path.get(next(below, ""), self.max_body_bytes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        headers = Headers(scope=scope)
        reply = _Reply(send, request_id=_request_id(headers), trace=_trace(headers))
        scope.setdefault("state", {}).update(request_id=reply.request_id, traceparent=reply.trace)
        structlog.contextvars.bind_contextvars(
            request_id=reply.request_id, trace_id=reply.trace[3:35]
        )
        limit = self._limit_of(scope["path"])
        body = _Body(receive, headers, limit)
        try:
            if not body.is_too_large:
                await self.app(scope, body.receive, body.unless_too_large(reply))
            if body.is_too_large and not reply.begun:
                raise problems.TooLarge(f"A request may hold at most {limit:,} bytes.")
        except Exception as error:  # the last place where a request can still be answered
            if reply.begun:
                raise
            response = await self.refusal(Request(scope), error)
            await response(scope, receive, reply.send)
        finally:
            self._record(scope, reply.status, time.perf_counter() - started)

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "unmatched")
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self.telemetry.requests.labels(route, method, str(status)).inc()
        self.telemetry.seconds.labels(route).observe(seconds)
        if route not in _QUIET:
            problem = scope["state"].get("problem")
            log.info(
                "request",
                route=route,
                method=method,
                status=status,
                ms=round(seconds * 1e3, 1),
                **({"problem": problem} if problem else {}),
            )


class _Reply:
    """What goes out, with the headers that every response has."""

    def __init__(self, send: Send, *, request_id: str, trace: str) -> None:
        self._send = send
        self.request_id = request_id
        self.trace = trace
        self.status = 500
        self.begun = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.begun = message["status"], True
            out = MutableHeaders(scope=message)
            for name, value in SECURITY_HEADERS.items():
                out.setdefault(name, value)
            out["X-Request-Id"] = self.request_id
            out["traceparent"] = self.trace
        await self._send(message)


class _Body:
    """What comes in, up to the limit: declared lengths are refused unread, others when over."""

    def __init__(self, receive: Receive, headers: Headers, limit: int) -> None:
        self._receive = receive
        self._limit = limit
        self._seen = 0
        declared = headers.get("content-length", "0")
        self.is_too_large = declared.isdecimal() and int(declared) > limit

    async def receive(self) -> Message:
        message = await self._receive()
        self._seen += len(message.get("body", b""))
        if self._seen > self._limit:
            self.is_too_large = True
            raise problems.TooLarge("over the limit")
        return message

    def unless_too_large(self, reply: _Reply) -> Send:
        """A framework that reads the body makes its own 400 of our error: that one is dropped."""

        async def send(message: Message) -> None:
            if reply.begun or not self.is_too_large:
                await reply.send(message)

        return send


def _request_id(headers: Headers) -> str:
    given = headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else uuid4().hex


def _trace(headers: Headers) -> str:
    given = headers.get("traceparent", "")
    return given if _TRACEPARENT.fullmatch(given) else f"00-{uuid4().hex}-{uuid4().hex[:16]}-01"


_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
_QUIET = frozenset({"/healthz", "/readyz", "/metrics"})


class Service(FastAPI):
    """A FastAPI app whose document knows the shape of a problem."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document, with the schema that `problems.documented` points at."""
        document = super().openapi()
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        schemas["Problem"] = Problem.model_json_schema()
        return document


def create_app(
    *,
    title: str,
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]],
    probes: Callable[[FastAPI], dict[str, Probe]],
    max_body_bytes: int = 64 * 1024,
    body_bytes_by_path: Mapping[str, int] | None = None,
    refusal: Refusal = problems.response_to,
) -> FastAPI:
    """An app with everything but its routes.

    `probes` names the dependencies that `/readyz` asks, each within two seconds.
    `body_bytes_by_path` are the limits of paths that need another than `max_body_bytes`; one that
    ends in a slash is for all below it. `refusal` answers what is refused unread, and what nothing
    else took.
    """
    app = Service(
        title=title,
        version="0.1.0",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        # nobody sets up OpenTelemetry's providers here, and FastAPI would look for each question
        telemetry={"tracing": False, "metrics": False, "logs": False},
        redirect_slashes=False,  # a redirect would be built from the caller's Host header
    )
    telemetry = Telemetry()
    app.state.telemetry = telemetry
    app.add_middleware(
        _Edge,
        telemetry=telemetry,
        max_body_bytes=max_body_bytes,
        by_path=body_bytes_by_path or {},
        refusal=refusal,
    )
    problems.install(app)

    @app.get("/healthz", tags=["operations"])
    async def healthz() -> dict[str, str]:
        """The process is alive."""
        return {"status": "ok"}

    @app.get("/readyz", tags=["operations"], responses=problems.documented(503))
    async def readyz() -> dict[str, str]:
        """The process and what it needs are ready to serve."""
        for name, probe in probes(app).items():
            try:
                await probe()
            except Exception as error:  # any failure of a dependency means not ready
                log.warning("not ready", dependency=name, error=type(error).__name__)
                raise problems.Unavailable(f"{name} does not answer.") from error
        return {"status": "ready"}

    @app.get(
        "/metrics",
        tags=["operations"],
        response_class=Response,
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    )
    async def metrics() -> Response:
        """Prometheus' text format."""
        return Response(render_metrics(telemetry.registry), media_type=CONTENT_TYPE_LATEST)

    return app
