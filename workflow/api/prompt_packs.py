"""Prompt packs and the language model: versions, previews, evaluations, what is in force."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from contracts.context import UserContext
from contracts.prompt_pack import (
    ActivationOutcome,
    PreviewRequest,
    PromptPackDetail,
    PromptPackDiff,
    PromptPackList,
    PromptPackProposal,
    PromptPreview,
    RollBack,
)
from kit.database import connected
from kit.payload import documented_body, json_body
from kit.problems import Unavailable, documented
from workflow import pack_changes, pack_list
from workflow.api.access import Admin, Running
from workflow.bootstrap import Workflow
from workflow.execute.errors import ExecutionError
from workflow.preview import preview

Version = Annotated[int, Query(ge=0, le=2**31 - 1)]
InPath = Annotated[int, Path(ge=0, le=2**31 - 1)]
router = APIRouter(
    prefix="/admin/prompt-packs", tags=["prompt packs"], responses=documented(401, 403, 422, 503)
)
_CHANGED = documented(404, 409)
_READ = documented(413, 415)


@router.get("")
async def get_packs(caller: Admin, running: Running) -> PromptPackList:
    """Every version, newest first, with what is in force."""
    async with connected(running.parts.pool) as connection:
        return await pack_list.listed(connection, caller, running.packs, running.suite)


@router.get("/diff", responses=documented(404))
async def get_diff(
    caller: Admin, running: Running, before: Version, after: Version
) -> PromptPackDiff:
    """What differs between two versions."""
    async with connected(running.parts.pool) as connection:
        return pack_list.difference(
            (before, await pack_changes.blocks_of(connection, caller, before, running.packs)),
            (after, await pack_changes.blocks_of(connection, caller, after, running.packs)),
        )


@router.get("/{version:int}", responses=documented(404))
async def get_pack(caller: Admin, running: Running, version: InPath) -> PromptPackDetail:
    """One version with its text."""
    return await _detail(caller, running, version)


@router.post(
    "",
    status_code=201,
    responses={**_CHANGED, **_READ},
    openapi_extra=documented_body(PromptPackProposal),
)
async def propose(
    caller: Admin,
    running: Running,
    given: Annotated[PromptPackProposal, Depends(json_body(PromptPackProposal))],
) -> PromptPackDetail:
    """Add a version. It says nothing to anybody until it is activated."""
    async with connected(running.parts.pool) as connection, connection.transaction():
        version = await pack_changes.propose(connection, caller, given, running.packs)
    return await _detail(caller, running, version)


@router.post(
    "/preview",
    responses={**documented(404), **_READ},
    openapi_extra=documented_body(PreviewRequest),
)
async def post_preview(
    caller: Admin,
    running: Running,
    request: Annotated[PreviewRequest, Depends(json_body(PreviewRequest))],
) -> PromptPreview:
    """The prompt that the question would produce. No model is called."""
    async with connected(running.parts.pool) as connection:
        blocks = request.blocks
        if blocks is not None:
            await pack_changes.refuse_faults(connection, caller, blocks)
        elif request.version is not None:
            blocks = await pack_changes.blocks_of(
                connection, caller, request.version, running.packs
            )
        else:
            blocks = (await running.packs.read(connection, caller.org_id)).blocks
    try:
        return await preview(request, blocks, caller, running.parts)
    except ExecutionError as error:
        raise Unavailable(f"The warehouse cannot be asked just now. {error.message}") from error


@router.post("/{version:int}/evaluate", status_code=202, responses=_CHANGED)
async def evaluate(caller: Admin, running: Running, version: InPath) -> PromptPackDetail:
    """Ask the suite of the configured model with this version, in the background."""
    async with connected(running.parts.pool) as connection:
        blocks = await pack_changes.blocks_of(connection, caller, version, running.packs)
    await running.suite.start(caller, version, blocks)
    return await _detail(caller, running, version)


@router.post("/{version:int}/activate", responses=_CHANGED)
async def activate(caller: Admin, running: Running, version: InPath) -> ActivationOutcome:
    """Put it into force, once the suite held; without a model, ask another admin to confirm."""
    async with connected(running.parts.pool) as connection, connection.transaction():
        outcome = await pack_changes.activate(
            connection, caller, version, running.packs, running.suite
        )
    running.packs.forget(caller.org_id)
    return outcome


@router.post("/{version:int}/confirm", responses=_CHANGED)
async def confirm(caller: Admin, running: Running, version: InPath) -> ActivationOutcome:
    """Confirm what another admin asked for."""
    async with connected(running.parts.pool) as connection, connection.transaction():
        outcome = await pack_changes.confirm(connection, caller, version, running.packs)
    running.packs.forget(caller.org_id)
    return outcome


@router.post("/rollback", responses={**_CHANGED, **_READ}, openapi_extra=documented_body(RollBack))
async def roll_back(
    caller: Admin,
    running: Running,
    given: Annotated[RollBack, Depends(json_body(RollBack))],
) -> ActivationOutcome:
    """Put what was in force before into force again, at once."""
    async with connected(running.parts.pool) as connection, connection.transaction():
        outcome = await pack_changes.roll_back(connection, caller, given.reason, running.packs)
    running.packs.forget(caller.org_id)
    return outcome


@router.post("/model/switch", responses=_CHANGED)
async def switch_model(caller: Admin, running: Running) -> PromptPackList:
    """Let the configured model plan, once the suite held with it and the pack in force."""
    async with connected(running.parts.pool) as connection, connection.transaction():
        await pack_changes.switch_model(connection, caller, running.packs, running.suite)
    running.packs.forget(caller.org_id)
    return await get_packs(caller, running)


async def _detail(caller: UserContext, running: Workflow, version: int) -> PromptPackDetail:
    async with connected(running.parts.pool) as connection:
        return await pack_list.detail(connection, caller, version, running.packs, running.suite)
