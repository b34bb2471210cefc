"""What can be asked."""

from fastapi import APIRouter, Response

from contracts.catalog import Catalog, Suggestions
from gateway.routes.caller import WORKFLOW_PROBLEMS, CallerOf, Role
from gateway.routes.forward import forward

router = APIRouter(prefix="/api", tags=["catalog"])


@router.get("/suggestions", response_model=Suggestions, responses=WORKFLOW_PROBLEMS)
async def suggestions(caller: CallerOf, role: Role = None) -> Response:
    """Questions that work for the role."""
    return await forward(caller, "GET", "/suggestions", context=caller.context(role))


@router.get("/catalog", response_model=Catalog, responses=WORKFLOW_PROBLEMS)
async def catalog(caller: CallerOf, role: Role = None) -> Response:
    """Metrics and dimensions that the role may use."""
    return await forward(caller, "GET", "/catalog", context=caller.context(role))
