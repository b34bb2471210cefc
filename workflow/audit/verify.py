"""Recompute the whole record, and name the first thing that is wrong, exactly.

Found: a log row, event or stored answer whose content was changed; an event that was removed,
inserted or put elsewhere; a log row, or a run's state, that is missing; a chain whose tail was
cut; the same of governing changes, and a policy, a verified query or a user that is not as the
last change on record made it; and of what a checkpoint has sealed, also a run or a change that was
removed from every table, a chain that was rewritten as a whole, and a checkpoint that was removed
or changed. What this does not find is in docs/audit.md.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

import psycopg
from psycopg import IsolationLevel, sql

from workflow.audit.chain import digest
from workflow.audit.check_approvals import Approvals
from workflow.audit.check_chains import Chains
from workflow.audit.check_changes import Changes
from workflow.audit.check_receipts import Receipts
from workflow.audit.check_seals import Anchor, Seals
from workflow.audit.fault import Fault, Subject
from workflow.audit.signing import key_id_of
from workflow.store import governed, whole_record

MAX_FAULTS = 20
_REPORT_EVERY = 200
_LOOSE: dict[str, Subject] = {"run": "run", "access": "access", "change": "change"}
_GOVERNED: dict[str, Subject] = {
    "policy": "policy", "verified_query": "verified query", "user": "user",
}  # fmt: skip


class Report(Protocol):
    """Told what is being read now, and how far that is, from 0 to 1."""

    def __call__(self, what: str, share: float | None = None, /) -> None:
        """Show it."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What was read, and what was found: unbroken when `faults` is empty. `unsealed` is what has
    ended since the last checkpoint, of which a removal would not show; `since` is when the first
    run was asked (ISO 8601, UTC)."""

    runs: int
    events: int
    actions: int
    changes: int
    checkpoints: int
    entries: int
    receipts: int
    unsealed: int
    faults: tuple[Fault, ...]
    since: str | None = None


def verify(
    url: str,
    report: Report,
    *,
    keys: Mapping[str, bytes] | None = None,
    anchors: Sequence[Anchor] = (),
    max_faults: int = MAX_FAULTS,
    org_id: UUID | None = None,
) -> Verified:
    """Read everything once, in bounded memory, as it was at one moment: of one organisation, and
    what belongs to none, or of all. Stops looking after `max_faults`. `keys` are the public keys
    to trust, raw, by id; without them those on record are. `anchors` are checkpoints known from
    elsewhere."""
    with (
        closing(psycopg.connect(url)) as first,
        closing(psycopg.connect(url)) as second,
        ExitStack() as streams,
    ):
        _share_a_moment(first, second)
        checking = _Checking(first, second, streams, report, max_faults, org_id)
        checking.chains()
        checking.approvals()
        checking.changes()
        trusted = keys if keys is not None else checking.keys_on_record()
        checking.seals(trusted, anchors)
        checking.loose()
        checking.receipts(trusted)
        return checking.found()


def _share_a_moment(first: whole_record.Connection, second: whole_record.Connection) -> None:
    first.isolation_level = second.isolation_level = IsolationLevel.REPEATABLE_READ
    row = first.execute("SELECT pg_export_snapshot()").fetchone()
    if row is not None:
        second.execute(sql.SQL("SET TRANSACTION SNAPSHOT {}").format(sql.Literal(row[0])))


class _Checking:
    """One pass over everything. Once there are enough faults the streams are left as they are."""

    def __init__(
        self,
        first: whole_record.Connection,
        second: whole_record.Connection,
        streams: ExitStack,
        report: Report,
        max_faults: int,
        org_id: UUID | None,
    ) -> None:
        self._first, self._second = first, second
        self._streams = streams
        self._report = report
        self._max_faults = max_faults
        self._org_id = org_id
        self._faults: list[Fault] = []
        self._expected = whole_record.counts(first, org_id)
        self._chains: Chains | None = None
        self._approvals: Approvals | None = None
        self._changes: Changes | None = None
        self._seals: Seals | None = None
        self._receipts: Receipts | None = None

    def chains(self) -> None:
        """Runs and their events."""
        self._chains = chains = Chains(
            self._stream(self._first, whole_record.RUNS),
            self._stream(self._second, whole_record.EVENTS),
        )
        for count, fault in enumerate(chains.faults()):
            if self._is_enough_with(fault):
                return
            if count % _REPORT_EVERY == 0:
                self._report("Reading the events", _share(chains.events, self._expected.events))

    def approvals(self) -> None:
        """What happened to approval requests."""
        if self._is_enough_with(None):
            return
        self._report("Reading the approvals")
        rows = self._stream(self._first, whole_record.ACTIONS)
        self._approvals = approvals = Approvals(rows)
        for fault in approvals.faults():
            if self._is_enough_with(fault):
                return

    def changes(self) -> None:
        """Governing changes, and whether what they made still stands."""
        if self._is_enough_with(None):
            return
        self._report("Reading the changes")
        self._changes = changes = Changes(self._stream(self._first, whole_record.CHANGES))
        for fault in changes.faults():
            if self._is_enough_with(fault):
                return
        for kind, subject, what in self._stream(self._first, governed.DIFFERENCES):
            named = _GOVERNED.get(kind or "", "change")
            if self._is_enough_with(Fault(named, subject or "", what or "")):
                return

    def seals(self, keys: Mapping[str, bytes], anchors: Sequence[Anchor]) -> None:
        """Checkpoints, and what they hold."""
        if self._is_enough_with(None):
            return
        self._seals = seals = Seals(
            self._stream(self._first, whole_record.CHECKPOINTS),
            self._stream(self._second, whole_record.ENTRIES),
            keys=keys,
            anchors={anchor.place: anchor for anchor in anchors},
        )
        for fault in seals.faults():
            if self._is_enough_with(fault):
                return
            self._report("Reading the checkpoints", _share(seals.entries, self._expected.entries))

    def loose(self) -> None:
        """What is in no checkpoint."""
        if self._is_enough_with(None):
            return
        for kind, entry_id, what in self._stream(self._first, whole_record.LOOSE):
            if self._is_enough_with(Fault(_LOOSE[kind or ""], entry_id or "", what or "")):
                return
        for row in self._stream(self._first, whole_record.UNSEALED_ACCESSES):
            if row[8] != digest([text or "" for text in row[:8]]):
                fault = Fault("access", row[0] or "", "was changed after it was written")
                if self._is_enough_with(fault):
                    return

    def receipts(self, keys: Mapping[str, bytes]) -> None:
        """The receipts that were asked for."""
        if self._is_enough_with(None):
            return
        rows = self._stream(self._first, whole_record.RECEIPTS)
        self._receipts = receipts = Receipts(rows, keys=keys)
        for count, fault in enumerate(receipts.faults()):
            if self._is_enough_with(fault):
                return
            if count % _REPORT_EVERY == 0:
                self._report("Reading the receipts", _share(count, self._expected.receipts))

    def found(self) -> Verified:
        """Everything so far."""
        return Verified(
            runs=self._chains.runs if self._chains else 0,
            events=self._chains.events if self._chains else 0,
            actions=self._approvals.actions if self._approvals else 0,
            changes=self._changes.changes if self._changes else 0,
            checkpoints=self._seals.checkpoints if self._seals else 0,
            entries=self._seals.entries if self._seals else 0,
            receipts=self._receipts.receipts if self._receipts else 0,
            unsealed=self._expected.unsealed,
            faults=tuple(self._faults),
            since=self._chains.since if self._chains else None,
        )

    def _is_enough_with(self, fault: Fault | None) -> bool:
        if fault is not None:
            self._faults.append(fault)
        return len(self._faults) >= self._max_faults

    def _stream(
        self, connection: whole_record.Connection, query: str
    ) -> Iterator[tuple[str | None, ...]]:
        return self._streams.enter_context(
            closing(whole_record.stream(connection, query, self._org_id))
        )

    def keys_on_record(self) -> dict[str, bytes]:
        """The public keys whose ids are theirs; the others are faults."""
        keys: dict[str, bytes] = {}
        if self._is_enough_with(None):
            return keys
        for key_id, public in self._stream(self._second, whole_record.KEYS):
            raw = bytes.fromhex(public or "")
            if key_id_of(raw) == key_id:
                keys[key_id] = raw
            else:
                self._faults.append(Fault("key", key_id or "", "its public half was changed"))
        return keys


def _share(done: int, expected: int) -> float:
    return min(1.0, done / max(1, expected))


__all__ = ["Anchor", "Fault", "Verified", "verify"]
