"""From the workflow's answer to ours: bytes as they are, problems under our own path."""

import asyncio
from collections.abc import Callable

import structlog
from fastapi import Request, Response
from pydantic import ValidationError
from starlette.types import Receive, Scope, Send

from contracts.problem import Problem
from gateway.workflow_client import DOWN, EventStream, Reply
from kit.problems import TYPE_PREFIX, Unavailable, problem_response

log = structlog.get_logger(__name__)


def relay(reply: Reply, request: Request) -> Response:
    """The workflow's answer to the asker. Raises Unavailable for one that cannot be passed on:
    a refusal of the gateway itself, or no problem detail where there should be one."""
    if reply.status < 300:
        tag = {"ETag": reply.etag} if reply.etag else None
        return Response(reply.body, reply.status, tag, reply.content_type or None)
    problem = problem_of(reply)
    ours = {"instance": request.url.path, "request_id": request.state.request_id}
    headers = {"Retry-After": reply.retry_after} if reply.retry_after else {}
    return problem_response(problem.model_copy(update=ours), headers)


def problem_of(reply: Reply) -> Problem:
    """What the workflow refused, and why. Raises Unavailable, as `relay` does."""
    if reply.status == 401:
        log.error("the workflow refused the internal token: is INTERNAL_TOKEN the same for both?")
        raise Unavailable(DOWN)
    try:
        return Problem.model_validate_json(reply.body)
    except ValidationError:
        log.error("not a problem detail", status=reply.status, content_type=reply.content_type)
        raise Unavailable(DOWN) from None


EVENTS_TYPE = "text/event-stream"


class EventRelay(Response):
    """Events or lines as they arrive, unbuffered, until either side hangs up.

    Starlette's StreamingResponse notices an asker who left only between two chunks; here the
    stream from the workflow is closed at once. `on_end` is called in every case, perhaps twice.
    """

    def __init__(self, stream: EventStream, request: Request, on_end: Callable[[], None]) -> None:
        super().__init__(media_type=stream.content_type)
        del self.headers["content-length"]
        self.headers["X-Accel-Buffering"] = "no"
        self._stream = stream
        self._request = request
        self._on_end = on_end

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve it."""
        pump = asyncio.create_task(self._pump(send))
        gone = asyncio.create_task(_disconnected(receive))
        try:
            await asyncio.wait({pump, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._stream.close()
            self._on_end()
            gone.cancel()
            is_over = pump.done()
            pump.cancel()
            await asyncio.gather(pump, gone, return_exceptions=True)
        if is_over:
            pump.result()

    async def _pump(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        try:
            async for chunk in self._stream.chunks():
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        except Unavailable:
            if self.media_type != EVENTS_TYPE:
                raise  # an answer in lines has no place for a problem: it is seen to break off
            await send({"type": "http.response.body", "body": self._broken(), "more_body": True})
        self._on_end()  # before the asker can know of the end, and act on it
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _broken(self) -> bytes:
        """An event of its own: the headers are long sent, and silence would look like the end."""
        problem = Problem(
            type=TYPE_PREFIX + "stream-broken",
            title=Unavailable.title,
            status=503,
            detail="The stream broke off. The run goes on: continue with Last-Event-ID.",
            instance=self._request.url.path,
            request_id=self._request.state.request_id,
        )
        return (
            f"\n\nevent: problem\ndata: {problem.model_dump_json(exclude_none=True)}\n\n".encode()
        )


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
