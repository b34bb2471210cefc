"""Prompt packs and the language model, handed on; for admins."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

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
from gateway.routes.caller import WORKFLOW_PROBLEMS, CallerOf
from gateway.routes.forward import forward
from kit.payload import documented_body, json_body
from kit.problems import documented

router = APIRouter(prefix="/api/admin/prompt-packs", tags=["prompt packs"])
Version = Annotated[int, Query(ge=0, le=2**31 - 1)]
InPath = Annotated[int, Path(ge=0, le=2**31 - 1)]
_FOUND = {**WORKFLOW_PROBLEMS, **documented(404)}
_CHANGED = {**WORKFLOW_PROBLEMS, **documented(404, 409)}
_READ = documented(413, 415)


@router.get("", response_model=PromptPackList, responses=WORKFLOW_PROBLEMS)
async def packs(caller: CallerOf) -> Response:
    """Every version of what a language model is told, newest first, and what is in force."""
    return await forward(caller, "GET", "/admin/prompt-packs")


@router.get("/diff", response_model=PromptPackDiff, responses=_FOUND)
async def diff(caller: CallerOf, before: Version, after: Version) -> Response:
    """What differs between two versions, line by line."""
    return await forward(caller, "GET", "/admin/prompt-packs/diff", before=before, after=after)


@router.get("/{version:int}", response_model=PromptPackDetail, responses=_FOUND)
async def pack(caller: CallerOf, version: InPath) -> Response:
    """One version with its text."""
    return await forward(caller, "GET", f"/admin/prompt-packs/{version}")


@router.post(
    "",
    response_model=PromptPackDetail,
    status_code=201,
    responses={**_CHANGED, **_READ},
    openapi_extra=documented_body(PromptPackProposal),
)
async def propose(
    caller: CallerOf,
    given: Annotated[PromptPackProposal, Depends(json_body(PromptPackProposal))],
) -> Response:
    """Add a version. It is told to no model until it is activated."""
    return await forward(caller, "POST", "/admin/prompt-packs", body=given)


@router.post(
    "/preview",
    response_model=PromptPreview,
    responses={**_FOUND, **_READ},
    openapi_extra=documented_body(PreviewRequest),
)
async def preview(
    caller: CallerOf, given: Annotated[PreviewRequest, Depends(json_body(PreviewRequest))]
) -> Response:
    """The prompt that a question would produce. No model is called."""
    return await forward(caller, "POST", "/admin/prompt-packs/preview", body=given)


@router.post(
    "/rollback",
    response_model=ActivationOutcome,
    responses={**_CHANGED, **_READ},
    openapi_extra=documented_body(RollBack),
)
async def roll_back(
    caller: CallerOf, given: Annotated[RollBack, Depends(json_body(RollBack))]
) -> Response:
    """Put what was in force before into force again, at once."""
    return await forward(caller, "POST", "/admin/prompt-packs/rollback", body=given)


@router.post("/model/switch", response_model=PromptPackList, responses=_CHANGED)
async def switch_model(caller: CallerOf) -> Response:
    """Let the configured model plan, once the suite held with it and the pack in force."""
    return await forward(caller, "POST", "/admin/prompt-packs/model/switch")


@router.post(
    "/{version:int}/evaluate", response_model=PromptPackDetail, status_code=202, responses=_CHANGED
)
async def evaluate(caller: CallerOf, version: InPath) -> Response:
    """Ask the evaluation suite of the configured model with this version, in the background."""
    return await forward(caller, "POST", f"/admin/prompt-packs/{version}/evaluate")


@router.post("/{version:int}/activate", response_model=ActivationOutcome, responses=_CHANGED)
async def activate(caller: CallerOf, version: InPath) -> Response:
    """Put it into force, once the suite held; without a model another admin has to confirm."""
    return await forward(caller, "POST", f"/admin/prompt-packs/{version}/activate")


@router.post("/{version:int}/confirm", response_model=ActivationOutcome, responses=_CHANGED)
async def confirm(caller: CallerOf, version: InPath) -> Response:
    """Confirm what another admin asked for."""
    return await forward(caller, "POST", f"/admin/prompt-packs/{version}/confirm")
