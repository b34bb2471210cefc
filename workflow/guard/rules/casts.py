"""Only casts to ordinary types: `regclass` and its kin look names up in the catalogue."""

from collections.abc import Iterator

from contracts.verdict import Finding
from workflow.guard.allowed import MOST_TYPE_MODIFIER, TYPES
from workflow.guard.facts import Facts
from workflow.guard.findings import block, quoted, where
from workflow.guard.reading import Reading


def of_reading(reading: Reading, starts: list[int]) -> Iterator[Finding]:
    """Types as PostgreSQL's parser names them, and their modifiers."""
    for one in reading.types:
        if one.name.startswith("("):
            size = one.name.strip("()")
            if not size.isdigit() or int(size) > MOST_TYPE_MODIFIER:
                message = f"A type may be at most {MOST_TYPE_MODIFIER:,} wide."
                yield block("casts", message, where(starts, one.offset))
        elif one.name not in TYPES:
            yield block(
                "casts", f"A cast to {quoted(one.name)} is not allowed.", where(starts, one.offset)
            )


def of_facts(facts: Facts) -> Iterator[Finding]:
    """Types as the first opinion names them."""
    for one in facts.casts:
        if one.type not in TYPES:
            yield block("casts", f"A cast to {quoted(one.type)} is not allowed.", one.at)
