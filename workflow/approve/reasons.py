"""Why something waits, in words for whoever asked it. Pure."""

from contracts.run import Risk
from contracts.verdict import Verdict
from workflow.approve.risk import for_asker

MOST_FACTORS = 3


def reasons(verdict: Verdict, risk: Risk) -> tuple[str, ...]:
    """What the guardrails hold back, one for each rule; else the factors with most points."""
    waits = [f for f in verdict.findings if f.severity == "needs_approval"]
    if waits:
        return tuple({f.rule: f.message for f in reversed(waits)}.values())
    factors = sorted(for_asker(risk).factors, key=lambda factor: -factor.points)
    return tuple(factor.reason for factor in factors[:MOST_FACTORS])
