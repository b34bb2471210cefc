"""What the workflow answers about approvals, policies and news, in the agreed shapes."""

from datetime import UTC, datetime
from uuid import UUID

from contracts.approval import (
    Approval,
    ApprovalItem,
    ApprovalPage,
    DraftVerdict,
    Person,
    PolicySubject,
    ReviewChoices,
    ReviewEvidence,
    VerifiedQuery,
    VerifiedQueryPage,
)
from contracts.catalog import Catalog
from contracts.notification import NotificationPage
from contracts.policy import Policy, PolicyVersion, PolicyVersions
from contracts.run import ApprovalStatus, Risk

AT = datetime(2022, 8, 1, tzinfo=UTC)
SOMEBODY = Person(user_id=UUID(int=1), username="somebody", role="admin")


def usual(path: str, known: str) -> tuple[str, int] | None:
    """The body and the status; None where the one known id is not in the path."""
    match path.strip("/").split("/"):
        case ["approvals"]:
            counts = dict.fromkeys(ApprovalStatus, 0)
            return ApprovalPage(items=(item(),), total=1, counts=counts).model_dump_json(), 200
        case ["approvals", one, *_] if one != known:
            return None
        case ["approvals", _]:
            whole = Approval(**item().model_dump(), evidence=ReviewEvidence(), history=())
            return whole.model_dump_json(), 200
        case ["approvals", _, "choices"]:
            catalog = Catalog(model="m", model_digest="d", metrics=(), dimensions=())
            return ReviewChoices(catalog=catalog, roles=()).model_dump_json(), 200
        case ["approvals", _, "check"]:
            return DraftVerdict(verdict="pass").model_dump_json(), 200
        case ["approvals", _, "remember"]:
            return verified().model_dump_json(), 201
        case ["approvals", _, _]:
            return item().model_dump_json(), 200
        case ["policy"]:
            return version().model_dump_json(), 200
        case ["policy", "versions"]:
            return PolicyVersions(items=(version(),)).model_dump_json(), 200
        case ["policy", "changes"]:
            return item().model_dump_json(), 201
        case ["verified-queries"]:
            return VerifiedQueryPage(items=(verified(),)).model_dump_json(), 200
        case ["notifications"]:
            return NotificationPage(items=()).model_dump_json(), 200
    return None


def item() -> ApprovalItem:
    return ApprovalItem(
        approval_id=UUID(int=2),
        run_id=None,
        version=1,
        status=ApprovalStatus.PENDING,
        subject=PolicySubject(base_version=0, policy=Policy(), changes=(), reason="a reason"),
        risk=Risk(score=0),
        asker=SOMEBODY,
        binding="0" * 64,
        policy_version=0,
        approvers_needed=1,
        requested_at=AT,
        expires_at=AT,
    )


def version() -> PolicyVersion:
    return PolicyVersion(version=0, digest="0" * 64, policy=Policy())


def verified() -> VerifiedQuery:
    return VerifiedQuery(
        verified_id=UUID(int=3),
        question="rentals by customer",
        patterns=(),
        plan=None,
        sql="SELECT 1",
        plan_in_words="",
        owner=SOMEBODY,
        roles=("admin",),
        approval_id=UUID(int=2),
        model_digest="0" * 64,
        policy_digest="0" * 64,
        created_at=AT,
        expires_at=AT,
    )
