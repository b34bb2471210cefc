"""Only functions that are known to be harmless, by their bare names."""

from collections.abc import Iterator

from contracts.verdict import Finding
from workflow.guard.allowed import FUNCTIONS, SESSION_FUNCTIONS
from workflow.guard.expressions import SQL_FUNCTIONS
from workflow.guard.facts import Facts
from workflow.guard.findings import block, quoted, where
from workflow.guard.reading import Reading


def of_reading(reading: Reading, starts: list[int]) -> Iterator[Finding]:
    """Functions as PostgreSQL's parser names them."""
    for one in reading.functions:
        bare = one.name.removeprefix("pg_catalog.")
        if one.name in FUNCTIONS or bare in SESSION_FUNCTIONS:  # the latter have a rule
            continue
        message = f"The function {quoted(one.name)} is not allowed."
        if bare in FUNCTIONS:
            message = f"Call {quoted(bare)} by its bare name."
        yield block("functions", message, where(starts, one.offset))


def of_facts(facts: Facts) -> Iterator[Finding]:
    """Functions as the first opinion names them."""
    for one in facts.functions:
        if one.name not in FUNCTIONS and one.name not in SQL_FUNCTIONS:
            yield block("functions", f"The function {quoted(one.name)} is not allowed.", one.at)
