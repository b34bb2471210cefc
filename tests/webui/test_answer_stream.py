"""An answer's making, as parts of a page."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from contracts.run import AskRequest, RunStatus, Started
from kit.event_stream import Event
from webui.answer_stream import parts
from webui.assets import Assets
from webui.services import make_templates

RUN = UUID("01900000-0000-7000-8000-000000000001")


@pytest.mark.anyio
async def test_what_is_being_answered_can_be_stopped() -> None:
    async def begun() -> AsyncIterator[Event]:
        started = Started(run_id=RUN, conversation_id=RUN, status=RunStatus.RUNNING)
        yield Event("run", started.model_dump_json())

    template = make_templates(Assets()).get_template("turn_event.html")
    told = [part async for part in parts(begun(), template, AskRequest(question="<b>?"))]
    page = b"".join(told).decode()
    assert f'hx-post="/runs/{RUN}/cancel"' in page
    assert "&lt;b&gt;?" in page
    assert "The connection broke off" in page
