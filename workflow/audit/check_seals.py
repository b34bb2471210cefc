"""Follow every organisation's checkpoints, and hold each entry against what it stands for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from contracts.evidence import Checkpoint
from workflow.audit.chain import digest
from workflow.audit.checkpoint import check_checkpoint, leaf_of, signed
from workflow.audit.fault import Fault
from workflow.audit.merkle import Tree
from workflow.audit.signing import Untrusted
from workflow.store.checkpoints import CheckpointRow

Row = tuple[str | None, ...]
Place = tuple[str, int]
"""Organisation and number."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A checkpoint that somebody kept elsewhere; `source` says where, for a person."""

    place: Place
    digest: str
    source: str


@dataclass(frozen=True, slots=True)
class _Last:
    """The checkpoint before; no total where it could not be read."""

    org_id: str = ""
    number: int = 0
    digest: str = ""
    total: int | None = 0


class Seals:
    """Reads the streams CHECKPOINTS and ENTRIES of `store.whole_record` side by side."""

    def __init__(
        self,
        checkpoints: Iterator[Row],
        entries: Iterator[Row],
        *,
        keys: Mapping[str, bytes],
        anchors: Mapping[Place, Anchor],
    ) -> None:
        self.checkpoints = 0
        self.entries = 0
        self._checkpoints = checkpoints
        self._entries = entries
        self._pending = next(entries, None)
        self._keys = keys
        self._anchors = dict(anchors)

    def faults(self) -> Iterator[Fault | None]:
        """The faults in order of organisation and number; None after each checkpoint."""
        last = _Last()
        for row in self._checkpoints:
            self.checkpoints += 1
            here = (row[0] or "", int(row[1] or 0))
            if here[0] != last.org_id:
                last = _Last(here[0])
            yield from self._without_checkpoint(here)
            for missing in range(last.number + 1, here[1]):
                yield Fault("checkpoint", here[0], "was removed", missing)
            body, fault = self._read(row, here)
            entry_faults = list(self._follow(here, body))
            if fault is not None:
                yield fault
            elif body is not None:
                yield from _out_of_line(last, body, here)
                yield from entry_faults
            last = _Last(here[0], here[1], row[3] or "", body.total if body else None)
            yield None
        yield from self._without_checkpoint(None)
        for anchor in self._anchors.values():
            yield _at(anchor.place, f"is known from {anchor.source}, but is not on record")

    def _read(self, row: Row, here: Place) -> tuple[Checkpoint | None, Fault | None]:
        _, _, body, own_digest, key_id, signature = (text or "" for text in row)
        anchor = self._anchors.pop(here, None)
        if anchor is not None and anchor.digest != own_digest:
            return None, _at(here, f"is not the one that is known from {anchor.source}")
        try:
            sealed = signed(
                CheckpointRow(UUID(here[0]), here[1], body, own_digest, key_id, signature)
            )
            check_checkpoint(sealed, self._keys)
        except Untrusted as error:
            return None, _at(here, str(error))
        found = sealed.checkpoint
        if (str(found.org_id), found.number) != here:
            return None, _at(here, "stands in another checkpoint's place")
        return found, None

    def _follow(self, here: Place, body: Checkpoint | None) -> Iterator[Fault]:
        """The faults of a checkpoint's entries. What they say of runs and accesses counts only
        where they are themselves as sealed."""
        tree = Tree()
        found: list[Fault] = []
        fault: Fault | None = None
        while self._pending is not None and _place(self._pending) == here:
            row = self._pending
            self._pending = next(self._entries, None)
            self.entries += 1
            position, kind, entry_id, seq, sealed_digest = (text or "" for text in row[2:7])
            if int(position) != tree.size and fault is None:
                fault = _at(here, f"its entry {tree.size} was removed")
            tree.add(leaf_of(kind, entry_id, int(seq), sealed_digest))
            if len(found) < 20:
                found += _against_record(row, here[1])
        if body is not None and fault is None:
            if tree.size < body.entries:
                fault = _at(here, f"its entry {tree.size} was removed")
            elif tree.root().hex() != body.root:
                fault = _at(here, "its list of entries is not the one that was sealed")
        if fault is not None:
            yield fault
        else:
            yield from found

    def _without_checkpoint(self, here: Place | None) -> Iterator[Fault]:
        """Entries from before `here` have lost their checkpoint."""
        told: Place | None = None
        while self._pending is not None and (here is None or _place(self._pending) < here):
            place = _place(self._pending)
            is_gap = here is not None and place[0] == here[0]  # told of as such
            if place != told and not is_gap:
                yield _at(place, "was removed")
            told = place
            self._pending = next(self._entries, None)


def _out_of_line(last: _Last, body: Checkpoint, here: Place) -> Iterator[Fault]:
    if here[1] != last.number + 1:
        return  # told of as removed
    if body.previous != last.digest:
        yield _at(here, "does not follow the checkpoint before it")
    elif last.total is not None and body.total != last.total + body.entries:
        yield _at(here, "its total is not that of the checkpoints up to it")


def _against_record(row: Row, number: int) -> Iterator[Fault]:
    kind, entry_id, seq, sealed_digest = (text or "" for text in row[3:7])
    if kind == "run":
        head_seq, head_hash = row[7:9]
        if head_hash is None or head_seq is None:
            yield Fault("run", entry_id, f"was removed after checkpoint {number} had sealed it")
        elif int(head_seq) < int(seq):
            what = f"was removed after checkpoint {number} had sealed it"
            yield Fault("event", entry_id, what, int(head_seq) + 1)
        elif head_hash != sealed_digest:
            yield Fault(
                "run", entry_id, f"its chain is not the one that checkpoint {number} sealed"
            )
    elif kind == "change":
        if row[18] is None:
            yield Fault(
                "change",
                row[0] or "",
                f"was removed after checkpoint {number} had sealed it",
                int(seq),
            )
        elif row[18] != sealed_digest:
            yield Fault(
                "change", row[0] or "", f"is not the one that checkpoint {number} sealed", int(seq)
            )
    elif row[9] is None:
        yield Fault("access", entry_id, f"was removed after checkpoint {number} had sealed it")
    elif not sealed_digest == row[17] == digest([text or "" for text in row[9:17]]):
        yield Fault("access", entry_id, "was changed after it was written")


def _place(row: Row) -> Place:
    return row[0] or "", int(row[1] or 0)


def _at(place: Place, what: str) -> Fault:
    return Fault("checkpoint", place[0], what, place[1])
