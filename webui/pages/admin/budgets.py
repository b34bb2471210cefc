"""Budgets and usage: what was asked and used of models, and what may be used in a day."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import RedirectResponse, Response
from pydantic import JsonValue

from contracts.people import AccessChoices
from contracts.usage import Budgets, Usage, UseLine
from webui.gateway_client import GatewayProblem, SessionEnded, said
from webui.pages.admin.frame import admin_page, allowed
from webui.visitor import Visitor
from webui.words import plain

PATH = "/admin/budgets"
router = APIRouter(prefix=PATH)
VisitorOf = Annotated[Visitor, Depends(allowed(PATH))]
Day = Annotated[str, Query(max_length=10)]


@dataclass(frozen=True, slots=True)
class Bar:
    """A line with its length, as a percentage of the longest; by tokens, or by questions where
    no model was used."""

    line: UseLine
    share: float


@router.get("")
async def budgets(visitor: VisitorOf, since: Day = "", until: Day = "", done: str = "") -> Response:
    """Both; what is no day is left out."""
    asked = {n: day for n, day in (("since", since), ("until", until)) if _is_day(day)}
    return await _page(visitor, asked, done="Set. It is on record." if done else "")


@router.post("")
async def set_budgets(visitor: VisitorOf) -> Response:
    """Set what was typed; an empty cell is what the settings say."""
    form = await visitor.request.form()
    typed = {name: str(form[name]).strip() for name in form}
    cells = {n: text for n, text in typed.items() if n not in ("csrf", "base_version") and text}
    for text in cells.values():
        if isinstance(_number(text), str):
            return await _page(
                visitor, {}, problem=f"“{text}” is not a whole number of tokens.", typed=typed
            )
    roles: dict[str, JsonValue] = {
        name.removeprefix("role "): _number(text)
        for name, text in cells.items()
        if name.startswith("role ")
    }
    body: dict[str, JsonValue] = {
        "base_version": _number(typed.get("base_version", "")),
        "person": _number(cells["person"]) if "person" in cells else None,
        "organisation": _number(cells["organisation"]) if "organisation" in cells else None,
        "roles": roles,
    }
    try:
        await visitor.gateway.call(visitor.bearer, "PUT", "/api/admin/budgets", body=body)
    except SessionEnded:
        raise
    except GatewayProblem as error:
        return await _page(visitor, {}, problem=said(error), typed=typed)
    return RedirectResponse(f"{PATH}?done=set", 303)


async def _page(
    visitor: Visitor,
    asked: dict[str, str],
    *,
    problem: str = "",
    done: str = "",
    typed: dict[str, str] | None = None,
) -> Response:
    now = Budgets.model_validate(await visitor.get("/api/admin/budgets"))
    choices = AccessChoices.model_validate(await visitor.get("/api/admin/access"))
    try:
        usage = Usage.model_validate(await visitor.get("/api/admin/usage", **asked))
    except SessionEnded:
        raise
    except GatewayProblem as error:
        problem = problem or said(error)
        usage = Usage.model_validate(await visitor.get("/api/admin/usage"))
    asking = [role.role for role in choices.roles if "ask" in role.permissions]
    limit = now.default_organisation if now.organisation is None else now.organisation
    return admin_page(
        visitor,
        "admin/budgets.html",
        now=now,
        usage=usage,
        limit=limit,
        share_today=round(min(100.0, 100 * usage.today / limit), 1) if limit else None,
        roles=[*dict.fromkeys([*asking, *now.roles])],
        typed=typed or _standing(now),
        parts={
            "By day": _bars(usage.by_day),
            "By person": _bars(usage.by_person),
            "By role": _bars(usage.by_role),
            "By model": _bars(usage.by_model),
        },
        problem=problem,
        done=done,
        plain=plain,
    )


def _standing(now: Budgets) -> dict[str, str]:
    given = {"person": now.person, "organisation": now.organisation}
    given |= {f"role {role}": tokens for role, tokens in now.roles.items()}
    return {name: str(tokens) for name, tokens in given.items() if tokens is not None}


def _bars(lines: tuple[UseLine, ...]) -> tuple[Bar, ...]:
    by_tokens = any(_tokens(line) for line in lines)
    sizes = [_tokens(line) if by_tokens else line.questions or 0 for line in lines]
    longest = max(sizes, default=0) or 1
    return tuple(
        Bar(line, round(100 * size / longest, 2)) for line, size in zip(lines, sizes, strict=True)
    )


def _tokens(line: UseLine) -> int:
    return line.prompt_tokens + line.completion_tokens


def _number(text: str) -> JsonValue:
    """The text itself where it is none."""
    digits = text.replace(",", "").replace(" ", "")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 17 else text


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
