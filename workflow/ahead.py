"""What begins while the question is being stored: what only reads need not wait for that.

Documents are looked for, the built-in planner reads the question, and what a model is going to be
asked is put together: the database is at work, and the processor has nothing else to do. The model
itself is asked only about what is stored; what rests on an earlier question waits, and nothing is
told or run before. What comes of it counts if the question is stored, and is dropped if not.
"""

import asyncio
from dataclasses import dataclass
from time import perf_counter

from contracts.context import UserContext
from contracts.plan import Planned
from contracts.run import Source
from workflow.parts import Parts
from workflow.planning import plan_question


@dataclass(frozen=True, slots=True)
class PlannedAhead:
    """`seconds` is how long planning took, with the wait for documents and, before a model is
    asked, for the question to be stored."""

    planned: Planned
    seconds: float


@dataclass(frozen=True, slots=True)
class Ahead:
    """`began` is a `perf_counter` reading; `stored` is set once the question is on record.
    Whoever does not go on cancels it."""

    began: float
    stored: asyncio.Event
    sources: asyncio.Task[tuple[Source, ...]]
    planned: asyncio.Task[PlannedAhead] | None

    def cancel(self) -> None:
        """Nobody is going to ask what came of it."""
        self.sources.cancel()
        if self.planned is not None:
            self.planned.cancel()


def look_ahead(parts: Parts, question: str, context: UserContext, *, is_first: bool) -> Ahead:
    """Begin. `is_first` says that the question rests on no earlier one."""
    began, stored = perf_counter(), asyncio.Event()
    sources = asyncio.create_task(parts.retriever.search(question, context))
    planned = None
    if is_first:
        planned = asyncio.create_task(_plan(parts, question, context, sources, stored))
    for task in (sources, planned):
        if task is not None:
            task.add_done_callback(_asked)
    return Ahead(began, stored, sources, planned)


async def _plan(
    parts: Parts,
    question: str,
    context: UserContext,
    sources: asyncio.Task[tuple[Source, ...]],
    stored: asyncio.Event,
) -> PlannedAhead:
    model = parts.models.part(context)
    profile = await parts.profiles.get(model, context)
    began = perf_counter()
    planned = await plan_question(
        question,
        context,
        parts,
        model=model,
        profile=profile,
        retrieval=lambda: sources,
        may_ask=stored.wait,
    )
    return PlannedAhead(planned, perf_counter() - began)


def _asked(task: asyncio.Task[tuple[Source, ...]] | asyncio.Task[PlannedAhead]) -> None:
    """Nobody may be left to ask what became of it."""
    if not task.cancelled():
        task.exception()
