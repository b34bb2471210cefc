"""Who is logged in, as the gateway says."""

import time
from collections import OrderedDict
from dataclasses import dataclass

from webui.gateway_client import GatewayClient
from webui.words import stores

KEPT_SECONDS = 20.0
_MAX_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class Person:
    """What `/api/me` says of the person."""

    user_id: str
    username: str
    role: str
    roles: tuple[str, ...]
    permissions: tuple[str, ...]
    store_ids: tuple[int, ...]
    is_all_stores: bool
    allowed_views: tuple[str, ...]
    chosen_role: str = ""
    chosen_store: int | None = None

    @property
    def asking_role(self) -> str:
        """The role that questions are asked in: the chosen one, else the first."""
        return self.chosen_role or self.role

    @property
    def asking_stores(self) -> str:
        """The stores that questions are about, in words."""
        if self.chosen_store is not None:
            return f"store {self.chosen_store}"
        return stores("all" if self.is_all_stores else self.store_ids)

    @property
    def has_choice(self) -> bool:
        """Whether there is another scope to ask in."""
        return len(self.roles) > 1 or len(self.store_ids) > 1

    def may(self, permission: str) -> bool:
        """Whether the role holds a permission of contracts.context.Permission."""
        return permission in self.permissions


class People:
    """Whom access tokens belong to, kept for `KEPT_SECONDS`: what a page shows of a person's
    rights may be that old. What they get is decided by the gateway at every call."""

    def __init__(self, gateway: GatewayClient) -> None:
        self._gateway = gateway
        self._known: OrderedDict[str, tuple[float, Person]] = OrderedDict()

    async def of(self, access_token: str) -> Person:
        """Raises GatewayProblem or SessionEnded."""
        until, person = self._known.get(access_token, (0.0, None))
        if person is None or until < time.monotonic():
            person = await self._ask(access_token)
            self._known[access_token] = (time.monotonic() + KEPT_SECONDS, person)
            self._known.move_to_end(access_token)
            if len(self._known) > _MAX_KEPT:
                self._known.popitem(last=False)
        return person

    def forget(self, access_token: str) -> None:
        """Of somebody who logs out."""
        self._known.pop(access_token, None)

    async def _ask(self, access_token: str) -> Person:
        me = (await self._gateway.call(access_token, "GET", "/api/me")).json()
        return Person(
            user_id=me["user_id"],
            username=me["username"],
            role=me["role"],
            roles=tuple(me["roles"]),
            permissions=tuple(me["permissions"]),
            store_ids=tuple(me["store_ids"]),
            is_all_stores=me["is_all_stores"],
            allowed_views=tuple(me["allowed_views"]),
        )
