"""What a plan groups by."""

from dataclasses import replace
from datetime import date
from typing import Self

from contracts.plan import Dimension, Grain
from workflow.plan.assemble_time import PeriodAssembly, names_of
from workflow.plan.lexicon import MetricFacts, Term
from workflow.plan.outcomes import Unclear
from workflow.plan.parts import DimensionPart, RankPart
from workflow.plan.readers.question_words import refuse_not_allowed
from workflow.plan.timing import Timing, is_of_new, is_stamped
from workflow.plan.when import grain_for


class GroupAssembly(PeriodAssembly):
    """Settles the groups of the question for its metrics."""

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
        labels = self._metric_labels(names_of(facts))
        field = facts[0].dataset.time_field
        if field is None or None in fields:
            raise Unclear(f"{labels} has no date, so it cannot be split by {grain}.")
        if facts[0].dataset.name in self._lexicon.entities and not self._is_named(field):
            part = DimensionPart((Term("field", field, 0),), grain)
            plans = self._plans((self._with(dimensions=(part,), rank=None), names_of(facts)))
            raise Unclear(
                f"The date here is the {self._reading.label('field', field).lower()}. "
                "Do you want them by that?",
                plans,
            )
        other = self._lexicon.other_date(facts[0].metric.name)
        if other is not None and len(facts) == 1 and not self._is_named(field):
            dated = [DimensionPart((Term("field", f, 0),), grain) for f in (other, field)]
            plans = self._plans(
                *((self._with(dimensions=(p,), rank=None), names_of(facts)) for p in dated)
            )
            raise Unclear(f"Each {grain} of which date?", plans)
        return field

    def _is_named(self, field: str) -> bool:
        part = self._parts.time
        if is_of_new(self._reading):
            return True
        return part is not None and is_stamped(self._reading, part, field)

    def _dimension(
        self, part: DimensionPart, names: tuple[str, ...], datasets: frozenset[str]
    ) -> Dimension:
        if part.is_doubtful:
            raise self._each_or_all(part, names)
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

    def _each_or_all(self, part: DimensionPart, names: tuple[str, ...]) -> Unclear:
        rest = tuple(d for d in self._parts.dimensions if d is not part)
        each = replace(part, is_doubtful=False)
        split = tuple(each if d is part else d for d in self._parts.dimensions)
        plans = self._plans(*((self._with(dimensions=d), names) for d in (rest, split)))
        return Unclear("The total, or for each of them?", plans)

    def _with_dimension(self, part: DimensionPart, field: str) -> Self:
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
        if rank.is_both:
            ends = (replace(rank, is_both=False, descending=d) for d in (True, False))
            raise Unclear(
                "Do you want the highest or the lowest? I can show one of them at a time.",
                self._plans(*((self._with(rank=end), names) for end in ends)),
            )
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

    def _ranked_by(self, field: str) -> Self:
        rank = self._parts.rank
        assert rank is not None  # noqa: S101  only called where a ranking was read
        target = DimensionPart((Term("field", field, 0),), text=self._label("field", field))
        return self._with(rank=RankPart(rank.descending, rank.limit or 10, target))
