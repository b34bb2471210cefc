"""What went wrong, as a page: in words, with a next step, and nothing lost."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from contracts.problem import Problem
from kit.problems import response_to
from webui.gateway_client import GatewayProblem
from webui.page import page
from webui.visitor import ForeignForm, LoginNeeded

NOT_FOUND = Problem(
    type="about:blank",
    title="There is no such page",
    status=404,
    detail="The address may have been mistyped, or what it led to is not yours to see.",
)
FOREIGN = Problem(
    type="about:blank",
    title="This form is out of date",
    status=403,
    detail="It did not come from a page of this session. Open the page again and repeat it.",
)

UNREADABLE = Problem(
    type="about:blank",
    title="This form cannot be read",
    status=422,
    detail="Something in it is not of the form that it should have. Open the page again and "
    "repeat it.",
)


TOO_LONG = Problem(
    type="about:blank",
    title="That is too long to be sent",
    status=413,
    detail="What was sent is larger than anything here can hold, and nothing was done with it. Go "
    "back: what you typed should still be there, to be shortened.",
)
UNEXPECTED = Problem(
    type="about:blank",
    title="That did not work",
    status=500,
    detail="The fault is ours. Trying again may help; if not, tell an administrator this number: ",
)


async def outermost(request: Request, error: Exception) -> Response:
    """What is refused before any page has read it, and what nobody has expected, as a page."""
    told = await response_to(request, error)
    if told.status_code == TOO_LONG.status:
        return refusal(request, TOO_LONG)
    number = UNEXPECTED.detail + request.state.request_id
    return refusal(request, UNEXPECTED.model_copy(update={"detail": number}))


def install(app: FastAPI) -> None:
    """Answer these errors with pages."""
    app.add_exception_handler(LoginNeeded, _login_needed)
    app.add_exception_handler(ForeignForm, _foreign)
    app.add_exception_handler(GatewayProblem, _refused)
    app.add_exception_handler(RequestValidationError, _unreadable)
    app.add_exception_handler(HTTPException, _http)


def refusal(request: Request, problem: Problem, *, retry_after: str | None = None) -> Response:
    """A page that says it; for a part of a page, that part alone."""
    is_part = request.headers.get("hx-request") == "true"
    template = "problem_part.html" if is_part else "problem.html"
    response = page(
        request, template, status=problem.status, problem=problem, retry_after=retry_after
    )
    if retry_after is not None:
        response.headers["Retry-After"] = retry_after
    return response


async def _login_needed(request: Request, error: Exception) -> Response:
    back = error.back if isinstance(error, LoginNeeded) else "/"
    url = f"/login?next={back}"
    if request.headers.get("hx-request") == "true":
        # the page shows a dialog, so that what was typed stays where it is
        return Response(status_code=401, headers={"HX-Trigger": "session-ended"})
    return RedirectResponse(url, status_code=303)


async def _foreign(request: Request, _: Exception) -> Response:
    return refusal(request, FOREIGN)


async def _refused(request: Request, error: Exception) -> Response:
    if not isinstance(error, GatewayProblem):
        raise error
    problem = NOT_FOUND if error.problem.status == 404 else error.problem
    return refusal(request, problem, retry_after=error.retry_after)


async def _unreadable(request: Request, error: Exception) -> Response:
    faults = error.errors() if isinstance(error, RequestValidationError) else ()
    is_form = any(fault["loc"][0] == "body" for fault in faults)
    return refusal(request, UNREADABLE if is_form else NOT_FOUND)


async def _http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == 404:
        return refusal(request, NOT_FOUND)
    detail = str(error.detail) if isinstance(error, HTTPException) else ""
    if status == 400:  # of a form; a field has a limit of its own
        return refusal(request, TOO_LONG if "exceeded maximum size" in detail else UNREADABLE)
    return refusal(
        request,
        Problem(type="about:blank", title="That did not work", status=status, detail=detail),
    )
