"""What a statement may touch: the input of the guardrails, beside the statement itself."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Relation:
    """A view that may be read. `columns` None means any column.

    `qualified` is the name the regenerated statement uses, schema included, where it differs
    from the name by which the statement may call it. `scope_column` is restricted to the row
    scope wherever the relation is read.
    """

    columns: frozenset[str] | None = None
    personal: frozenset[str] = frozenset()
    scope_column: str | None = None
    qualified: str | None = None


@dataclass(frozen=True, slots=True)
class GuardScope:
    """Everything a role may do in a statement.

    `row_scope` None means all rows (nothing is injected); an empty tuple means none.
    `is_raw` says that the statement was not compiled from a plan.
    """

    relations: Mapping[str, Relation]
    row_scope: tuple[int, ...] | None = None
    is_raw: bool = True
    max_rows: int = 200
