"""A plan's relative periods as dates, before it is compiled and recorded.

A period that is compared with another has to be over, or the comparison is unfair: a month of
which 23 days are in the data is not 30 % worse than a whole one. So a compared period ends with
the as-of day, and the one it is compared with is cut to as many days.
"""

from datetime import date, timedelta

from contracts.plan import (
    Comparison,
    Investigation,
    MetricQuery,
    Plan,
    Planned,
    RelativeTime,
    TimeRange,
)
from workflow.semantic.errors import PlanError
from workflow.semantic.index import index_of
from workflow.semantic.model import DataProfile, SemanticModel
from workflow.semantic.periods import first_day, shifted, shifted_end, whole_months

_ONE_DAY = timedelta(days=1)


def as_of_day(plan: Plan, model: SemanticModel, profile: DataProfile, today: date) -> date:
    """The day that relative periods count from: the newest in the data of the plan's metrics, or
    today where that is earlier or nothing is known."""
    known = index_of(model).metrics
    used = {unit.dataset for m in plan.metrics if m in known for unit in known[m].units}
    days = [day for name, day in profile.newest.items() if name in used]
    return min([today, max(days)]) if days else today


def resolve_planned(
    planned: Planned, model: SemanticModel, profile: DataProfile, today: date
) -> Planned:
    """What a planner produced with every plan in it resolved, as the record keeps it: a replay
    then means the same days. A plan whose period cannot be is left to be refused as any other."""
    output = planned.output

    def resolved(plan: Plan) -> Plan:
        try:
            return resolve(plan, as_of_day(plan, model, profile, today))
        except PlanError:
            return plan

    if isinstance(output, MetricQuery):
        plan = resolved(output.plan)
        if plan is output.plan:
            return planned
        return planned.model_copy(update={"output": output.model_copy(update={"plan": plan})})
    if isinstance(output, Investigation):
        parts = {
            "change": resolved(output.change),
            "breakdowns": tuple(resolved(plan) for plan in output.breakdowns),
        }
        return planned.model_copy(update={"output": output.model_copy(update=parts)})
    return planned


def resolve(plan: Plan, as_of: date) -> Plan:
    """The same plan with `start` and `end` for each relative period, and compared periods cut as
    described above. A plan without either comes back as it is.

    Raises PlanError for a period outside the years 1 to 9999.
    """
    time = _resolved(plan.time, as_of)
    comparison = plan.comparison
    if comparison is not None:
        period = _resolved(comparison.period, as_of)
        if period is not comparison.period:
            comparison = comparison.model_copy(update={"period": period})
        if any(dimension.grain for dimension in plan.dimensions):
            time = _until(time, as_of)
        else:
            time, comparison = _fair(time, comparison, as_of)
    if time is plan.time and comparison is plan.comparison:
        return plan
    return plan.model_copy(update={"time": time, "comparison": comparison})


def period_before(plan: Plan) -> TimeRange:
    """The other period of a comparison whose whole period moves.

    A period of whole calendar months moves by months: before the third quarter comes the second.
    Any other moves by its days. Raises PlanError where there is no bounded period to move.
    """
    comparison, time = plan.comparison, plan.time
    if comparison is None or time is None or time.start is None or time.end is None:
        raise PlanError("A comparison needs a period with a first and a last day.", field="time")
    if comparison.to != "period":
        return _before(time, comparison.to == "previous_year")
    period = comparison.period
    if period is None or period.start is None or period.end is None or period.relative:
        raise PlanError("The period to compare with needs a first and a last day.", field="time")
    if period.start >= period.end:
        raise PlanError("The period to compare with ends before it starts.", field="time")
    return period


def _resolved(time: TimeRange | None, as_of: date) -> TimeRange | None:
    if time is None or time.relative is None:
        return time
    relative: RelativeTime = time.relative
    try:
        last = shifted(first_day(as_of, relative.unit), relative.unit, relative.offset)
        start = shifted(last, relative.unit, 1 - relative.count)
        end = shifted(last, relative.unit, 1)
    except (ValueError, OverflowError) as error:
        raise PlanError("The period is too long ago.", field="time") from error
    return TimeRange(start=start, end=end, label=time.label)


def _before(time: TimeRange, is_year: bool) -> TimeRange:
    start, end = time.start, time.end
    if start is None or end is None:
        raise PlanError("A comparison needs a period with a first and a last day.", field="time")
    try:
        if is_year:
            return TimeRange(start=shifted(start, "year", -1), end=shifted_end(end, "year", -1))
        months = whole_months(start, end)
        if months:
            return TimeRange(start=shifted(start, "month", -months), end=start)
        return TimeRange(start=start - (end - start), end=start)
    except (ValueError, OverflowError) as error:
        raise PlanError("The period to compare with is too long ago.", field="time") from error


def _until(time: TimeRange | None, as_of: date) -> TimeRange:
    """No later than the as-of day: the rows of a comparison by time end with what there is."""
    time = time or TimeRange()
    end = as_of + _ONE_DAY
    if (time.end is not None and time.end <= end) or (time.start and time.start >= end):
        return time
    return TimeRange(start=time.start, end=end)


def _fair(
    time: TimeRange | None, comparison: Comparison, as_of: date
) -> tuple[TimeRange | None, Comparison]:
    if time is None or time.start is None or time.end is None:
        return time, comparison
    period = comparison.period if comparison.to == "period" else None
    if comparison.to == "previous_period":
        period = _before(time, is_year=False)
    others = [period] if period and period.start and period.end else []
    end = as_of + _ONE_DAY
    over = [(one.start, one.end) for one in (time, *others) if one.start and one.end]
    cut = [end - start for start, stop in over if start < end < stop]
    if not cut:
        return time, comparison
    days = min(cut)
    time = _first_days(time, days)
    if others:
        other = _first_days(others[0], days)
        comparison = Comparison(to="period", period=other)
    return time, comparison


def _first_days(time: TimeRange, days: timedelta) -> TimeRange:
    assert time.start is not None and time.end is not None  # noqa: S101 - only bounded ones come
    if time.start + days >= time.end:
        return time
    return TimeRange(start=time.start, end=time.start + days)
