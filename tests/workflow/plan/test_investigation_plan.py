from dataclasses import replace
from datetime import date
from pathlib import Path

from contracts.plan import Comparison, Filter, Investigation, TimeRange
from tests.conftest import ContextOf
from workflow.plan.ground import Ground
from workflow.plan.intent import Change
from workflow.plan.investigation import plan_of
from workflow.semantic.load import load
from workflow.semantic.model import DataProfile
from workflow.semantic.restrict import restrict

WHOLE = load(Path("seeds/pagila/model.yaml"))
TODAY = date(2022, 7, 31)
CHANGE = Change(
    metric="revenue",
    filters=(),
    period=TimeRange(start=date(2022, 4, 1), end=date(2022, 5, 1)),
    comparison=Comparison(to="previous_period"),
    direction="down",
    is_assumed=False,
    unused_words=(),
    notes=(),
)
PROFILE = DataProfile(
    values={
        "category": ("Action", "Drama"),
        "rating": ("G", "PG"),
        "language": ("English",),
        "customer_city": tuple(f"City {n}" for n in range(500)),
        "customer_country": ("Chile", "Peru"),
    }
)


def _fields(change: Change, context_of: ContextOf, role: str, *stores: int) -> list[str]:
    context = context_of(role, stores or None)
    model = restrict(WHOLE, context.allowed_views)
    output = plan_of(change, Ground(model, PROFILE, context, TODAY)).output
    assert isinstance(output, Investigation)
    assert output.change.dimensions == ()
    assert all(plan.comparison == change.comparison for plan in output.breakdowns)
    return [plan.dimensions[0].field for plan in output.breakdowns]


def test_a_change_is_broken_down_by_what_fits(context_of: ContextOf) -> None:
    """Not by what has one value or hundreds, nor by numbers and names of persons."""
    assert _fields(CHANGE, context_of, "admin") == [
        "store_id",
        "category",
        "rating",
        "customer_country",
    ]


def test_one_store_is_not_broken_down_by_store(context_of: ContextOf) -> None:
    assert "store_id" not in _fields(CHANGE, context_of, "finance", 1)
    assert _fields(CHANGE, context_of, "store_manager", 1, 2)[0] == "store_id"


def test_what_a_filter_settles_is_no_breakdown(context_of: ContextOf) -> None:
    one = Filter(field="category", operator="eq", values=("Action",))
    change = replace(CHANGE, filters=(one,))
    assert "category" not in _fields(change, context_of, "admin")


def test_no_breakdown_is_by_personal_data(context_of: ContextOf) -> None:
    personal = {f.name for d in WHOLE.datasets for f in d.fields if f.is_personal}
    assert personal
    profile = replace(PROFILE, values=dict.fromkeys(personal, ("a", "b")))
    context = context_of("admin", None)
    output = plan_of(CHANGE, Ground(WHOLE, profile, context, TODAY)).output
    assert isinstance(output, Investigation)
    assert not personal & {plan.dimensions[0].field for plan in output.breakdowns}


def test_a_period_that_was_not_named_is_said(context_of: ContextOf) -> None:
    context = context_of("admin", None)
    assumed = replace(CHANGE, is_assumed=True)
    planned = plan_of(assumed, Ground(WHOLE, PROFILE, context, TODAY))
    assert planned.confidence < 0.9
    assert any("April 2022" in note for note in planned.notes)
