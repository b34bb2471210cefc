"""Logging in and out, and how pages look."""

from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from webui.gateway_client import GatewayProblem, SessionEnded, said
from webui.page import THEME_COOKIE, THEMES, page
from webui.scope import COOKIE, chosen, written
from webui.services import services_of
from webui.visitor import VisitorOf, refuse_foreign_origin

router = APIRouter()
DEMO_USERS = (
    ("manager_store1", "manager123", "Store manager, store 1"),
    ("manager_multi", "manager123", "Store manager, stores 1 and 2"),
    ("finance_user", "finance123", "Finance, store 1"),
    ("marketing_user", "marketing123", "Marketing, stores 1 and 2"),
    ("admin_user", "admin123", "Administrator, all stores"),
    ("reviewer_user", "reviewer123", "Reviewer: decides what is risky"),
    ("reviewer_two", "reviewer123", "A second reviewer"),
    ("auditor_user", "auditor123", "Auditor: verifies the record"),
)
"""Of the demo alone; their passwords are published."""


CHOOSE = (
    "The password you were given works once. Type it again, and choose one of your own with it: "
    "12 characters or more."
)


def safe_path(path: str) -> str:
    """A path of this site, whatever was given."""
    is_path = path.startswith("/") and not path.startswith("//") and "\\" not in path
    return path if is_path and path.isprintable() else "/"


@router.get("/login")
async def form(request: Request, next: Annotated[str, Query()] = "/") -> Response:
    """The form."""
    return login_form(request, safe_path(next))


@router.post("/login")
async def log_in(
    request: Request,
    username: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    new_password: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/",
) -> Response:
    """Begin a session and go on to where the person wanted to be."""
    refuse_foreign_origin(request)
    back = safe_path(next)
    sessions = services_of(request).sessions
    try:
        session = await sessions.log_in(username, password, new_password)
    except GatewayProblem as error:
        is_once = bool(new_password) or error.problem.type.endswith(":password-change-needed")
        return login_form(
            request,
            back,
            username,
            CHOOSE if is_once and not new_password else said(error),
            200 if is_once and not new_password else error.problem.status,
            error.retry_after,
            is_once=is_once,
        )
    response = RedirectResponse(back, status_code=303)
    sessions.write(response, session)
    return response


@router.post("/logout")
async def log_out(visitor: VisitorOf) -> Response:
    """End the session, here and at the gateway."""
    with suppress(SessionEnded):
        await visitor.gateway.call(visitor.bearer, "POST", "/api/auth/logout")
    visitor.services.people.forget(visitor.bearer.access_token)
    visitor.request.state.session_to_write = None
    response = RedirectResponse("/login", status_code=303)
    visitor.services.sessions.forget(response)
    return response


@router.post("/theme")
async def theme(
    visitor: VisitorOf,
    choice: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/",
) -> Response:
    """Light, dark, or as the system prefers."""
    response = RedirectResponse(safe_path(next), status_code=303)
    if choice in THEMES:
        response.set_cookie(
            THEME_COOKIE,
            choice,
            max_age=31536000,
            httponly=False,
            samesite="lax",
            secure=visitor.services.settings.is_cookie_secure,
        )
    else:
        response.delete_cookie(THEME_COOKIE)
    return response


@router.post("/scope")
async def scope(
    visitor: VisitorOf,
    role: Annotated[str, Form(max_length=64)] = "",
    store: Annotated[str, Form(max_length=10)] = "",
    next: Annotated[str, Form()] = "/",
) -> Response:
    """The role and stores to ask in from now on; whatever is not the person's is none."""
    response = RedirectResponse(safe_path(next), status_code=303)
    person, text = visitor.person, written(role, store)
    if chosen({COOKIE: text}, person.roles, person.store_ids) == ("", None):
        response.delete_cookie(COOKIE)
    else:
        response.set_cookie(
            COOKIE,
            text,
            httponly=True,
            samesite="lax",
            secure=visitor.services.settings.is_cookie_secure,
        )
    return response


def login_form(
    request: Request,
    back: str,
    username: str = "",
    problem: str = "",
    status: int = 200,
    retry_after: str | None = None,
    *,
    is_once: bool = False,
) -> Response:
    """The form, with what went wrong."""
    outside = services_of(request).outside
    is_demo = services_of(request).settings.countersign_demo
    return page(
        request,
        "login.html",
        status=status,
        next=back,
        username=username,
        problem=problem,
        retry_after=retry_after,
        is_once=is_once,
        outside=outside.label if outside else "",
        demo_users=DEMO_USERS if is_demo else (),
    )
