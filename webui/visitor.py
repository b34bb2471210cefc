"""Who opened a page: the session behind a request, kept fresh, and who that is."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote, urlencode

import orjson
from fastapi import Depends, Request
from pydantic import JsonValue

from contracts.problem import Problem
from webui.gateway_client import Bearer, GatewayClient, GatewayProblem
from webui.person import Person
from webui.scope import chosen
from webui.services import Services, services_of
from webui.session import Session, SessionEnded, is_same_token

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_HEADER = "X-CSRF-Token"
CSRF_FIELD = "csrf"
LONGEST_QUESTION = 4000


class LoginNeeded(Exception):
    """Nobody is logged in, or no longer; `back` is where to go on afterwards."""

    def __init__(self, back: str) -> None:
        super().__init__(back)
        self.back = back


class ForeignForm(Exception):
    """A form that did not come from one of our pages."""


@dataclass(slots=True)
class Visitor:
    """A person at a page, and the means to call the gateway for them."""

    request: Request
    services: Services
    session: Session
    person: Person

    @property
    def bearer(self) -> Bearer:
        """To call the gateway with, in the role that this person chose."""
        return Bearer(self.session.access_token, self.person.chosen_role)

    @property
    def gateway(self) -> GatewayClient:
        """The gateway; pass it `bearer`."""
        return self.services.gateway

    def require(self, permission: str) -> None:
        """For a page that is nothing without this one of contracts.context.Permission. Raises
        GatewayProblem."""
        if not self.person.may(permission):
            role = self.person.role.replace("_", " ")
            raise GatewayProblem(
                Problem(
                    type="about:blank",
                    title="Not allowed",
                    status=403,
                    detail=f"The role {role} does not {permission} anything here.",
                )
            )

    async def get(self, path: str, **query: str) -> dict[str, JsonValue]:
        """A JSON object of the gateway's. Raises GatewayProblem or SessionEnded."""
        reply = await self.gateway.call(self.bearer, "GET", path, query=query)
        found: dict[str, JsonValue] = orjson.loads(reply.content)
        return found


async def visitor(request: Request) -> AsyncIterator[Visitor]:
    """The dependency of every page for people who are logged in.

    Raises LoginNeeded, ForeignForm, GatewayProblem.
    """
    services = services_of(request)
    cookie = services.sessions.read(request)
    if cookie is None:
        raise LoginNeeded(await _back(request))
    await _refuse_foreign(request, cookie)
    try:
        session = await services.sessions.fresh(cookie)
        person = await _person(request, services, session)
    except SessionEnded as error:
        raise LoginNeeded(await _back(request)) from error
    if session != cookie:
        request.state.session_to_write = session
    try:
        yield Visitor(request, services, session, person)
    except SessionEnded as error:
        raise LoginNeeded(await _back(request)) from error


async def _person(request: Request, services: Services, session: Session) -> Person:
    """In the role that they chose, where they hold several."""
    person = await services.people.of(Bearer(session.access_token))
    role, store = chosen(request.cookies, person.roles, person.store_ids)
    if role and role != person.role:
        person = await services.people.of(Bearer(session.access_token, role))
    return person.model_copy(update={"chosen_role": role, "chosen_store": store})


VisitorOf = Annotated[Visitor, Depends(visitor)]


def address(request: Request) -> str:
    """Of the page, within this site."""
    query = f"?{request.url.query}" if request.url.query else ""
    return request.url.path + query


def refuse_foreign_origin(request: Request) -> None:
    """For forms of people who have no session yet. Raises ForeignForm."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:  # every browser of today says it
        is_own = site in ("same-origin", "none")
    else:
        host = request.headers.get("host", "")
        origin = request.headers.get("origin", f"http://{host}")
        is_own = origin in (f"http://{host}", f"https://{host}")
    if not is_own:
        raise ForeignForm


async def _refuse_foreign(request: Request, session: Session) -> None:
    if request.method in SAFE_METHODS:
        return
    refuse_foreign_origin(request)
    given = request.headers.get(CSRF_HEADER)
    if given is None:
        given = str((await request.form()).get(CSRF_FIELD, ""))
    if not is_same_token(session.csrf, given):
        raise ForeignForm


async def _back(request: Request) -> str:
    """Where to go on after logging in: to the same page, or, of a form that was sent, to the box
    with the question that was typed."""
    if request.method in SAFE_METHODS:
        return quote(address(request), safe="/")  # whole: what follows an & would be lost
    typed = str((await request.form()).get("question", ""))[:LONGEST_QUESTION]
    return quote(f"/analytics?{urlencode({'question': typed})}", safe="/") if typed else "/"


__all__ = ["ForeignForm", "GatewayProblem", "LoginNeeded", "Person", "Visitor", "VisitorOf"]
