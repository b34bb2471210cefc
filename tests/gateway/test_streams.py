"""Events pass through the gateway as they happen, over real sockets on both sides."""

import asyncio
import queue
import threading
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from fastapi import Request
from starlette.types import Message

from gateway.app import create_app
from gateway.relay import EventRelay
from gateway.settings import GatewaySettings
from gateway.workflow_client import EventStream
from tests.gateway.fake_workflow import BREAK, RUN, FakeWorkflow
from tests.gateway.loopback import serving

FIRST, SECOND = b"id: 1\ndata: one\n\n", b"id: 2\ndata: two\n\n"
EVENTS = f"/api/runs/{RUN}/events"


@pytest.fixture
def script(workflow: FakeWorkflow) -> "queue.Queue[bytes | None]":
    workflow.script = queue.Queue()
    return workflow.script


@pytest.fixture
def asker(settings: GatewaySettings) -> Iterator[httpx.Client]:
    """A client that has logged in, of a gateway on a port."""
    app = create_app(settings.model_copy(update={"open_calls_per_user": 1}))
    with serving(app) as url, httpx.Client(base_url=url, trust_env=False, timeout=10) as client:
        login = {"username": "admin_user", "password": "admin123"}
        token = client.post("/api/auth/login", json=login).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


@pytest.mark.parametrize("is_question", [True, False])
def test_an_event_arrives_before_the_next_one_is_made(
    asker: httpx.Client, script: "queue.Queue[bytes | None]", is_question: bool
) -> None:
    request = (
        asker.build_request(
            "POST", "/api/ask", json={"question": "x"}, headers={"Accept": "text/event-stream"}
        )
        if is_question
        else asker.build_request("GET", EVENTS)
    )
    script.put(FIRST)
    answer = asker.send(request, stream=True)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-accel-buffering"] == "no"
    assert answer.headers["x-request-id"]
    chunks = answer.iter_raw()
    assert next(chunks) == FIRST  # the second is not made yet
    script.put(SECOND)
    assert next(chunks) == SECOND
    script.put(None)
    assert list(chunks) == []


def test_the_place_to_go_on_from_is_passed_on(asker: httpx.Client, workflow: FakeWorkflow) -> None:
    assert asker.get(EVENTS, headers={"Last-Event-ID": "17"}).status_code == 200
    assert workflow.last.headers["last-event-id"] == "17"
    assert workflow.last.headers["accept"] == "text/event-stream"
    assert asker.get(EVENTS).status_code == 200
    assert "last-event-id" not in workflow.last.headers


@pytest.mark.parametrize("given", ["x" * 65, "a b", b"\xff"])
def test_a_place_that_is_none_is_422(asker: httpx.Client, given: str | bytes) -> None:
    headers = [(b"Last-Event-ID", given.encode() if isinstance(given, str) else given)]
    assert asker.get(EVENTS, headers=headers).status_code == 422


def test_when_the_asker_leaves_the_stream_behind_is_closed(
    asker: httpx.Client, workflow: FakeWorkflow, script: "queue.Queue[bytes | None]"
) -> None:
    script.put(FIRST)
    with asker.stream("GET", EVENTS) as answer:
        chunks = answer.iter_raw()  # held on to: its end is the connection's
        assert next(chunks) == FIRST
        assert not workflow.hung_up.is_set()
    assert workflow.hung_up.wait(5)  # although no further event was made


def test_a_stream_counts_as_open_until_it_ends(
    asker: httpx.Client, workflow: FakeWorkflow, script: "queue.Queue[bytes | None]"
) -> None:
    script.put(FIRST)
    with asker.stream("GET", EVENTS) as answer:
        chunks = answer.iter_raw()
        next(chunks)
        refused = asker.post("/api/ask", json={"question": "x"})
        assert refused.status_code == 429
        assert refused.json()["type"].endswith("too-many-open")
        assert asker.get("/api/runs").status_code == 200
        script.put(None)
        assert list(chunks) == []
    workflow.script = None
    assert asker.post("/api/ask", json={"question": "x"}).status_code == 200


def test_a_stream_that_breaks_off_says_so(
    asker: httpx.Client, script: "queue.Queue[bytes | None]"
) -> None:
    script.put(FIRST)
    script.put(BREAK)
    answer = asker.get(EVENTS, headers={"X-Request-Id": "mine"})
    assert answer.content.startswith(FIRST)
    assert "\n\nevent: problem\ndata: {" in answer.text
    assert '"request_id":"mine"' in answer.text
    assert answer.text.endswith("\n\n")


def test_silence_beyond_the_limit_ends_a_stream(
    settings: GatewaySettings, workflow: FakeWorkflow, script: "queue.Queue[bytes | None]"
) -> None:
    app = create_app(settings.model_copy(update={"stream_idle_seconds": 0.2}))
    script.put(FIRST)
    with serving(app) as url, httpx.Client(base_url=url, trust_env=False) as client:
        login = {"username": "admin_user", "password": "admin123"}
        token = client.post("/api/auth/login", json=login).json()["access_token"]
        answer = client.get(EVENTS, headers={"Authorization": f"Bearer {token}"})
    assert answer.content.startswith(FIRST)
    assert "event: problem" in answer.text
    assert workflow.hung_up.wait(5)


def test_two_streams_do_not_hold_each_other_up(
    settings: GatewaySettings, workflow: FakeWorkflow, script: "queue.Queue[bytes | None]"
) -> None:
    with serving(create_app(settings)) as url, httpx.Client(base_url=url, trust_env=False) as one:
        login = {"username": "admin_user", "password": "admin123"}
        token = one.post("/api/auth/login", json=login).json()["access_token"]
        header = {"Authorization": f"Bearer {token}"}
        script.put(FIRST)
        with one.stream("GET", EVENTS, headers=header) as answer:
            chunks = answer.iter_raw()
            next(chunks)
            done = threading.Event()

            def ask() -> None:
                assert httpx.get(f"{url}/api/catalog", headers=header, trust_env=False).is_success
                done.set()

            threading.Thread(target=ask).start()
            assert done.wait(5)
            script.put(None)
            assert list(chunks) == []


def test_the_call_is_no_longer_open_when_its_end_is_sent() -> None:
    order: list[str] = []

    class Silent(EventStream):
        content_type = "text/event-stream"

        def __init__(self) -> None:
            pass

        async def chunks(self) -> AsyncIterator[bytes]:
            yield FIRST

        def close(self) -> None:
            order.append("closed")

    async def send(message: Message) -> None:
        order.append("more" if message.get("more_body", True) else "last")

    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    request = Request({"type": "http", "method": "GET", "path": "/", "headers": []})
    relay = EventRelay(Silent(), request, on_end=lambda: order.append("ended"))
    asyncio.run(relay({"type": "http"}, receive, send))
    assert order == ["more", "more", "ended", "last", "closed", "ended"]
