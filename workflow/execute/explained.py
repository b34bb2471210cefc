"""What PostgreSQL means to do, in words for a person who decides whether it may. Pure."""

from collections.abc import Iterator

from pydantic import JsonValue

_READS = {
    "Seq Scan": "Reads all of {relation}, about {rows} rows.",
    "Index Scan": "Looks up about {rows} rows of {relation} by {index}.",
    "Index Only Scan": "Reads about {rows} entries of the index {index} of {relation}.",
    "Bitmap Heap Scan": "Looks up about {rows} rows of {relation}.",
    "Function Scan": "Takes about {rows} rows from a function.",
    "Values Scan": "Takes {rows} rows from the statement itself.",
}
_STEPS = {
    "Nested Loop": "Joins row by row, to about {rows} rows.",
    "Hash Join": "Joins, to about {rows} rows.",
    "Merge Join": "Joins, to about {rows} rows.",
    "Aggregate": "Computes about {rows} groups.",
    "Group": "Computes about {rows} groups.",
    "Sort": "Sorts about {rows} rows.",
    "Incremental Sort": "Sorts about {rows} rows.",
    "Unique": "Keeps about {rows} different rows.",
    "Append": "Puts together about {rows} rows.",
    "WindowAgg": "Computes over neighbouring rows, about {rows}.",
    "Limit": "Keeps the first {rows} rows.",
    "CTE Scan": "Reads about {rows} rows of an earlier part.",
}
MOST_STEPS = 12
CAVEAT = (
    "These are estimates from the database's statistics; where several conditions meet they may "
    "be ten times too high or too low."
)


def in_words(root: dict[str, JsonValue]) -> tuple[str, ...]:
    """One sentence for each step that matters, in the order of work, then how far to trust them.
    `root` is the plan as EXPLAIN's JSON has it."""
    steps = [text for node in _inside_out(root) if (text := _sentence(node))]
    different = list(dict.fromkeys(steps))
    if len(different) > MOST_STEPS:
        left = len(different) - MOST_STEPS
        different = [*different[:MOST_STEPS], f"And {left} further steps."]
    return (*different, CAVEAT)


def _inside_out(node: dict[str, JsonValue]) -> Iterator[dict[str, JsonValue]]:
    children = node.get("Plans")
    for child in children if isinstance(children, list) else ():
        if isinstance(child, dict):
            yield from _inside_out(child)
    yield node


def _sentence(node: dict[str, JsonValue]) -> str:
    kind = str(node.get("Node Type", ""))
    pattern = _READS.get(kind) or _STEPS.get(kind)
    rows = node.get("Plan Rows")
    if pattern is None or not isinstance(rows, int | float):
        return ""
    return pattern.format(
        relation=node.get("Relation Name", "a table"),
        index=node.get("Index Name", "an index"),
        rows=f"{rows:,.0f}",
    )
