"""Follow every organisation's chain of governing changes. Pure: rows in, faults out."""

from collections.abc import Iterator
from itertools import groupby

from workflow.audit.chain import digest
from workflow.audit.fault import Fault

Row = tuple[str | None, ...]


class Changes:
    """Reads the stream CHANGES of `store.whole_record`."""

    def __init__(self, rows: Iterator[Row]) -> None:
        self.changes = 0
        self._rows = rows

    def faults(self) -> Iterator[Fault | None]:
        """The first of each organisation, or None."""
        for org_id, rows in groupby(self._rows, key=lambda row: row[1] or ""):
            yield self._first_fault(org_id, rows)

    def _first_fault(self, org_id: str, rows: Iterator[Row]) -> Fault | None:
        fault: Fault | None = None
        head, seq = "", 0
        known: tuple[str | None, str | None] = (None, None)
        for row in rows:
            known = (row[14], row[15])
            if row[2] is None:
                continue
            self.changes += 1
            seq += 1
            what = _wrong(row, seq, head) if fault is None else None
            if what is not None:
                fault = Fault("change", org_id, what, seq)
            head = row[13] or ""
        if fault is None and known[0] is not None and int(known[0]) > seq:
            fault = Fault("change", org_id, "was removed", seq + 1)
        elif fault is None and known != (str(seq), head):
            fault = Fault("change", org_id, "is not the end that is known of the chain", seq)
        return fault


def _wrong(row: Row, seq: int, head: str) -> str | None:
    if row[2] != str(seq):
        return "was removed"
    if row[13] != digest([text or "" for text in row[:13]]):
        return "its content was changed after it was written"
    if row[12] != head:
        return "does not follow the one before it: inserted or reordered"
    return None
