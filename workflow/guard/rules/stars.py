"""A `*` is written out in the order of names, so it must not be used where order matters."""

from collections.abc import Iterator

from contracts.verdict import Finding
from workflow.guard.facts import Facts
from workflow.guard.findings import block


def of_facts(facts: Facts) -> Iterator[Finding]:
    """Stars in set operations, under renamed columns, and beside ordinals."""
    for one in facts.positional_stars:
        yield block("stars", "Name the columns instead of “*”: here their order matters.", one.at)
