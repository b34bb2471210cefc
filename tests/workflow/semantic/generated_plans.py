"""Plans over the shop that use the whole language."""

from hypothesis import strategies as st

from contracts.plan import (
    Calculation,
    Comparison,
    Filter,
    FilterGroup,
    Order,
    Plan,
    TimeRange,
)
from tests.workflow.semantic.test_compile_properties import DAYS, filters, plans

ADDED = ("_before", "_change", "_change_ratio")


@st.composite
def groups(draw: st.DrawFn, depth: int = 2) -> Filter | FilterGroup:
    """A condition, or several of them."""
    if depth == 0 or draw(st.booleans()):
        return draw(filters())
    operator = draw(st.sampled_from(["and", "or", "not"]))
    parts = draw(st.lists(groups(depth - 1), min_size=1, max_size=1 if operator == "not" else 3))
    return FilterGroup.model_validate({"operator": operator, "filters": tuple(parts)})


@st.composite
def whole_plans(draw: st.DrawFn) -> Plan:
    """Some have no answer: then every compiler has to say so."""
    plan = draw(plans())
    changes: dict[str, object] = {
        "filters": tuple(draw(st.lists(groups(), max_size=2))),
    }
    names = [*(d.field for d in plan.dimensions), *plan.metrics]
    if draw(st.booleans()):
        to = draw(st.sampled_from(["previous_period", "previous_year", "period"]))
        start, end = sorted((draw(DAYS), draw(DAYS)))
        other = sorted((draw(DAYS), draw(DAYS)))
        period = TimeRange(start=other[0], end=other[1]) if to == "period" else None
        changes["time"] = TimeRange(start=draw(st.sampled_from([start, None])), end=end)
        changes["comparison"] = Comparison.model_validate({"to": to, "period": period})
        names += [m + added for m in plan.metrics for added in ADDED]
    calculations = draw(
        st.lists(
            st.builds(
                Calculation,
                kind=st.sampled_from(["share", "running_total"]),
                metric=st.sampled_from(plan.metrics),
                within=st.lists(
                    st.sampled_from([d.field for d in plan.dimensions] or ["none"]),
                    max_size=1,
                ).map(tuple),
            ),
            max_size=2,
        )
    )
    changes["calculations"] = tuple(calculations)
    names += [f"{c.metric}_{c.kind}" for c in calculations]
    numbers = [n for n in names if n not in {d.field for d in plan.dimensions}]
    having = st.builds(
        Filter,
        field=st.sampled_from(numbers),
        operator=st.sampled_from(["gt", "lte", "ne"]),
        values=st.tuples(st.integers(-2, 10)),
    )
    changes["having"] = tuple(draw(st.lists(having, max_size=1)))
    changes["order"] = tuple(
        Order(by=by, descending=draw(st.booleans()))
        for by in draw(st.lists(st.sampled_from(names), max_size=2, unique=True))
    )
    changes["limit"] = draw(st.none() | st.integers(1, 6))
    changes["with_ties"] = draw(st.booleans())
    return plan.model_copy(update=changes)
