"""Errors, as domain exceptions inside and as RFC 9457 problem details on the wire.

ProblemError                 any status
├── BadRequest          400  the request cannot be understood
├── Unauthorised        401  no valid token
├── Forbidden           403  known, but not allowed
├── NotFound            404  absent, or somebody else's: the same answer
├── NotAcceptable       406  it exists, but not in this form
├── Conflict            409  the state has moved on
├── PreconditionFailed  412  what the caller has seen is not what is there
├── TooLarge            413
├── UnsupportedMedia    415  the body is not JSON
├── TooManyRequests     429  with Retry-After
├── Unavailable         503  a part is down; try again
└── TimedOut            504  a part took too long
"""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, ClassVar
from urllib.parse import quote

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic_core import ErrorDetails
from starlette.exceptions import HTTPException
from starlette.routing import Match

from contracts.problem import Problem

TYPE_PREFIX = "urn:countersign:problem:"
MEDIA_TYPE = "application/problem+json"
log = structlog.get_logger(__name__)


class ProblemError(Exception):
    """An error meant for a person: `detail` says what happened and what to do."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong on our side"

    def __init__(
        self,
        detail: str,
        *,
        kind: str | None = None,
        run_id: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.kind = kind or "".join(
            f"-{c.lower()}" if c.isupper() else c for c in type(self).__name__
        ).lstrip("-")
        self.run_id = run_id
        self.headers = headers or {}


class BadRequest(ProblemError):
    """The request cannot be understood."""

    status, title = 400, "The request could not be understood"


class Unauthorised(ProblemError):
    """No valid token."""

    status, title = 401, "Please log in"

    def __init__(self, detail: str, *, kind: str | None = None) -> None:
        super().__init__(detail, kind=kind, headers={"WWW-Authenticate": "Bearer"})


def invalid_token() -> Unauthorised:
    """One answer for every kind of bad token: which check failed is nobody's business."""
    return Unauthorised("The token is not valid. Please log in again.", kind="token-invalid")


def expired_token() -> Unauthorised:
    """Told apart, so that a client knows to refresh; only said of a token that was good."""
    return Unauthorised(
        "The token has expired. Exchange the refresh token, or log in again.", kind="token-expired"
    )


class Forbidden(ProblemError):
    """Known, but not allowed."""

    status, title = 403, "Not allowed"


class NotFound(ProblemError):
    """Absent, or somebody else's: the same answer for both."""

    status, title = 404, "Not found"


class NotAcceptable(ProblemError):
    """It exists, but not in the form that was asked for."""

    status, title = 406, "Not to be had in this form"


class Conflict(ProblemError):
    """The state has moved on."""

    status, title = 409, "Conflict"


class PreconditionFailed(ProblemError):
    """What the caller has seen is not what is there."""

    status, title = 412, "It has changed"


class TooLarge(ProblemError):
    """The request body is over the limit."""

    status, title = 413, "Too large"


class UnsupportedMedia(ProblemError):
    """The body is declared as something else than JSON."""

    status, title = 415, "Unsupported media type"


class TooManyRequests(ProblemError):
    """Over the rate; `retry_after` is in seconds."""

    status, title = 429, "Too many requests"

    def __init__(
        self,
        detail: str,
        *,
        retry_after: int,
        kind: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(
            detail, kind=kind, headers={**(headers or {}), "Retry-After": str(retry_after)}
        )


class Unavailable(ProblemError):
    """A part is down; what was sent can be sent again."""

    status, title = 503, "Temporarily unavailable"

    def __init__(self, detail: str, *, run_id: str | None = None) -> None:
        super().__init__(detail, run_id=run_id, headers={"Retry-After": "2"})


class TimedOut(ProblemError):
    """A part took too long; what it does may go on."""

    status, title = 504, "That took too long"


_SAID = {
    "string_pattern_mismatch": "This holds characters that are not allowed here, or none that can "
    "be seen.",
}
"""Faults whose own message is for programmers."""


class InvalidPayload(ProblemError):
    """A payload's faults, each with a JSON pointer; raised where FastAPI does not validate."""

    status, title = 422, "The request is not valid"

    def __init__(self, faults: Sequence[ErrorDetails]) -> None:
        super().__init__("See errors for each fault.", kind="invalid-payload")
        # the offending value is not echoed: it may be a password
        self.errors = [
            {
                "pointer": "".join(f"/{part}" for part in fault["loc"]),
                "detail": _SAID.get(fault["type"], fault["msg"]),
            }
            for fault in faults
        ]


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI entry of each of these statuses: a problem detail."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": schema}},
        }
        for status in statuses
    }


def problem_response(problem: Problem, headers: dict[str, str] | None = None) -> Response:
    """The problem as an HTTP response."""
    return Response(
        problem.model_dump_json(exclude_none=True),
        status_code=problem.status,
        media_type=MEDIA_TYPE,
        headers=headers,
    )


def _problem(request: Request, kind: str, title: str, status: int, detail: str) -> Problem:
    return Problem(
        type=TYPE_PREFIX + kind,
        title=title,
        status=status,
        detail=detail,
        instance=quote(request.url.path),
        request_id=getattr(request.state, "request_id", None),
    )


async def response_to(request: Request, error: Exception) -> Response:
    """The answer to an error of any kind. One that is not a `ProblemError` is logged, and tells
    nothing of the inside."""
    if isinstance(error, RequestValidationError):
        error = InvalidPayload(error.errors())
    if isinstance(error, ProblemError):
        request.state.problem = error.kind  # for the access log
        problem = _problem(request, error.kind, error.title, error.status, error.detail)
        errors = error.errors if isinstance(error, InvalidPayload) else None
        more = {"run_id": error.run_id, "errors": errors}
        return problem_response(problem.model_copy(update=more), error.headers)
    if isinstance(error, HTTPException):
        title = str(error.detail)
        kind, detail = _HTTP.get(error.status_code, ("http", title))
        problem = _problem(request, kind, title, error.status_code, detail)
        more_headers = {"Allow": _methods(request)} if error.status_code == 405 else {}
        return problem_response(problem, {**(error.headers or {}), **more_headers})
    log.error("unexpected", path=request.url.path, exc_info=error)
    detail = "The fault was logged under the request id. Trying again may help."
    return problem_response(_problem(request, "internal", ProblemError.title, 500, detail))


def _methods(request: Request) -> str:
    """What the address takes, over all its routes: the one that refused knows of itself alone."""
    routes = request.app.router.routes
    taken = (
        method
        for method in ("DELETE", "GET", "PATCH", "POST", "PUT")
        if any(r.matches({**request.scope, "method": method})[0] is Match.FULL for r in routes)
    )
    return ", ".join(taken)


_HTTP = {
    400: ("bad-request", "The request cannot be read."),
    404: ("not-found", "There is nothing at this address. See /openapi.json for what there is."),
    405: ("method-not-allowed", "This address takes other methods: see the Allow header."),
}


def install(app: FastAPI) -> None:
    """Make every error of the app a problem detail. What none of these handlers takes reaches
    the service's outermost layer, which asks `response_to` itself."""
    for kind in (ProblemError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, response_to)
