"""Runs, carried by this process: started, listened to, cancelled, and taken over from the dead.

A run belongs to one worker at a time; the record accepts events from no other. A worker that
dies, or cannot say that it lives, loses its runs to the next that looks, and that may be itself
after a restart.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

import structlog
from uuid_utils.compat import uuid7

from contracts.run import RunStatus
from kit.database import DatabaseAway
from kit.tasks import end
from workflow.ahead import Ahead
from workflow.audit.journal import CancelRequested, Journal, Publish, public_event
from workflow.execute.errors import ExecutionError
from workflow.hub import Hub, Rested
from workflow.narrate.sentences import sentences
from workflow.parts import Outcome, Parts
from workflow.pipeline import answer_question, finish
from workflow.stages import Progress
from workflow.store import audit_events, runs, warehouse_loads, workers
from workflow.store.rows import EventRow, Run

BEAT_SECONDS = 1.0
DEADLINE_SECONDS = 120.0
MAX_TAKEOVERS = 6
"""How many deaths of its worker a run may see: one that kills whoever carries it must end."""
MAX_AT_ONCE = 128
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a run ended without an answer, in words for its asker."""

    status: RunStatus
    text: str


CANCELLED = Failure(RunStatus.CANCELLED, "This question was cancelled.")
TOO_LONG = Failure(
    RunStatus.FAILED,
    "This took too long and was stopped. A shorter period or fewer groups may work.",
)
UNEXPECTED = Failure(
    RunStatus.FAILED, "Something went wrong on our side; it has been logged. Please ask again."
)
GIVEN_UP = Failure(
    RunStatus.FAILED, "This could not be finished after several tries. Please ask again."
)


