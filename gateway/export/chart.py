"""Pictures of charts: title, subtitle and trust line go with the drawing."""

import asyncio
import os
import sys
import textwrap
from pathlib import Path

import orjson
import structlog
from pydantic import JsonValue

from contracts.export import Exported, ExportFormat
from contracts.run import Widget
from kit import trust_line
from kit.problems import TimedOut, Unavailable

DRAW_SECONDS = 20.0
MOST_AT_ONCE = 2
"""Each takes about 90 MB and half a second of a processor."""
_DRAW = Path(__file__).with_name("draw.py")
_WIDTH = 720
_LINE, _TITLE_LINE = 115, 80
_INK, _MUTED = "#16202e", "#566275"
log = structlog.get_logger(__name__)


def specification(exported: Exported, widget: Widget) -> dict[str, JsonValue]:
    """The widget's own specification with the rows in it, on white, and what has to be said
    with it above."""
    answer = exported.answer
    names = [column.name for column in answer.columns]
    told = [
        widget.subtitle,
        " · ".join(trust_line.parts(answer)),
        f"Run {answer.run_id} · result {exported.digest[:16]}…",
    ]
    spec = {**(widget.spec or {})}
    config = spec.get("config")
    title: dict[str, JsonValue] = {
        "text": [*textwrap.wrap(widget.title, _TITLE_LINE)],
        "subtitle": [line for text in told for line in textwrap.wrap(text, _LINE)],
        "anchor": "start",
        "frame": "bounds",
        "offset": 16,
        "fontSize": 16,
        "color": _INK,
        "subtitleColor": _MUTED,
        "subtitlePadding": 6,
        "subtitleFontSize": 12,
    }
    return spec | {
        "width": _WIDTH,
        "padding": 16,
        "title": title,
        "datasets": {"rows": [dict(zip(names, row, strict=True)) for row in answer.rows]},
        "config": {**(config if isinstance(config, dict) else {}), "background": "#ffffff"},
    }


class Charts:
    """Draws a few at a time, each in a process that is ended when it takes too long."""

    def __init__(self, *, seconds: float = DRAW_SECONDS) -> None:
        self._seconds = seconds
        self._free = asyncio.Semaphore(MOST_AT_ONCE)

    async def draw(self, exported: Exported, widget: Widget, form: ExportFormat) -> bytes:
        """The picture. Raises TimedOut, and Unavailable where nothing could be drawn."""
        given = orjson.dumps(specification(exported, widget))
        run_id = str(exported.answer.run_id)
        try:
            async with asyncio.timeout(self._seconds), self._free:
                picture, said, code = await _drawn(given, form)
        except TimeoutError:
            raise TimedOut(
                "Drawing this chart takes too long. Its rows can be had as CSV or XLSX.",
                run_id=run_id,
            ) from None
        if code != 0:
            log.error("a chart could not be drawn", run_id=run_id, code=code, said=said[-500:])
            raise Unavailable(
                "This chart could not be drawn. Its rows can be had as CSV or XLSX.", run_id=run_id
            )
        return picture


async def _drawn(given: bytes, form: ExportFormat) -> tuple[bytes, str, int | None]:
    """The picture, what was said of it, and the exit code."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",  # neither the folder nor the environment of whoever started it is looked at
        str(_DRAW),
        form,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={"PATH": os.defpath, "LANG": "C.UTF-8", "TZ": "UTC"},
    )
    try:
        picture, said = await process.communicate(given)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return picture, said.decode(errors="replace"), process.returncode
