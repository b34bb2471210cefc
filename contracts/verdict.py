"""What the guardrails say of a statement."""

from typing import Literal

from contracts.base import Wire

Severity = Literal["block", "needs_approval", "notice"]
Outcome = Literal["pass", "needs_approval", "block"]


class Position(Wire):
    """Where in the statement, counted from 1."""

    line: int
    column: int


class Finding(Wire):
    """One rule's objection. `message` is for a person and never quotes more than a name."""

    rule: str
    severity: Severity
    message: str
    position: Position | None = None


class Verdict(Wire):
    """`sql` is the statement regenerated from the checked tree, scope injected and limit capped;
    absent when blocked. `count_sql` counts what the statement would return without the cap, and
    is present only where the guardrails imposed it."""

    verdict: Outcome
    findings: tuple[Finding, ...] = ()
    sql: str | None = None
    count_sql: str | None = None
