"""How risky a statement is, from what can be measured. Pure."""

from contracts.context import UserContext
from contracts.plan import Planned, RawSql
from contracts.run import Risk, RiskFactor
from contracts.verdict import Verdict

POLICY_VERSION = "1"
MAX_SCORE = 100
STATISTICS = frozenset({"estimated-rows", "estimated-cost"})
"""Factors that rest on the database's own statistics, which know of rows outside a person's
scope: for reviewers and the record, never for the asker."""


def score(
    planned: Planned,
    verdict: Verdict,
    context: UserContext,
    *,
    estimated_rows: float,
    estimated_cost: float,
) -> Risk:
    """The sum of the factors that apply, capped at 100."""
    factors = []
    if isinstance(planned.output, RawSql):
        factors.append(
            RiskFactor(name="raw-sql", points=40, reason="Written by a model, not from a plan.")
        )
    if any(f.rule == "personal-data" for f in verdict.findings):
        factors.append(
            RiskFactor(name="personal-data", points=30, reason="A person could be recognised.")
        )
    if context.is_all_stores:
        factors.append(RiskFactor(name="breadth", points=5, reason="Reads all stores."))
    if planned.confidence < 0.9:
        factors.append(
            RiskFactor(
                name="confidence",
                points=round((0.9 - planned.confidence) * 20),
                reason=f"The question was read with confidence {planned.confidence:.2f}.",
            )
        )
    if estimated_rows > 1_000:
        factors.append(
            RiskFactor(
                name="estimated-rows",
                points=10,
                reason=f"About {estimated_rows:,.0f} rows are expected.",
            )
        )
    if estimated_cost > 1_000_000:
        factors.append(
            RiskFactor(
                name="estimated-cost",
                points=10,
                reason="The database expects a long computation.",
            )
        )
    return Risk(score=min(MAX_SCORE, sum(f.points for f in factors)), factors=tuple(factors))


def for_asker(risk: Risk) -> Risk:
    """The same without the factors that rest on the database's statistics."""
    kept = tuple(f for f in risk.factors if f.name not in STATISTICS)
    return Risk(score=min(MAX_SCORE, sum(f.points for f in kept)), factors=kept)
