"""What a sentence about a result may say: its numbers, those of the plan, and arithmetic."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property

from contracts.context import UserContext
from contracts.plan import Plan, Scalar
from workflow.narrate import display
from workflow.narrate.mentions import Day, mentions, plain
from workflow.narrate.phrases import field_of, scalar_words
from workflow.narrate.shape import Measure, Part, Shape
from workflow.narrate.vocabulary import ALL, COUNTED, RANKS
from workflow.semantic.filters import single_filters
from workflow.semantic.model import SemanticModel


@dataclass(frozen=True, slots=True)
class Fact:
    """A number that is true. `row` and `metric` say which cell it is, and are None for what is
    said of the whole. `is_ratio` numbers may be written in percent; `is_raw` ones come from a
    column nobody declared, and may be a percentage already; an `is_change` has a direction."""

    value: Decimal
    row: int | None = None
    metric: int | None = None
    is_ratio: bool = False
    is_raw: bool = False
    is_change: bool = False


@dataclass(frozen=True)
class Grounds:
    """Everything that is known to be true.

    `facts` may stand anywhere. `anchored` numbers only after their word ("store 1", "top 5"),
    `counted` ones only before theirs ("16 categories"). `names` are texts that may hold digits
    of their own; those of the result lead to the rows they are in, by dimension, and so do its
    dates (`keys`). `times` orders the rows of a result over time; `totals` are those of its
    additive metrics.
    """

    facts: tuple[Fact, ...] = ()
    anchored: dict[str, set[Decimal]] = field(default_factory=dict)
    counted: dict[str, set[Decimal]] = field(default_factory=dict)
    names: dict[str, dict[int, frozenset[int]]] = field(default_factory=dict)
    days: frozenset[date] = frozenset()
    months: frozenset[tuple[int, int]] = frozenset()
    years: frozenset[int] = frozenset()
    keys: dict[Day, dict[int, frozenset[int]]] = field(default_factory=dict)
    times: dict[int, date] = field(default_factory=dict)
    totals: dict[int, Decimal] = field(default_factory=dict)
    ranks: int = 0

    @cached_property
    def by_value(self) -> dict[Decimal, list[Fact]]:
        """The facts, looked up exactly."""
        found: dict[Decimal, list[Fact]] = {}
        for fact in self.facts:
            found.setdefault(fact.value, []).append(fact)
        return found

    @cached_property
    def longest_names(self) -> tuple[str, ...]:
        """Names, those that contain others before them."""
        return tuple(sorted(self.names, key=len, reverse=True))


class _Collector:
    """Gathers grounds from their sources."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self.anchored: dict[str, set[Decimal]] = {"rounded": {Decimal(n) for n in range(12)}}
        self.counted: dict[str, set[Decimal]] = {}
        self.names: dict[str, dict[int, frozenset[int]]] = {}
        self.days: set[date] = set()
        self.months: set[tuple[int, int]] = set()
        self.years: set[int] = set()
        self.keys: dict[Day, dict[int, frozenset[int]]] = {}
        self.times: dict[int, date] = {}
        self.totals: dict[int, Decimal] = {}
        self.ranks = 0

    def grounds(self) -> Grounds:
        return Grounds(
            tuple(self.facts),
            self.anchored,
            self.counted,
            self.names,
            frozenset(self.days),
            frozenset(self.months),
            frozenset(self.years),
            self.keys,
            self.times,
            self.totals,
            self.ranks,
        )

    def anchor(self, words: Iterable[str], values: Iterable[Decimal]) -> None:
        known = set(values)
        for word in words:
            self.anchored.setdefault(word.lower(), set()).update(known)

    def count(self, words: Iterable[str], values: Iterable[int | None]) -> None:
        known = {Decimal(value) for value in values if value is not None}
        for word in words:
            self.counted.setdefault(word.lower(), set()).update(known)

    def name(self, text: str) -> None:
        """A text of the model or of the plan, which may hold digits."""
        text = plain(display.clean(text))
        if text.isdecimal():
            self.names.setdefault(f"“{text}”", {})
        elif any(c.isdigit() for c in text):
            self.names.setdefault(text, {})

    def day(self, value: date) -> None:
        self.days.add(value)
        self.months.add((value.year, value.month))
        self.years.add(value.year)

    def prose(self, text: str, *, with_numbers: bool) -> None:
        """A text that is taken as true, or only as to its dates."""
        found = mentions(plain(text))
        for mentioned in found.days:
            if mentioned.precision == "day":
                self.day(mentioned.value)
            else:
                self.months.add((mentioned.value.year, mentioned.value.month))
                self.years.add(mentioned.value.year)
        if with_numbers:
            for number in found.numbers:
                if number.value is not None:
                    self.facts.append(Fact(number.value, is_ratio=number.is_percent))


