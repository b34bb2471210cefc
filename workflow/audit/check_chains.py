"""Follow every chain, from who asked what to the stored answer. Pure: rows in, faults out."""

from collections.abc import Iterator

import orjson

from workflow.audit.account import member
from workflow.audit.chain import digest
from workflow.audit.fault import Fault

Row = tuple[str | None, ...]


class Chains:
    """Reads the streams RUNS and EVENTS of `store.whole_record` side by side."""

    def __init__(self, runs: Iterator[Row], events: Iterator[Row]) -> None:
        self.runs = 0
        self.events = 0
        self.since: str | None = None
        self._runs = runs
        self._events = events

    def faults(self) -> Iterator[Fault | None]:
        """The faults in order of run; None now and then, so that a caller can tell how far this
        is."""
        pending = next(self._events, None)
        for run in self._runs:
            run_id = run[0] or ""
            self.runs += 1
            self.since = self.since or run[8]
            while pending is not None and (pending[0] or "") < run_id:
                yield _of_no_run(pending)
                pending = next(self._events, None)
            chain = _Chain(run)
            while pending is not None and pending[0] == run_id:
                self.events += 1
                chain.take(pending)
                pending = next(self._events, None)
            yield chain.finish()
        while pending is not None:
            yield _of_no_run(pending)
            pending = next(self._events, None)


def _of_no_run(event: Row) -> Fault:
    return Fault("event", event[0] or "", "belongs to no run on record", int(event[1] or 0))


class _Chain:
    """One chain; only its first fault is told, since all later ones follow from it."""

    def __init__(self, run: Row) -> None:
        self.run_id = run[0] or ""
        self.fault: Fault | None = None
        self.seq = 0
        self.head = run[9] or ""
        self.last: Row | None = None
        *_, self.head_seq, self.head_hash, self.status, self.answer_digest, self.is_of_log = run
        if run[9] is None:
            self._fail("its log row was removed")
        elif run[9] != digest([text or "" for text in run[:9]]):
            self._fail("its log row was changed after it was written")

    def take(self, event: Row) -> None:
        """The next event in order of number."""
        if self.fault is not None:
            return
        _, seq, *_, prev_hash, own_hash = event
        number = int(seq or 0)
        if number != self.seq + 1:
            self._fail("was removed", self.seq + 1)
        elif own_hash != digest(event[:8]):  # type: ignore[arg-type]  # no column of it is null
            self._fail("its content was changed after it was written", number)
        elif prev_hash != self.head:
            self._fail("does not follow the event before it: inserted or reordered", number)
        self.seq, self.head, self.last = number, own_hash or "", event

    def finish(self) -> Fault | None:
        """The first fault of the chain, if any."""
        if self.fault is None:
            if self.head_hash is None or self.head_seq is None:
                self._fail("its state was removed")
            elif self.is_of_log != "t":
                self._fail("its state is another person's or time's than its log row")
            elif self.seq < int(self.head_seq):
                self._fail("was removed", self.seq + 1)
            elif self.seq > int(self.head_seq) or self.head != self.head_hash:
                self._fail("is not the end that the run's state knows", self.seq)
            else:
                self._check_end()
        return self.fault

    def _check_end(self) -> None:
        if self.last is None or self.last[2] != "completed":
            return
        try:
            summary = member(member(orjson.loads(self.last[6] or "")).get("summary"))
        except orjson.JSONDecodeError:
            summary = {}  # a forger's: PostgreSQL takes some JSON that this does not
        if summary.get("status") != self.status:
            self._fail("its status is not the one on record")
        elif self.answer_digest != summary.get("answer_digest"):
            self._fail("its answer was changed after it was recorded")

    def _fail(self, what: str, seq: int | None = None) -> None:
        self.fault = Fault("event" if seq else "run", self.run_id, what, seq or None)
