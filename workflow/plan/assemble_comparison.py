"""Two periods side by side: which days each of them is."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from contracts.plan import Comparison, Grain, Plan, TimeRange
from workflow.plan.assemble_groups import GroupAssembly
from workflow.plan.assemble_time import names_of
from workflow.plan.lexicon import MetricFacts
from workflow.plan.outcomes import Unclear
from workflow.plan.parts import ComparisonPart, DimensionPart, Parts, TimePart
from workflow.plan.when import (
    Point,
    Relative,
    When,
    add_months,
    day_words,
    is_running,
    resolve,
    time_range,
    unit_start,
)


@dataclass(frozen=True, slots=True)
class Settled:
    """The parts with the period that the question is about, and what stands beside it.
    `is_assumed` when that period was not said, or is not over; `notes` say so."""

    parts: Parts
    comparison: Comparison | None
    is_assumed: bool = False
    notes: tuple[str, ...] = ()


class ComparisonAssembly(GroupAssembly):
    """Settles which periods are compared."""

    def _settled(self, facts: list[MetricFacts], reference: date) -> Settled:
        part = self._parts.comparison
        if part is None:
            return Settled(self._parts, None)
        part, parts = self._with_step(part)
        if _has_grain(parts):
            return self._beside_each(part, parts, facts, reference)
        if part.to == "named":
            return self._named(part, parts, facts, reference)
        held = parts.time
        if held is None:
            raise Unclear("Over which period?", self._usual_comparisons(facts, reference))
        period = held.settled or resolve(held.whens[0], reference)
        if len(held.whens) > 1 or period.start is None or period.end is None:
            raise Unclear("I can compare one closed period with another. Which ones?")
        to = "previous_year" if part.to == "previous_year" else "previous_period"
        is_early = _is_unfinished(period, reference)
        return _settled(parts, Comparison(to=to), reference, is_early=is_early)

    def _with_step(self, part: ComparisonPart) -> tuple[ComparisonPart, Parts]:
        """ "Month over month" splits by month, unless the question is about one month."""
        parts, step = self._parts, part.step
        if step is None:
            return part, parts
        if step == "year" and (parts.time is not None or _has_grain(parts)):
            return replace(part, to="previous_year"), parts
        if _has_grain(parts) or _is_one(parts.time, step):
            return part, parts
        return part, replace(parts, dimensions=(*parts.dimensions, DimensionPart(grain=step)))

    def _beside_each(
        self, part: ComparisonPart, parts: Parts, facts: list[MetricFacts], reference: date
    ) -> Settled:
        """Each row beside the row before it, or that of the year before."""
        part = _as_step(part, parts)
        is_range = part.when is None and part.to == "named"
        if is_range and not part.is_change:
            return Settled(parts, None)  # a range by month is compared by being shown
        if part.to == "named" and not is_range:
            without = self._of(
                replace(parts, comparison=replace(part, to="previous_period", when=None))
            )
            raise Unclear(
                "Split by period, each row can stand beside the one before it, or the whole beside "
                "another period. Which one?",
                self._plans((without, names_of(facts)), (self._ungrouped(), names_of(facts))),
            )
        to = "previous_year" if part.to == "previous_year" else "previous_period"
        return _settled(parts, Comparison(to=to), reference, is_early=_ends_early(parts, reference))

    def _ungrouped(self) -> "ComparisonAssembly":
        kept = tuple(d for d in self._parts.dimensions if not (d.grain or d.is_trend))
        return self._with(dimensions=kept)

    def _named(
        self, part: ComparisonPart, parts: Parts, facts: list[MetricFacts], reference: date
    ) -> Settled:
        if part.period is not None:
            return Settled(parts, Comparison(to="period", period=part.period))
        now, other, is_assumed = _two(part, parts.time)
        if now is None or other is None:
            raise Unclear("Which period shall I compare it with?")
        period, before = self._period_of(now, reference), resolve(other, reference)
        ends = (period.start, period.end, before.start, before.end)
        if any(end is None for end in ends) or period == before:
            raise Unclear("I can compare two closed periods. Which ones?")
        assert period.start and before.start and period.end and before.end  # noqa: S101
        if period.start < before.start:
            period, before = before, period
            if other is not None:
                now = replace(now, whens=(other,), settled=None)
        assert period.start and before.end  # noqa: S101
        if before.end > period.start:
            raise Unclear(f"{period.label} and {before.label} overlap. Which periods do you mean?")
        time = replace(now, is_compared=False)
        is_early = _is_unfinished(period, reference)
        beside = Comparison(to="period", period=before)
        settled = _settled(replace(parts, time=time), beside, reference, is_early=is_early)
        return replace(settled, is_assumed=is_assumed or is_early)

    def _period_of(self, part: TimePart, reference: date) -> TimeRange:
        return part.settled or resolve(part.whens[0], reference)

    def _usual_comparisons(self, facts: list[MetricFacts], reference: date) -> tuple[Plan, ...]:
        """The last whole month beside the one before it, and each month beside the one before."""
        end = unit_start(reference, "month")
        last = TimePart((), False, None, settled=time_range(add_months(end, -1), end))
        month = DimensionPart(grain="month")
        before = ComparisonPart("previous_period", is_change=True)
        readings = (
            self._with(time=last, comparison=before),
            self._with(dimensions=(*self._parts.dimensions, month), comparison=before),
        )
        return self._plans(*((reading, names_of(facts)) for reading in readings))


def _two(part: ComparisonPart, time: TimePart | None) -> tuple[TimePart | None, When | None, bool]:
    """The period asked for and the other one, and whether the first is assumed."""
    if part.when is not None and time is not None and (time.settled or len(time.whens) == 1):
        return time, part.when, False
    if part.when is not None and time is None:
        stretch = part.when.first
        if isinstance(stretch, Relative) and stretch.offset < 0:
            after = When("in", Relative(stretch.unit, stretch.offset + 1))
            return TimePart((after,), False, None), part.when, True
        return None, part.when, False
    if time is not None and len(time.whens) == 1 and time.whens[0].second is not None:
        first, second = time.whens[0].first, time.whens[0].second
        if isinstance(first, Point) and isinstance(second, Point) and first.year is None:
            first = replace(first, year=second.year, year_offset=second.year_offset)
        return replace(time, whens=(When("in", second),)), When("in", first), False
    return None, None, False


def _as_step(part: ComparisonPart, parts: Parts) -> ComparisonPart:
    """Of rows by month, "last month" is the one before each, "last year" that of the year
    before."""
    first = part.when.first if part.when is not None else None
    if parts.time is not None or not isinstance(first, Relative) or first.offset != -1:
        return part
    grains = {d.grain for d in parts.dimensions}
    if first.unit in grains:
        return replace(part, to="previous_period", when=None)
    return replace(part, to="previous_year", when=None) if first.unit == "year" else part


def _settled(parts: Parts, comparison: Comparison, reference: date, *, is_early: bool) -> Settled:
    """With a word on the period that is set beside a whole one before it is over."""
    note = f"The data ends on {day_words(reference)}."
    return Settled(parts, comparison, is_early, (note,) if is_early else ())


def _is_unfinished(period: TimeRange, reference: date) -> bool:
    """Whether days of the period are still to come: beside a whole one it is smaller anyway."""
    return period.end is not None and period.end > reference + timedelta(days=1)


def _ends_early(parts: Parts, reference: date) -> bool:
    """Whether the last of the periods that are compared one by one is not over."""
    time = parts.time
    period = None
    if time is not None and (time.settled or len(time.whens) == 1):
        period = time.settled or resolve(time.whens[0], reference)
    if period is not None and period.end is not None and period.end <= reference:
        return False
    target = parts.rank.target if parts.rank is not None else None
    groups = (*parts.dimensions, target) if target is not None else parts.dimensions
    return any(d.grain is not None and is_running(reference, d.grain) for d in groups)


def _has_grain(parts: Parts) -> bool:
    target = parts.rank.target if parts.rank is not None else None
    groups = (*parts.dimensions, target) if target is not None else parts.dimensions
    return any(d.grain or d.is_trend for d in groups)


def _is_one(time: TimePart | None, unit: Grain) -> bool:
    if time is None or len(time.whens) != 1 or time.whens[0].relation != "in":
        return False
    first = time.whens[0].first
    return isinstance(first, Point | Relative) and first.unit == unit
