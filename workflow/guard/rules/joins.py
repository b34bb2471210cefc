"""Joins that say by what, and not so many that rows multiply without end."""

from collections.abc import Iterator
from typing import Final

from contracts.verdict import Finding
from workflow.guard.facts import Facts
from workflow.guard.findings import block

MOST_READS: Final = 32
MOST_CROSSES: Final = 1


def of_facts(facts: Facts) -> Iterator[Finding]:
    """NATURAL joins; too many relations; too many that nothing relates."""
    for one in facts.natural_joins:
        yield block("joins", "A NATURAL join hides its columns; name them with USING.", one.at)
    if facts.reads > MOST_READS:
        yield block(
            "joins",
            f"Relations are read {facts.reads:,} times, queries in WITH counted as often as they"
            f" are used; at most {MOST_READS} times is accepted.",
        )
    if facts.crosses > MOST_CROSSES:
        yield block(
            "joins",
            f"{facts.crosses} joins relate nothing to nothing (no column equals another); at most"
            f" {MOST_CROSSES} is accepted.",
        )
