"""Only operators and collations that are known to be harmless, by their bare names."""

from collections.abc import Iterator

from contracts.verdict import Finding
from workflow.guard.allowed import COLLATIONS, OPERATORS
from workflow.guard.findings import block, quoted, where
from workflow.guard.reading import Reading


def of_reading(reading: Reading, starts: list[int]) -> Iterator[Finding]:
    """Operators, those of ANY and ALL included, and COLLATE."""
    for one in reading.operators:
        if one.name not in OPERATORS:
            message = f"The operator {quoted(one.name)} is not allowed."
            yield block("operators", message, where(starts, one.offset))
    for one in reading.collations:
        if one.name not in COLLATIONS:
            message = f"The collation {quoted(one.name)} is not allowed."
            yield block("operators", message, where(starts, one.offset))
