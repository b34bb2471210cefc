"""The frame of the admin pages: which there are, and who may open which."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response

from contracts.context import Permission
from contracts.problem import Problem
from webui.gateway_client import GatewayProblem
from webui.page import page
from webui.visitor import Visitor, VisitorOf

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Section:
    """A page of the sub-navigation. `permissions` are those of which a role needs one."""

    path: str
    label: str
    permissions: frozenset[str] = frozenset({Permission.ADMIN})


SECTIONS = (
    Section("/admin/users", "Users"),
    Section("/admin/policies", "Policies"),
    Section("/admin/verified", "Verified queries"),
    Section("/admin/prompt-packs", "Prompt packs"),
    Section("/admin/knowledge", "Knowledge"),
    Section("/admin/model", "Semantic model"),
    Section("/admin/budgets", "Budgets"),
    Section(
        "/admin/changes", "Changes", permissions=frozenset({Permission.ADMIN, Permission.AUDIT})
    ),
)


def not_for_the_role() -> GatewayProblem:
    """Of a page that the role may not open."""
    return GatewayProblem(
        Problem(
            type="urn:countersign:problem:permission-missing",
            title="This page is for those who govern",
            status=403,
            detail="Your role does not open it. An administrator can tell you more.",
        )
    )


def sections_for(visitor: Visitor) -> tuple[Section, ...]:
    """Those that the role may open."""
    return tuple(s for s in SECTIONS if s.permissions & set(visitor.person.permissions))


def allowed(section: str) -> Callable[[Visitor], Coroutine[Any, Any, Visitor]]:
    """The dependency of a section's pages: the visitor, if the role may open it. The gateway
    refuses whatever a page asks of it in any case."""

    async def check(visitor: VisitorOf) -> Visitor:
        if not any(one.path == section for one in sections_for(visitor)):
            raise not_for_the_role()
        return visitor

    return check


def admin_page(visitor: Visitor, template: str, *, status: int = 200, **values: object) -> Response:
    """A page under the sub-navigation; `template` extends `admin/frame.html`."""
    return page(
        visitor.request,
        template,
        visitor=visitor,
        status=status,
        sections=sections_for(visitor),
        **values,
    )


@router.get("/admin")
async def first(visitor: VisitorOf) -> Response:
    """The first section that the role may open."""
    for section in sections_for(visitor):
        return RedirectResponse(section.path, 303)
    raise not_for_the_role()
