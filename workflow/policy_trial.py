"""Recorded questions under a proposed policy: from what was measured then, nothing is run. Pure.

A policy decides by the score, and by how few people a row may stand for; what the guardrails
said, and the rest of the risk, was measured when the question was asked and stays.
"""

from collections.abc import Iterable, Iterator

from contracts.policy import Policy
from contracts.run import Risk
from contracts.simulation import Fate, OtherFate
from contracts.verdict import Finding, Outcome, Verdict
from workflow.approve.risk import regrouped
from workflow.approve.rules import NOBODY, approvers_needed, limits_of
from workflow.audit.account import Json, member, members
from workflow.store.checked_runs import CheckedRun

POLICY_RULE = "policy"
"""The finding that is the policy's own, and not the guardrails'."""
_FATES: dict[int, Fate] = {
    0: "runs at once",
    1: "waits for one approver",
    2: "waits for two approvers",
    NOBODY: "blocked",
}


def other_fates(runs: Iterable[CheckedRun], policy: Policy) -> Iterator[OtherFate]:
    """Those of the runs that would not go the way they went."""
    for run in runs:
        then = _then(run.checked)
        risk = _risk(run.checked, policy)
        now = _now(run, risk, policy)
        if then != now:
            yield OtherFate(
                run_id=run.run_id,
                username=run.username,
                role=run.role,
                question=run.question,
                score_then=Risk.model_validate(run.checked["risk"]).score,
                score_now=risk.score,
                then=then,
                now=now,
            )


def _then(checked: Json) -> Fate:
    if member(checked.get("verdict")).get("verdict") == "block":
        return "blocked"
    needed = checked.get("approvers_needed")
    return _FATES[needed if isinstance(needed, int) else 0]


def _now(run: CheckedRun, risk: Risk, policy: Policy) -> Fate:
    verdict = _of_the_guardrails(run.checked)
    if verdict.verdict == "block":
        return "blocked"
    needed = approvers_needed(
        risk.score,
        limits_of(policy, run.role),
        verdict,
        is_verified=run.planner == "verified",
    )
    return _FATES[needed]


def _of_the_guardrails(checked: Json) -> Verdict:
    recorded = member(checked.get("verdict"))
    findings = tuple(
        finding
        for one in members(recorded.get("findings"))
        if (finding := Finding.model_validate(one)).rule != POLICY_RULE
    )
    severities = {finding.severity for finding in findings}
    outcome: Outcome = "pass"
    if "block" in severities:
        outcome = "block"
    elif "needs_approval" in severities:
        outcome = "needs_approval"
    return Verdict(verdict=outcome, findings=findings)


def _risk(checked: Json, policy: Policy) -> Risk:
    recorded = Risk.model_validate(checked["risk"])
    fewest = checked.get("smallest_group")
    if not isinstance(fewest, int):
        return recorded
    return regrouped(recorded, fewest, policy.smallest_group)
