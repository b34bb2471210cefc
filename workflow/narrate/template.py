"""A result in a few sentences, without a model. What is said follows from the result's shape."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from contracts.context import UserContext
from contracts.plan import Plan
from workflow.narrate.display import listed, lower, plural, upper
from workflow.narrate.facts import total_of
from workflow.narrate.phrases import datasets_of, where
from workflow.narrate.shape import Measure, Shape
from workflow.semantic.model import SemanticModel

_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Told:
    """Sentences in order: what the result says, and what has to be said of it in any case."""

    body: list[str]
    fine_print: list[str]


def tell(shape: Shape, plan: Plan, context: UserContext, model: SemanticModel) -> Told:
    """The sentences for the result of a plan, in order. Each number in them is in the result, in
    the plan or in the scope, or is a sum, a count or a rounding of the result's."""
    teller = _Teller(shape, plan, where(plan, context, model))
    if not shape.dimensions:
        told = teller.totals()
    elif shape.result.rows:
        told = teller.groups()
    else:
        told = [_nothing(shape, plan, teller.about, model)]
    return Told(told, [*_shown(shape), *teller.roundings_said()])


def tell_columns(shape: Shape) -> Told:
    """The sentences for the result of raw SQL, whose columns nobody declared: what came back,
    and no reading of it."""
    count = len(shape.result.rows)
    if count != 1:
        many = f"{count:,}" if count else "no"
        return Told([f"The statement returned {many} rows."], _shown(shape))
    teller = _Teller(shape, Plan(metrics=()), "")
    said = [teller.cell(metric, 0, " is ") for metric in shape.metrics]
    if said and len(said) == len(shape.result.columns) <= _MOST_NAMED:
        told = f"The statement returned a single row: {listed(said)}."
    else:
        told = "The statement returned a single row."
    return Told([told], teller.roundings_said())


def _nothing(shape: Shape, plan: Plan, about: str, model: SemanticModel) -> str:
    datasets = datasets_of(plan, model)
    if len(datasets) == 1:
        return f"There are no {lower(datasets[0].label)}{about}."
    return f"There is no data for {listed([m.subject for m in shape.metrics], 'or')}{about}."


def _shown(shape: Shape) -> list[str]:
    result = shape.result
    if not result.truncated:
        return []
    if result.total_rows is None:
        return [f"Only the first {len(result.rows):,} rows are shown; there are more."]
    return [f"{len(result.rows):,} of {result.total_rows:,} rows are shown."]


@dataclass(frozen=True, slots=True)
class _Row:
    """A row with a number: its value of the leading metric, and its place."""

    shape: Shape
    value: Decimal
    place: int

    @property
    def key(self) -> str:
        """What it is about."""
        return self.shape.key(self.shape.result.rows[self.place])


