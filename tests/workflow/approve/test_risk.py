"""Each factor, by what is measured; the sum, and what an asker is shown of it."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from contracts.context import UserContext
from contracts.plan import MetricQuery, Plan, Planned, RawSql
from contracts.verdict import Finding, Verdict
from workflow.approve.risk import Measured, for_asker, score

ContextOf = Callable[..., UserContext]
PLANNED = Planned(output=MetricQuery(plan=Plan(metrics=("revenue",))), planner="builtin")
PASSED = Verdict(verdict="pass", sql="SELECT 1")


@pytest.fixture
def calm(context_of: ContextOf) -> Measured:
    """Nothing to say against it."""
    context = context_of("store_manager", (1,))
    return Measured(planned=PLANNED, verdict=PASSED, context=context, likeness=1.0)


def personal(*columns: str) -> Verdict:
    findings = tuple(
        Finding(
            rule="personal",
            severity="needs_approval",
            message=f"“{column}” is personal data, and {use}.",
        )
        for column in columns
        for use in ("the answer would show it", "the statement groups by it")
    )
    return Verdict(verdict="needs_approval", findings=findings, sql="SELECT 1")


def points(measured: Measured) -> dict[str, int]:
    return {f.name: f.points for f in score(measured).factors}


def test_an_everyday_question_has_no_factor(calm: Measured) -> None:
    assert score(calm).score == 0
    assert points(calm) == {}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"planned": Planned(output=RawSql(sql="SELECT 1"), planner="model")}, {"raw-sql": 40}),
        ({"verdict": personal("customer_id")}, {"personal-data": 30}),
        ({"verdict": personal("customer_id", "email")}, {"personal-data": 40}),
        ({"sensitive": ("Salaries",)}, {"sensitive": 30}),
        ({"sensitive": ("Salaries", "Payroll", "Bonus")}, {"sensitive": 60}),
        ({"is_narrow": True, "smallest_group": 1}, {"smallest-group": 15}),
        ({"is_narrow": True, "smallest_group": 4}, {"smallest-group": 10}),
        ({"is_narrow": True, "smallest_group": 5}, {}),
        ({"is_narrow": True, "smallest_group": None}, {"smallest-group": 5}),
        ({"smallest_group": 1}, {}),
        ({"differences": 20}, {}),
        ({"differences": 23}, {"differences": 15}),
        ({"differences": 500}, {"differences": 50}),
        ({"volume": 60}, {}),
        ({"volume": 70}, {"volume": 20}),
        ({"likeness": 0.0}, {"novelty": 5}),
        ({"likeness": 0.5}, {"novelty": 2}),
        ({"planned": PLANNED.model_copy(update={"confidence": 0.5})}, {"confidence": 8}),
        ({"planned": PLANNED.model_copy(update={"unused_words": ("odd",)})}, {"unused-words": 2}),
        ({"estimated_rows": 1_000.0}, {}),
        ({"estimated_rows": 1e5}, {"estimated-rows": 7}),
        ({"estimated_cost": 1e8}, {"estimated-cost": 11}),
    ],
)
def test_a_factor_has_its_points(
    calm: Measured, change: dict[str, object], expected: dict[str, int]
) -> None:
    assert points(replace(calm, **change)) == expected  # type: ignore[arg-type]


def test_breadth_counts_the_stores_that_are_read(calm: Measured, context_of: ContextOf) -> None:
    assert points(replace(calm, context=context_of("admin"))) == {"breadth": 5}
    assert points(replace(calm, context=context_of("store_manager", (1, 2)))) == {"breadth": 1}
    assert points(replace(calm, context=context_of("admin"), is_one_store=True)) == {}


def test_a_score_is_never_over_100(calm: Measured) -> None:
    worst = replace(calm, verdict=personal("a", "b", "c"), sensitive=("x", "y"), differences=99)
    assert sum(points(worst).values()) > 100
    assert score(worst).score == 100


def test_what_rests_on_the_statistics_is_not_for_the_asker(calm: Measured) -> None:
    risk = score(replace(calm, estimated_rows=1e6, estimated_cost=1e9, sensitive=("x",)))
    shown = for_asker(risk)
    assert {f.name for f in shown.factors} == {"sensitive"}
    assert shown.score == 30
    assert for_asker(score(replace(calm, sensitive=("x",)))) == shown
