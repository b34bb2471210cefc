"""Pictures of charts, drawn by the real library in its own process."""

import asyncio
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from pydantic import JsonValue

from contracts.export import Exported, ExportFormat
from gateway.export import chart
from gateway.export.chart import Charts, specification
from kit.problems import TimedOut, Unavailable
from tests.gateway.export.examples import BY_CATEGORY, RUN, SPEC, exported

MAGIC: dict[ExportFormat, bytes] = {"png": b"\x89PNG\r\n", "svg": b"<svg", "pdf": b"%PDF-"}


def drawn(given: Exported, form: ExportFormat, *, seconds: float = 60) -> bytes:
    assert given.widget is not None
    widget = given.widget

    async def draw() -> bytes:
        return await Charts(seconds=seconds).draw(given, widget, form)

    return asyncio.run(draw())


@pytest.mark.parametrize("form", ["png", "svg", "pdf"])
def test_each_format(form: ExportFormat) -> None:
    assert drawn(BY_CATEGORY, form).startswith(MAGIC[form])


def test_a_picture_says_what_it_is_and_where_it_comes_from() -> None:
    picture = drawn(BY_CATEGORY, "svg").decode()
    for told in (
        "Revenue by category", "June 2022, store 1", "data to 31 August 2022",
        "all checks passed", str(RUN), "Family", "Sci-Fi",
    ):  # fmt: skip
        assert told in picture


def test_markup_and_expressions_in_names_are_only_text() -> None:
    title = '<script>x</script> " + datum + " \\" {"signal":"1"}'
    rows: list[tuple[JsonValue, ...]] = [("<image href='file:///etc/passwd'/>", "1"), ("b", "2")]
    given = exported([("category", "text"), ("revenue", "decimal")], rows, spec=SPEC, title=title)
    picture = drawn(given, "svg").decode()
    assert "<script" not in picture
    assert "<image" not in picture
    assert "&lt;script>" in picture or "&lt;script&gt;" in picture


def test_nothing_is_loaded() -> None:
    seen: list[str] = []

    class Server(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/x"
        foreign: list[dict[str, JsonValue]] = [
            {**SPEC, "data": {"url": f"{url}.json"}},
            {**SPEC, "mark": {"type": "image", "url": f"{url}.png"}},
            {**SPEC, "mark": {"type": "image", "url": "file:///etc/passwd"}},
        ]
        for spec in foreign:
            given = exported([("category", "text")], [("a",)], spec=spec)
            try:
                picture = drawn(given, "png")
            except Unavailable:
                continue
            assert picture.startswith(MAGIC["png"])
        server.shutdown()
    assert not seen


def test_what_cannot_be_drawn_is_said_and_not_why() -> None:
    given = exported([("a", "text")], [("x",)], spec={"mark": "no such mark", "data": {}})
    with pytest.raises(Unavailable) as refused:
        drawn(given, "png")
    assert refused.value.run_id == str(RUN)
    assert "such mark" not in refused.value.detail


def test_a_drawing_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    processes: list[asyncio.subprocess.Process] = []
    start = asyncio.create_subprocess_exec

    async def endless(*_: str, **more: object) -> asyncio.subprocess.Process:
        sleeping = (sys.executable, "-c", "import time; time.sleep(600)")
        processes.append(await start(*sleeping, **more))  # type: ignore[arg-type]  # passed on
        return processes[-1]

    monkeypatch.setattr(chart.asyncio, "create_subprocess_exec", endless)
    with pytest.raises(TimedOut):
        drawn(BY_CATEGORY, "png", seconds=2)
    assert [process.returncode for process in processes] == [-9]


def test_the_rows_are_those_of_the_answer() -> None:
    assert BY_CATEGORY.widget is not None
    spec = specification(BY_CATEGORY, BY_CATEGORY.widget)
    assert spec["datasets"] == {
        "rows": [
            {"category": "Family", "revenue": "441.88"},
            {"category": "Sci-Fi", "revenue": "-12.10"},
        ]
    }
    assert spec["width"] != "container"
    assert BY_CATEGORY.widget.spec == SPEC
