"""Recompute the whole record, and name the first thing that is wrong, exactly.

Found: a log row, event or stored answer whose content was changed; an event that was removed,
inserted or put elsewhere; a log row, or a run's state, that is missing; a chain whose tail was
cut. Not found by this alone: a run removed from every table, or a chain rewritten whole by
someone who may do so.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

import orjson
from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from kit.canonical import text_digest
from workflow.audit.chain import event_hash, log_hash
from workflow.store import audit_events
from workflow.store.rows import AuditedRun, EventRow


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, and where: `seq` is absent where it is not about one event."""

    run_id: UUID
    seq: int | None
    what: str

    def __str__(self) -> str:
        where = f"event {self.seq} of run {self.run_id}" if self.seq else f"run {self.run_id}"
        return f"{where}: {self.what}"


@dataclass(frozen=True, slots=True)
class Verified:
    """What was read, and what was found: unbroken when `faults` is empty."""

    runs: int
    events: int
    faults: tuple[Fault, ...]


async def verify(
    connections: tuple[AsyncConnection[TupleRow], AsyncConnection[TupleRow]],
    *,
    max_faults: int = 20,
) -> Verified:
    """Read everything once, in bounded memory, on two connections whose transactions see the same
    snapshot. Stops looking after `max_faults`."""
    events = audit_events.every_event(connections[1])
    pending = await anext(events, None)
    faults: list[Fault] = []
    run_count = event_count = 0
    async for run in audit_events.every_run(connections[0]):
        run_count += 1
        while pending is not None and pending.run_id < run.run_id:
            faults.append(Fault(pending.run_id, pending.seq, "belongs to no run on record"))
            pending = await anext(events, None)
        checker = _ChainChecker(run)
        while pending is not None and pending.run_id == run.run_id:
            event_count += 1
            checker.take(pending)
            pending = await anext(events, None)
        faults += checker.finish()
        if len(faults) >= max_faults:
            break
    else:
        faults += [
            Fault(e.run_id, e.seq, "belongs to no run on record")
            async for e in _rest(pending, events)
        ]
    return Verified(run_count, event_count, tuple(faults[:max_faults]))


async def _rest(
    pending: EventRow | None, events: AsyncIterator[EventRow]
) -> AsyncIterator[EventRow]:
    if pending is not None:
        yield pending
    async for event in events:
        yield event


class _ChainChecker:
    """Follows one chain; only its first fault is told, since all later ones follow from it."""

    def __init__(self, run: AuditedRun) -> None:
        self.run = run
        self.fault: Fault | None = None
        self.seq = 0
        self.head = run.log.hash if run.log else ""
        self.last: EventRow | None = None
        if run.log is None:
            self._fail(None, "its log row was removed")
        elif run.log.hash != log_hash(run.log):
            self._fail(None, "its log row was changed after it was written")

    def take(self, event: EventRow) -> None:
        """The next event in order of number."""
        if self.fault is not None:
            return
        if event.seq != self.seq + 1:
            self._fail(self.seq + 1, "was removed")
        elif event.hash != event_hash(event):
            self._fail(event.seq, "its content was changed after it was written")
        elif event.prev_hash != self.head:
            self._fail(event.seq, "does not follow the event before it: inserted or reordered")
        self.seq, self.head, self.last = event.seq, event.hash, event

    def finish(self) -> list[Fault]:
        """The first fault of the chain, if any."""
        run = self.run
        if self.fault is None:
            if run.head_hash is None or run.head_seq is None:
                self._fail(None, "its state was removed")
            elif self.seq < run.head_seq:
                self._fail(self.seq + 1, "was removed")
            elif self.seq > run.head_seq or self.head != run.head_hash:
                self._fail(self.seq, "is not the end that the run's state knows")
            else:
                self._check_end()
        return [self.fault] if self.fault else []

    def _check_end(self) -> None:
        if self.last is None or self.last.stage != "completed":
            return
        summary = orjson.loads(self.last.detail)["summary"]
        if summary["status"] != self.run.status:
            self._fail(None, "its status is not the one on record")
        elif text_digest(self.run.answer or "") != summary["answer_digest"]:
            self._fail(None, "its answer was changed after it was recorded")

    def _fail(self, seq: int | None, what: str) -> None:
        self.fault = Fault(self.run.run_id, seq, what)
