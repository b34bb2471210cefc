"""A generated series is short, and it can be seen that it is."""

from collections.abc import Iterator
from typing import Final

from contracts.verdict import Finding
from workflow.guard.facts import Facts
from workflow.guard.findings import block

MOST_ROWS: Final = 10_000


def of_facts(facts: Facts) -> Iterator[Finding]:
    """Series whose bounds are not literals, or far apart."""
    for one in facts.series:
        if one.rows is None:
            yield block(
                "series", "generate_series needs literal bounds (and a step of one unit).", one.at
            )
        elif one.rows > MOST_ROWS:
            yield block(
                "series", f"generate_series may give at most {MOST_ROWS:,} rows here.", one.at
            )
