"""A name means one thing."""

from collections.abc import Iterator
from typing import Final

from contracts.verdict import Finding
from workflow.guard.facts import Facts
from workflow.guard.findings import block, quoted

_MESSAGES: Final = {
    "used twice": "{} names two things in one FROM; give one of them another alias.",
    "columns renamed": "The columns of {} cannot be renamed by their place; use AS in the SELECT.",
}


def of_facts(facts: Facts) -> Iterator[Finding]:
    """Aliases that would make a name mean two things, or nothing."""
    for one in facts.names:
        yield block("names", _MESSAGES[one.trouble].format(quoted(one.name)), one.at)
