"""Who calls: the user context of the internal token, and of nothing else."""

from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyHeader

from contracts.context import Permission, UserContext
from kit import internal_token
from kit.problems import Forbidden, Unauthorised
from workflow.bootstrap import Workflow

header = APIKeyHeader(name=internal_token.HEADER, auto_error=False)


async def workflow(request: Request) -> Workflow:
    """The running workflow."""
    running: Workflow = request.app.state.workflow
    return running


Running = Annotated[Workflow, Depends(workflow)]


async def context(running: Running, token: Annotated[str | None, Security(header)]) -> UserContext:
    """The verified user context. Raises Unauthorised."""
    try:
        return internal_token.verify(token, running.internal_key)
    except internal_token.InvalidInternalToken as error:
        raise Unauthorised("Invalid internal token", kind="invalid-internal-token") from error


Caller = Annotated[UserContext, Depends(context)]


async def auditor(caller: Caller) -> UserContext:
    """Somebody who may read the record. Raises Forbidden."""
    if Permission.AUDIT not in caller.permissions:
        raise Forbidden(
            f"The role {caller.role} does not read the record.", kind="permission-missing"
        )
    return caller


Auditor = Annotated[UserContext, Depends(auditor)]


async def admin(caller: Caller) -> UserContext:
    """Somebody who may change what others are told and may see. Raises Forbidden."""
    if Permission.ADMIN not in caller.permissions:
        raise Forbidden(
            f"The role {caller.role} does not administer this organisation.",
            kind="permission-missing",
        )
    return caller


Admin = Annotated[UserContext, Depends(admin)]
