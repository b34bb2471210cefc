"""What the caller's role may ask with."""

from fastapi import APIRouter

from contracts.catalog import Catalog, Suggestions
from contracts.context import Permission
from kit.problems import Unavailable, documented
from workflow.api.access import Caller, Running
from workflow.execute.errors import ExecutionError
from workflow.plan.suggestions import suggestions

router = APIRouter(
    tags=["catalog"],
    responses=documented(401, 503),
)


@router.get("/catalog")
async def get_catalog(caller: Caller, running: Running) -> Catalog:
    """Metrics and dimensions of the views that the role is allowed."""
    return running.parts.models.catalog(caller)


@router.get("/suggestions")
async def get_suggestions(caller: Caller, running: Running) -> Suggestions:
    """Questions that work for the role; none for a role that does not ask."""
    if Permission.ASK not in caller.permissions:
        return Suggestions(items=())
    model = running.parts.models.part(caller)
    try:
        profile = await running.parts.profiles.get(model, caller)
    except ExecutionError as error:
        raise Unavailable("The warehouse cannot be reached just now. Please try again.") from error
    whole = running.parts.models.whole
    return Suggestions(items=suggestions(model, caller, profile, full_model=whole))
