"""Only relations of the scope, and never the catalogue; and both parsers see the same ones.

The catalogue comes first in PostgreSQL's search path, whatever that is set to: a bare `pg_user`
is the catalogue's, so that no scope can mean another by it.
"""

from collections.abc import Iterator
from typing import Final

from contracts.verdict import Finding
from workflow.guard.facts import Facts
from workflow.guard.findings import block, quoted

_CATALOGUES: Final = frozenset({"pg_catalog", "information_schema", "pg_toast"})
_OF_EXTENSIONS: Final = frozenset({"pg_stat_statements", "pg_stat_statements_info"})


def of_facts(facts: Facts) -> Iterator[Finding]:
    """Relations outside the scope, and names on which the two parsers disagree."""
    for one in facts.relations:
        name = quoted(".".join(one.parts))
        if not one.is_allowed:
            yield block("relations", f"{name} is not among the views you may read.", one.at)
        elif is_catalogue(one.parts):
            yield block("relations", f"{name} tells about the database, not its data.", one.at)
    seen = {one.parts for one in facts.relations}
    for parts in seen.symmetric_difference(one.parts for one in facts.original.relations):
        name = quoted(".".join(parts))
        yield block("relations", f"{name} may be a view or a query: rename the query.")


def is_catalogue(parts: tuple[str, ...]) -> bool:
    """Whether a name is one of PostgreSQL's own; names that begin with `pg_` are kept for it."""
    if len(parts) > 1:
        return parts[-2] in _CATALOGUES
    return parts[0].startswith("pg_") and parts[0] not in _OF_EXTENSIONS
