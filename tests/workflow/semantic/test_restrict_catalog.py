"""What a role may use of a model, and the list of it."""

import pytest

from contracts.plan import Dimension, Plan
from workflow.semantic.catalog import catalog
from workflow.semantic.compile_sql import PlanError, compile_plan
from workflow.semantic.model import SemanticModel
from workflow.semantic.restrict import restrict


def test_a_part_holds_only_what_its_views_can_answer(shop: SemanticModel) -> None:
    part = restrict(shop, ["v_sales", "v_tiers"])
    assert [d.name for d in part.datasets] == ["sales", "tiers"]
    assert part.relationships == ()  # the way from sales to tiers leads through customers
    assert {m.dataset for m in part.metrics} == {"sales"}
    assert "sales_per_visit" not in {m.name for m in part.metrics}
    assert part.digest == shop.digest


def test_a_part_does_not_grow_when_restricted_again(shop: SemanticModel) -> None:
    part = restrict(shop, ["v_sales"])
    again = restrict(part, ["v_sales", "v_visits", "v_customers", "v_tiers"])
    assert [d.name for d in again.datasets] == ["sales"]


def test_the_same_part_is_the_same_object(shop: SemanticModel) -> None:
    assert restrict(shop, ["v_sales", "v_visits"]) is restrict(shop, ("v_visits", "v_sales"))


def test_nothing_is_allowed_where_no_view_is(shop: SemanticModel) -> None:
    nothing = restrict(shop, [])
    assert nothing.datasets == nothing.metrics == nothing.relationships == ()
    assert catalog(nothing).metrics == ()


def test_a_view_outside_the_part_cannot_be_reached_by_any_name(shop: SemanticModel) -> None:
    part = restrict(shop, ["v_sales"])
    for field in ("is_member", "customers.is_member", "tiers.tier", "v_customers.name"):
        plan = Plan(metrics=("revenue",), dimensions=(Dimension(field=field),))
        with pytest.raises(PlanError):
            compile_plan(plan, part)
    with pytest.raises(PlanError) as caught:
        compile_plan(Plan(metrics=("visit_count",)), part)
    assert "visit" not in str(caught.value).replace("visit_count", "", 1)  # no hint either


def test_the_catalogue_tells_what_fits_what(shop: SemanticModel) -> None:
    whole = catalog(shop)
    assert whole.model_digest == shop.digest
    by_name = {d.name: d for d in whole.dimensions}
    assert by_name["product"].views == ("v_sales", "v_visits")
    assert "customer_count" not in by_name["product"].metrics
    assert "revenue" in by_name["tier"].metrics  # two many-to-one steps away
    assert by_name["sold_at"].is_time
    assert "visit_count" not in by_name["sold_at"].metrics
    assert {m.name: m.view for m in whole.metrics}["minutes"] == "v_visits"


def test_every_pair_that_the_catalogue_offers_compiles(shop: SemanticModel) -> None:
    for dimension in catalog(shop).dimensions:
        for metric in dimension.metrics:
            plan = Plan(metrics=(metric,), dimensions=(Dimension(field=dimension.name),))
            assert compile_plan(plan, shop).sql
