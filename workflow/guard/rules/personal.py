"""Personal data is shown, or used to single somebody out, only if a second person agrees."""

from collections.abc import Iterator
from typing import Final

from contracts.verdict import Finding
from workflow.guard.facts import Facts
from workflow.guard.findings import needs_approval, quoted

_MESSAGES: Final = {
    "output": "{} is personal data, and the answer would show it.",
    "grouping": "{} is personal data, and the statement groups by it.",
    "condition": "{} is personal data, and the statement singles people out by it.",
    "order": "{} is personal data, and the statement sorts by it.",
}


def of_facts(facts: Facts) -> Iterator[Finding]:
    """Each use of a personal-data column that is more than counting."""
    for one in facts.personal:
        yield needs_approval("personal", _MESSAGES[one.place].format(quoted(one.column)), one.at)
