"""Follow what happened to every approval request. Pure: rows in, faults out."""

from collections.abc import Iterator
from itertools import groupby

from workflow.audit.chain import digest
from workflow.audit.fault import Fault

Row = tuple[str | None, ...]


class Approvals:
    """Reads the stream ACTIONS of `store.whole_record`."""

    def __init__(self, rows: Iterator[Row]) -> None:
        self.actions = 0
        self._rows = rows

    def faults(self) -> Iterator[Fault | None]:
        """The first of each request, or None."""
        for approval_id, rows in groupby(self._rows, key=lambda row: row[0] or ""):
            yield self._first_fault(approval_id, rows)

    def _first_fault(self, approval_id: str, rows: Iterator[Row]) -> Fault | None:
        fault: Fault | None = None
        head, seq = "", 0
        known: tuple[str | None, str | None] = (None, None)
        for row in rows:
            known = (row[11], row[12])
            if fault is not None or row[1] is None:
                continue
            self.actions += 1
            seq += 1
            what = _wrong(row, seq, head)
            if what is not None:
                fault = Fault("action", approval_id, what, seq)
            head = row[10] or ""
        if fault is not None:
            return fault
        if known[0] is None:
            return Fault("action", approval_id, "belongs to no approval request on record", 1)
        if int(known[0]) > seq:
            return Fault("action", approval_id, "was removed", seq + 1)
        if known != (str(seq), head):
            return Fault("action", approval_id, "is not the end that the request knows", seq)
        return None


def _wrong(row: Row, seq: int, head: str) -> str | None:
    if row[1] != str(seq):
        return "was removed"
    if row[10] != digest([text or "" for text in row[:10]]):
        return "its content was changed after it was written"
    if row[9] != head:
        return "does not follow the one before it: inserted or reordered"
    return None
