"""What a result, with its plan and the person's scope, makes true."""

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import lru_cache

from contracts.context import UserContext
from contracts.plan import Filter, Plan, Scalar
from kit import display
from workflow.narrate import phrases
from workflow.narrate.facts import Column, Grounds, Names, Period, Rows, Table
from workflow.narrate.mentions import mentions, plain
from workflow.narrate.phrases import datasets_of, field_of
from workflow.narrate.shape import Measure, Part, Shape
from workflow.narrate.vocabulary import COUNTED, RANKS, TIME_WORDS
from workflow.semantic.filters import single_filters
from workflow.semantic.model import SemanticModel

FIRST_WORD = re.compile(r"\w+|\S")
_WORD = re.compile(r"[^\W\d_]+")
_STORES = ("store", "stores", "store_id", "store_ids", "shop", "shops", "branch", "branches")


class _Collector:
    """Gathers what may be said around a result."""

    def __init__(self) -> None:
        self.anchored: dict[str, set[Decimal]] = {}
        self.counted: dict[str, set[Decimal]] = {
            word: {Decimal(n) for n in range(12)} for word in ("decimal", "decimals")
        }
        self.rows_of: dict[str, dict[int, Rows]] = {}
        self.keyed: dict[str, dict[Decimal, tuple[int, Rows]]] = {}
        self.words: set[str] = set()
        self.phrases: dict[str, list[tuple[tuple[str, ...], str]]] = {}

    def anchor(self, words: Iterable[str], values: Iterable[Decimal]) -> None:
        known = set(values)
        for word in words:
            self.anchored.setdefault(word.lower(), set()).update(known)

    def count(self, words: Iterable[str], values: Iterable[int | None]) -> None:
        known = {Decimal(value) for value in values if value is not None}
        for word in words:
            self.counted.setdefault(word.lower(), set()).update(known)

    def name(self, text: str, rows: dict[int, Rows] | None = None) -> None:
        """A clean text that may be said, whatever it holds; with a capital at its beginning as
        well."""
        text = plain(text)
        if text.isalnum() or any(c.isalnum() for c in text):
            self.rows_of.setdefault(text, {}).update(rows or {})
            if text[0].islower():
                self.rows_of.setdefault(display.upper(text), {}).update(rows or {})

    def phrase(self, text: str, metric: str) -> None:
        """A way to name a metric; empty for other names of the model."""
        words = _tokens_of(text)
        if words:
            self.phrases.setdefault(words[0], []).append((words, metric))

    def names(self) -> Names:
        found: Names = {}
        for text in sorted(self.rows_of, key=len, reverse=True):
            first = FIRST_WORD.search(text)
            if first is not None:
                found.setdefault(first[0], []).append((text, self.rows_of[text]))
        return found


def of_result(
    shape: Shape,
    plan: Plan,
    context: UserContext,
    model: SemanticModel,
) -> Grounds:
    """For the result of a compiled plan."""
    collector = _Collector()
    _add_plan(collector, plan, context, model)
    _add_counts(collector, shape)
    for part in shape.dimensions:
        _add_dimension(collector, shape, part)
    for metric in shape.metrics:
        _add_metric(collector, metric)
    _add_words(collector, plan, shape, model)
    for options in collector.phrases.values():
        options.sort(key=lambda option: len(option[0]), reverse=True)
    scope = _scope(plan, context, model)
    return Grounds(
        table=_table(shape, plan),
        names=collector.names(),
        keyed=collector.keyed,
        anchored=collector.anchored,
        counted=collector.counted,
        scope=scope,
        scope_words=frozenset(_STORES),
        is_every_store=context.is_all_stores and not scope,
        phrases=collector.phrases,
        words=frozenset(collector.words),
        ranks=max(len(shape.result.rows), shape.result.total_rows or 0),
    )


def of_columns(shape: Shape, context: UserContext) -> Grounds:
    """For a result whose columns nobody declared: its numbers, and nothing that is read into
    them."""
    collector = _Collector()
    collector.anchor(_STORES, map(Decimal, context.store_ids))
    _add_counts(collector, shape)
    numbers = [
        (value, False)
        for metric in shape.metrics
        for value in shape.numbers(metric)
        if value is not None
    ]
    return Grounds(anchored=collector.anchored, counted=collector.counted, numbers=tuple(numbers))


