"""What models used, and the budgets: for those who govern."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import JsonValue

from contracts.context import Permission, UserContext
from contracts.governance import NewChange
from contracts.usage import BudgetChange, Budgets, Usage, UsageSearch
from kit import governing_changes
from kit.database import connected
from kit.payload import documented_body, json_body
from kit.problems import Conflict, Forbidden, documented
from workflow.api.access import Caller, Running
from workflow.bootstrap import Workflow
from workflow.requests import person_of
from workflow.store import model_budgets, usage
from workflow.store.model_budgets import BudgetRow

MOST_DAYS = 366
USUAL_DAYS = 30
router = APIRouter(prefix="/admin", tags=["admin"], responses=documented(401, 403, 422, 503))


async def admin(caller: Caller) -> UserContext:
    """Somebody who governs. Raises Forbidden."""
    if Permission.ADMIN not in caller.permissions:
        raise Forbidden(f"The role {caller.role} does not see budgets.", kind="permission-missing")
    return caller


Admin = Annotated[UserContext, Depends(admin)]


@router.get("/usage", responses=documented(409))
async def get_usage(
    caller: Admin, running: Running, search: Annotated[UsageSearch, Query()]
) -> Usage:
    """Questions, tokens and cost by day, person, role and model."""
    since, until = _days(search)
    org_id = caller.org_id
    async with connected(running.parts.pool) as connection, connection.transaction():
        found = {
            by: await usage.lines(connection, org_id, by, since=since, until=until)
            for by in usage.LINES
        }
        today = await usage.today(connection, org_id)
    return Usage(
        since=since,
        until=until,
        today=today,
        total=found["total"][0],
        by_day=tuple(found["day"]),
        by_person=tuple(found["person"]),
        by_role=tuple(found["role"]),
        by_model=tuple(found["model"]),
    )


@router.get("/budgets")
async def get_budgets(caller: Admin, running: Running) -> Budgets:
    """The budgets in force."""
    async with connected(running.parts.pool) as connection:
        return _shown(await model_budgets.of_organisation(connection, caller.org_id), running)


@router.put(
    "/budgets",
    responses=documented(409, 413, 415),
    openapi_extra=documented_body(BudgetChange),
)
async def set_budgets(
    caller: Admin,
    running: Running,
    wish: Annotated[BudgetChange, Depends(json_body(BudgetChange))],
) -> Budgets:
    """Set them. They hold in every process within seconds."""
    async with connected(running.parts.pool) as connection, connection.transaction():
        before = await model_budgets.of_organisation(connection, caller.org_id)
        row = BudgetRow(wish.base_version, wish.person, wish.organisation, dict(wish.roles))
        version = None
        if before.version == wish.base_version:
            version = await model_budgets.replace(connection, caller.org_id, row)
        if version is None:
            raise Conflict(
                f"The budgets are at version {before.version} by now, and this starts from "
                f"version {wish.base_version}. Look at them again.",
                kind="budgets-moved-on",
            )
        after = BudgetRow(version, row.person, row.organisation, row.roles)
        change = NewChange(
            kind="budget",
            subject="model tokens",
            action="set",
            before=_on_record(before) if before.version else None,
            after=_on_record(after),
        )
        await governing_changes.record(connection, caller.org_id, person_of(caller), change)
    return _shown(after, running)


def _shown(row: BudgetRow, running: Workflow) -> Budgets:
    person, organisation = running.budget_defaults
    return Budgets(
        version=row.version,
        person=row.person,
        organisation=row.organisation,
        roles=row.roles or {},
        default_person=person,
        default_organisation=organisation,
    )


def _on_record(row: BudgetRow) -> JsonValue:
    """As `store.governed` compares it."""
    return {
        "version": row.version,
        "person": row.person,
        "organisation": row.organisation,
        "roles": {**(row.roles or {})},
    }


def _days(search: UsageSearch) -> tuple[date, date]:
    until = search.until or datetime.now(UTC).date()
    since = search.since or max(until - timedelta(days=USUAL_DAYS - 1), date.min)
    if not since <= until or (until - since).days >= MOST_DAYS:
        raise Conflict(
            f"The days go from the earlier to the later, at most {MOST_DAYS} of them.",
            kind="days-out-of-range",
        )
    return since, until
