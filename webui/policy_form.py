"""A policy as a form shows it, and as it comes back: every cell has a name of its own."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import get_args

from pydantic import JsonValue

from contracts.people import Role
from contracts.policy import ApproverRule, Limits, Policy, SubjectKind

EVERYONE = ""
STEPS = ("one_approver_from", "two_approvers_from", "never_from")
SUBJECTS: tuple[str, ...] = get_args(SubjectKind)


@dataclass(frozen=True, slots=True)
class LimitsRow:
    """The limits of a role; empty cells are as everyone's."""

    role: str
    cells: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class RuleRow:
    """Who decides what; `whose` says for which askers where it is not for all."""

    index: int
    role: str
    subjects: frozenset[str]
    highest_score: str
    beyond_own_scope: bool
    whose: str


def limits_rows(
    policy: Policy, roles: Iterable[Role], typed: Mapping[str, str]
) -> tuple[LimitsRow, ...]:
    """Everyone first, then each role that asks or has limits of its own."""
    asking = {role.role for role in roles if "ask" in role.permissions}
    named = (EVERYONE, *sorted(asking | set(policy.roles)))
    return tuple(
        LimitsRow(role, tuple(_cell(policy, role, s, typed) for s in STEPS)) for role in named
    )


def rule_rows(
    policy: Policy, roles: Iterable[Role], typed: Mapping[str, list[str]]
) -> tuple[RuleRow, ...]:
    """Each rule that stands, then an empty one for each other role that may approve."""
    rules = list(policy.approvers)
    ruled = {rule.role for rule in rules}
    rules += [
        ApproverRule(role=role.role, subjects=())
        for role in roles
        if "approve" in role.permissions and role.role not in ruled
    ]
    return tuple(_row(index, rule, typed) for index, rule in enumerate(rules))


def read(
    base: Policy, roles: Iterable[Role], typed: Mapping[str, list[str]]
) -> dict[str, JsonValue]:
    """The policy that was typed, in the shape of `contracts.policy.Policy`, not yet checked: the
    gateway says what is wrong with it. Who may decide for whom is as in `base`."""
    one = {name: values[-1].strip() for name, values in typed.items()}
    roles = tuple(roles)
    limits: dict[str, JsonValue] = {}
    for row in limits_rows(base, roles, one):
        own = {step: _number(value) for (name, value), step in zip(row.cells, STEPS, strict=True)}
        if row.role == EVERYONE or any(value != "" for value in own.values()):
            limits[row.role] = {step: value for step, value in own.items() if value != ""}
    everyone = limits.pop(EVERYONE, {})
    fallback = everyone if isinstance(everyone, dict) else {}
    filled = {r: {**fallback, **own} if isinstance(own, dict) else own for r, own in limits.items()}
    approvers: list[JsonValue] = []
    standing = list(base.approvers)
    for rule in rule_rows(base, roles, typed):
        if rule.subjects:
            whose = standing[rule.index].asker_roles if rule.index < len(standing) else None
            approvers.append(
                {
                    "role": rule.role,
                    "subjects": [s for s in SUBJECTS if s in rule.subjects],
                    "asker_roles": None if whose is None else [*whose],
                    "highest_score": _number(rule.highest_score),
                    "beyond_own_scope": rule.beyond_own_scope,
                }
            )
    return {
        "everyone": everyone,
        "roles": filled,
        "approvers": approvers,
        "smallest_group": _number(one.get("smallest_group", "")),
    }


def _cell(policy: Policy, role: str, step: str, typed: Mapping[str, str]) -> tuple[str, str]:
    name = f"limit {role} {step}"
    own: Limits | None = policy.everyone if role == EVERYONE else policy.roles.get(role)
    standing = "" if own is None else str(getattr(own, step))
    return name, typed.get(name, standing)


def _row(index: int, rule: ApproverRule, typed: Mapping[str, list[str]]) -> RuleRow:
    is_typed = f"rule {index}" in typed
    score = typed.get(f"rule {index} score", [str(rule.highest_score)])[-1]
    subjects = typed.get(f"rule {index} subject", []) if is_typed else list(rule.subjects)
    beyond = f"rule {index} beyond" in typed if is_typed else rule.beyond_own_scope
    whose = "" if rule.asker_roles is None else ", ".join(rule.asker_roles)
    return RuleRow(index, rule.role, frozenset(subjects), score, beyond, whose)


def _number(text: str) -> JsonValue:
    """What is no number goes on as it is: the gateway's refusal then says so."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else text
