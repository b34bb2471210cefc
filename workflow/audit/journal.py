"""The record of one run, as it is written.

Stages add what they produced; `flush` writes it, with the run's new state, in one transaction.
Between two flushes lies only work that is quick, free and without effect: if the process dies
there, the work is done again from what was recorded. So the pipeline flushes before or beside
anything slow or paid, and before anything irreversible; nobody is told of a stage before it is
on record.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from secrets import token_hex
from time import perf_counter
from typing import TypeVar
from uuid import UUID

import orjson
from pydantic import BaseModel, JsonValue

from contracts.run import RunStatus, Stage, StageEvent
from kit.canonical import canonical
from kit.database import Connection, Pool
from kit.version import software
from workflow.audit.chain import event_hash
from workflow.store import runs
from workflow.store.rows import EventRow, Run

Value = TypeVar("Value", bound=BaseModel)
Outcome = TypeVar("Outcome")
Publish = Callable[[EventRow], None]
"""Told of each event once it is on record."""
MOMENT_SECONDS = 0.02
"""What takes no longer is sooner done again than what led to it is written down."""


class CancelRequested(Exception):
    """The asker wants the run to end."""


def public_event(row: EventRow) -> StageEvent:
    """What the asker sees of an event: its summary, never the whole detail."""
    return StageEvent(
        run_id=row.run_id,
        seq=row.seq,
        stage=Stage(row.stage),
        status=row.status,
        at=row.at,
        duration_ms=float(row.duration_ms),
        detail=orjson.loads(row.detail).get("summary", {}),
        hash=row.hash,
    )


@dataclass(frozen=True, slots=True)
class _Added:
    """What a stage left, before it is a link of the chain."""

    stage: str
    status: str
    at: datetime
    milliseconds: Decimal
    summary: dict[str, JsonValue]
    value: BaseModel | None


class Journal:
    """Writes one run's chain on behalf of one worker, from the head it was handed."""

    def __init__(
        self,
        pool: Pool,
        run: Run,
        *,
        worker_id: UUID | None,
        publish: Publish,
        is_heard: Callable[[], bool] = lambda: False,
        recorded: Sequence[EventRow] = (),
    ) -> None:
        self.run = run
        self._pool = pool
        self._worker_id = worker_id
        self._publish = publish
        self._is_heard = is_heard
        self._seq = run.head_seq
        self._hash = run.head_hash
        self._added: list[_Added] = []
        self._pending: list[EventRow] = []
        self._sent = 0
        self._recorded = {(e.stage, _step_of(e)): e for e in recorded}
        self._durations: dict[str, dict[str, Decimal]] = {}
        for (_, step), event in self._recorded.items():
            self._time(event.stage, step, event.duration_ms)

    @property
    def timings(self) -> dict[str, float]:
        """Milliseconds by stage, all its steps together."""
        return {
            stage: round(float(sum(steps.values())), 3) for stage, steps in self._durations.items()
        }

    @property
    def seq(self) -> int:
        """The number of the newest event."""
        return self._seq + len(self._added)

    def recorded(self, stage: Stage, step: str = "") -> dict[str, JsonValue] | None:
        """The summary that an earlier try left of a stage, if it came so far."""
        earlier = self._recorded.get((stage, step))
        if earlier is None:
            return None
        summary: dict[str, JsonValue] = orjson.loads(earlier.detail)["summary"]
        return summary

    def value(self, stage: Stage, status: str, kind: type[Value], step: str = "") -> Value | None:
        """The value that an earlier try left of a stage, if it came to this status last."""
        earlier = self._recorded.get((stage, step))
        if earlier is None or earlier.status != status:
            return None
        return kind.model_validate(orjson.loads(earlier.detail)["value"])

    async def stage(
        self,
        stage: Stage,
        kind: type[Value],
        work: Callable[[], Awaitable[Value]],
        summary: Callable[[Value], dict[str, JsonValue]],
        step: str = "",
        *,
        began: float | None = None,
    ) -> Value:
        """The stage's value: as recorded by an earlier try, or worked out now and added. A stage
        that a run goes through several times names its `step`; `began` is when it was begun, if
        before."""
        earlier = self._recorded.get((stage, step))
        if earlier is not None:
            return kind.model_validate(orjson.loads(earlier.detail)["value"])
        started = began or perf_counter()
        value = await work()
        self.add(stage, "ok", started, summary(value), value, step=step)
        return value

    def add(
        self,
        stage: Stage,
        status: str,
        started: float,
        summary: dict[str, JsonValue],
        value: BaseModel | None = None,
        *,
        step: str = "",
    ) -> None:
        """Append an event to what the next flush writes. `started` is a `perf_counter` reading;
        `summary` is for the asker's eyes, `value` for a restart and for the record."""
        milliseconds = Decimal(f"{(perf_counter() - started) * 1000:.3f}")
        self._time(stage.value, step, milliseconds)
        summary = {**summary, "step": step} if step else summary
        self._added.append(
            _Added(stage.value, status, datetime.now(UTC), milliseconds, summary, value)
        )

    def chain(self) -> None:
        """Make events of what was added. That takes the processor a moment, and is best done
        while there is something else to wait for. The salt keeps the hash, which the asker sees
        too, from telling the rest of the detail to someone who guesses it. What cannot be written
        is raised once, and what was added after it goes with it."""
        new, self._added = self._added, []
        for added in new:
            detail: dict[str, JsonValue] = {
                "salt": token_hex(16),
                "software": software(),
                "summary": added.summary,
            }
            if added.value is not None:
                detail["value"] = added.value.model_dump(mode="json")
            row = EventRow(
                run_id=self.run.run_id,
                seq=self._seq + 1,
                stage=added.stage,
                status=added.status,
                at=added.at,
                duration_ms=added.milliseconds,
                detail=canonical(detail),
                prev_hash=self._hash,
                hash="",
            )
            self._seq, self._hash = row.seq, event_hash(row)
            self._pending.append(replace(row, hash=self._hash))

    async def flush(
        self,
        status: RunStatus = RunStatus.RUNNING,
        *,
        answer: str | None = None,
    ) -> None:
        """Write what is pending and move the run to `status`.

        Raises runs.Lost when the run is no longer this worker's, CancelRequested when its asker
        has given it up (and it was to go on), and whatever the database raises: then nothing
        was written and nothing is told.
        """
        self.chain()
        if not self._pending:
            return
        async with self._pool.connection() as connection:
            is_cancelled = await self.write(connection, status, answer=answer)
        self.tell()
        if is_cancelled and status is RunStatus.RUNNING:
            raise CancelRequested

    async def beside(self, work: Awaitable[Outcome], *, within: float = 0.0) -> Outcome:
        """What `work` comes to, and what is pending written while it waits. If it cannot be
        written, that is raised; the work is given up then, and when this is. What needs not to
        wait, or is done `within` so many seconds with nobody hearing of the record, leaves what
        is pending to the next flush."""
        doing = asyncio.ensure_future(work)
        try:
            await asyncio.sleep(0)  # its turn: up to where it waits, or to its end
            self.chain()
            if within and not self._is_heard():
                await asyncio.wait({doing}, timeout=within)
            if not doing.done():
                await self.flush()
            return await doing
        finally:
            if not doing.cancel() and not doing.cancelled():
                doing.exception()  # nobody else may ask

    async def write(
        self,
        connection: Connection,
        status: RunStatus,
        *,
        answer: str | None = None,
        next_worker: UUID | None = None,
    ) -> bool:
        """`flush` as part of a transaction of the caller's, who calls `tell` once it is
        committed; True if the asker has given the run up. `next_worker` is who carries a run on
        that waited."""
        self.chain()
        self._sent = len(self._pending)
        return await runs.advance(
            connection,
            self.run.run_id,
            self._pending[: self._sent],
            status=status,
            worker_id=self._worker_id,
            next_worker=next_worker,
            answer=answer,
        )

    def tell(self) -> None:
        """What was written is on record now; what was added meanwhile is still pending."""
        written, self._pending = self._pending[: self._sent], self._pending[self._sent :]
        for row in written:
            self._publish(row)

    def _time(self, stage: str, step: str, milliseconds: Decimal) -> None:
        self._durations.setdefault(stage, {})[step] = milliseconds

    def resume_from(self, run: Run) -> None:
        """Go on from where the record really stands. What is pending is kept if it still
        follows; it is forgotten if a flush that seemed to fail had been written after all."""
        self.chain()
        if self._pending and self._pending[0].prev_hash == run.head_hash:
            return
        self._pending = []
        self._seq, self._hash = run.head_seq, run.head_hash


def _step_of(row: EventRow) -> str:
    return str(orjson.loads(row.detail).get("summary", {}).get("step", ""))
