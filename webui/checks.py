"""What each rule of the guardrails makes sure of, for people who look at the checks."""

from collections.abc import Iterable
from dataclasses import dataclass

from contracts.verdict import Finding

RULES = {
    "statement": "One statement that only reads",
    "syntax": "Nothing but what is known to be harmless",
    "characters": "No hidden characters",
    "relations": "Only views that the role may read",
    "columns": "Only columns of these views",
    "personal": "Personal data only where the role may see it",
    "functions": "Only functions that are known to be harmless",
    "operators": "Only operators that are known to be harmless",
    "casts": "Only harmless changes of type",
    "patterns": "No pattern that takes for ever to match",
    "joins": "Tables are joined on something",
    "recursion": "What repeats itself comes to an end",
    "series": "No series of numbers without an end",
    "growth": "No result that grows without bound",
    "stars": "Columns are named where their order matters",
    "names": "No name stands for two things",
    "session": "Nothing that tells of the session or the server",
    "size": "Within the limits of size",
    "raw_sql": "Written by no model without a person's consent",
    "second_opinion": "PostgreSQL's own parser reads it the same way",
    "meaning": "What was checked is what runs",
}
"""By the rule's name in a finding."""


@dataclass(frozen=True, slots=True)
class Check:
    """A rule, and what it found; nothing, where it passed."""

    name: str
    told: str
    findings: tuple[Finding, ...]


def checks(findings: Iterable[Finding]) -> tuple[Check, ...]:
    """Every rule, those that found something first."""
    found: dict[str, list[Finding]] = {}
    for finding in findings:
        found.setdefault(finding.rule, []).append(finding)
    names = [*found, *(name for name in RULES if name not in found)]
    return tuple(
        Check(name, RULES.get(name, name.replace("_", " ")), tuple(found.get(name, ())))
        for name in names
    )
