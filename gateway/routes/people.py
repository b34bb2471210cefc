"""The people of the organisation, for its admins."""

import re
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from contracts.base import Wire
from contracts.context import Permission, UserContext
from contracts.people import (
    AccessChoices,
    NewUser,
    PasswordReset,
    User,
    UserChange,
    UserPage,
    UserWithPassword,
)
from gateway import policy
from gateway.people import People
from gateway.routes.approvals import ANY, IfMatch
from gateway.routes.caller import CALLER_PROBLEMS, CallerOf, Role
from gateway.routes.runs import Limit
from kit.payload import documented_body, json_body
from kit.problems import documented

router = APIRouter(
    prefix="/api/admin", tags=["admin"], responses={**CALLER_PROBLEMS, **documented(422)}
)
_ONE = documented(404)
_CHANGING = {**_ONE, **documented(400, 409, 412, 413, 415)}
_ETAG = re.compile(r'^(?:W/)?"(\d{1,9})"$')
Name = Annotated[str, Query(max_length=128, pattern=r"^[^\u0000]*$")]
NO_STORE = {"Cache-Control": "no-store"}


async def admin(caller: CallerOf, role: Role = None) -> tuple[UserContext, People]:
    """Who asks, in a role that governs. Raises Forbidden."""
    context = caller.context(role)
    policy.require(context, Permission.ADMIN)
    return context, caller.services.people


Admin = Annotated[tuple[UserContext, People], Depends(admin)]


async def version(caller: CallerOf, if_match: IfMatch = ANY) -> int | None:
    """What the admin has seen; None where they do not say. A tag that is none of ours is no
    version of anybody."""
    if if_match == ANY:
        return None
    found = _ETAG.match(if_match)
    return int(found.group(1)) if found else 0


Seen = Annotated[int | None, Depends(version)]


@router.get("/users", response_model=UserPage)
async def users(
    admin: Admin, name: Name = "", cursor: Name | None = None, limit: Limit = 20
) -> UserPage:
    """The organisation's people, by name; with `name` those whose name holds it."""
    by, people = admin
    return await people.page(by, name=name, after=cursor, limit=limit)


@router.get("/users/{user_id}", response_model=User, responses=_ONE)
async def user(admin: Admin, user_id: UUID) -> Response:
    """One of them. The ETag is the version that a change starts from."""
    by, people = admin
    return _tagged(await people.get(by, user_id))


@router.get("/access", response_model=AccessChoices)
async def access(admin: Admin) -> AccessChoices:
    """The roles and the stores that people can be given."""
    by, people = admin
    return await people.choices(by)


@router.post(
    "/users",
    response_model=UserWithPassword,
    status_code=201,
    responses=_CHANGING,
    openapi_extra=documented_body(NewUser),
)
async def add_user(admin: Admin, new: Annotated[NewUser, Depends(json_body(NewUser))]) -> Response:
    """Add a person. They choose a password of their own when they first log in."""
    by, people = admin
    return _with_password(await people.add(by, new), 201)


@router.patch(
    "/users/{user_id}",
    response_model=User,
    responses=_CHANGING,
    openapi_extra=documented_body(UserChange),
)
async def change_user(
    admin: Admin,
    user_id: UUID,
    seen: Seen,
    wish: Annotated[UserChange, Depends(json_body(UserChange))],
) -> Response:
    """Change roles, stores, or whether they may log in. Whoever is given less is logged out;
    more holds from the next refresh of a token. Nobody gives themselves more."""
    by, people = admin
    return _tagged(await people.change(by, user_id, wish, seen=seen))


@router.post("/users/{user_id}/deactivate", response_model=User, responses=_CHANGING)
async def deactivate(admin: Admin, user_id: UUID, seen: Seen) -> Response:
    """End every session of a person, and let them begin no other."""
    by, people = admin
    return _tagged(await people.change(by, user_id, UserChange(is_active=False), seen=seen))


@router.post(
    "/users/{user_id}/password",
    response_model=UserWithPassword,
    responses=_CHANGING,
    openapi_extra=documented_body(PasswordReset),
)
async def reset_password(
    admin: Admin,
    user_id: UUID,
    seen: Seen,
    reset: Annotated[PasswordReset, Depends(json_body(PasswordReset))],
) -> Response:
    """Give a person a password that works once, and end their sessions."""
    by, people = admin
    return _with_password(await people.reset_password(by, user_id, reset.password, seen=seen), 200)


def _tagged(user: User) -> Response:
    return _json(user, {"ETag": f'"{user.version}"'})


def _with_password(made: UserWithPassword, status: int) -> Response:
    headers = {"ETag": f'"{made.user.version}"', **NO_STORE}
    if status == 201:
        headers["Location"] = f"/api/admin/users/{made.user.user_id}"
    return _json(made, headers, status)


def _json(body: Wire, headers: dict[str, str], status: int = 200) -> Response:
    return Response(body.model_dump_json(), status, media_type="application/json", headers=headers)
