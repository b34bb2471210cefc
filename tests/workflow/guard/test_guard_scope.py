"""From a semantic model and a user context to what a statement may touch."""

from uuid import UUID

from contracts.context import UserContext
from workflow.guard.check import check
from workflow.guard.for_role import guard_scope
from workflow.guard.scope import GuardScope, Relation
from workflow.semantic.model import Dataset, Field, Metric, SemanticModel

NOBODY = UUID(int=0)


def field(name: str, expression: str | None = None, *, is_personal: bool = False) -> Field:
    return Field(
        name=name,
        expression=expression or name,
        type="text",
        label=name,
        is_personal=is_personal,
    )


MODEL = SemanticModel(
    name="m",
    digest="d",
    datasets=(
        Dataset(
            name="orders",
            source="analytics.v_orders",
            view="v_orders",
            label="Orders",
            fields=(
                field("amount"),
                field("shop", "shop_id"),
                field("hour", "extract(hour FROM ordered_at)"),
                field("buyer", "first_name || ' ' || \"Last Name\"", is_personal=True),
            ),
            scope_field="shop",
        ),
        Dataset(
            name="towns",
            source="analytics.v_towns",
            view="v_towns",
            label="Towns",
            fields=(field("town"),),
        ),
    ),
    relationships=(),
    metrics=(
        Metric(
            name="revenue",
            dataset="orders",
            expression="sum(amount * rate)",
            label="Revenue",
            type="decimal",
        ),
    ),
)


def context(*views: str, stores: tuple[int, ...] = (1,), is_all: bool = False) -> UserContext:
    return UserContext(
        user_id=NOBODY,
        username="u",
        org_id=NOBODY,
        role="r",
        permissions=("ask",),
        store_ids=stores,
        is_all_stores=is_all,
        allowed_views=views,
    )


def test_columns_are_those_that_the_model_speaks_of() -> None:
    scope = guard_scope(MODEL, context("v_orders"), is_raw=False)
    assert scope == GuardScope(
        relations={
            "v_orders": Relation(
                columns=frozenset(
                    {"amount", "shop_id", "ordered_at", "first_name", "Last Name", "rate"}
                ),
                personal=frozenset({"first_name", "Last Name"}),
                scope_column="shop_id",
                qualified="analytics.v_orders",
            )
        },
        row_scope=(1,),
        is_raw=False,
    )


def test_views_outside_the_context_are_not_there() -> None:
    assert guard_scope(MODEL, context(), is_raw=True).relations == {}
    assert set(guard_scope(MODEL, context("v_towns"), is_raw=True).relations) == {"v_towns"}


def test_all_stores_means_nothing_is_injected_and_no_stores_means_no_rows() -> None:
    assert guard_scope(MODEL, context(is_all=True, stores=()), is_raw=True).row_scope is None
    assert guard_scope(MODEL, context(stores=()), is_raw=True).row_scope == ()


def test_a_statement_in_scope() -> None:
    scope = guard_scope(MODEL, context("v_orders", stores=(3, 4)), is_raw=False)
    verdict = check("SELECT sum(amount * rate) AS revenue FROM v_orders LIMIT 200", scope)
    assert verdict.sql == (
        "SELECT SUM(amount * rate) AS revenue FROM (SELECT amount, rate FROM analytics.v_orders"
        " WHERE shop_id IN (3, 4)) AS v_orders LIMIT 200"
    )


def test_a_changed_scope_is_a_new_question() -> None:
    """Verdicts are kept by the whole of their scope."""
    sql = "SELECT amount FROM v_orders LIMIT 1"
    first = check(sql, guard_scope(MODEL, context("v_orders", stores=(3,)), is_raw=False))
    second = check(sql, guard_scope(MODEL, context("v_orders", stores=(4,)), is_raw=False))
    third = check(sql, guard_scope(MODEL, context("v_towns", stores=(3,)), is_raw=False))
    assert "IN (3)" in (first.sql or "")
    assert "IN (4)" in (second.sql or "")
    assert third.verdict == "block"
