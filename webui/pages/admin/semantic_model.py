"""The semantic model as a map: metric, fields, views; and a document checked against it."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, UploadFile
from fastapi.responses import Response

from contracts.semantic_model import ModelCheck, ModelFault, ModelMap
from webui.gateway_client import GatewayProblem, SessionEnded, said
from webui.pages.admin.frame import admin_page, allowed
from webui.visitor import Visitor
from webui.words import plain

PATH = "/admin/model"
BODY_BYTES = 4 * 1024 * 1024
LONGEST = 500_000
AROUND = 2
"""Lines of a document that are shown before and after one with a fault."""
router = APIRouter(prefix=PATH)
VisitorOf = Annotated[Visitor, Depends(allowed(PATH))]


@dataclass(frozen=True, slots=True)
class Place:
    """A fault with the lines around it: each its number, its text, and whether it is the one."""

    fault: ModelFault
    lines: tuple[tuple[int, str, bool], ...]


@router.get("")
async def model(visitor: VisitorOf, find: Annotated[str, Query(max_length=200)] = "") -> Response:
    """The map; with `find`, what of it holds these words."""
    found = ModelMap.model_validate(await visitor.get("/api/admin/model"))
    return admin_page(
        visitor,
        "admin/model.html",
        model=_holding(found, find),
        whole=found,
        find=find,
        plain=plain,
    )


@router.get("/check")
async def check_form(visitor: VisitorOf) -> Response:
    """An empty form."""
    return _checked(visitor, "")


@router.post("/check")
async def check(
    visitor: VisitorOf,
    text: Annotated[str, Form()] = "",
    file: UploadFile | None = None,
) -> Response:
    """What is wrong with what was pasted or chosen, each fault at its line."""
    if file is not None and file.filename:
        text = (await file.read(LONGEST * 4)).decode("utf-8", "replace")
    text = text.replace("\r\n", "\n")
    if not text.strip():
        return _checked(visitor, text, problem="Paste a document, or choose a file.")
    if len(text) > LONGEST:
        return _checked(visitor, "", problem=f"At most {LONGEST:,} characters can be checked here.")
    try:
        reply = await visitor.gateway.call(
            visitor.bearer, "POST", "/api/admin/model/check", body={"text": text}
        )
    except SessionEnded:
        raise
    except GatewayProblem as error:
        return _checked(visitor, text, problem=said(error))
    return _checked(visitor, text, ModelCheck.model_validate_json(reply.content))


def _checked(
    visitor: Visitor, text: str, found: ModelCheck | None = None, problem: str = ""
) -> Response:
    return admin_page(
        visitor,
        "admin/model_check.html",
        text=text,
        found=found,
        places=[_place(fault, text) for fault in found.faults] if found else [],
        problem=problem,
    )


def _place(fault: ModelFault, text: str) -> Place:
    lines = text.split("\n")
    first = max(0, fault.line - 1 - AROUND)
    shown = enumerate(lines[first : fault.line + AROUND], first + 1)
    return Place(fault, tuple((number, line, number == fault.line) for number, line in shown))


def _holding(model: ModelMap, find: str) -> ModelMap:
    words = find.lower().split()

    def has(*texts: str) -> bool:
        told = " ".join(texts).lower()
        return all(word in told for word in words)

    metrics = tuple(
        one
        for one in model.metrics
        if has(one.name, one.label, one.description, *one.synonyms, *one.views)
    )
    datasets = tuple(
        whole.model_copy(update={"fields": fields or whole.fields})
        for whole in model.datasets
        if (
            fields := tuple(
                f for f in whole.fields if has(f.name, f.label, f.description, *f.synonyms)
            )
        )
        or has(whole.name, whole.label, whole.description, whole.view, *whole.synonyms)
    )
    return model.model_copy(update={"metrics": metrics, "datasets": datasets})
