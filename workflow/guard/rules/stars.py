"""A `*` is written out in the order of names, so it must not be used where order matters, nor so
often that the statement becomes a book."""

from collections.abc import Iterator
from typing import Final

from contracts.verdict import Finding
from workflow.guard.facts import Facts
from workflow.guard.findings import block

MOST_COLUMNS: Final = 300


def of_facts(facts: Facts) -> Iterator[Finding]:
    """Stars in set operations, under renamed columns, and beside ordinals; and too many."""
    if facts.starred > MOST_COLUMNS:
        yield block("stars", f"“*” would stand for {facts.starred:,} columns; name those you need.")
    for one in facts.positional_stars:
        yield block("stars", "Name the columns instead of “*”: here their order matters.", one.at)