def of_words(context: UserContext, texts: Iterable[str]) -> Grounds:
    """Where there is no result: the person's scope, and numbers and dates of texts that are taken
    as true (what the question said, documents)."""
    collector = _Collector()
    collector.anchor(_STORES, map(Decimal, context.store_ids))
    collector.count(("store", "stores"), [len(context.store_ids) or None])
    numbers: list[tuple[Decimal, bool]] = []
    days: set[date] = set()
    for text in texts:
        found = mentions(plain(text))
        days.update(day.value for day in found.days)
        numbers += [(Decimal(day.value.year), False) for day in found.days if day.has_year]
        numbers += [(n.value, n.is_percent) for n in found.numbers if n.value is not None]
    return Grounds(
        anchored=collector.anchored,
        counted=collector.counted,
        numbers=tuple(numbers),
        days=frozenset(days),
    )


def _scope(plan: Plan, context: UserContext, model: SemanticModel) -> frozenset[Decimal]:
    """The stores that the numbers are of: a filter's, else the person's."""
    fields = {item.scope_field for item in datasets_of(plan, model) if item.scope_field}
    for given in plan.filters:
        if isinstance(given, Filter) and given.operator in ("eq", "in"):
            numbers = [display.number(str(value)) for value in given.values]
            if given.field.rpartition(".")[2] in fields:
                return frozenset(n for n in numbers if n is not None)
    return frozenset() if context.is_all_stores else frozenset(map(Decimal, context.store_ids))


def _add_plan(
    collector: _Collector, plan: Plan, context: UserContext, model: SemanticModel
) -> None:
    for text in (
        phrases.filters(plan, model),
        phrases.scope(plan, context, model),
        phrases.having(plan, model),
    ):
        if text:
            collector.name(text)
    if plan.limit is not None:
        collector.anchor(RANKS, [Decimal(plan.limit)])
        collector.count((*RANKS, *COUNTED), [plan.limit])
    for period in (plan.time, plan.comparison and plan.comparison.period):
        if period and period.label and _is_of_time(period.label):
            collector.name(display.clean(period.label))
    stores = _scope(plan, context, model)
    collector.count(("store", "stores"), [len(stores) or None])
    for given in plan.filters:
        if isinstance(given, Filter) and given.operator == "eq":
            _add_value(collector, given, model)
    for given in single_filters(plan.filters):
        field = field_of(given.field, model)
        if field is not None:
            collector.phrase(field.label, "")


def _is_of_time(label: str) -> bool:
    """Whether a period's label, which may be a model's word, says nothing else, and no dates,
    which are read as such."""
    words = re.findall(r"\w+", label.lower())
    return not mentions(plain(label)).days and all(
        word.isdigit() or word in TIME_WORDS for word in words
    )


def _add_value(collector: _Collector, given: Filter, model: SemanticModel) -> None:
    """The one value that all rows have, with or without its field's name."""
    value: Scalar = given.values[0] if given.values else ""
    field = field_of(given.field, model)
    label = display.lower(field.label) if field else given.field.rpartition(".")[2]
    said = phrases.scalar_words(value)
    collector.name(f"{label} {said}")
    if isinstance(value, str) and not value.isdecimal():
        collector.name(said)


