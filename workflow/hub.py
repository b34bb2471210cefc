"""What happens to runs, told to whoever listens in this process."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from contracts.run import StageEvent


@dataclass(frozen=True, slots=True)
class Sentence:
    """A piece of the answer: the one at `place`, counted from 0, told when the record stood at
    `seq`. Place 0 begins the text, also where one was told before."""

    text: str
    seq: int
    place: int


@dataclass(frozen=True, slots=True)
class Rested:
    """The run is finished, or waits for a person; `answer` is its JSON text."""

    answer: str
    seq: int


Item = StageEvent | Sentence | Rested
Queue = asyncio.Queue[Item | None]
"""What a listener reads; None says that nobody is going to publish any more."""


class Hub:
    """Hands what happens to a run to everybody who listens. Only the sentences of an answer that
    is being told are kept, until it is whole: everything else is on record, and a late listener
    reads it there."""

    def __init__(self) -> None:
        self._listeners: defaultdict[UUID, set[Queue]] = defaultdict(set)
        self._told: dict[UUID, list[Sentence]] = {}

    def publish(self, run_id: UUID, item: StageEvent | Rested) -> None:
        """Never waits."""
        if isinstance(item, Rested):
            self.forget(run_id)
        self._hand_out(run_id, item)

    def tell(self, run_id: UUID, text: str, seq: int) -> None:
        """The answer's next piece; the pieces make up the answer's text. Never waits."""
        told = self._told.setdefault(run_id, [])
        sentence = Sentence(text, seq, len(told))
        told.append(sentence)
        self._hand_out(run_id, sentence)

    def is_heard(self, run_id: UUID) -> bool:
        """Whether anybody listens."""
        return run_id in self._listeners

    def told(self, run_id: UUID) -> Sequence[Sentence]:
        """What has been told of the run's answer so far, if it is being told."""
        return self._told.get(run_id, ())

    def forget(self, run_id: UUID) -> None:
        """Begin the answer anew, or leave it."""
        self._told.pop(run_id, None)

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

    def _hand_out(self, run_id: UUID, item: Item) -> None:
        for queue in self._listeners.get(run_id, ()):
            queue.put_nowait(item)
