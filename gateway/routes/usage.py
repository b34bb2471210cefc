"""What models used, and the budgets, handed on."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from contracts.context import Permission, UserContext
from contracts.usage import BudgetChange, Budgets, Usage, UsageSearch
from gateway import policy
from gateway.routes.caller import WORKFLOW_PROBLEMS, Caller, CallerOf, Role
from gateway.routes.forward import forward
from kit.payload import documented_body, json_body
from kit.problems import documented

router = APIRouter(prefix="/api/admin", tags=["admin"], responses=WORKFLOW_PROBLEMS)


class UsageOf(UsageSearch):
    """Asked in one of one's roles."""

    role: Role = None


@router.get("/usage", response_model=Usage, responses=documented(409))
async def usage(caller: CallerOf, search: Annotated[UsageOf, Query()]) -> Response:
    """Questions, tokens and cost of models by day, person, role and model, for admins."""
    context = _admin(caller, search.role)
    given = search.model_dump(mode="json", exclude_none=True, exclude={"role"})
    return await forward(caller, "GET", "/admin/usage", context=context, **given)


@router.get("/budgets", response_model=Budgets)
async def budgets(caller: CallerOf, role: Role = None) -> Response:
    """The token budgets in force, for admins."""
    return await forward(caller, "GET", "/admin/budgets", context=_admin(caller, role))


async def governing(caller: CallerOf, role: Role = None) -> UserContext:
    """The context of an admin. Raises Forbidden."""
    return _admin(caller, role)


@router.put(
    "/budgets",
    response_model=Budgets,
    responses=documented(409, 413, 415),
    openapi_extra=documented_body(BudgetChange),
)
async def set_budgets(
    caller: CallerOf,
    context: Annotated[UserContext, Depends(governing)],
    wish: Annotated[BudgetChange, Depends(json_body(BudgetChange))],
) -> Response:
    """Set them, in the place of the settings. They hold within seconds."""
    return await forward(caller, "PUT", "/admin/budgets", context=context, body=wish)


def _admin(caller: Caller, role: str | None) -> UserContext:
    context = caller.context(role)
    policy.require(context, Permission.ADMIN)
    return context
