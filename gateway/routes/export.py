"""Downloads: an answer of one's own as a file."""

import asyncio
import re
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import ValidationError

from contracts.export import Exported, ExportFormat
from contracts.plan import WidgetType
from gateway.export import csv_file, workbook
from gateway.relay import relay
from gateway.routes.caller import WORKFLOW_PROBLEMS, Caller, CallerOf
from gateway.workflow_client import DOWN
from kit.problems import Unavailable, documented

router = APIRouter(prefix="/api", tags=["runs"])
MEDIA_TYPES: dict[ExportFormat, str] = {
    "csv": "text/csv; charset=utf-8; header=present",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "png": "image/png",
    "svg": "image/svg+xml",
    "pdf": "application/pdf",
}
_NO_NAME = re.compile(r"[^a-z0-9]+")
_BINARY = {"schema": {"type": "string", "format": "binary"}}


@router.get(
    "/runs/{run_id}/export",
    response_class=Response,
    responses={
        **WORKFLOW_PROBLEMS,
        **documented(404, 406, 409),
        200: {
            "description": "The file.",
            "content": {name.partition(";")[0]: _BINARY for name in MEDIA_TYPES.values()},
        },
    },
)
async def export(
    caller: CallerOf,
    run_id: UUID,
    format: ExportFormat,
    widget: Annotated[
        WidgetType | None, Query(description="Which chart to draw; none for the recommended one.")
    ] = None,
) -> Response:
    """The answer of a run of one's own as CSV or XLSX, or its chart as PNG, SVG or PDF. A run
    that still waits, or ended without rows, is 409; a chart where there is none is 406. Each
    download is on record."""
    with caller.services.limits.open_calls.one(str(caller.identity.user_id)):
        query: dict[str, str] = {"format": format, **({"widget": widget} if widget else {})}
        call = caller.to_workflow("POST", f"/runs/{run_id}/exports", query=query)
        reply = await caller.services.workflow.call(call, caller.context())
        if reply.status != 200:
            return relay(reply, caller.request)
        try:
            exported = Exported.model_validate_json(reply.body)
        except ValidationError:
            raise Unavailable(DOWN, run_id=str(run_id)) from None
        body = await _file(caller, exported, format)
    headers = {"Content-Disposition": f'attachment; filename="{_name(exported)}.{format}"'}
    return Response(body, headers=headers, media_type=MEDIA_TYPES[format])


async def _file(caller: Caller, exported: Exported, form: ExportFormat) -> bytes:
    if form == "csv":
        return await asyncio.to_thread(csv_file.write, exported.answer)
    if form == "xlsx":
        return await asyncio.to_thread(workbook.write, exported)
    if exported.widget is None:
        raise Unavailable(DOWN, run_id=str(exported.answer.run_id))
    return await caller.services.charts.draw(exported, exported.widget, form)


def _name(exported: Exported) -> str:
    """What is in it, whether that is all, and which run it is of."""
    answer = exported.answer
    title = answer.widgets[0].title if answer.widgets else "answer"
    words = _NO_NAME.sub("-", title.lower()).strip("-")[:60].rstrip("-") or "answer"
    part = f"-first-{answer.row_count}-rows" if answer.truncated else ""
    return f"{words}{part}-{str(answer.run_id)[-8:]}"
