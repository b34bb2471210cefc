"""Puts the parts together: a plan over fields that every metric of it can be split by."""

from dataclasses import dataclass, replace
from datetime import date
from enum import Enum

from contracts.plan import Dimension, Filter, Grain, Order, Plan, Scalar
from workflow.plan.lexicon import Lexicon, MetricFacts, Term
from workflow.plan.outcomes import Refused, Unclear
from workflow.plan.parts import DimensionPart, FilterPart, Parts, RankPart, TimePart
from workflow.plan.readers.metrics import refuse_not_allowed
from workflow.plan.reading import Reading
from workflow.plan.timing import Timing, is_stamped, timing_of
from workflow.plan.when import Relation, When, grain_for, resolve

_MOST_CHOICES = 4
_DEEPEST = 2
_FROM: tuple[Relation, Relation] = ("since", "in")


@dataclass(frozen=True, slots=True)
class Assembled:
    """A plan, and what the narration must say with it. `is_assumed` when it holds something that
    was not said, however likely."""

    plan: Plan
    notes: tuple[str, ...]
    is_assumed: bool = False


class Keep(Enum):
    """Marks an argument that was not given, where None would mean "without"."""

    AS_IS = "as is"


class Assembler:
    """Builds the plan for one set of metrics from what was read. Raises Refused or Unclear."""

    def __init__(self, reading: Reading, parts: Parts, depth: int = 0) -> None:
        self._depth = depth
        self._reading = reading
        self._parts = parts
        self._lexicon: Lexicon = reading.lexicon

    def _plans(self, *attempts: "tuple[Assembler, tuple[str, ...]]") -> tuple[Plan, ...]:
        """The plans that these readings make; a reading that is unclear too is no choice. Readings
        of readings are not followed, or two things that are unclear would chase each other."""
        found: list[Plan] = []
        for assembler, names in attempts if self._depth < _DEEPEST else ():
            try:
                found.append(assembler.build(names).plan)
            except (Refused, Unclear):
                continue
            if len(found) == _MOST_CHOICES:
                break
        return tuple(found)

    def build(self, names: tuple[str, ...]) -> Assembled:
        """The plan of these metrics with all conditions, groups and order."""
        facts = [self._lexicon.metrics[name] for name in names]
        datasets = frozenset(f.dataset.name for f in facts)
        reference = self._reading.reference(datasets)
        timing = self._timing(facts, reference)
        filters = [self._filter(part, names, datasets) for part in self._parts.filters]
        filters += timing.conditions()
        dimensions = self._dimensions(names, facts, datasets, timing, reference)
        plan = Plan(
            metrics=names,
            dimensions=dimensions,
            filters=tuple(filters),
            time=None if timing.field else timing.range,
            order=self._order(names, dimensions),
            limit=self._parts.rank.limit if self._parts.rank and dimensions else None,
        )
        return Assembled(plan, (*timing.notes, *self._rank_notes(plan)), timing.is_assumed)

    def _label(self, kind: str, name: str) -> str:
        return self._reading.label(kind, name)

    # -- conditions ------------------------------------------------------------------------

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
        return _condition(fields[0], part, options[fields[0]])

    def _fitting(self, fields: tuple[str, ...], datasets: frozenset[str]) -> list[str]:
        own = [f for f in fields if self._lexicon.is_own(f, datasets)]
        return own or [f for f in fields if self._lexicon.is_reachable(f, datasets)]

    def _with(
        self,
        *,
        filters: tuple[FilterPart, ...] | None = None,
        dimensions: tuple[DimensionPart, ...] | None = None,
        time: TimePart | Keep | None = Keep.AS_IS,
        rank: RankPart | Keep | None = Keep.AS_IS,
    ) -> "Assembler":
        """The same question read a little differently."""
        held = self._parts
        return Assembler(
            self._reading,
            replace(
                held,
                filters=held.filters if filters is None else filters,
                dimensions=held.dimensions if dimensions is None else dimensions,
                time=held.time if isinstance(time, Keep) else time,
                rank=held.rank if isinstance(rank, Keep) else rank,
            ),
            self._depth + 1,
        )

    def _with_option(self, part: FilterPart, field: str) -> "Assembler":
        narrowed = FilterPart(
            part.operator, ((field, dict(part.options)[field]),), part.text, part.is_compared
        )
        filters = tuple(narrowed if p is part else p for p in self._parts.filters)
        return self._with(filters=filters)

    def _without_filter(self, part: FilterPart, names: tuple[str, ...]) -> tuple[Plan, ...]:
        filters = tuple(p for p in self._parts.filters if p is not part)
        return self._plans((self._with(filters=filters), names))

    def _metric_labels(self, names: tuple[str, ...]) -> str:
        return " and ".join(self._label("metric", n) for n in names)

    # -- time ------------------------------------------------------------------------------

    def _timing(self, facts: list[MetricFacts], reference: date) -> Timing:
        part = self._parts.time
        if part is None:
            return Timing()
        if len(part.whens) == 1 and part.whens[0].relation == "from":
            self._ask_from(facts, part)
        try:
            timing = timing_of(self._reading, part, [f.dataset for f in facts], reference)
        except Unclear as unclear:
            raise Unclear(unclear.ask, self._each_period(facts, part, reference)) from None
        if timing.field is None:
            self._require_time(facts, part, timing)
            self._ask_which_date(facts, part)
        return timing

    def _ask_which_date(self, facts: list[MetricFacts], part: TimePart) -> None:
        """What is counted by its return may be meant by the day of its return."""
        other = self._lexicon.other_date(facts[0].metric.name)
        usual = facts[0].dataset.time_field
        if other is None or usual is None or len(facts) > 1:
            return
        if is_stamped(self._reading, part, usual):
            return
        readings = (self._with(time=replace(part, field=field)) for field in (other, usual))
        plans = self._plans(*((reading, _names(facts)) for reading in readings))
        labels = [self._reading.label("field", f).lower() for f in (other, usual)]
        raise Unclear(f"By {labels[0]}, or by {labels[1]}?", plans)

    def _ask_from(self, facts: list[MetricFacts], part: TimePart) -> None:
        """ "Revenue from May": in May, or since?"""
        readings = (
            self._with(time=replace(part, whens=(When(relation, part.whens[0].first),)))
            for relation in _FROM
        )
        plans = self._plans(*((reading, _names(facts)) for reading in readings))
        raise Unclear("Do you mean from then on, or in that period only?", plans)

    def _each_period(
        self, facts: list[MetricFacts], part: TimePart, reference: date
    ) -> tuple[Plan, ...]:
        """What can be had instead of several periods at once: the stretch that spans them, kept
        apart, and each by itself."""
        if len(part.whens) < 2:
            return ()
        whens = sorted(part.whens, key=lambda w: resolve(w, reference).start or date.min)
        span = When("between", whens[0].first, whens[-1].first)
        readings = [replace(part, whens=(w,), is_compared=False) for w in whens]
        readings.insert(0, replace(part, whens=(span,), is_compared=True))
        return self._plans(*((self._with(time=time), _names(facts)) for time in readings))

    def _require_time(self, facts: list[MetricFacts], part: TimePart, timing: Timing) -> None:
        """A period needs a date, and one that the question means: things that last, such as
        customers, have a date too, but "customers in July" need not be those of that date."""
        for fact in facts:
            field = fact.dataset.time_field
            label = self._reading.label("metric", fact.metric.name)
            if field is None:
                raise Unclear(
                    f"{label} has no date. Do you want it over all time?",
                    self._plans((self._with(time=None), _names(facts))),
                )
            if fact.dataset.name in self._lexicon.entities and not is_stamped(
                self._reading, part, field
            ):
                always = self._plans((self._with(time=None), (fact.metric.name,)))
                then = tuple(p.model_copy(update={"time": timing.range}) for p in always)
                raise Unclear(
                    f"The date here is the {self._reading.label('field', field).lower()}. "
                    "Do you want those of that period, or all?",
                    (*then, *always),
                )

    # -- groups and order ------------------------------------------------------------------

    def _dimensions(
        self,
        names: tuple[str, ...],
        facts: list[MetricFacts],
        datasets: frozenset[str],
        timing: Timing,
        reference: date,
    ) -> tuple[Dimension, ...]:
        found: list[Dimension] = []
        parts = list(self._parts.dimensions)
        if self._parts.rank and self._parts.rank.target:
            parts.insert(0, self._parts.rank.target)
        for part in parts:
            if part.is_trend or (part.grain and not part.terms):
                grain = part.grain or grain_for(timing.range, reference)
                field = timing.field or self._time_field(facts, grain)
                found.append(Dimension(field=field, grain=grain))
            else:
                found.append(self._dimension(part, names, datasets))
        if timing.grain is not None and not any(d.grain for d in found):
            found.append(timing.grain)
        for held in self._parts.filters:
            if held.is_compared and held.operator == "in":
                field = self._fitting(tuple(f for f, _ in held.options), datasets)[0]
                found.append(Dimension(field=field))
        unique = tuple({(d.field, d.grain): d for d in found}.values())
        if len({d.field for d in unique}) < len(unique):
            raise Unclear("I can go by one length of period at a time. Which one?")
        self._check_rank(unique, names)
        return unique

    def _time_field(self, facts: list[MetricFacts], grain: Grain) -> str:
        """The date that the metrics go by: with several datasets, each goes by its own, which the
        first one's stands for."""
        fields = {f.dataset.time_field for f in facts}
        labels = self._metric_labels(_names(facts))
        field = facts[0].dataset.time_field
        if field is None or None in fields:
            raise Unclear(f"{labels} has no date, so it cannot be split by {grain}.")
        if facts[0].dataset.name in self._lexicon.entities and not self._is_named(field):
            part = DimensionPart((Term("field", field, 0),), grain)
            plans = self._plans((self._with(dimensions=(part,), rank=None), _names(facts)))
            raise Unclear(
                f"The date here is the {self._reading.label('field', field).lower()}. "
                "Do you want them by that?",
                plans,
            )
        other = self._lexicon.other_date(facts[0].metric.name)
        if other is not None and len(facts) == 1 and not self._is_named(field):
            dated = [DimensionPart((Term("field", f, 0),), grain) for f in (other, field)]
            plans = self._plans(
                *((self._with(dimensions=(p,), rank=None), _names(facts)) for p in dated)
            )
            raise Unclear(f"Each {grain} of which date?", plans)
        return field

    def _is_named(self, field: str) -> bool:
        part = self._parts.time
        return part is not None and is_stamped(self._reading, part, field)

    def _dimension(
        self, part: DimensionPart, names: tuple[str, ...], datasets: frozenset[str]
    ) -> Dimension:
        allowed = [t for t in part.terms if t.is_allowed]
        if not allowed:
            refuse_not_allowed(self._reading, part.terms)
        fields = self._fitting(tuple(t.name for t in allowed), datasets)
        if not fields:
            raise self._not_by(part, names, allowed)
        ranks = {t.name: t.rank for t in allowed}
        best = [f for f in fields if ranks[f] == min(ranks[f] for f in fields)]
        field = self._lexicon.fields[best[0]]
        if len(best) > 1:
            plans = self._plans(*((self._with_dimension(part, f), names) for f in best))
            raise Unclear(f"“{part.text}” can be more than one thing. Which one?", plans)
        if field.is_time:
            return Dimension(field=field.name, grain=part.grain or "day")
        return Dimension(field=field.name)

    def _with_dimension(self, part: DimensionPart, field: str) -> "Assembler":
        narrowed = replace(part, terms=(Term("field", field, 0),))
        rank = self._parts.rank
        if rank is not None and rank.target is part:
            return self._with(rank=replace(rank, target=narrowed))
        dimensions = tuple(narrowed if d is part else d for d in self._parts.dimensions)
        return self._with(dimensions=dimensions)

    def _not_by(self, part: DimensionPart, names: tuple[str, ...], allowed: list[Term]) -> Unclear:
        rank = self._parts.rank
        without = tuple(d for d in self._parts.dimensions if d is not part)
        bare = self._with(dimensions=without, rank=None if rank and rank.target is part else rank)
        others = [
            other.metric.name
            for other in self._lexicon.metrics.values()
            if self._fitting(tuple(t.name for t in allowed), frozenset({other.dataset.name}))
        ]
        plans = self._plans((bare, names), *((self._with(), (other,)) for other in others))
        return Unclear(
            f"{self._metric_labels(names)} cannot be split by {part.text}. "
            "Do you want one of these instead?",
            plans,
        )

    def _check_rank(self, dimensions: tuple[Dimension, ...], names: tuple[str, ...]) -> None:
        rank = self._parts.rank
        if rank is None:
            return
        if not dimensions:
            plans = self._plans(*((self._ranked_by(f), names) for f in self._rankable(names)))
            raise Unclear("The top or bottom of what?", plans)
        if rank.limit is not None and len(dimensions) > 1:
            plain = tuple(replace(p, is_compared=False) for p in self._parts.filters)
            alone = self._with(dimensions=(), filters=plain)
            raise Unclear(
                "I can rank over one thing at a time, not within each of another. Which one?",
                self._plans((alone, names), (self._with(rank=None), names)),
            )

    def _rankable(self, names: tuple[str, ...]) -> list[str]:
        homes = frozenset(self._lexicon.metrics[n].dataset.name for n in names)
        return [
            f.name
            for f in self._lexicon.fields.values()
            if f.is_indexed and f.type == "text" and not f.is_personal
            and self._lexicon.is_own(f.name, homes)
        ]  # fmt: skip

    def _ranked_by(self, field: str) -> "Assembler":
        rank = self._parts.rank
        assert rank is not None  # noqa: S101  only called where a ranking was read
        target = DimensionPart((Term("field", field, 0),), text=self._label("field", field))
        return self._with(rank=RankPart(rank.descending, rank.limit or 10, target))

    def _order(
        self, names: tuple[str, ...], dimensions: tuple[Dimension, ...]
    ) -> tuple[Order, ...]:
        if not dimensions:
            return ()
        amount = self._parts.metrics.ordered_by
        by = amount if amount in names else names[0]
        if self._parts.rank is not None:
            return (Order(by=by, descending=self._parts.rank.descending),)
        if self._parts.row_order is not None:
            return (Order(by=by, descending=self._parts.row_order),)
        if any(d.grain for d in dimensions):
            ordered = sorted(dimensions, key=lambda d: d.grain is None)
            return tuple(Order(by=d.field) for d in ordered)
        return (Order(by=by, descending=True),)

    def _rank_notes(self, plan: Plan) -> tuple[str, ...]:
        rank = self._parts.rank
        if rank is None or not rank.is_assumed or plan.limit is None:
            return ()
        return (f"You did not say how many; these are the first {plan.limit}.",)


def _names(facts: list[MetricFacts]) -> tuple[str, ...]:
    return tuple(f.metric.name for f in facts)


def _condition(field: str, part: FilterPart, values: tuple[Scalar, ...]) -> Filter:
    if part.operator in ("in", "not_in") and len(values) == 1:
        return Filter(field=field, operator="eq" if part.operator == "in" else "ne", values=values)
    return Filter(field=field, operator=part.operator, values=values)
