"""Scripts and styles."""

from fastapi import APIRouter, HTTPException, Request, Response

from webui.services import services_of

router = APIRouter()


@router.get("/assets/{digest}/{name}")
async def asset(request: Request, digest: str, name: str) -> Response:
    """A file of the allow-list."""
    response = services_of(request).assets.response(request, digest, name)
    if response is None:
        raise HTTPException(404)
    return response
