"""The rules, in the order in which their objections are told.

A rule is a module with one or more of three functions, each giving findings: `of_text` looks at
the measures of the text before anything parses it, `of_reading` at what PostgreSQL's parser makes
of it, `of_facts` at everything. Whatever blocks at one step is not taken to the next.
"""

from collections.abc import Callable, Iterator
from typing import Final

from contracts.verdict import Finding
from workflow.guard.facts import Facts
from workflow.guard.reading import Reading
from workflow.guard.rules import (
    casts,
    characters,
    columns,
    functions,
    growth,
    joins,
    names,
    operators,
    patterns,
    personal,
    raw_sql,
    recursion,
    relations,
    series,
    session,
    size,
    stars,
    statement,
    syntax,
)
from workflow.guard.text import Text

TOO_COMPLEX: Final = "The statement is too complex to be judged. Say it more simply."
UNREADABLE: Final = (
    "The statement cannot be read well enough to be regenerated. Say it more simply."
)
UNFAITHFUL: Final = (
    "The statement cannot be regenerated without changing what it means. Say it more simply."
)

TEXT_RULES: Final[tuple[Callable[[Text, list[int]], Iterator[Finding]], ...]] = (
    size.of_text,
    characters.of_text,
)
READING_RULES: Final[tuple[Callable[[Reading, list[int]], Iterator[Finding]], ...]] = (
    statement.of_reading,
    size.of_reading,
    syntax.of_reading,
    session.of_reading,
    functions.of_reading,
    operators.of_reading,
    casts.of_reading,
)
FACT_RULES: Final[tuple[Callable[[Facts], Iterator[Finding]], ...]] = (
    syntax.of_facts,
    relations.of_facts,
    columns.of_facts,
    functions.of_facts,
    casts.of_facts,
    names.of_facts,
    joins.of_facts,
    stars.of_facts,
    recursion.of_facts,
    series.of_facts,
    patterns.of_facts,
    growth.of_facts,
    personal.of_facts,
    raw_sql.of_facts,
)


def of_text(text: Text, starts: list[int]) -> tuple[Finding, ...]:
    """Objections to the text as such."""
    return tuple(finding for rule in TEXT_RULES for finding in rule(text, starts))


def of_reading(reading: Reading, starts: list[int]) -> tuple[Finding, ...]:
    """Objections to what PostgreSQL's parser makes of it."""
    return tuple(finding for rule in READING_RULES for finding in rule(reading, starts))


def of_facts(facts: Facts) -> tuple[Finding, ...]:
    """Objections to what the statement does."""
    return tuple(finding for rule in FACT_RULES for finding in rule(facts))
