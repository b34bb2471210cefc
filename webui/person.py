"""Who is logged in, as the gateway says."""

from cachetools import TTLCache

from contracts.people import Me
from webui.gateway_client import Bearer, GatewayClient
from webui.words import stores

KEPT_SECONDS = 20.0
_MAX_KEPT = 10_000


class Person(Me):
    """What the gateway says of the person in one of their roles, and what they chose: a role, where
    they hold several, and one store of theirs."""

    chosen_role: str = ""
    chosen_store: int | None = None

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
        self._known = TTLCache[Bearer, Person](_MAX_KEPT, KEPT_SECONDS)

    async def of(self, bearer: Bearer) -> Person:
        """Raises GatewayProblem or SessionEnded."""
        person = self._known.get(bearer)
        if person is None:
            reply = await self._gateway.call(bearer, "GET", "/api/me")
            person = Person.model_validate_json(reply.content)
            self._known[bearer] = person
        return person

    def forget(self, access_token: str) -> None:
        """Of somebody who logs out."""
        for bearer in [one for one in self._known if one.access_token == access_token]:
            del self._known[bearer]