class Runner:
    """The runs that this process has in hand."""

    def __init__(self, parts: Parts, hub: Hub) -> None:
        self.worker_id: UUID = uuid7()
        self._parts = parts
        self._hub = hub
        self._tasks: dict[UUID, asyncio.Task[Outcome]] = {}
        self._cancelled: set[UUID] = set()
        self._reserved: set[UUID] = set()
        self._blameless: set[UUID] = set()  # put down because the database was away
        self._places = asyncio.Semaphore(MAX_AT_ONCE)
        self._keeper: asyncio.Task[None] | None = None
        self._loaded_at: datetime | None = None

    async def open(self) -> None:
        """Say that this worker lives, and look after orphaned runs from now on."""
        async with self._parts.pool.connection() as connection:
            await workers.beat(connection, self.worker_id)
            self._loaded_at = await warehouse_loads.latest(connection)
        self._keeper = asyncio.create_task(self._keep())

    async def close(self) -> None:
        """Finish what can be finished in a moment; leave the rest to be taken over."""
        if self._keeper is not None:
            await end(self._keeper)
        if self._tasks:
            await asyncio.wait(self._tasks.values(), timeout=5)
        for task in self._tasks.values():
            task.cancel()
        with suppress(*DatabaseAway):
            # the database may be stopping too, and then silence says the same, only later
            async with self._parts.pool.connection(timeout=0.5) as connection:
                await workers.forget(connection, self.worker_id)

    def start(
        self, run: Run, recorded: Sequence[EventRow] = (), *, ahead: Ahead | None = None
    ) -> asyncio.Task[Outcome]:
        """Carry the run, whatever becomes of its asker's connection."""
        task = asyncio.create_task(self._carry(run, recorded, ahead), name=f"run {run.run_id}")
        self._tasks[run.run_id] = task
        task.add_done_callback(lambda done: self._put_down(run.run_id, done))
        if ahead is not None:
            task.add_done_callback(lambda _: ahead.cancel())
        return task

    def task(self, run_id: UUID) -> asyncio.Task[Outcome] | None:
        """The run's task, if this process has it in hand."""
        return self._tasks.get(run_id)

    def reserve(self, run_id: UUID) -> None:
        """This process is about to make the run its own and start it: not an orphan meanwhile."""
        self._reserved.add(run_id)

    def unreserve(self, run_id: UUID) -> None:
        """It is started, or left to whoever looks for orphans."""
        self._reserved.discard(run_id)

    def cancel(self, run_id: UUID) -> None:
        """Stop the run at once, if this process has it in hand; the wish itself is in the
        database, for whichever worker does."""
        task = self._tasks.get(run_id)
        if task is not None and run_id not in self._cancelled:
            self._cancelled.add(run_id)
            task.cancel()

    async def _carry(self, run: Run, recorded: Sequence[EventRow], ahead: Ahead | None) -> Outcome:
        journal = Journal(
            self._parts.pool,
            run,
            worker_id=self.worker_id,
            publish=self.publisher(run),
            is_heard=partial(self._hub.is_heard, run.run_id),
            recorded=recorded,
        )
        async with self._places:
            try:
                if ahead is not None:
                    ahead.stored.set()
                if run.takeovers > MAX_TAKEOVERS:
                    outcome = await self._end(run, journal, GIVEN_UP)
                else:
                    async with asyncio.timeout(DEADLINE_SECONDS):
                        outcome = await answer_question(
                            run, journal, self._parts, partial(self._say, run, journal), ahead
                        )
            except CancelRequested:
                outcome = await self._end(run, journal, CANCELLED)
            except asyncio.CancelledError:
                if run.run_id not in self._cancelled:
                    raise  # the process is stopping: another takes the run over
                outcome = await self._end(run, journal, CANCELLED)
            except TimeoutError:
                outcome = await self._end(run, journal, TOO_LONG)
            except ExecutionError as error:
                outcome = await self._end(run, journal, Failure(RunStatus.FAILED, error.message))
            except (runs.Lost, *DatabaseAway):
                raise
            except Exception:  # a run always ends: left as it is, each worker would die of it
                log.exception("run failed", run_id=str(run.run_id))
                outcome = await self._end(run, journal, UNEXPECTED)
        self._tell(run, journal, outcome)
        return outcome

    async def _end(self, run: Run, journal: Journal, failure: Failure) -> Outcome:
        async with self._parts.pool.connection() as connection:
            now = await runs.get(
                connection, run.run_id, org_id=run.context.org_id, user_id=run.context.user_id
            )
        if now is None:
            raise runs.Lost
        journal.resume_from(now)
        return await finish(run, journal, failure.status, Progress(text=failure.text))

    def publisher(self, run: Run) -> Publish:
        """Tells whoever listens to the run, in this process, what is on record."""
        return partial(self._publish, run.run_id)

    def _publish(self, run_id: UUID, row: EventRow) -> None:
        if self._hub.is_heard(run_id):
            self._hub.publish(run_id, public_event(row))

    def _say(self, run: Run, journal: Journal, text: str) -> None:
        self._hub.tell(run.run_id, text, journal.seq)

    def _tell(self, run: Run, journal: Journal, outcome: Outcome) -> None:
        if not self._hub.is_heard(run.run_id):
            return
        answer = outcome.answer.answer
        if "".join(told.text for told in self._hub.told(run.run_id)) != answer:
            self._hub.forget(run.run_id)
            for text in sentences(answer):
                self._say(run, journal, text)
        self._hub.publish(run.run_id, Rested(outcome.text, journal.seq))

    def _put_down(self, run_id: UUID, task: asyncio.Task[Outcome]) -> None:
        self._tasks.pop(run_id, None)
        self._cancelled.discard(run_id)
        self._hub.forget(run_id)
        if not task.cancelled() and task.exception() is not None:
            if isinstance(task.exception(), (runs.Lost, *DatabaseAway)):
                self._blameless.add(run_id)
            log.warning("run put down", run_id=str(run_id), error=repr(task.exception()))

    async def _keep(self) -> None:
        while True:
            try:
                await self._look_after()
            except DatabaseAway as error:
                log.warning("record unavailable", error=type(error).__name__)
            except Exception:  # what goes wrong once must not leave orphans for good
                log.exception("orphans not looked after")
            await asyncio.sleep(BEAT_SECONDS)

    async def _look_after(self) -> None:
        async with self._parts.pool.connection() as connection:
            await workers.beat(connection, self.worker_id)
            loaded_at = await warehouse_loads.latest(connection)
            if loaded_at != self._loaded_at:
                self._loaded_at = loaded_at
                self._parts.forget_data()
            orphans = await runs.take_over(
                connection,
                self.worker_id,
                active=[*self._tasks, *self._reserved],
                blameless=[*self._blameless],
            )
            self._blameless |= {run.run_id for run in orphans}  # until they are begun again
            for run in orphans:
                recorded = await audit_events.of_run(connection, run.run_id)
                log.info("run taken over", run_id=str(run.run_id), recorded=len(recorded))
                self._blameless.discard(run.run_id)
                self.start(run, recorded)
