"""People and their stores: who there is, adding one, changing what one may see."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query
from fastapi.responses import RedirectResponse, Response
from pydantic import JsonValue

from contracts.people import AccessChoices, User, UserPage, UserWithPassword
from webui.gateway_client import GatewayProblem, SessionEnded, said
from webui.pages.admin.frame import admin_page, allowed
from webui.visitor import Visitor
from webui.words import plain, stores

PATH = "/admin/users"
router = APIRouter(prefix=PATH)
VisitorOf = Annotated[Visitor, Depends(allowed(PATH))]
Name = Annotated[str, Query(max_length=128)]
Typed = Annotated[str, Form()]
_MOST = "50"


@dataclass(frozen=True, slots=True)
class Wish:
    """What was typed or chosen for a person."""

    username: str = ""
    default_role: str = ""
    roles: tuple[str, ...] = ()
    scope: str = "some"
    store_ids: tuple[int, ...] = ()

    @property
    def access(self) -> dict[str, JsonValue]:
        """As the gateway takes it: the default role first, whether it was ticked or not."""
        named = [self.default_role, *self.roles] if self.default_role else list(self.roles)
        is_all = self.scope == "all"
        return {
            "roles": [*dict.fromkeys(named)],
            "is_all_stores": is_all,
            "store_ids": [] if is_all else [*self.store_ids],
        }


async def wish(
    username: Typed = "",
    default_role: Typed = "",
    roles: Annotated[list[str] | None, Form()] = None,
    scope: Typed = "some",
    store_ids: Annotated[list[int] | None, Form()] = None,
) -> Wish:
    """Of a form."""
    return Wish(username.strip(), default_role, tuple(roles or ()), scope, tuple(store_ids or ()))


WishOf = Annotated[Wish, Depends(wish)]
Version = Annotated[int, Form(ge=1, le=999_999_999)]


@router.get("")
async def users(visitor: VisitorOf, name: Name = "", cursor: Name = "") -> Response:
    """The people, by name, and a form to add one."""
    return await _list(visitor, name=name.strip(), cursor=cursor)


@router.post("")
async def add(visitor: VisitorOf, new: WishOf) -> Response:
    """Add a person. Their password is in this answer, and nowhere else."""
    body: dict[str, JsonValue] = {"username": new.username, **new.access}
    try:
        reply = await visitor.gateway.call(visitor.bearer, "POST", "/api/admin/users", body=body)
    except SessionEnded:
        raise
    except GatewayProblem as error:
        return await _list(visitor, problem=said(error), new=new)
    made = UserWithPassword.model_validate_json(reply.content)
    return _secret(await _one(visitor, made.user, once=made.one_time_password, done="Added."))


@router.get("/{user_id}")
async def user(visitor: VisitorOf, user_id: UUID, done: str = "") -> Response:
    """One person, and the form to change them."""
    said_done = "Saved. It is on record." if done == "saved" else ""
    return await _one(visitor, await _read(visitor, user_id), done=said_done)


@router.post("/{user_id}")
async def change(visitor: VisitorOf, user_id: UUID, version: Version, to: WishOf) -> Response:
    """Save roles and stores."""
    return await _change(visitor, user_id, version, to.access, to)


@router.post("/{user_id}/active")
async def activate(
    visitor: VisitorOf, user_id: UUID, version: Version, is_active: Annotated[bool, Form()]
) -> Response:
    """Let them log in, or no longer."""
    return await _change(visitor, user_id, version, {"is_active": is_active})


@router.post("/{user_id}/password")
async def reset_password(visitor: VisitorOf, user_id: UUID, version: Version) -> Response:
    """Make a password that works once; it is in this answer, and nowhere else."""
    try:
        reply = await visitor.gateway.call(
            visitor.bearer,
            "POST",
            f"/api/admin/users/{user_id}/password",
            body={},
            headers={"If-Match": f'"{version}"'},
        )
    except SessionEnded:
        raise
    except GatewayProblem as error:
        return await _one(visitor, await _read(visitor, user_id), problem=said(error))
    made = UserWithPassword.model_validate_json(reply.content)
    return _secret(
        await _one(
            visitor, made.user, once=made.one_time_password, done="Every session of theirs ended."
        )
    )


async def _change(
    visitor: Visitor,
    user_id: UUID,
    version: int,
    body: dict[str, JsonValue],
    typed: Wish | None = None,
) -> Response:
    try:
        await visitor.gateway.call(
            visitor.bearer,
            "PATCH",
            f"/api/admin/users/{user_id}",
            body=body,
            headers={"If-Match": f'"{version}"'},
        )
    except SessionEnded:
        raise
    except GatewayProblem as error:
        if error.problem.status == 404:
            raise
        found = await _read(visitor, user_id)
        return await _one(visitor, found, problem=said(error), typed=typed)
    return RedirectResponse(f"{PATH}/{user_id}?done=saved", 303)


async def _read(visitor: Visitor, user_id: UUID) -> User:
    return User.model_validate(await visitor.get(f"/api/admin/users/{user_id}"))


async def _choices(visitor: Visitor) -> AccessChoices:
    return AccessChoices.model_validate(await visitor.get("/api/admin/access"))


async def _list(
    visitor: Visitor,
    *,
    name: str = "",
    cursor: str = "",
    problem: str = "",
    new: Wish | None = None,
) -> Response:
    query = {"name": name, "limit": _MOST, **({"cursor": cursor} if cursor else {})}
    found = UserPage.model_validate(await visitor.get("/api/admin/users", **query))
    return admin_page(
        visitor,
        "admin/users.html",
        found=found,
        name=name,
        following=urlencode({"name": name, "cursor": found.next}) if found.next else None,
        choices=await _choices(visitor),
        problem=problem,
        wish=new or Wish(),
        is_adding=new is not None,
        plain=plain,
        scope_of=_scope,
    )


async def _one(
    visitor: Visitor,
    user: User,
    *,
    problem: str = "",
    done: str = "",
    once: str | None = None,
    typed: Wish | None = None,
) -> Response:
    standing = Wish(
        user.username,
        user.roles[0] if user.roles else "",
        user.roles,
        "all" if user.is_all_stores else "some",
        user.store_ids,
    )
    return admin_page(
        visitor,
        "admin/user.html",
        user=user,
        choices=await _choices(visitor),
        problem=problem,
        done=done,
        once=once,
        wish=typed or standing,
        is_self=user.user_id == visitor.person.user_id,
        plain=plain,
        scope_of=_scope,
    )


def _scope(user: User) -> str:
    return stores("all" if user.is_all_stores else user.store_ids)


def _secret(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
