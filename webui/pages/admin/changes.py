"""The record of governing changes: who changed what, before and after."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal, get_args
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response

from contracts.governance import Change, ChangeKind, ChangePage
from webui.difference import differences
from webui.pages.admin.frame import admin_page, allowed
from webui.visitor import Visitor
from webui.words import plain

router = APIRouter(prefix="/admin/changes")
VisitorOf = Annotated[Visitor, Depends(allowed("/admin/changes"))]
Person = Annotated[str, Query(max_length=128)]
Day = Annotated[str, Query(max_length=10)]


@router.get("")
async def changes(
    visitor: VisitorOf,
    kind: ChangeKind | Literal[""] = "",
    person: Person = "",
    subject: Person = "",
    since: Day = "",
    until: Day = "",
    cursor: Annotated[int | None, Query(ge=1)] = None,
) -> Response:
    """A page of those that fit, newest first. `since` and `until` are days in UTC, both of them
    included; what is no day is left out."""
    asked = {
        "kind": kind,
        "person": person.strip(),
        "subject": subject.strip(),
        "since": since,
        "until": until,
    }
    query = {
        "kind": kind,
        "person": person.strip(),
        "subject": subject.strip(),
        "since": _begin(since, 0),
        "until": _begin(until, 1),
        "cursor": str(cursor or ""),
    }
    given = {name: value for name, value in query.items() if value}
    found = ChangePage.model_validate(await visitor.get("/api/admin/changes", **given))
    return admin_page(
        visitor,
        "admin/changes.html",
        found=found,
        asked=asked,
        earlier=urlencode({**asked, "cursor": found.next}) if found.next else None,
        kinds=get_args(ChangeKind),
        name_of=_name_of,
        differences=differences,
        plain=plain,
    )


def _begin(day: str, later: int) -> str:
    try:
        found = date.fromisoformat(day) + timedelta(days=later)
    except (ValueError, OverflowError):
        return ""
    return datetime.combine(found, time(), UTC).isoformat()


def _name_of(change: Change) -> str:
    """What was changed, by the name that people know it by, where it has one."""
    for state in (change.after, change.before):
        if isinstance(state, dict):
            for key in ("username", "question", "title", "name"):
                name = state.get(key)
                if isinstance(name, str) and name:
                    return name
    return change.subject
