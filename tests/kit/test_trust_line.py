import pytest

from contracts.run import ApprovalStatus, Waiting
from kit import trust_line
from tests.gateway.export.examples import BY_CATEGORY, RUN

ANSWER = BY_CATEGORY.answer


def test_the_line_says_whose_how_old_how_made_and_what_was_checked() -> None:
    assert trust_line.parts(ANSWER) == (
        "store manager, store 1", "data to 31 August 2022", "Computed from a plan",
        "all checks passed",
    )  # fmt: skip
    waited = Waiting(
        approval_id=RUN,
        status=ApprovalStatus.APPROVED,
        approvers_needed=2,
        approved_by=("ann", "bob"),
    )
    approved = ANSWER.model_copy(update={"approval": waited})
    assert trust_line.made(approved) == "Approved by ann and bob"


@pytest.mark.parametrize(
    ("scope", "told"), [("all", "all stores"), ((), "no stores"), ((1, 2), "stores 1 and 2")]
)
def test_the_scope_is_named(scope: object, told: str) -> None:
    security = ANSWER.security.model_copy(update={"row_scope": scope})
    answer = ANSWER.model_copy(update={"security": security})
    assert trust_line.scope(answer) == f"store manager, {told}"


def test_a_day_that_is_none_stays_as_it_is() -> None:
    assert ANSWER.explain is not None
    explain = ANSWER.explain.model_copy(update={"as_of": "soon"})
    assert trust_line.as_of(ANSWER.model_copy(update={"explain": explain})) == "soon"
