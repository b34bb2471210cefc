"""Puts the parts together: a plan over fields that every metric of it can be split by."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Self

from contracts.plan import (
    Calculation,
    Comparison,
    Dimension,
    Filter,
    FilterGroup,
    Operator,
    Order,
    Plan,
    Scalar,
    WidgetType,
)
from workflow.plan.assemble_comparison import ComparisonAssembly
from workflow.plan.conditions import joined, one_or_either, pair_at_odds, subject
from workflow.plan.lexicon import MetricFacts, Term
from workflow.plan.outcomes import Unclear
from workflow.plan.parts import DimensionPart, FilterPart
from workflow.plan.readers.metrics import ROWS_AS_WHOLE
from workflow.plan.shares import adds_up, is_part, ratio_of_flag, ratio_of_part, ratio_to_all
from workflow.plan.timing import first_day
from workflow.plan.when import add_months, day_words


@dataclass(frozen=True, slots=True)
class Assembled:
    """A plan, and what the narration must say with it. `is_assumed` when it holds something that
    was not said, however likely."""

    plan: Plan
    notes: tuple[str, ...]
    is_assumed: bool = False
    widget: WidgetType | None = None


class Assembler(ComparisonAssembly):
    """Builds the plan for one set of metrics from what was read. Raises Refused or Unclear."""

    def plan_of(self, names: tuple[str, ...]) -> Plan:
        """The plan alone."""
        return self.build(names).plan

    def build(self, names: tuple[str, ...]) -> Assembled:
        """The plan of these metrics with all conditions, groups and order."""
        names = (*names, *(n for n in self._having_metrics() if n not in names))
        if self._parts.extras.is_share:
            names, changed = self._as_share(names)
            if changed is not self:
                return self._with_whole(names, changed.build(names))
        adds_over_time = any(self._lexicon.metrics[n].metric.is_cumulative for n in names)
        if (self._parts.extras.is_running or adds_over_time) and not self._has_grain():
            trend = DimensionPart(is_trend=True, text="over time")
            return self._with(dimensions=(*self._parts.dimensions, trend)).build(names)
        facts = [self._lexicon.metrics[name] for name in names]
        reference = self._reading.reference(frozenset(f.dataset.name for f in facts))
        settled = self._settled(facts, reference)
        reading = type(self)(self._reading, settled.parts, self._depth)
        assembled = reading._built(names, settled.comparison)
        is_assumed = assembled.is_assumed or settled.is_assumed
        notes = tuple(dict.fromkeys((*assembled.notes, *settled.notes)))
        return replace(assembled, is_assumed=is_assumed, notes=notes)

    def _built(self, names: tuple[str, ...], comparison: Comparison | None) -> Assembled:
        facts = [self._lexicon.metrics[name] for name in names]
        datasets = frozenset(f.dataset.name for f in facts)
        reference = self._reading.reference(datasets)
        timing = self._timing(facts, reference)
        if comparison is not None and timing.field is not None:
            raise Unclear("I can compare periods only by the usual date. Is that what you mean?")
        filters = self._filters(names, datasets)
        dimensions = self._dimensions(names, facts, datasets, timing, reference)
        having = self._having(names, dimensions, comparison)
        rank = self._parts.rank
        limit = rank.limit if rank is not None and dimensions else None
        plan = Plan(
            metrics=names,
            dimensions=dimensions,
            filters=(*filters, *timing.conditions()),
            time=None if timing.field else timing.range,
            comparison=comparison,
            calculations=self._calculations(names, dimensions),
            having=having,
            order=self._order(names, dimensions, comparison),
            limit=limit,
            with_ties=limit is not None and self._parts.extras.with_ties,
        )
        notes = (*timing.notes, *self._rank_notes(plan), *self._empty_before(plan, facts))
        return Assembled(plan, notes, timing.is_assumed, self._parts.extras.widget)

    def _empty_before(self, plan: Plan, facts: list[MetricFacts]) -> tuple[str, ...]:
        """Says where the other period of a comparison lies before all data."""
        first = first_day(self._reading, [f.dataset for f in facts])
        held, time = plan.comparison, plan.time
        is_split = any(d.grain for d in plan.dimensions)
        if held is None or first is None or time is None or is_split or time.start is None:
            return ()
        end = held.period.end if held.period is not None else time.start
        if held.to == "previous_year" and time.end is not None:
            end = add_months(time.end, -12)
        if end is None or end > first:
            return ()
        return (f"The data begins on {day_words(first)}, so there is nothing to compare with.",)

    # -- conditions ------------------------------------------------------------------------

    def _filters(
        self, names: tuple[str, ...], datasets: frozenset[str]
    ) -> list[Filter | FilterGroup]:
        self._ask_of_each_one(names)
        self._ask_of_same(names)
        parts = self._parts.filters
        return joined((self._filter(part, names, datasets), part.is_or) for part in parts)

    def _ask_of_same(self, names: tuple[str, ...]) -> None:
        """ "Payments over 5 and payments over 9", "under 3 and over 8": not both are wanted."""
        held = self._parts
        if (pair := pair_at_odds(held.filters)) is not None:
            kind, of = "field", subject(pair[0])
            ways = [replace(held, filters=w) for w in one_or_either(held.filters, pair)]
        elif (two := pair_at_odds(held.having)) is not None:
            kind, of = "metric", subject(two[0])
            ways = [replace(held, having=w) for w in one_or_either(held.having, two)]
        else:
            return
        ask = f"There are two conditions on the {self._label(kind, of).lower()}. "
        plans = self._plans(*((self._of(way), names) for way in ways))
        raise Unclear(ask + "Which do you mean?", plans)

    def _ask_of_each_one(self, names: tuple[str, ...]) -> None:
        """ "Customers who rented Horror but not Comedy": each row is tested, not each customer."""
        taken = {f for p in self._parts.filters if p.operator == "in" for f, _ in p.options}
        left = [
            p for p in self._parts.filters
            if p.operator == "not_in" and taken & {f for f, _ in p.options}
        ]  # fmt: skip
        if left and any(self._lexicon.is_distinct(name) for name in names):
            raise Unclear(
                "I can count those with either, but not those with one and without the other. "
                "Do you want it without that condition?",
                self._without_filter(left[0], names),
            )

    def _filter(self, part: FilterPart, names: tuple[str, ...], datasets: frozenset[str]) -> Filter:
        options = dict(part.options)
        fields = self._fitting(tuple(options), datasets)
        if not fields:
            label = self._label("field", next(iter(options)))
            raise Unclear(
                f"{self._metric_labels(names)} cannot be restricted by {label.lower()}. "
                "Do you want it without?",
                self._without_filter(part, names),
            )
        if len(fields) > 1:
            plans = self._plans(*((self._with_option(part, f), names) for f in fields))
            raise Unclear(f"“{part.text}” occurs in more than one field. Which do you mean?", plans)
        self._ask_day_of_which_date(part, names, fields[0])
        return _condition(fields[0], part, options[fields[0]])

    def _ask_day_of_which_date(self, part: FilterPart, names: tuple[str, ...], field: str) -> None:
        """ "Returned on Mondays": the days of the week in the data are those of the usual date."""
        other = self._lexicon.other_date(names[0])
        usual = self._lexicon.metrics[names[0]].dataset.time_field
        is_day = field in {v.field for v in self._reading.values.named_days.get("weekend", ())}
        if not is_day or other is None or usual is None or part.is_labelled:
            return
        held = tuple(replace(p, is_labelled=True) if p is part else p for p in self._parts.filters)
        label = self._label("field", usual).lower()
        raise Unclear(
            f"The day of the week here is that of the {label}. Do you want it by that?",
            self._plans((self._with(filters=held), names)),
        )

    def _with_option(self, part: FilterPart, field: str) -> Self:
        narrowed = replace(part, options=((field, dict(part.options)[field]),))
        filters = tuple(narrowed if p is part else p for p in self._parts.filters)
        return self._with(filters=filters)

    def _without_filter(self, part: FilterPart, names: tuple[str, ...]) -> tuple[Plan, ...]:
        filters = tuple(p for p in self._parts.filters if p is not part)
        return self._plans((self._with(filters=filters), names))

    # -- thresholds, shares, running totals ------------------------------------------------

    def _having_metrics(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(part.metrics[0] for part in self._parts.having))

    def _having(
        self,
        names: tuple[str, ...],
        dimensions: tuple[Dimension, ...],
        comparison: Comparison | None,
    ) -> tuple[Filter | FilterGroup, ...]:
        found = joined(
            (Filter(field=p.metrics[0], operator=p.operator, values=p.numbers), p.is_or)
            for p in self._parts.having
        )
        if found and not dimensions:
            plans = self._plans(*((self._split_by(f), names) for f in self._rankable(names)))
            raise Unclear("For each of what?", plans)
        return (*found, *self._only(dimensions), *self._moved(names, dimensions, comparison))

    def _only(self, dimensions: tuple[Dimension, ...]) -> tuple[Filter, ...]:
        """ "The share of Horror": its row of all of them."""
        return tuple(
            _condition(group.field, part.only, dict(part.only.options)[group.field])
            for part, group in zip(self._parts.dimensions, dimensions, strict=False)
            if part.only is not None
        )

    def _moved(
        self,
        names: tuple[str, ...],
        dimensions: tuple[Dimension, ...],
        comparison: Comparison | None,
    ) -> tuple[Filter, ...]:
        """ "Which categories grew in June": those only."""
        part = self._parts.comparison
        is_asked = any(d.is_asked for d in self._parts.dimensions)
        if part is None or comparison is None or not is_asked or not (
            part.is_falling or part.is_rising
        ):  # fmt: skip
            return ()
        operator: Operator = "lt" if part.is_falling else "gt"
        return (Filter(field=f"{names[0]}_change", operator=operator, values=(Decimal(0),)),)

    def _split_by(self, field: str) -> Self:
        group = DimensionPart((Term("field", field, 0),), text=self._label("field", field))
        return self._with(dimensions=(*self._parts.dimensions, group))

    def _calculations(
        self, names: tuple[str, ...], dimensions: tuple[Dimension, ...]
    ) -> tuple[Calculation, ...]:
        extras = self._parts.extras
        if not (extras.is_share or extras.is_running):
            return ()
        metric = names[0]
        if extras.is_share and extras.is_running:
            each = (replace(extras, is_share=False), replace(extras, is_running=False))
            plans = self._plans(*((self._with(extras=e), names) for e in each))
            raise Unclear("The running total, or the share of the whole?", plans)
        if not adds_up(self._lexicon.metrics[metric]):
            label = self._label("metric", metric)
            what = "share" if extras.is_share else "running total"
            plain = self._with(extras=replace(extras, is_share=False, is_running=False))
            raise Unclear(
                f"{label} cannot be added up, so it has no {what}. Do you want it plain?",
                self._plans((plain, names)),
            )
        found: list[Calculation] = []
        within: tuple[str, ...]
        if extras.is_share:
            inside = any(part.is_within for part in self._parts.dimensions)
            within = (dimensions[0].field,) if inside and len(dimensions) > 1 else ()
            found.append(Calculation(kind="share", metric=metric, within=within))
        if extras.is_running:
            within = tuple(d.field for d in dimensions if d.grain is None)
            found.append(Calculation(kind="running_total", metric=metric, within=within))
        return tuple(found)

    def _as_share(self, names: tuple[str, ...]) -> tuple[tuple[str, ...], Self]:
        """ "What percent of rentals were returned" is a metric of its own; "the share of Horror"
        is one row of the shares of all categories."""
        extras = replace(self._parts.extras, is_share=False)
        for part in self._parts.filters:
            field, values = part.options[0]
            if values in ((True,), (False,)):
                ratio = ratio_of_flag(self._lexicon, names[0], field, is_true=values == (True,))
                if ratio is not None:
                    kept = tuple(p for p in self._parts.filters if p is not part)
                    return (ratio,), self._with(filters=kept, extras=extras)
        is_split = bool(self._parts.dimensions) or self._parts.rank is not None
        ratio = ratio_to_all(self._lexicon, names[0]) or ratio_of_part(self._lexicon, names[0])
        if ratio is not None and (not is_split or self._names_all_rows()):
            return (ratio,), self._with(extras=extras)
        if ratio is not None and is_split and not extras.is_of_total:
            whole = self._with(extras=replace(self._parts.extras, is_of_total=True))
            plans = self._plans((self._with(extras=extras), (ratio,)), (whole, names))
            label = self._label("metric", names[0]).lower()
            raise Unclear(f"The part that {label} are in each group, or each group's part?", plans)
        if is_split and is_part(self._lexicon.metrics[names[0]]) and not extras.is_of_total:
            whole = self._with(extras=replace(self._parts.extras, is_of_total=True))
            label = self._label("metric", names[0]).lower()
            raise Unclear(
                f"I can show each group's part of all {label}, but not their part in each group. "
                "Do you want that?",
                self._plans((whole, names)),
            )
        if is_split:
            return names, self
        return names, self._of_values(names)

    def _with_whole(self, names: tuple[str, ...], assembled: Assembled) -> Assembled:
        """Says what the whole is, where it is not all rows: those that came back late are a part
        of those that came back."""
        is_plain = any(
            ratio_to_all(self._lexicon, name) == names[0] for name in self._lexicon.metrics
        )
        facts = self._lexicon.metrics[names[0]]
        if facts.aggregate != "ratio" or is_plain:
            return assembled
        note = f"{facts.metric.label}: {facts.metric.description}"
        return replace(assembled, notes=(*assembled.notes, note), is_assumed=True)

    def _names_all_rows(self) -> bool:
        """Whether "the share of rentals that came back" names the whole beside the part."""
        return ROWS_AS_WHOLE in self._reading.claims.values()

    def _of_values(self, names: tuple[str, ...]) -> Self:
        parts = [p for p in self._parts.filters if p.operator in ("in", "eq")]
        if not parts:
            plans = self._plans(*((self._split_by(f), names) for f in self._rankable(names)))
            raise Unclear("The share of what in the whole?", plans)
        readings = [self._share_of(part) for part in parts]
        if len(readings) > 1:
            plans = self._plans(*((reading, names) for reading in readings))
            raise Unclear("Which is the part, and which the whole?", plans)
        return readings[0]

    def _share_of(self, part: FilterPart) -> Self:
        kept = tuple(p for p in self._parts.filters if p is not part)
        terms = tuple(Term("field", field, 0) for field, _ in part.options)
        group = DimensionPart(terms, text=part.text, only=part)
        return self._with(filters=kept, dimensions=(group,))

    # -- order -----------------------------------------------------------------------------

    def _order(
        self,
        names: tuple[str, ...],
        dimensions: tuple[Dimension, ...],
        comparison: Comparison | None,
    ) -> tuple[Order, ...]:
        if not dimensions:
            return ()
        amount = self._parts.metrics.ordered_by
        by = amount if amount in names else names[0]
        if self._parts.rank is not None:
            return (self._ranked_order(by, comparison),)
        if self._parts.row_order is not None:
            moved = self._parts.comparison
            is_moved = comparison is not None and moved is not None and moved.is_change
            by = f"{by}_change" if is_moved else by  # "growth by category, biggest first"
            return (Order(by=by, descending=self._parts.row_order),)
        if self._parts.group_order is not None:
            is_down = self._parts.group_order
            return tuple(
                Order(by=d.field, descending=is_down and n == 0)
                for n, d in enumerate(_dated_first(dimensions))
            )
        if any(d.grain for d in dimensions):
            return tuple(Order(by=d.field) for d in _dated_first(dimensions))
        return (Order(by=by, descending=True),)

    def _ranked_order(self, by: str, comparison: Comparison | None) -> Order:
        """ "Which grew the most" goes by the change, and "fell the most" by it from below."""
        rank, part = self._parts.rank, self._parts.comparison
        assert rank is not None  # noqa: S101  only called where a ranking was read
        if comparison is None or part is None or not part.is_change:
            return Order(by=by, descending=rank.descending)
        column = f"{by}_change_ratio" if part.is_rate else f"{by}_change"
        return Order(by=column, descending=rank.descending is not part.is_falling)

    def _rank_notes(self, plan: Plan) -> tuple[str, ...]:
        rank = self._parts.rank
        if rank is None or not rank.is_assumed or plan.limit is None:
            return ()
        return (f"You did not say how many; these are the first {plan.limit}.",)

    def _has_grain(self) -> bool:
        return any(d.grain or d.is_trend for d in self._parts.dimensions)


def _dated_first(dimensions: tuple[Dimension, ...]) -> list[Dimension]:
    return sorted(dimensions, key=lambda d: d.grain is None)


def _condition(field: str, part: FilterPart, values: tuple[Scalar, ...]) -> Filter:
    if part.operator in ("in", "not_in") and len(values) == 1:
        return Filter(field=field, operator="eq" if part.operator == "in" else "ne", values=values)
    return Filter(field=field, operator=part.operator, values=values)
