"""How risky a statement is, from what is measured. Pure.

The score is the sum of the factors that apply, capped at 100. Each factor says in a sentence
what was measured. The points are a convention; what they lead to is the policy's matter.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import log10
from typing import Final

from contracts.context import UserContext
from contracts.plan import Planned, RawSql
from contracts.run import Risk, RiskFactor
from contracts.verdict import Verdict

MAX_SCORE = 100
SMALLEST_GROUP: Final = "smallest-group"
STATISTICS: Final = frozenset({"estimated-rows", "estimated-cost"})
"""Factors that rest on the database's own statistics, which know of rows outside a person's
scope: for reviewers and the record, never for the asker."""

TRUST = "an estimate from the database's statistics, which may be ten times too high or too low"
FREE_DIFFERENCES = 20
"""How many questions of one shape an hour may hold before each further one has points."""
FREE_VOLUME = 60


@dataclass(frozen=True, slots=True)
class Measured:
    """What is known of a statement. Of a plan that is not narrow `smallest_group` is None and
    `is_narrow` false; where a narrow one could not be measured in time, None and true.

    `likeness` is that to the nearest verified query, 0 to 1. `differences` counts this person's
    questions of the same shape about other people in the last hour, `volume` all narrow ones.
    """

    planned: Planned
    verdict: Verdict
    context: UserContext
    is_one_store: bool = False
    sensitive: tuple[str, ...] = ()
    is_narrow: bool = False
    smallest_group: int | None = None
    enough_people: int = 5
    likeness: float = 0.0
    differences: int = 0
    volume: int = 0
    estimated_rows: float = 0.0
    estimated_cost: float = 0.0


def score(measured: Measured) -> Risk:
    """The factors that apply, and their sum."""
    factors = tuple(f for factor in _FACTORS if (f := factor(measured)) is not None and f.points)
    return Risk(score=min(MAX_SCORE, sum(f.points for f in factors)), factors=factors)


def for_asker(risk: Risk) -> Risk:
    """The same without the factors that rest on the database's statistics."""
    kept = tuple(f for f in risk.factors if f.name not in STATISTICS)
    return Risk(score=min(MAX_SCORE, sum(f.points for f in kept)), factors=kept)


def _raw_sql(measured: Measured) -> RiskFactor | None:
    if not isinstance(measured.planned.output, RawSql):
        return None
    return RiskFactor(
        name="raw-sql", points=40, reason="The SQL was written, not compiled from a reviewed plan."
    )


def _personal(measured: Measured) -> RiskFactor | None:
    uses = sorted({f.message for f in measured.verdict.findings if f.rule == "personal"})
    if not uses:
        return None
    columns = {message.partition(" ")[0] for message in uses}  # each begins with its column
    return RiskFactor(
        name="personal-data",
        points=min(50, 30 + 10 * (len(columns) - 1)),
        reason=" ".join(uses),
    )


def _sensitive(measured: Measured) -> RiskFactor | None:
    if not measured.sensitive:
        return None
    return RiskFactor(
        name="sensitive",
        points=min(60, 30 * len(measured.sensitive)),
        reason=f"Marked as sensitive in the semantic model: {', '.join(measured.sensitive)}.",
    )


def _breadth(measured: Measured) -> RiskFactor | None:
    context = measured.context
    if measured.is_one_store:
        return None
    if context.is_all_stores:
        return RiskFactor(name="breadth", points=5, reason="Reads all stores.")
    count = len(context.store_ids)
    if count < 2:
        return None
    return RiskFactor(
        name="breadth", points=min(4, count - 1), reason=f"Reads all {count} stores of the asker."
    )


def _smallest_group(measured: Measured) -> RiskFactor | None:
    if not measured.is_narrow:
        return None
    return small_group(measured.smallest_group, measured.enough_people)


def small_group(fewest: int | None, enough_people: int) -> RiskFactor | None:
    """What counts where the row with the fewest people stands for `fewest`, or for nobody knows
    how many."""
    if fewest is None:
        return RiskFactor(
            name=SMALLEST_GROUP,
            points=5,
            reason="How few people a row stands for could not be counted.",
        )
    if fewest >= enough_people:
        return None
    people = "one person" if fewest == 1 else f"{fewest} people"
    return RiskFactor(
        name=SMALLEST_GROUP,
        points=15 if fewest == 1 else 10,
        reason=f"A row stands for {people}; from {enough_people} on nobody stands out.",
    )


def regrouped(risk: Risk, fewest: int | None, enough_people: int) -> Risk:
    """The same risk where the row with the fewest people stands for `fewest`."""
    kept = tuple(f for f in risk.factors if f.name != SMALLEST_GROUP)
    found = small_group(fewest, enough_people)
    factors = (*kept, found) if found else kept
    return Risk(score=min(MAX_SCORE, sum(f.points for f in factors)), factors=factors)


def _differences(measured: Measured) -> RiskFactor | None:
    over = measured.differences - FREE_DIFFERENCES
    if over <= 0:
        return None
    return RiskFactor(
        name="differences",
        points=min(50, 5 * over),
        reason=f"The same was asked about {measured.differences} other groups of people within an "
        "hour; answers taken from one another tell what none of them does.",
    )


def _volume(measured: Measured) -> RiskFactor | None:
    over = measured.volume - FREE_VOLUME
    if over <= 0:
        return None
    return RiskFactor(
        name="volume",
        points=min(40, 2 * over),
        reason=f"{measured.volume} different questions about few people within an hour.",
    )


def _novelty(measured: Measured) -> RiskFactor | None:
    points = round(5 * (1 - measured.likeness))
    reason = "No verified query is like this one."
    if measured.likeness > 0:
        reason = f"The nearest verified query is like this one to {measured.likeness:.0%}."
    return RiskFactor(name="novelty", points=points, reason=reason)


def _confidence(measured: Measured) -> RiskFactor | None:
    confidence = measured.planned.confidence
    if confidence >= 0.9:
        return None
    return RiskFactor(
        name="confidence",
        points=round((0.9 - confidence) * 20),
        reason=f"The question was read with confidence {confidence:.2f}.",
    )


def _unused_words(measured: Measured) -> RiskFactor | None:
    words = measured.planned.unused_words
    if not words:
        return None
    return RiskFactor(
        name="unused-words",
        points=min(10, 2 * len(words)),
        reason=f"The reading left out: {', '.join(words)}.",
    )


def _estimated_rows(measured: Measured) -> RiskFactor | None:
    rows = measured.estimated_rows
    if rows <= 1_000:
        return None
    return RiskFactor(
        name="estimated-rows",
        points=min(15, round(3 * (log10(rows) - 3)) + 1),
        reason=f"About {rows:,.0f} rows have to be read: {TRUST}.",
    )


def _estimated_cost(measured: Measured) -> RiskFactor | None:
    cost = measured.estimated_cost
    if cost <= 1_000_000:
        return None
    return RiskFactor(
        name="estimated-cost",
        points=min(15, round(5 * (log10(cost) - 6)) + 1),
        reason=f"A cost of {cost:,.0f} is expected, in the database's units: {TRUST}.",
    )


_FACTORS: Final[tuple[Callable[[Measured], RiskFactor | None], ...]] = (
    _raw_sql,
    _personal,
    _sensitive,
    _smallest_group,
    _differences,
    _volume,
    _breadth,
    _novelty,
    _confidence,
    _unused_words,
    _estimated_rows,
    _estimated_cost,
)
