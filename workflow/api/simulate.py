"""What each role would get for a question, for those who govern."""

from typing import Annotated

from fastapi import APIRouter, Depends

from contracts.context import Permission
from contracts.simulation import SimulateRequest, Simulation
from kit.payload import documented_body, json_body
from kit.problems import Forbidden, Unavailable, documented
from workflow.api.access import Caller, Running
from workflow.execute.errors import ExecutionError
from workflow.simulate import simulate

router = APIRouter(tags=["policy"], responses=documented(401, 403, 413, 415, 422, 503))


@router.post("/policy/simulate", openapi_extra=documented_body(SimulateRequest))
async def post_simulate(
    caller: Caller,
    running: Running,
    request: Annotated[SimulateRequest, Depends(json_body(SimulateRequest))],
) -> Simulation:
    """Verdict, scope and risk for each role, without running the statement."""
    if not {Permission.ADMIN, Permission.AUDIT} & set(caller.permissions):
        raise Forbidden(
            f"The role {caller.role} does not govern, and sees no other role's part.",
            kind="permission-missing",
        )
    try:
        return await simulate(request, caller, running.parts)
    except ExecutionError as error:
        raise Unavailable(f"The warehouse cannot be asked just now. {error.message}") from error
