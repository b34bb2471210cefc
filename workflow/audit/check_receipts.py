"""Hold every kept receipt against its signature and against the record. Pure."""

from collections.abc import Iterator, Mapping

import orjson

from contracts.evidence import Signature
from workflow.audit.account import member
from workflow.audit.fault import Fault
from workflow.audit.signing import Untrusted, check_signature

Row = tuple[str | None, ...]


class Receipts:
    """Reads the stream RECEIPTS of `store.whole_record`."""

    def __init__(self, rows: Iterator[Row], *, keys: Mapping[str, bytes]) -> None:
        self.receipts = 0
        self._rows = rows
        self._keys = keys

    def faults(self) -> Iterator[Fault | None]:
        """One for each receipt, or None."""
        for row in self._rows:
            self.receipts += 1
            what = self._wrong(row)
            yield Fault("receipt", row[0] or "", what) if what else None

    def _wrong(self, row: Row) -> str | None:
        run_id, body, key_id, signature, head = (text or "" for text in row)
        try:
            check_signature(body, Signature(key_id=key_id, value=signature), self._keys)
        except Untrusted as error:
            return str(error)
        certified = member(orjson.loads(body))
        if certified.get("run_id") != run_id:
            return "is that of another run"
        if not head:
            return "is all that is left of its run"
        if member(certified.get("record")).get("head") != head:
            return "speaks of another chain than the one on record"
        return None
