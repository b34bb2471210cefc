"""A query that reads itself ends soon, and it can be seen that it does."""

from collections.abc import Iterator
from typing import Final

from contracts.verdict import Finding
from workflow.guard.facts import Facts
from workflow.guard.findings import block, quoted

MOST_ROUNDS: Final = 400


def of_facts(facts: Facts) -> Iterator[Finding]:
    """Recursions without a bound that can be seen, or with a large one."""
    for one in facts.recursions:
        if one.rounds is None:
            yield block(
                "recursion",
                f"{quoted(one.name)} reads itself and nothing shows that it ends: count up from a"
                " literal and stop below another (WHERE n < 100).",
                one.at,
            )
        elif one.rounds > MOST_ROUNDS:
            yield block(
                "recursion",
                f"{quoted(one.name)} may go round {one.rounds:,} times; at most {MOST_ROUNDS:,}"
                " are accepted.",
                one.at,
            )
