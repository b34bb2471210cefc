"""Errors, as domain exceptions inside and as RFC 9457 problem details on the wire.

ProblemError                 any status
├── BadRequest          400  the request cannot be understood
├── Unauthorised        401  no valid token
├── Forbidden           403  known, but not allowed
├── NotFound            404  absent, or somebody else's: the same answer
├── Conflict            409  the state has moved on
├── TooLarge            413
├── TooManyRequests     429  with Retry-After
└── Unavailable         503  a part is down; try again
"""

from typing import ClassVar
from urllib.parse import quote

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

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


class Forbidden(ProblemError):
    """Known, but not allowed."""

    status, title = 403, "Not allowed"


class NotFound(ProblemError):
    """Absent, or somebody else's: the same answer for both."""

    status, title = 404, "Not found"


class Conflict(ProblemError):
    """The state has moved on."""

    status, title = 409, "Conflict"


class TooLarge(ProblemError):
    """The request body is over the limit."""

    status, title = 413, "Too large"


class TooManyRequests(ProblemError):
    """Over the rate; `retry_after` is in seconds."""

    status, title = 429, "Too many requests"

    def __init__(self, detail: str, *, retry_after: int, kind: str | None = None) -> None:
        super().__init__(detail, kind=kind, headers={"Retry-After": str(retry_after)})


class Unavailable(ProblemError):
    """A part is down; what was sent can be sent again."""

    status, title = 503, "Temporarily unavailable"

    def __init__(self, detail: str, *, run_id: str | None = None) -> None:
        super().__init__(detail, run_id=run_id, headers={"Retry-After": "2"})


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


async def _on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)  # noqa: S101 - registered for this class only
    problem = _problem(request, error.kind, error.title, error.status, error.detail)
    return problem_response(problem.model_copy(update={"run_id": error.run_id}), error.headers)


async def _on_validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class only
    problem = _problem(
        request, "invalid-payload", "The request is not valid", 422, "See errors for each fault."
    )
    # the offending value is not echoed: it may be a password
    errors = [
        {"pointer": "/" + "/".join(str(p) for p in e["loc"]), "detail": e["msg"]}
        for e in error.errors()
    ]
    return problem_response(problem.model_copy(update={"errors": errors}))


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class only
    kind = {404: "not-found", 405: "method-not-allowed", 400: "bad-request"}.get(
        error.status_code, "http"
    )
    problem = _problem(request, kind, str(error.detail), error.status_code, str(error.detail))
    return problem_response(problem, dict(error.headers or {}))


async def _on_unexpected(request: Request, error: Exception) -> Response:
    log.error("unexpected", path=request.url.path, exc_info=error)
    return problem_response(
        _problem(
            request,
            "internal",
            ProblemError.title,
            500,
            "The fault was logged under the request id. Trying again may help.",
        )
    )


def install(app: FastAPI) -> None:
    """Make every error of the app a problem detail."""
    app.add_exception_handler(ProblemError, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(Exception, _on_unexpected)
