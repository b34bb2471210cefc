"""Who is listening to which run, inside this process."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from contracts.run import StageEvent


@dataclass(frozen=True, slots=True)
class Sentence:
    """A piece of the answer, in order."""

    text: str


@dataclass(frozen=True, slots=True)
class Rested:
    """The run is finished, or waits for a person; `answer` is its JSON text."""

    answer: str
    seq: int


Item = StageEvent | Sentence | Rested
Queue = asyncio.Queue[Item | None]
"""What a listener reads; None says that nobody is going to publish any more."""


class Hub:
    """Hands what happens to a run to everybody who listens. Nothing is kept: what matters is on
    record, and a late listener reads it there."""

    def __init__(self) -> None:
        self._listeners: defaultdict[UUID, set[Queue]] = defaultdict(set)

    def publish(self, run_id: UUID, item: Item) -> None:
        """Never waits."""
        for queue in self._listeners.get(run_id, ()):
            queue.put_nowait(item)

    @contextmanager
    def listen(self, run_id: UUID) -> Iterator[Queue]:
        """A queue of what happens from now on."""
        queue: Queue = asyncio.Queue()
        self._listeners[run_id].add(queue)
        try:
            yield queue
        finally:
            self._listeners[run_id].discard(queue)
            if not self._listeners[run_id]:
                del self._listeners[run_id]
