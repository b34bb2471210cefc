"""The policy: what stands, what is proposed, what was, and what each role would get by it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import RedirectResponse, Response
from pydantic import JsonValue

from contracts.approval import ApprovalItem, ApprovalPage, PolicySubject
from contracts.people import AccessChoices
from contracts.policy import PolicyVersion, PolicyVersions
from contracts.simulation import Simulation
from webui import policy_form
from webui.gateway_client import GatewayProblem, SessionEnded, said
from webui.pages.admin.frame import admin_page, allowed
from webui.visitor import Visitor
from webui.words import plain, stores

PATH = "/admin/policies"
router = APIRouter(prefix=PATH)
VisitorOf = Annotated[Visitor, Depends(allowed(PATH))]
_STATES = {
    "runs at once": "completed",
    "waits for one approver": "needs_approval",
    "waits for two approvers": "needs_approval",
    "blocked": "blocked",
}


@dataclass(frozen=True, slots=True)
class Attempt:
    """A proposal that was refused: why, and what was typed."""

    problem: str = ""
    typed: Mapping[str, list[str]] = field(default_factory=dict)


@router.get("")
async def policies(
    visitor: VisitorOf, question: Annotated[str, Query(max_length=4000)] = "", done: str = ""
) -> Response:
    """The policy; with a question, what each role would get for it."""
    return await _page(visitor, question.strip(), is_proposed=done == "proposed")


@router.post("")
async def propose(visitor: VisitorOf) -> Response:
    """Propose what was typed. It comes into force when another admin confirms it."""
    form = await visitor.request.form()
    typed = {name: [str(value) for value in form.getlist(name)] for name in form}
    now = PolicyVersion.model_validate(await visitor.get("/api/policy"))
    base = typed.get("base_version", [""])[-1]
    if base != str(now.version):
        moved = (
            f"The policy is at version {now.version} by now. Here it is; make your change again."
        )
        return await _page(visitor, attempt=Attempt(moved))
    choices = await _choices(visitor)
    body: dict[str, JsonValue] = {
        "base_version": now.version,
        "policy": policy_form.read(now.policy, choices.roles, typed),
        "reason": typed.get("reason", [""])[-1].strip(),
    }
    try:
        await visitor.gateway.call(visitor.bearer, "POST", "/api/policy/changes", body=body)
    except SessionEnded:
        raise
    except GatewayProblem as error:
        return await _page(visitor, attempt=Attempt(_said(error), typed))
    return RedirectResponse(f"{PATH}?done=proposed", 303)


async def _page(
    visitor: Visitor,
    question: str = "",
    *,
    attempt: Attempt | None = None,
    is_proposed: bool = False,
) -> Response:
    now = PolicyVersion.model_validate(await visitor.get("/api/policy"))
    versions = PolicyVersions.model_validate(await visitor.get("/api/policy/versions"))
    choices = await _choices(visitor)
    tried = attempt or Attempt()
    one = {name: values[-1] for name, values in tried.typed.items()}
    simulated, fault = await _simulated(visitor, question)
    return admin_page(
        visitor,
        "admin/policies.html",
        now=now,
        versions=versions.items,
        waiting=await _waiting(visitor),
        limits=policy_form.limits_rows(now.policy, choices.roles, one),
        rules=policy_form.rule_rows(now.policy, choices.roles, tried.typed),
        smallest_group=one.get("smallest_group", str(now.policy.smallest_group)),
        reason=one.get("reason", ""),
        subjects=policy_form.SUBJECTS,
        steps=policy_form.STEPS,
        problem=tried.problem,
        is_proposed=is_proposed,
        question=question,
        simulated=simulated,
        fault=fault,
        states=_STATES,
        plain=plain,
        stores=stores,
    )


async def _choices(visitor: Visitor) -> AccessChoices:
    return AccessChoices.model_validate(await visitor.get("/api/admin/access"))


async def _waiting(visitor: Visitor) -> list[tuple[ApprovalItem, PolicySubject]]:
    found: list[tuple[ApprovalItem, PolicySubject]] = []
    for status in ("pending", "claimed"):
        page = ApprovalPage.model_validate(
            await visitor.get("/api/approvals", kind="policy", status=status, limit="20")
        )
        found += [(i, i.subject) for i in page.items if isinstance(i.subject, PolicySubject)]
    return found


async def _simulated(visitor: Visitor, question: str) -> tuple[Simulation | None, str]:
    if not question:
        return None, ""
    try:
        reply = await visitor.gateway.call(
            visitor.bearer, "POST", "/api/policy/simulate", body={"question": question}
        )
    except SessionEnded:
        raise
    except GatewayProblem as error:
        return None, said(error)
    return Simulation.model_validate_json(reply.content), ""


def _said(error: GatewayProblem) -> str:
    """With the place of each fault: a table has many cells."""
    places = [
        f"{fault.get('pointer', '').strip('/').replace('/', ', ')}: {fault.get('detail', '')}"
        for fault in error.problem.errors or ()
    ]
    return " ".join([error.problem.detail, *places])
