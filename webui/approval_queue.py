"""The queue of approvals as a person looks at it: which of it, in which order."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, cast
from urllib.parse import urlencode

from fastapi import Depends, Query

from contracts.approval import ApprovalItem, ApprovalPage
from webui.visitor import Visitor

Show = Literal["open", "approved", "rejected", "expired", "cancelled", "stale", "all"]
Sort = Literal["oldest", "newest", "risk", "expiry"]
Whose = Literal["everyone", "mine", "in-hand"]
Least = Literal[0, 20, 40, 70]
SHOWS: tuple[Show, ...] = ("open", "approved", "rejected", "expired", "cancelled", "stale", "all")
SORTS: Mapping[Sort, str] = {
    "oldest": "Oldest first",
    "newest": "Newest first",
    "risk": "Highest risk first",
    "expiry": "Expires first",
}
WHOSE: Mapping[Whose, str] = {
    "everyone": "Everybody's",
    "mine": "Asked by me",
    "in-hand": "In my hands",
}
LEAST: Mapping[Least, str] = {
    0: "Any risk",
    20: "Risk of 20 or more",
    40: "Risk of 40 or more",
    70: "Risk of 70 or more",
}
MOST = "100"


@dataclass(frozen=True, slots=True)
class Filters:
    """What is looked at. `role` is the asker's; empty for any."""

    show: Show
    sort: Sort
    whose: Whose
    least: Least
    role: str

    def query(self, **changed: str) -> str:
        """How it is asked for again, in an address; what is as usual is left out."""
        values = {
            "show": self.show, "sort": self.sort, "whose": self.whose, "least": str(self.least),
            "role": self.role, **changed,
        }  # fmt: skip
        return urlencode({name: v for name, v in values.items() if v != _USUAL[name]})


_USUAL = {"show": "open", "sort": "oldest", "whose": "everyone", "least": "0", "role": ""}


def _filters(
    show: Show = "open",
    sort: Sort = "oldest",
    whose: Whose = "everyone",
    least: Annotated[int, Query()] = 0,
    role: Annotated[str, Query(max_length=64)] = "",
) -> Filters:
    chosen = cast(Least, least if least in LEAST else 0)
    return Filters(show, sort, whose, chosen, role)


FiltersOf = Annotated[Filters, Depends(_filters)]


@dataclass(frozen=True, slots=True)
class Queue:
    """What is listed on the left; `total` counts what fits, listed or not; `roles` are those to
    choose from."""

    filters: Filters
    items: tuple[ApprovalItem, ...]
    total: int
    counts: dict[str, int]

    @property
    def roles(self) -> tuple[str, ...]:
        """Of the people who asked for what is listed, and the one that is chosen."""
        found = {item.asker.role for item in self.items} | {self.filters.role}
        return tuple(sorted(found - {""}))


async def read(visitor: Visitor, filters: Filters) -> Queue:
    """The queue as it stands."""
    statuses = ("pending", "claimed") if filters.show == "open" else (filters.show,)
    items: list[ApprovalItem] = []
    total, counts = 0, dict[str, int]()
    for status in statuses:
        query = {} if status == "all" else {"status": status}
        found = ApprovalPage.model_validate(
            await visitor.get("/api/approvals", limit=MOST, **query, **_asked(filters))
        )
        items += found.items
        total += found.total
        counts = {of.value: number for of, number in found.counts.items()}
    counts["open"] = counts.get("pending", 0) + counts.get("claimed", 0)
    counts["all"] = sum(counts.values()) - counts["open"]
    return Queue(filters, tuple(_sorted(items, filters.sort)), total, counts)


def _asked(filters: Filters) -> dict[str, str]:
    query: dict[str, str] = {"sort": filters.sort}
    if filters.whose == "mine":
        query["mine"] = "true"
    if filters.whose == "in-hand":
        query["claimed_by_me"] = "true"
    if filters.least:
        query["least_score"] = str(filters.least)
    if filters.role:
        query["asker_role"] = filters.role
    return query


def _sorted(items: list[ApprovalItem], sort: Sort) -> list[ApprovalItem]:
    if sort == "risk":
        return sorted(items, key=lambda item: (-item.risk.score, item.requested_at))
    if sort == "expiry":
        return sorted(items, key=lambda item: item.expires_at)
    return sorted(items, key=lambda item: item.requested_at, reverse=sort == "newest")
