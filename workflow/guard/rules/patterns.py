"""A regular expression is short, literal and quick: PostgreSQL's engine backtracks on some."""

import re
from collections.abc import Iterator
from typing import Final

from contracts.verdict import Finding
from workflow.guard.facts import Facts
from workflow.guard.findings import block

MOST_CHARACTERS: Final = 200
MOST_REPEATS: Final = 100
_REPEAT: Final = re.compile(r"\{\s*(\d+)\s*(?:,\s*(\d*)\s*)?\}")
_BACK_REFERENCE: Final = re.compile(r"\\[1-9]")


def of_facts(facts: Facts) -> Iterator[Finding]:
    """Patterns that cannot be judged, or that could take long."""
    for one in facts.patterns:
        if one.text is None:
            yield block("patterns", "A regular expression has to be a literal.", one.at)
        elif len(one.text) > MOST_CHARACTERS:
            yield block("patterns", "The regular expression is too long.", one.at)
        elif _BACK_REFERENCE.search(one.text):
            yield block("patterns", "A regular expression may not refer back to itself.", one.at)
        elif _repeats(one.text) > MOST_REPEATS:
            yield block("patterns", "The regular expression repeats too often.", one.at)


def _repeats(pattern: str) -> int:
    """An upper bound of what counted repetitions multiply to, as if all were nested."""
    product = 1
    for low, high in _REPEAT.findall(pattern):
        product *= max(int(high or low), 1)
    return product