def of_result(
    shape: Shape,
    plan: Plan | None,
    context: UserContext,
    model: SemanticModel,
    notes: Sequence[str] = (),
    *,
    is_trusted: bool = True,
) -> Grounds:
    """What a result, with its plan and the person's scope, makes true.

    Of `notes`, sentences of the planner, dates always count; their numbers only when the planner
    `is_trusted`, that is, not a language model.
    """
    collector = _Collector()
    _add_scope(collector, context)
    if plan is not None:
        _add_plan(collector, plan, model)
    if shape.is_compiled:  # a label of raw SQL is the model's own word
        for label in [c.label for c in shape.metrics] + [c.label for c in shape.dimensions]:
            collector.name(label)
    for note in notes:
        collector.prose(note, with_numbers=is_trusted)
    _add_counts(collector, shape)
    for part in shape.dimensions:
        _add_dimension(collector, shape, part)
    for metric in shape.metrics:
        _add_metric(collector, shape, metric)
    return collector.grounds()


def of_words(context: UserContext, texts: Iterable[str]) -> Grounds:
    """Where there is no result: the person's scope, and numbers of texts that are taken as true
    (what the question said, documents)."""
    collector = _Collector()
    _add_scope(collector, context)
    for text in texts:
        collector.prose(text, with_numbers=True)
    return collector.grounds()


def _add_scope(collector: _Collector, context: UserContext) -> None:
    words = ("store", "stores", "store_id", "store_ids", "shop", "shops")
    collector.anchor(words, map(Decimal, context.store_ids))
    collector.count(("store", "stores"), [len(context.store_ids) or None])


def _add_plan(collector: _Collector, plan: Plan, model: SemanticModel) -> None:
    if plan.limit is not None:
        collector.anchor(RANKS, [Decimal(plan.limit)])
        collector.count((*RANKS, *COUNTED), [plan.limit])
    time = plan.time
    if time is not None:
        collector.name(time.label)
        collector.prose(time.label, with_numbers=False)
        for edge in (time.start, time.end, time.end and time.end - timedelta(days=1)):
            if edge is not None:
                collector.day(edge)
    for given in single_filters(plan.filters):
        field_ = field_of(given.field, model)
        bare = given.field.rpartition(".")[2]
        words = [bare, bare.rpartition("_")[2]]
        if field_ is not None:
            last = field_.label.rpartition(" ")[2]
            words += [last, display.plural(last)]
        for value in given.values:
            _add_scalar(collector, words, value)


def _add_scalar(collector: _Collector, words: Sequence[str], value: Scalar) -> None:
    if isinstance(value, str):
        collector.name(value)
        number = display.number(value)
        if number is not None:
            collector.anchor(words, [number])
    elif isinstance(value, date):
        collector.name(scalar_words(value))
        collector.day(value if type(value) is date else date(value.year, value.month, value.day))
    elif not isinstance(value, bool):
        collector.anchor(words, [Decimal(value)])


def _add_counts(collector: _Collector, shape: Shape) -> None:
    result = shape.result
    counts = [len(result.rows), result.row_count, result.total_rows]
    collector.ranks = max(len(result.rows), result.total_rows or 0)
    collector.count(COUNTED, counts)
    collector.anchor(ALL, [Decimal(len(result.rows))])
    collector.count(("column", "columns"), [len(result.columns)])
    for part in shape.dimensions:
        distinct = len({str(row[part.index]) for row in result.rows})
        known = counts if len(shape.dimensions) == 1 else [distinct]
        collector.count(_nouns(part), known)


def _nouns(part: Part) -> list[str]:
    labels = [part.label, *([part.grain] if part.grain else [])]
    singles = [label.rpartition(" ")[2] for label in labels]
    return [*singles, *(display.plural(single) for single in singles)]


def _add_dimension(collector: _Collector, shape: Shape, part: Part) -> None:
    rows_of: dict[str, set[int]] = {}
    days_of: dict[Day, set[int]] = {}
    for place, row in enumerate(shape.result.rows):
        value = row[part.index]
        if value is None or isinstance(value, bool):
            continue
        day = display.day(value) if part.is_time else None
        number = None if part.type == "text" else display.number(value)
        if day is not None:
            collector.day(day)
            precision = part.grain if part.grain in ("month", "quarter", "year") else "day"
            days_of.setdefault(Day(day, precision), set()).add(place)
            collector.times.setdefault(place, day)
            if precision == "day" and str(value)[10:]:
                collector.name(str(value))
        elif number is not None:
            collector.anchor([*_nouns(part), part.name], [number])
        else:
            rows_of.setdefault(plain(display.clean(str(value))), set()).add(place)
    for text, rows in rows_of.items():
        if text:
            collector.names.setdefault(text, {})[part.index] = frozenset(rows)
    for key, rows in days_of.items():
        collector.keys.setdefault(key, {})[part.index] = frozenset(rows)


def _add_metric(collector: _Collector, shape: Shape, metric: Measure) -> None:
    is_ratio = metric.unit == "ratio"
    numbers = shape.numbers(metric)
    collector.facts.extend(
        Fact(value, row, metric.index, is_ratio, is_raw=not metric.is_known)
        for row, value in enumerate(numbers)
        if value is not None
    )
    present = [value for value in numbers if value is not None]
    if metric.is_additive and len(present) > 1:
        total = total_of(present)
        collector.facts.append(Fact(total))
        if total > 0 and min(present) >= 0:
            collector.totals[metric.index] = total


def total_of(values: Iterable[Decimal]) -> Decimal:
    """A sum that loses no digit."""
    total = Decimal(0)
    for value in values:
        total = display.EXACT.add(total, value)
    return total