@dataclass(slots=True)
class _Teller:
    """Tells one result; remembers how it rounded. `about` says period, filters and scope."""

    shape: Shape
    plan: Plan
    about: str
    roundings: set[int] = field(default_factory=set)

    def say(self, metric: Measure, value: Decimal) -> str:
        shown = metric.show(value)
        if shown.decimals is not None:
            self.roundings.add(shown.decimals)
        return shown.text

    def roundings_said(self) -> list[str]:
        if not self.roundings:
            return []
        places = listed([str(places) for places in sorted(self.roundings)])
        return [f"Rounded to {places} decimal{'' if places == '1' else 's'}."]

    def cell(self, metric: Measure, place: int, between: str = " ") -> str:
        """A metric with its value in a row."""
        value = self.shape.numbers(metric)[place]
        said = "without data" if value is None else self.say(metric, value)
        return f"{metric.subject}{between}{said}"

    def totals(self) -> list[str]:
        """A result without dimensions: one row."""
        said: list[str] = []
        missing: list[str] = []
        for metric in self.shape.metrics:
            value = next(iter(self.shape.numbers(metric)), None)
            if value is None:
                missing.append(metric.subject)
            else:
                article = "the " if metric.subject.startswith("number of") else ""
                said.append(f"{article}{metric.subject} was {self.say(metric, value)}")
        told = [upper(f"{listed(said)}{self.about}.")] if said else []
        if missing:
            told.append(f"There is no data for {listed(missing, 'or')}{self.about}.")
        return told

    def groups(self) -> list[str]:
        """A result with dimensions and rows, by the metric that orders it, else the first."""
        shape = self.shape
        named = {metric.name: metric for metric in shape.metrics}
        by = [named[order.by] for order in self.plan.order if order.by in named]
        metric = (by or list(shape.metrics))[0]
        rows = [
            _Row(shape, value, place)
            for place, value in enumerate(shape.numbers(metric))
            if value is not None
        ]
        if not rows:
            return [f"There is no data for {metric.subject}{self.about}."]
        if len(shape.dimensions) > 1:
            told = self.combinations(metric, rows)
        elif shape.dimensions[0].is_time:
            told = self.series(metric, rows)
        else:
            told = self.ranking(metric, rows)
        return told + self.total(metric, rows)

    def series(self, metric: Measure, rows: Sequence[_Row]) -> list[str]:
        """One dimension, of time."""
        part = self.shape.dimensions[0]
        cells = [row[part.index] for row in self.shape.result.rows]
        dated = sorted(
            (row for row in rows if cells[row.place] is not None),
            key=lambda row: str(cells[row.place]),
        )
        at = "on" if part.grain in (None, "day") else "in"
        if len(dated) < 2:
            row = rows[0]
            return [
                upper(
                    f"{metric.subject}{self.about} was {self.value(metric, [row])}, "
                    f"all {at} {row.key}."
                )
            ]
        step = lower(part.grain or part.label)
        first, last = dated[0], dated[-1]
        told = [
            upper(
                f"{metric.subject} by {step}{self.about} went from {self.say(metric, first.value)}"
                f" {at} {first.key} to {self.say(metric, last.value)} {at} {last.key}."
            )
        ]
        high, low = _extremes(dated)
        if high[0].value == low[0].value:
            return [*told, f"It was the same in all {len(dated):,} {plural(step)}."]
        for word, tied in (("highest", high), ("lowest", low)):
            when = _names(tied) if len(tied) <= _MOST_NAMED else f"several {plural(step)}"
            told.append(f"The {word} was {self.say(metric, tied[0].value)} {at} {when}.")
        return told

    def ranking(self, metric: Measure, rows: Sequence[_Row]) -> list[str]:
        """One dimension, not of time."""
        part = self.shape.dimensions[0]
        label = "group" if part.type == "boolean" else lower(part.label)
        count = f"{len(self.shape.result.rows):,} {plural(label)}"
        by = f"{metric.subject}{self.about}"
        high, low = _extremes(rows)
        if len(rows) == 1:
            return [f"The only {label} with {by} is {rows[0].key}: {self.value(metric, high)}."]
        if high[0].value == low[0].value:
            return [
                f"All {len(rows):,} {plural(label)} have the same {by}: "
                f"{self.say(metric, high[0].value)}."
            ]
        if not self.is_cut:
            return [
                self.begin(high, f"{_do(high, 'lead')} the {count} by {by}", metric),
                self.begin(low, f"{_do(low, 'come')} last", metric),
            ]
        order = self.plan.order[0] if self.plan.order else None
        if order is None or order.by != metric.name:
            return [
                f"Of the {count} shown{self.about}, {_have(high)} the highest {metric.subject}, "
                f"with {self.value(metric, high)}.",
                self.begin(low, f"{_have(low)} the lowest of them", metric),
            ]
        words = ("highest", "lowest") if order.descending else ("lowest", "highest")
        best, worst = (high, low) if order.descending else (low, high)
        return [
            self.begin(best, f"{_have(best)} the {words[0]} {by}", metric),
            f"Of these {count}, {_have(worst)} the {words[1]}, with {self.value(metric, worst)}.",
        ]

    def begin(self, rows: Sequence[_Row], text: str, metric: Measure) -> str:
        """A sentence that begins with the names of rows; a name of the data stays as it is."""
        is_name = self.shape.dimensions[0].type == "text" and len(rows) <= _MOST_NAMED
        return f"{text if is_name else upper(text)}, with {self.value(metric, rows)}."

    def combinations(self, metric: Measure, rows: Sequence[_Row]) -> list[str]:
        """Two dimensions or more."""
        labels = listed([lower(part.grain or part.label) for part in self.shape.dimensions])
        count = len(self.shape.result.rows)
        told = [
            upper(
                f"{metric.subject} by {labels}{self.about} has {count:,} "
                f"row{'' if count == 1 else 's'}."
            )
        ]
        high, low = _extremes(rows)
        for word, tied in (("highest", high), ("lowest", low)):
            names = [f"({row.key})" for row in tied]
            whose = listed(names) if len(tied) <= _MOST_NAMED else "in several rows"
            told.append(f"The {word} value is {self.say(metric, tied[0].value)} {whose}.")
        return told[:2] if high[0].value == low[0].value else told

    def value(self, metric: Measure, rows: Sequence[_Row]) -> str:
        """The value that rows share, and the other metrics where it is a single row."""
        value = self.say(metric, rows[0].value)
        if len(rows) > 1:
            return f"{value} each"
        others = [
            self.cell(other, rows[0].place) for other in self.shape.metrics if other is not metric
        ]
        return f"{value} ({listed(others)})" if others else value

    def total(self, metric: Measure, rows: Sequence[_Row]) -> list[str]:
        """The sum, where groups add up."""
        if not metric.is_additive or len(rows) < 2 or self.shape.result.truncated:
            return []
        total = self.say(metric, total_of(row.value for row in rows))
        if self.is_cut:
            return [f"Together these {len(self.shape.result.rows):,} come to {total}."]
        return [f"The total is {total}."]

    @property
    def is_cut(self) -> bool:
        """Whether there may be more groups than rows."""
        limit, result = self.plan.limit, self.shape.result
        return result.truncated or (limit is not None and len(result.rows) >= limit)


def _extremes(rows: Sequence[_Row]) -> tuple[list[_Row], list[_Row]]:
    """The rows with the highest value, and those with the lowest."""
    high, low = max(row.value for row in rows), min(row.value for row in rows)
    return [row for row in rows if row.value == high], [row for row in rows if row.value == low]


def _names(rows: Sequence[_Row]) -> str:
    return listed([row.key for row in rows]) if len(rows) <= _MOST_NAMED else "several"


def _do(rows: Sequence[_Row], verb: str) -> str:
    return f"{_names(rows)} {verb}{'s' if len(rows) == 1 else ''}"


def _have(rows: Sequence[_Row]) -> str:
    return f"{_names(rows)} {'has' if len(rows) == 1 else 'have'}"
