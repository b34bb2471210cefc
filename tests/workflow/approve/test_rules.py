"""What a policy asks for, and who may decide."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from contracts.approval import (
    Action,
    ApprovalItem,
    Decision,
    Person,
    PolicySubject,
    QuerySubject,
)
from contracts.context import UserContext
from contracts.plan import MetricQuery, Plan
from contracts.policy import ApproverRule, Limits, Policy
from contracts.run import ApprovalStatus, Risk
from contracts.verdict import Verdict
from workflow.approve.rules import (
    NOBODY,
    Asked,
    against_remembering,
    approvers_needed,
    deciding_roles,
    limits_of,
    objection,
    possible,
)

AT = datetime(2022, 8, 1, tzinfo=UTC)
PASSED, HELD = Verdict(verdict="pass"), Verdict(verdict="needs_approval")
ASKER, REVIEWER, OTHER = UUID(int=1), UUID(int=2), UUID(int=3)
VIEW = "v_payment_scoped"


def person(user: UUID, role: str = "reviewer", **more: object) -> UserContext:
    values: dict[str, object] = {
        "user_id": user,
        "username": f"user{user.int}",
        "org_id": UUID(int=9),
        "role": role,
        "permissions": ("approve", "admin") if role == "admin" else ("approve",),
        "store_ids": (),
        "is_all_stores": False,
        "allowed_views": (),
    }
    return UserContext.model_validate({**values, **more})


def by(user: UUID) -> Person:
    return Person(user_id=user, username=f"user{user.int}", role="reviewer")


ITEM = ApprovalItem(
    approval_id=UUID(int=5),
    run_id=UUID(int=6),
    version=1,
    status=ApprovalStatus.PENDING,
    subject=QuerySubject(
        run_id=UUID(int=6),
        question="revenue by customer",
        output=MetricQuery(plan=Plan(metrics=("revenue",))),
        plan_in_words="",
        sql="SELECT 1",
        views=(VIEW,),
    ),
    risk=Risk(score=55),
    asker=Person(user_id=ASKER, username="asker", role="finance"),
    binding="b",
    policy_version=0,
    approvers_needed=2,
    requested_at=AT,
    expires_at=AT,
)
ASKED = Asked(
    context=person(ASKER, "finance", store_ids=(1,), allowed_views=(VIEW,)), views=(VIEW,)
)


def kind(
    action: Action,
    who: UserContext,
    item: ApprovalItem = ITEM,
    policy: Policy | None = None,
) -> str | None:
    found = objection(action, item, who, ASKED, policy or Policy())
    return found.kind if found else None


def test_who_decides_within_their_own_scope_remembers_for_nobody_beyond_it() -> None:
    policy = Policy(approvers=(ApproverRule(role="reviewer"),))
    found = against_remembering(ITEM, person(REVIEWER, store_ids=(1,)), ("finance",), policy)
    assert found is not None
    assert found.kind == "outside-own-scope"
    sees_all = person(REVIEWER, is_all_stores=True)
    assert against_remembering(ITEM, sees_all, ("finance",), policy) is None


def test_the_asker_is_told_which_roles_decide() -> None:
    assert deciding_roles(ITEM, Policy()) == ("admin", "reviewer")
    policy = Policy(
        approvers=(
            ApproverRule(role="boss", highest_score=55),
            ApproverRule(role="clerk", highest_score=54),
            ApproverRule(role="keeper", subjects=("policy",)),
            ApproverRule(role="friend", asker_roles=("marketing",)),
        )
    )
    assert deciding_roles(ITEM, policy) == ("boss",)


@pytest.mark.parametrize(
    ("score", "verdict", "is_verified", "expected"),
    [
        (39, PASSED, False, 0),
        (40, PASSED, False, 1),
        (69, PASSED, False, 1),
        (70, PASSED, False, 2),
        (99, PASSED, False, 2),
        (100, PASSED, False, NOBODY),
        (0, HELD, False, 1),
        (99, HELD, True, 0),
        (100, HELD, True, NOBODY),
    ],
)
def test_the_limits_say_how_many_have_to_agree(
    score: int, verdict: Verdict, is_verified: bool, expected: int
) -> None:
    assert approvers_needed(score, Limits(), verdict, is_verified=is_verified) == expected


def test_a_role_has_its_own_limits_or_those_of_everyone() -> None:
    strict = Limits(one_approver_from=0)
    policy = Policy(roles={"marketing": strict})
    assert limits_of(policy, "marketing") == strict
    assert limits_of(policy, "finance") == policy.everyone


@pytest.mark.parametrize("action", [Action.CLAIM, Action.APPROVE, Action.REJECT, Action.EDIT])
def test_nobody_decides_on_their_own_whatever_they_are(action: Action) -> None:
    assert kind(action, person(ASKER, "admin", is_all_stores=True)) == "own-request"


def test_only_the_asker_cancels() -> None:
    assert kind(Action.CANCEL, person(REVIEWER)) == "not-the-asker"
    assert kind(Action.CANCEL, person(ASKER, "finance", permissions=("ask",))) is None


def test_without_the_permission_nothing_is_decided() -> None:
    assert kind(Action.APPROVE, person(REVIEWER, permissions=("ask",))) == "permission-missing"


def test_a_role_without_a_rule_decides_nothing() -> None:
    assert kind(Action.APPROVE, person(REVIEWER, "finance")) == "not-in-policy"


def test_a_rule_may_name_roles_and_a_highest_score() -> None:
    rule = ApproverRule(role="reviewer", asker_roles=("marketing",), beyond_own_scope=True)
    assert kind(Action.APPROVE, person(REVIEWER), policy=Policy(approvers=(rule,))) is not None
    rule = ApproverRule(role="reviewer", highest_score=54, beyond_own_scope=True)
    assert kind(Action.REJECT, person(REVIEWER), policy=Policy(approvers=(rule,))) is not None
    rule = ApproverRule(role="reviewer", highest_score=55, beyond_own_scope=True)
    assert kind(Action.APPROVE, person(REVIEWER), policy=Policy(approvers=(rule,))) is None


@pytest.mark.parametrize(
    ("views", "stores", "is_all", "expected"),
    [
        ((VIEW,), (1, 2), False, None),
        ((VIEW,), (), True, None),
        ((VIEW,), (2,), False, "outside-own-scope"),
        ((), (), True, "outside-own-scope"),
    ],
)
def test_an_approver_must_see_what_is_shown_unless_the_policy_grants_it(
    views: tuple[str, ...], stores: tuple[int, ...], is_all: bool, expected: str | None
) -> None:
    who = person(REVIEWER, "admin", allowed_views=views, store_ids=stores, is_all_stores=is_all)
    assert kind(Action.APPROVE, who) == expected
    assert kind(Action.REJECT, who) is None
    assert kind(Action.APPROVE, person(REVIEWER)) is None  # granted to reviewers


def test_two_approvals_take_two_people_and_none_of_them_an_editor() -> None:
    once = Decision(by=by(REVIEWER), decision="approve", binding="b", at=AT)
    assert (
        kind(Action.APPROVE, person(REVIEWER), ITEM.model_copy(update={"decisions": (once,)}))
        == "already-approved"
    )
    edited = ITEM.model_copy(update={"editors": (REVIEWER,)})
    assert kind(Action.APPROVE, person(REVIEWER), edited) == "own-edit"
    assert kind(Action.APPROVE, person(OTHER), edited) is None


def test_what_somebody_has_in_hand_is_theirs_until_released() -> None:
    claimed = ITEM.model_copy(update={"claimed_by": by(OTHER), "claimed_at": AT})
    assert kind(Action.APPROVE, person(REVIEWER), claimed) == "claimed"
    assert kind(Action.RELEASE, person(REVIEWER), claimed) == "claimed"
    assert kind(Action.APPROVE, person(OTHER), claimed) is None
    admin = person(REVIEWER, "admin", is_all_stores=True, allowed_views=(VIEW,))
    assert kind(Action.RELEASE, admin, claimed) is None


def test_a_policy_is_for_admins() -> None:
    subject = PolicySubject(base_version=0, policy=Policy(), changes=(), reason="r")
    change = ITEM.model_copy(update={"subject": subject, "run_id": None})
    assert kind(Action.APPROVE, person(REVIEWER), change) == "permission-missing"
    assert (
        objection(Action.APPROVE, change, person(OTHER, "admin"), Asked(None, ()), Policy()) is None
    )


def test_what_a_person_may_do_is_what_nothing_speaks_against() -> None:
    asked, policy = Asked(context=None, views=()), Policy()

    def of(item: ApprovalItem, user: UUID) -> set[Action]:
        return set(possible(item, person(user), asked, policy))

    deciding = {Action.APPROVE, Action.EDIT, Action.REJECT}
    assert of(ITEM, ASKER) == {Action.CANCEL, Action.COMMENT}
    assert of(ITEM, REVIEWER) == {Action.CLAIM, Action.COMMENT, *deciding}
    claimed = ITEM.model_copy(
        update={"status": ApprovalStatus.CLAIMED, "claimed_by": by(REVIEWER), "claimed_at": AT}
    )
    assert of(claimed, REVIEWER) == {Action.RELEASE, Action.COMMENT, *deciding}
    assert of(claimed, OTHER) == {Action.COMMENT}
    said = Decision(by=by(REVIEWER), decision="approve", binding=ITEM.binding, at=AT)
    done = ITEM.model_copy(update={"status": ApprovalStatus.APPROVED, "decisions": (said,)})
    assert of(done, REVIEWER) == {Action.COMMENT, Action.REMEMBER}
    assert of(done, OTHER) == {Action.COMMENT}