def _add_counts(collector: _Collector, shape: Shape) -> None:
    result = shape.result
    counts = [len(result.rows), result.row_count, result.total_rows]
    missing = [shape.numbers(metric).count(None) for metric in shape.metrics]
    collector.count(COUNTED, [*counts, *(count or None for count in missing)])
    collector.count(("column", "columns"), [len(result.columns)])
    collector.anchor(("all", "these", "those"), [Decimal(len(result.rows))])
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
    numbers: dict[Decimal, set[int]] = {}
    for place, row in enumerate(shape.result.rows):
        value = row[part.index]
        number = None if part.type == "text" or part.is_time else display.number(value)
        if number is not None:
            numbers.setdefault(number, set()).add(place)
        if not part.is_time or value is None or display.day(value) is None:
            rows_of.setdefault(part.show(value), set()).add(place)
    for text, rows in rows_of.items():
        collector.name(text, {part.index: frozenset(rows)})
    for word in (*_nouns(part), part.name) if numbers else ():
        known = collector.keyed.setdefault(word.lower(), {})
        known |= {n: (part.index, frozenset(rows)) for n, rows in numbers.items()}
    for label in _nouns(part):
        collector.phrase(label, "")
    collector.phrase(part.label, "")


def _add_metric(collector: _Collector, metric: Measure) -> None:
    for text in dict.fromkeys(
        (
            metric.subject,
            metric.label,
            display.plural(metric.label),
            display.singular(metric.label),
            *metric.synonyms,
        )
    ):
        collector.phrase(text, metric.metric_name)


def _add_words(collector: _Collector, plan: Plan, shape: Shape, model: SemanticModel) -> None:
    for dataset in datasets_of(plan, model):
        collector.words |= _words_of(dataset.label, *dataset.synonyms)
        for field in dataset.fields:
            if field.name == dataset.scope_field:
                collector.words |= _words_of(field.label, display.plural(field.label))
    for metric in shape.metrics:
        collector.words |= _words_of(metric.unit or "", metric.label)


@lru_cache(maxsize=4096)
def _tokens_of(text: str) -> tuple[str, ...]:
    """A name of the model's, as it stands among the tokens of a sentence."""
    return tuple(token.lower() for token in FIRST_WORD.findall(plain(display.clean(text))))


@lru_cache(maxsize=4096)
def _words_of(*texts: str) -> frozenset[str]:
    return frozenset(word.lower() for text in texts for word in _WORD.findall(text))


def _table(shape: Shape, plan: Plan) -> Table:
    time = next((part for part in shape.dimensions if part.is_time), None)
    others = [part for part in shape.dimensions if part is not time]
    rows = shape.result.rows
    times = {}
    if time is not None:
        days = ((place, display.day(row[time.index])) for place, row in enumerate(rows))
        times = {place: day for place, day in days if day is not None}
    return Table(
        columns=tuple(_column(shape, metric) for metric in shape.metrics),
        row_count=len(rows),
        is_complete=not (is_cut(shape, plan) or plan.having),
        is_cut=is_cut(shape, plan),
        primary=_primary(shape, plan),
        order=None if plan.having else _order(shape, plan),
        times=times,
        grain=time.grain if time else None,
        time_dimension=time.index if time else None,
        cells=tuple(tuple(str(row[part.index]) for part in others) for row in rows),
        period=Period(plan.time.start, plan.time.end) if plan.time else Period(None, None),
        before=Period(shape.before.start, shape.before.end) if shape.before else None,
    )


def is_cut(shape: Shape, plan: Plan) -> bool:
    """Whether there may be more groups than rows."""
    result = shape.result
    return result.truncated or (plan.limit is not None and len(result.rows) >= plan.limit)


def _order(shape: Shape, plan: Plan) -> tuple[str, bool] | None:
    named = {metric.name: metric for metric in shape.metrics}
    first = plan.order[0] if plan.order else None
    if first is None or first.by not in named:
        return None
    return named[first.by].metric_name, first.descending


def _primary(shape: Shape, plan: Plan) -> str:
    order = _order(shape, plan)
    if order is not None:
        return order[0].partition(":")[0]
    return shape.metrics[0].metric if shape.metrics else ""


def _column(shape: Shape, metric: Measure) -> Column:
    return Column(
        metric.metric,
        metric.kind,
        shape.numbers(metric),
        metric.unit,
        is_additive=metric.is_additive,
        is_ratio=metric.is_share or metric.unit == "ratio",
        sign=_sign(metric),
    )


def _sign(metric: Measure) -> str:
    code = metric.format.currency if metric.format else None
    return display.CURRENCY_SIGNS.get(code or "", code or "").lower()
