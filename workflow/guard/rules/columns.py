"""Only columns of the scope: none hidden, no system columns, no whole rows."""

from collections.abc import Iterator

from contracts.verdict import Finding
from workflow.guard.facts import Facts
from workflow.guard.findings import block, quoted


def of_facts(facts: Facts) -> Iterator[Finding]:
    """Columns that cannot be found where PostgreSQL would look, or must not be."""
    for one in facts.columns:
        name = quoted(one.name)
        if one.standing == "unknown":
            yield block("columns", f"There is no column {name} that you may read.", one.at)
        elif one.standing == "system":
            yield block("columns", f"{name} is a system column.", one.at)
        elif one.standing == "whole row":
            yield block("columns", f"{name} is a whole row here; name its columns.", one.at)
