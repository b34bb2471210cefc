"""Plans in one readable line, for examples and for messages of failing tests."""

from contracts.plan import Clarify, MetricQuery, Plan, Planned, Refuse


def shorthand(planned: Planned) -> tuple[str, str]:
    """The kind of outcome as the examples call it, and the outcome in a line."""
    output = planned.output
    if isinstance(output, MetricQuery):
        return "reads", plan_line(output.plan)
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
        line += " where " + " and ".join(
            f"{f.field} {f.operator} {' | '.join(map(str, f.values))}" for f in plan.filters
        )
    if plan.time is not None:
        line += f" during {plan.time.start or '…'} .. {plan.time.end or '…'}"
    if plan.order:
        line += " sorted " + ", ".join(f"{'-' if o.descending else '+'}{o.by}" for o in plan.order)
    if plan.limit is not None:
        line += f" first {plan.limit}"
    return line
