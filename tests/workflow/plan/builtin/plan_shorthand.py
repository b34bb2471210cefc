"""Plans in one readable line, for examples and for messages of failing tests."""

from contracts.plan import (
    Clarify,
    Comparison,
    Filter,
    FilterGroup,
    MetricQuery,
    Plan,
    Planned,
    Refuse,
    TimeRange,
)


def shorthand(planned: Planned) -> tuple[str, str]:
    """The kind of outcome as the examples call it, and the outcome in a line."""
    output = planned.output
    if isinstance(output, MetricQuery):
        return "reads", plan_line(output.plan) + (f" as {output.widget}" if output.widget else "")
    if isinstance(output, Clarify):
        return "clarifies", output.question
    assert isinstance(output, Refuse)
    return "refuses", output.reason


def plan_line(plan: Plan) -> str:
    line = " + ".join(plan.metrics)
    if plan.dimensions:
        names = [f"{d.field}:{d.grain}" if d.grain else d.field for d in plan.dimensions]
        line += f" by {', '.join(names)}"
    if plan.filters:
        line += " where " + " and ".join(map(_condition, plan.filters))
    if plan.time is not None:
        line += f" during {_period(plan.time)}"
    if plan.comparison is not None:
        line += f" against {_comparison(plan.comparison)}"
    for made in plan.calculations:
        line += f" with {made.kind}" + (f" within {', '.join(made.within)}" if made.within else "")
    if plan.having:
        line += " having " + " and ".join(map(_condition, plan.having))
    if plan.order:
        line += " sorted " + ", ".join(f"{'-' if o.descending else '+'}{o.by}" for o in plan.order)
    if plan.limit is not None:
        line += f" first {plan.limit}" + (" with ties" if plan.with_ties else "")
    return line


def _condition(one: Filter | FilterGroup) -> str:
    if isinstance(one, Filter):
        return f"{one.field} {one.operator} {' | '.join(map(str, one.values))}"
    return f"({f' {one.operator} '.join(map(_condition, one.filters))})"


def _period(time: TimeRange) -> str:
    return f"{time.start or '…'} .. {time.end or '…'}"


def _comparison(held: Comparison) -> str:
    return held.to if held.period is None else _period(held.period)
