"""What was not compiled from a plan waits for a person."""

from collections.abc import Iterator

from contracts.verdict import Finding
from workflow.guard.facts import Facts
from workflow.guard.findings import needs_approval


def of_facts(facts: Facts) -> Iterator[Finding]:
    """Raw SQL."""
    if facts.is_raw:
        yield needs_approval("raw_sql", "The SQL was written, not compiled from a reviewed plan.")
