"""Go anywhere: pages, one's conversations, and metrics to ask for. A page of its own, and the list
in the dialog that Ctrl-K opens on every page."""

import asyncio
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from fastapi.responses import Response

from contracts.catalog import Catalog
from contracts.context import Permission
from contracts.run import ConversationPage
from webui.gateway_client import GatewayProblem, SessionEnded
from webui.page import page
from webui.pages.admin.frame import sections_for
from webui.visitor import Visitor, VisitorOf

router = APIRouter()
MOST = 8
"""Of a kind; more is found by typing."""
_ASK = frozenset({Permission.ASK})
PAGES = (
    ("Home", "/", frozenset[str]()),
    ("Ask", "/analytics", _ASK),
    ("Gallery", "/gallery", _ASK),
    ("Approvals", "/approvals", frozenset[str]()),
    ("Record", "/audit", frozenset({Permission.AUDIT})),
)


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere to go; `more` says what it is, and is searched too."""

    label: str
    href: str
    more: str = ""

    def fits(self, words: list[str]) -> bool:
        """Whether every word occurs."""
        text = f"{self.label} {self.more}".casefold()
        return all(word in text for word in words)


@router.get("/go")
async def go(visitor: VisitorOf, q: Annotated[str, Query(max_length=200)] = "") -> Response:
    """What fits the words; everything, shortened, for none."""
    words = q.casefold().split()
    conversations, metrics = await asyncio.gather(_conversations(visitor), _metrics(visitor))
    groups = {"Pages": _pages(visitor), "Conversations": conversations, "Metrics": metrics}
    found = {
        name: fitting[:MOST]
        for name, places in groups.items()
        if (fitting := [place for place in places if place.fits(words)])
    }
    if words and visitor.person.may(Permission.ASK):
        found["Ask"] = [Place(f"Ask “{q.strip()}”", _asking(q.strip()))]
    is_part = visitor.request.headers.get("hx-request") == "true"
    template = "palette_items.html" if is_part else "palette.html"
    return page(visitor.request, template, visitor=visitor, status=200, groups=found, q=q)


def _pages(visitor: Visitor) -> list[Place]:
    held = set(visitor.person.permissions)
    places = [Place(label, path) for label, path, needed in PAGES if needed <= held]
    return [*places, *(Place(s.label, s.path, "Admin") for s in sections_for(visitor))]


async def _conversations(visitor: Visitor) -> list[Place]:
    found = await _or_nothing(visitor, "/api/conversations", limit="100")
    if found is None:
        return []
    return [
        Place(one.title, f"/analytics?conversation={one.conversation_id}")
        for one in ConversationPage.model_validate(found).items
    ]


async def _metrics(visitor: Visitor) -> list[Place]:
    found = await _or_nothing(visitor, "/api/catalog")
    if found is None:
        return []
    return [
        Place(metric.label, _asking(metric.label), " ".join((*metric.synonyms, metric.name)))
        for metric in Catalog.model_validate(found).metrics
    ]


async def _or_nothing(visitor: Visitor, path: str, **query: str) -> dict[str, object] | None:
    """None for whoever does not ask, and where it cannot be had just now: the rest still leads
    somewhere."""
    if not visitor.person.may(Permission.ASK):
        return None
    try:
        return {**await visitor.get(path, **query)}
    except SessionEnded:
        raise
    except GatewayProblem:
        return None


def _asking(question: str) -> str:
    return "/analytics?" + urlencode({"question": question})
