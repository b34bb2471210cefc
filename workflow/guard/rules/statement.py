"""One statement, and it is a SELECT."""

import re
from collections.abc import Iterator

from contracts.verdict import Finding
from workflow.guard.findings import block, quoted, where
from workflow.guard.reading import Reading


def of_reading(reading: Reading, starts: list[int]) -> Iterator[Finding]:
    """How many statements there are, and of what kind."""
    if reading.unreadable is not None:
        yield block(
            "statement",
            "PostgreSQL cannot read this as a statement.",
            where(starts, reading.unreadable.offset),
        )
    elif not reading.kinds:
        yield block("statement", "There is no statement.")
    elif len(reading.kinds) > 1:
        yield block("statement", f"Only one statement can be run; these are {len(reading.kinds)}.")
    elif reading.kinds != ("SelectStmt",):
        kind = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", reading.kinds[0].removesuffix("Stmt")).upper()
        yield block("statement", f"Only SELECT can be run, not {quoted(kind)}.")
    elif reading.statement is not None and "valuesLists" in reading.statement:
        yield block("statement", "Only SELECT can be run, not VALUES alone.")
