"""An answer's making, as parts of a page."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from contracts.run import AskRequest, RunStatus, Started
from webui.answer_stream import parts
from webui.assets import Assets
from webui.services import make_templates

RUN = UUID("01900000-0000-7000-8000-000000000001")


@pytest.mark.anyio
async def test_what_is_being_answered_can_be_stopped() -> None:
    async def lines() -> AsyncIterator[str]:
        started = Started(run_id=RUN, conversation_id=RUN, status=RunStatus.RUNNING)
        for line in ("event: run", f"data: {started.model_dump_json()}", ""):
            yield line

    template = make_templates(Assets()).get_template("turn_event.html")
    told = [part async for part in parts(lines(), template, AskRequest(question="<b>?"))]
    begun = b"".join(told).decode()
    assert f'hx-post="/runs/{RUN}/cancel"' in begun
    assert "&lt;b&gt;?" in begun
    assert "The connection broke off" in begun
