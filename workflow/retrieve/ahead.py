"""Retrieval that begins while the question is being stored: what only reads need not wait."""

import asyncio
from dataclasses import dataclass
from time import perf_counter

from contracts.context import UserContext
from contracts.run import Source
from workflow.retrieve.search import Retriever


@dataclass(frozen=True, slots=True)
class Ahead:
    """`began` is a `perf_counter` reading. Whoever does not go on cancels `sources`."""

    began: float
    sources: asyncio.Task[tuple[Source, ...]]


def look_ahead(retriever: Retriever, question: str, context: UserContext) -> Ahead:
    """Begin to look for what bears on the question."""
    sources = asyncio.create_task(retriever.search(question, context))
    # nobody may be left to ask what became of it
    sources.add_done_callback(lambda task: task.cancelled() or task.exception())
    return Ahead(perf_counter(), sources)
