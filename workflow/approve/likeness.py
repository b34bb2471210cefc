"""How like a question is to those that were verified. Pure."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from contracts.plan import MetricQuery, Plan, RawSql
from workflow.semantic.filters import single_filters
from workflow.store.verified_queries import VerifiedRow

_NOT_A_WORD: Final = re.compile(r"[^\w]+")


def normalised(question: str) -> str:
    """The words alone, in lower case."""
    return _NOT_A_WORD.sub(" ", question).strip().casefold()


def asked_for(question: str, verified: Sequence[VerifiedRow]) -> VerifiedRow | None:
    """The verified query that this question, word for word, or a pattern of it, asks for.

    A plan with a period counts only where the question names its year: "last month" was another
    month then.
    """
    words = normalised(question)
    for row in verified:
        if words in {normalised(p) for p in (row.question, *row.patterns)} and _is_timeless(
            row.reading, words
        ):
            return row
    return None


def same_plan(plan: Plan, verified: Sequence[VerifiedRow]) -> VerifiedRow | None:
    """The verified query that is this very plan, in whatever words it was asked for."""
    for row in verified:
        reading = row.reading
        if isinstance(reading, MetricQuery) and _meaning(reading.plan) == _meaning(plan):
            return row
    return None


def nearest(
    output: MetricQuery | RawSql, verified: Sequence[VerifiedRow]
) -> tuple[VerifiedRow, float] | None:
    """The verified query with most in common, and how much that is, over 0 to 1."""
    scored = [(likeness(output, row.reading), row) for row in verified]
    best = max(scored, key=lambda one: one[0], default=None)
    return (best[1], best[0]) if best and best[0] > 0 else None


def likeness(one: MetricQuery | RawSql, other: MetricQuery | RawSql) -> float:
    """What two readings share of all that is in either (Jaccard): metrics, dimensions and
    filtered fields of plans, words of SQL."""
    if one.kind != other.kind:
        return 0.0
    first, second = set(_features(one)), set(_features(other))
    return len(first & second) / len(first | second) if first | second else 1.0


def _features(output: MetricQuery | RawSql) -> Iterable[str]:
    if isinstance(output, RawSql):
        return normalised(output.sql).split()
    plan = output.plan
    return [
        *(f"metric {name}" for name in plan.metrics),
        *(f"by {d.field} {d.grain or ''}" for d in plan.dimensions),
        *(f"where {f.field}" for f in single_filters(plan.filters)),
        *(f"adds {c.kind} {c.metric}" for c in plan.calculations),
        *(["compared"] if plan.comparison else []),
    ]


def _is_timeless(reading: MetricQuery | RawSql, words: str) -> bool:
    time = reading.plan.time if isinstance(reading, MetricQuery) else None
    if time is None or (time.start is None and time.end is None and time.relative is None):
        return True
    return time.start is not None and str(time.start.year) in words.split()


def _meaning(plan: Plan) -> Plan:
    """The plan without what is only said about it."""
    time = plan.time.model_copy(update={"label": ""}) if plan.time else None
    return plan.model_copy(update={"time": time})
