"""The public keys: for everybody, without a token."""

from fastapi import APIRouter, Request

from contracts.evidence import KeySet
from gateway.services import services_of
from kit.problems import documented

router = APIRouter(tags=["evidence"])


@router.get("/.well-known/countersign-keys.json", responses=documented(500, 503))
async def keys(request: Request) -> KeySet:
    """A JSON Web Key Set (RFC 7517) of every key that ever signed a checkpoint or a receipt."""
    return await services_of(request).public_keys.now()
