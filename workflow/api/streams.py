"""A run as server-sent events.

`run` says which run this is; `stage` follows for each stage, its id the event's number in the
record; `delta` brings the answer sentence by sentence, each with its `place`: 0 begins the text,
anew if there was one; `answer` ends the stream with the whole. Where the record is away,
`interrupted` ends it instead. A client that reconnects with Last-Event-ID misses nothing and gets
nothing twice: what it has not seen is read from the record, and sentences of an answer that is
still being told from the hub of the process that tells it.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

import orjson
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event

from contracts.context import UserContext
from contracts.run import RunStatus, StageEvent
from kit.database import DatabaseAway
from workflow.audit.journal import public_event
from workflow.bootstrap import Workflow
from workflow.hub import Item, Queue, Rested, Sentence
from workflow.parts import Outcome
from workflow.store import audit_events, runs
from workflow.store.rows import EventRow, Run

LOOK_SECONDS = 1.0
"""How often the record is asked about a run that another process may be carrying."""
HEARTBEAT_SECONDS = 15.0
FINAL = "answer"
"""What a Last-Event-ID ends with when the client has had everything."""


def opening(run_id: UUID, conversation_id: UUID) -> bytes:
    """The first event."""
    data = {"run_id": str(run_id), "conversation_id": str(conversation_id), "status": "running"}
    return format_sse_event(event="run", data_str=orjson.dumps(data).decode(), id="0")


def render(item: Item) -> bytes:
    """An item of the hub on the wire."""
    match item:
        case StageEvent():
            return format_sse_event(
                event="stage", data_str=item.model_dump_json(), id=str(item.seq)
            )
        case Sentence():
            data = {"text": item.text, "place": item.place}
            return format_sse_event(
                event="delta",
                data_str=orjson.dumps(data).decode(),
                id=f"{item.seq}-{item.place + 1}",
            )
        case Rested():
            return format_sse_event(event=FINAL, data_str=item.answer, id=f"{item.seq}-{FINAL}")


async def live(queue: Queue, task: asyncio.Task[Outcome]) -> AsyncIterator[bytes]:
    """What is published, until the run rests, or `task`, which carries it, has to leave it."""
    task.add_done_callback(lambda _: queue.put_nowait(None))
    while True:
        try:
            item = await asyncio.wait_for(queue.get(), HEARTBEAT_SECONDS)
        except TimeoutError:
            yield KEEPALIVE_COMMENT
            continue
        if item is None:
            yield format_sse_event(event="interrupted", data_str=_INTERRUPTED)
            return
        yield render(item)
        if isinstance(item, Rested):
            return


async def follow(
    running: Workflow, context: UserContext, run_id: UUID, last_event_id: str
) -> AsyncIterator[bytes]:
    """The run from after `last_event_id` until it is finished, read from the record: at once
    when this process carries it, within a second when another does."""
    number, _, rest = last_event_id.partition("-")
    seen = int(number) if number.isdecimal() else 0
    answered = seen if rest == FINAL else -1
    heard = _Heard(seen, int(rest) if rest.isdecimal() else 0)
    quiet_since = time.monotonic()
    with running.hub.listen(run_id) as queue:
        while True:
            try:
                events, run, text = await _read(running, context, run_id, seen)
            except DatabaseAway:
                events, run, text = [], None, None
            for event in events:
                seen = event.seq
                yield render(public_event(event))
            for sentence in heard.news(running.hub.told(run_id), seen):
                yield render(sentence)
            if run is not None and text is not None and run.head_seq == seen != answered:
                answered = seen
                yield render(Rested(text, seen))
            if run is not None and run.status not in _UNFINISHED and run.head_seq <= seen:
                return
            if events:
                quiet_since = time.monotonic()
            elif time.monotonic() - quiet_since >= HEARTBEAT_SECONDS:
                quiet_since = time.monotonic()
                yield KEEPALIVE_COMMENT
            await _something_happens(queue)


@dataclass(slots=True)
class _Heard:
    """How many sentences a client has, of those told when the record stood at `seq`."""

    seq: int
    count: int

    def news(self, told: Sequence[Sentence], seen: int) -> Sequence[Sentence]:
        """What it does not have, once it has seen the record as far as they rest on it."""
        if not told or told[0].seq > seen:
            return ()
        if told[0].seq != self.seq:
            self.seq, self.count = told[0].seq, 0
        news = told[self.count :]
        self.count += len(news)
        return news


async def _read(
    running: Workflow, context: UserContext, run_id: UUID, seen: int
) -> tuple[list[EventRow], Run | None, str | None]:
    async with running.parts.pool.connection() as connection:
        events = await audit_events.of_run(connection, run_id, after=seen)
        run = await runs.get(connection, run_id, org_id=context.org_id, user_id=context.user_id)
        text = None
        if run is not None and run.status is not RunStatus.RUNNING:
            text = await runs.answer(
                connection, run_id, org_id=context.org_id, user_id=context.user_id
            )
        return events, run, text


async def _something_happens(queue: Queue) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(queue.get(), LOOK_SECONDS)
    while not queue.empty():
        queue.get_nowait()


async def wait_for_answer(running: Workflow, context: UserContext, run_id: UUID) -> str:
    """The answer's JSON text, once the run rests."""
    with running.hub.listen(run_id) as queue:
        while True:
            _, _, text = await _read(running, context, run_id, 0)
            if text is not None:
                return text
            await _something_happens(queue)


_INTERRUPTED = '{"detail":"The record cannot be written just now; the question is kept."}'
_UNFINISHED = frozenset({RunStatus.RUNNING, RunStatus.NEEDS_APPROVAL})
