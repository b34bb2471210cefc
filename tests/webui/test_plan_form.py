"""A plan as a form, and what comes back of it."""

from dataclasses import replace

import pytest

from contracts.catalog import Catalog, CatalogDimension
from contracts.plan import (
    Dimension,
    Filter,
    FilterGroup,
    Order,
    Plan,
    RelativeTime,
    TimeRange,
)
from webui.approval_edit import NotAPlan, Typed
from webui.plan_form import PlanForm, form_of


def _field(name: str, kind: str) -> CatalogDimension:
    return CatalogDimension(
        name=name,
        label=name,
        description="",
        synonyms=(),
        type=kind,
        is_time=kind in ("date", "timestamp"),
        is_personal=False,
        views=(),
        metrics=(),
    )


CATALOG = Catalog(
    model="m",
    model_digest="d",
    metrics=(),
    dimensions=(
        _field("store_id", "integer"),
        _field("amount", "decimal"),
        _field("category", "text"),
        _field("is_open", "boolean"),
        _field("payment_date", "timestamp"),
    ),
)
EITHER = FilterGroup(
    operator="or",
    filters=(
        Filter(field="category", operator="eq", values=("Family",)),
        Filter(field="category", operator="is_null"),
    ),
)
PLAN = Plan.model_validate(
    {
        "metrics": ("revenue",),
        "dimensions": (Dimension(field="category"), Dimension(field="payment_date", grain="month")),
        "filters": (Filter(field="store_id", operator="in", values=(1, 2)), EITHER),
        "time": TimeRange.model_validate(
            {"start": "2022-06-01", "end": "2022-07-01", "label": "June"}
        ),
        "order": (Order(by="revenue", descending=True), Order(by="category")),
        "limit": 10,
    }
)


def _plan(form: PlanForm, base: Plan = PLAN) -> Plan:
    typed = Typed("form", base=base.model_dump_json(), form=form)
    return Plan.model_validate(typed.body(CATALOG)["plan"])


def test_what_is_left_as_it_stands_stays_what_it_is() -> None:
    form = form_of(PLAN)
    assert (form.since, form.through) == ("2022-06-01", "2022-06-30")
    assert form.filters == (("store_id", "in", "1, 2"),)
    assert _plan(form) == PLAN
    relative = PLAN.model_copy(update={"time": TimeRange(relative=RelativeTime(unit="month"))})
    assert _plan(form_of(relative), relative) == relative


def test_what_is_changed_is_changed_and_what_has_no_field_is_kept() -> None:
    changed = _plan(
        PlanForm(
            metrics=("payment_count",),
            groups=(("category", "month"),),
            since="2022-05-01",
            filters=(
                ("amount", "gt", "4.50"),
                ("is_open", "eq", "yes"),
                ("category", "between", "A , M"),
                ("category", "is_null", "whatever"),
            ),
        )
    )
    assert changed.metrics == ("payment_count",)
    assert changed.dimensions == (Dimension(field="category"),)  # a grain is for times alone
    assert changed.time is not None
    assert (str(changed.time.start), changed.time.end) == ("2022-05-01", None)
    assert changed.filters[-1] == EITHER
    assert [f.values for f in changed.filters if isinstance(f, Filter)] == [
        ("4.50",),
        (True,),
        ("A", "M"),
        (),
    ]
    assert changed.order == (Order(by="category"),)  # the other was by what is no more there
    assert changed.limit is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"limit": "900"}, "1 to 200 rows"),
        ({"limit": "²"}, "1 to 200 rows"),
        ({"since": "yesterday"}, "is no day"),
        ({"since": "2022-07-02"}, "ends before it begins"),
        ({"filters": (("store_id", "eq", "one"),)}, "is no number"),
        ({"filters": (("amount", "gt", "NaN"),)}, "is no number"),
        ({"filters": (("amount", "gt", "1e999999"),)}, "is no number"),
        ({"filters": (("category", "between", "A"),)}, "needs two values"),
        ({"filters": (("category", "eq", " "),)}, "needs a value"),
        ({"filters": (("category", "drop table", "x"),)}, "no condition"),
        ({"groups": (("payment_date", "fortnight"),)}, "not a plan yet"),
    ],
)
def test_what_makes_no_plan_is_said_in_words(change: dict[str, object], words: str) -> None:
    with pytest.raises(NotAPlan, match=words):
        _plan(replace(form_of(PLAN), **change))  # type: ignore[arg-type]
