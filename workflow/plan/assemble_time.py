"""The period of a plan, and which date it is about."""

from dataclasses import replace
from datetime import date

from contracts.plan import Plan
from workflow.plan.assembly import Assembly
from workflow.plan.lexicon import MetricFacts
from workflow.plan.outcomes import Unclear
from workflow.plan.parts import TimePart
from workflow.plan.timing import Timing, is_stamped, timing_of
from workflow.plan.when import Relation, When, resolve

_FROM: tuple[Relation, Relation] = ("since", "in")


def names_of(facts: list[MetricFacts]) -> tuple[str, ...]:
    """The metrics' names."""
    return tuple(f.metric.name for f in facts)


class PeriodAssembly(Assembly):
    """Settles the period of the question for its metrics."""

    def _timing(self, facts: list[MetricFacts], reference: date) -> Timing:
        part = self._parts.time
        if part is None:
            return Timing()
        if part.settled is not None:
            return Timing(part.settled)
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
        plans = self._plans(*((reading, names_of(facts)) for reading in readings))
        labels = [self._reading.label("field", f).lower() for f in (other, usual)]
        raise Unclear(f"By {labels[0]}, or by {labels[1]}?", plans)

    def _ask_from(self, facts: list[MetricFacts], part: TimePart) -> None:
        """ "Revenue from May": in May, or since?"""
        readings = (
            self._with(time=replace(part, whens=(When(relation, part.whens[0].first),)))
            for relation in _FROM
        )
        plans = self._plans(*((reading, names_of(facts)) for reading in readings))
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
        return self._plans(*((self._with(time=time), names_of(facts)) for time in readings))

    def _require_time(self, facts: list[MetricFacts], part: TimePart, timing: Timing) -> None:
        """A period needs a date, and one that the question means: things that last, such as
        customers, have a date too, but "customers in July" need not be those of that date."""
        for fact in facts:
            field = fact.dataset.time_field
            label = self._reading.label("metric", fact.metric.name)
            if field is None:
                raise Unclear(
                    f"{label} has no date. Do you want it over all time?",
                    self._plans((self._with(time=None, comparison=None), names_of(facts))),
                )
            if fact.dataset.name in self._lexicon.entities and not is_stamped(
                self._reading, part, field
            ):
                always = self._plans((self._with(time=None, comparison=None), (fact.metric.name,)))
                then = tuple(p.model_copy(update={"time": timing.range}) for p in always)
                raise Unclear(
                    f"The date here is the {self._reading.label('field', field).lower()}. "
                    "Do you want those of that period, or all?",
                    (*then, *always),
                )
