"""Much is not made out of little: repeated, padded and doubled text fills memory."""

from collections.abc import Iterator
from typing import Final

from contracts.verdict import Finding
from workflow.guard.facts import Facts
from workflow.guard.findings import block, quoted

MOST_LENGTH: Final = 1000
MOST_WEIGHT: Final = 10_000


def of_facts(facts: Facts) -> Iterator[Finding]:
    """Paddings that are long or not literal, and values made of too many others."""
    for one in facts.paddings:
        if one.length is None:
            message = f"How far {quoted(one.function)} goes has to be a literal."
            yield block("growth", message, one.at)
        elif one.length > MOST_LENGTH:
            message = f"{quoted(one.function)} may go to {MOST_LENGTH:,} at most."
            yield block("growth", message, one.at)
    if facts.weight > MOST_WEIGHT:
        yield block("growth", "A value would be made of too many others: it could fill memory.")
