"""Home: what this person can do, and what is waiting for them."""

from fastapi import APIRouter
from fastapi.responses import Response

from contracts.context import Permission
from webui.page import page
from webui.visitor import VisitorOf

router = APIRouter()


@router.get("/")
async def home(visitor: VisitorOf) -> Response:
    """By role."""
    may_ask = visitor.person.may(Permission.ASK)
    suggestions = (await visitor.get("/api/suggestions"))["items"] if may_ask else []
    runs = (await visitor.get("/api/runs", limit="8"))["items"] if may_ask else []
    return page(visitor.request, "home.html", visitor=visitor, suggestions=suggestions, runs=runs)
