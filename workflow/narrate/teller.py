"""How a result is put into words: its numbers, its rows and what they are of."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from contracts.plan import Plan
from kit.display import Shown, listed
from workflow.narrate.shape import Measure, Shape

MOST_NAMED = 3
_MOST_DECIMALS = 8


@dataclass(frozen=True, slots=True)
class Row:
    """A row with a number: its value of the leading metric, and its place."""

    shape: Shape
    value: Decimal
    place: int

    @property
    def key(self) -> str:
        """What it is about."""
        return self.shape.key(self.shape.result.rows[self.place])


@dataclass(slots=True)
class Teller:
    """Tells one result; remembers how it rounded. `about` says period, filters and scope;
    `before` the period that is compared with, with its preposition."""

    shape: Shape
    plan: Plan
    about: str
    before: str = ""
    is_cut: bool = False
    roundings: set[int] = field(default_factory=set)
    sharper: dict[str, int] = field(default_factory=dict)

    def tell_apart(self, metric: Measure, one: Decimal, other: Decimal) -> None:
        """Show a metric with as many decimals as it takes for two values not to look the same."""
        decimals = 1
        while one != other and self._shown(metric, one) == self._shown(metric, other):
            decimals += 1
            if decimals > _MOST_DECIMALS:
                return
            self.sharper[metric.name] = decimals

    def _shown(self, metric: Measure, value: Decimal) -> Shown:
        decimals = self.sharper.get(metric.name)
        return metric.show(value) if decimals is None else metric.show_with(value, decimals)

    def say(self, metric: Measure, value: Decimal) -> str:
        """A number in its unit."""
        shown = self._shown(metric, value)
        if shown.decimals is not None:
            self.roundings.add(shown.decimals)
        return shown.text

    def number(self, metric: Measure, place: int) -> Decimal | None:
        """A metric's value in a row."""
        return self.shape.numbers(metric)[place]

    def cell(self, metric: Measure, place: int, between: str = " ") -> str:
        """A metric with its value in a row."""
        value = self.number(metric, place)
        said = "without data" if value is None else self.say(metric, value)
        return f"{metric.subject}{between}{said}"

    def rows(self, metric: Measure) -> list[Row]:
        """The rows that have a value of it."""
        return [
            Row(self.shape, value, place)
            for place, value in enumerate(self.shape.numbers(metric))
            if value is not None
        ]

    def value(self, metric: Measure, rows: Sequence[Row]) -> str:
        """The value that rows share, and what else is known where it is a single row."""
        value = self.say(metric, rows[0].value)
        if len(rows) > 1:
            return f"{value} each"
        beside = self.beside(metric, rows[0].place)
        return f"{value} ({listed(beside)})" if beside else value

    def beside(self, metric: Measure, place: int) -> list[str]:
        """The other metrics of a row, and the metric's share of the whole."""
        told = []
        for other in self.shape.metrics:
            if other is metric or other.kind in ("before", "change", "change_ratio"):
                continue
            share = self.number(other, place) if other.kind == "share" else None
            if share is not None and other.is_additive and other.metric == metric.metric:
                told.append(f"{self.say(other, share)} of the total")
            elif other.kind != "running_total" or other.metric != metric.metric:
                told.append(self.cell(other, place))
        return told

    def change(self, metric: Measure, place: int) -> str:
        """Like "up 12.3 % from 89.00 in April 2022", where the plan compares; else empty."""
        earlier = self.shape.measure(metric.metric, "before")
        if earlier is None:
            return ""
        now, before = self.number(metric, place), self.number(earlier, place)
        if now is None or before is None:
            return ""
        return self.moved(metric, before, now)

    def moved(self, metric: Measure, before: Decimal, now: Decimal) -> str:
        """The same of two numbers. A change of a share is no percentage of it."""
        when = self.before or self.step_before
        if now == before:
            return f"the same as {when}"
        word = "up" if now > before else "down"
        said = self.say(metric, before)
        if metric.is_share or before <= 0:
            return f"{word} from {said} {when}"
        ratio = self.shape.measure(metric.metric, "change_ratio")
        growth = abs(now - before) / before
        told = self.say(ratio, growth) if ratio else ""
        return f"{word} {told} from {said} {when}" if told else f"{word} from {said} {when}"

    @property
    def step_before(self) -> str:
        """What each row of a series is compared with."""
        grain = next((part.grain for part in self.shape.dimensions if part.grain), None)
        comparison = self.plan.comparison
        if comparison is not None and comparison.to == "previous_year":
            return "a year before"
        return f"the {grain} before" if grain else "before"

    def roundings_said(self) -> list[str]:
        """How far numbers were rounded."""
        if not self.roundings:
            return []
        places = listed([str(places) for places in sorted(self.roundings)])
        return [f"Rounded to {places} decimal{'' if places == '1' else 's'}."]


def extremes(rows: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """The rows with the highest value, and those with the lowest."""
    high, low = max(row.value for row in rows), min(row.value for row in rows)
    return [row for row in rows if row.value == high], [row for row in rows if row.value == low]
