"""The semantic model in use, and documents that might be."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends

from contracts.semantic_model import ModelCheck, ModelDocument, ModelMap
from kit.database import connected
from kit.payload import documented_body, json_body
from kit.problems import TooLarge, documented
from workflow.api.access import Admin, Running
from workflow.model_map import check, map_of

router = APIRouter(
    prefix="/admin/model", tags=["semantic model"], responses=documented(401, 403, 422, 503)
)
LONGEST = 500_000
_one_at_a_time = asyncio.Semaphore(1)


@router.get("")
async def get_model(caller: Admin, running: Running) -> ModelMap:
    """Metrics, fields, views, and the roles that may use them."""
    async with connected(running.parts.pool) as connection:
        return await map_of(connection, caller, running.parts.models.whole)


@router.post("/check", responses=documented(413, 415), openapi_extra=documented_body(ModelDocument))
async def post_check(
    caller: Admin,
    running: Running,
    given: Annotated[ModelDocument, Depends(json_body(ModelDocument))],
) -> ModelCheck:
    """Each fault of a document at its line, and what it would change. Nothing is put into use."""
    if len(given.text) > LONGEST:
        raise TooLarge(f"A document of at most {LONGEST:,} characters can be checked here.")
    async with _one_at_a_time:  # a large one keeps a processor busy
        return await asyncio.to_thread(check, given.text, running.parts.models.whole)
