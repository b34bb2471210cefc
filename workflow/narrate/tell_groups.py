"""A result with dimensions in sentences: a series, a ranking, combinations, and their changes."""

from collections.abc import Sequence

from kit.display import listed, lower, plural, upper
from workflow.narrate.facts import total_of
from workflow.narrate.shape import Measure
from workflow.narrate.teller import MOST_NAMED, Row, Teller, extremes


def groups(teller: Teller) -> list[str]:
    """By the metric that orders the rows, else the first."""
    shape = teller.shape
    named = {measure.name: measure for measure in shape.metrics}
    by = next((named[o.by] for o in teller.plan.order if o.by in named), shape.metrics[0])
    metric = shape.measure(by.metric) or shape.measure(by.metric, "running_total") or by
    rows = teller.rows(metric)
    if not rows:
        return [f"There is no data for {metric.subject}{teller.about}."]
    if by.kind in ("change", "change_ratio"):
        return _by_change(teller, metric, rows)
    if len(shape.dimensions) > 1:
        told = _combinations(teller, metric, rows)
    elif shape.dimensions[0].is_time:
        told = _series(teller, metric, rows)
    else:
        told = _ranking(teller, metric, rows)
    return [*told, *_total(teller, metric, rows), *_missing(teller, metric, rows)]


def _series(teller: Teller, metric: Measure, rows: Sequence[Row]) -> list[str]:
    """One dimension, of time."""
    part = teller.shape.dimensions[0]
    cells = [row[part.index] for row in teller.shape.result.rows]
    dated = sorted(
        (row for row in rows if cells[row.place] is not None),
        key=lambda row: str(cells[row.place]),
    )
    at = "on" if part.grain in (None, "day") else "in"
    order = teller.plan.order[0] if teller.plan.order else None
    if teller.is_cut and order is not None and order.by == metric.name:
        return _ranking(teller, metric, rows)  # the best or the worst, not a stretch
    if len(dated) < 2:
        row = rows[0]
        said = teller.value(metric, [row])
        return [upper(f"{metric.subject}{teller.about} was {said}, all {at} {row.key}.")]
    high, low = extremes(dated)
    teller.tell_apart(metric, high[0].value, low[0].value)
    step = lower(part.grain or part.label)
    first, last = dated[0], dated[-1]
    told = [
        upper(
            f"{metric.subject} by {step}{teller.about} went from "
            f"{teller.say(metric, first.value)} {at} {first.key} to "
            f"{teller.say(metric, last.value)} {at} {last.key}."
        )
    ]
    changed = teller.change(metric, last.place)
    if changed:
        told.append(upper(f"{at} {last.key} it was {changed}."))
    running = teller.shape.measure(metric.metric, "running_total")
    reached = teller.number(running, last.place) if running and running is not metric else None
    if running is not None and reached is not None:
        told.append(f"The running total came to {teller.say(running, reached)} {at} {last.key}.")
    if metric.kind == "running_total":
        return told
    if high[0].value == low[0].value:
        return [*told, f"It was the same in all {len(dated):,} {plural(step)}."]
    for word, tied in (("highest", high), ("lowest", low)):
        when = _names(tied) if len(tied) <= MOST_NAMED else f"several {plural(step)}"
        shown = " of these" if teller.is_cut or teller.plan.having else ""
        told.append(f"The {word}{shown} was {teller.say(metric, tied[0].value)} {at} {when}.")
    return told


def _ranking(teller: Teller, metric: Measure, rows: Sequence[Row]) -> list[str]:
    """One dimension, not of time."""
    part = teller.shape.dimensions[0]
    label = "group" if part.type == "boolean" else lower(part.label)
    count = f"{len(teller.shape.result.rows):,} {plural(label)}"
    by = f"{metric.subject}{teller.about}"
    high, low = extremes(rows)
    teller.tell_apart(metric, high[0].value, low[0].value)
    if len(rows) == 1 and not teller.is_cut:
        said = teller.value(metric, high)
        return [
            f"The only {label} with {by} is {rows[0].key}: {said}.",
            *_changed(teller, metric, rows[0]),
        ]
    if high[0].value == low[0].value and len(rows) > 1:
        return [
            f"{'These' if teller.is_cut else 'All'} {len(rows):,} {plural(label)} have the same "
            f"{by}: {teller.say(metric, high[0].value)}."
        ]
    changes = [*_changed(teller, metric, high[0]), *_movers(teller, metric, rows)]
    if not (teller.is_cut or teller.plan.having):
        return [
            _begin(teller, high, f"{_do(high, 'lead')} the {count} by {by}", metric),
            _begin(teller, low, f"{_do(low, 'come')} last", metric),
            *changes,
        ]
    order = teller.plan.order[0] if teller.plan.order else None
    if order is None or order.by != metric.name or teller.plan.having:
        return [
            f"Of the {count} shown{teller.about}, {_have(high)} the highest {metric.subject}, "
            f"with {teller.value(metric, high)}.",
            _begin(teller, low, f"{_have(low)} the lowest of them", metric),
        ]
    words = ("highest", "lowest") if order.descending else ("lowest", "highest")
    best, worst = (high, low) if order.descending else (low, high)
    told = [_begin(teller, best, f"{_have(best)} the {words[0]} {by}", metric)]
    if len(rows) > 1:
        said = teller.value(metric, worst)
        told.append(f"Of these {count}, {_have(worst)} the {words[1]}, with {said}.")
    return [*told, *_changed(teller, metric, best[0])]


def _combinations(teller: Teller, metric: Measure, rows: Sequence[Row]) -> list[str]:
    """Two dimensions or more."""
    labels = listed([lower(part.grain or part.label) for part in teller.shape.dimensions])
    count = len(teller.shape.result.rows)
    told = [
        upper(
            f"{metric.subject} by {labels}{teller.about} has {count:,} "
            f"row{'' if count == 1 else 's'}."
        )
    ]
    shown = " of them" if teller.is_cut or teller.plan.having else ""
    high, low = extremes(rows)
    for word, tied in (("highest", high), ("lowest", low)):
        names = [f"({row.key})" for row in tied]
        whose = listed(names) if len(tied) <= MOST_NAMED else "in several rows"
        value = teller.say(metric, tied[0].value)
        told.append(f"The {word} value{shown} is {value} {whose}.")
    return told[:2] if high[0].value == low[0].value else told


def _by_change(teller: Teller, metric: Measure, rows: Sequence[Row]) -> list[str]:
    """Rows that are ordered by how much they changed: the first ones, each with its change."""
    count = len(teller.shape.result.rows)
    label = lower(teller.shape.dimensions[0].label)
    told = [
        upper(f"{metric.subject}{teller.about} has {count:,} {label if count == 1 else 'rows'}.")
    ]
    for row in rows[:MOST_NAMED]:
        changed = teller.change(metric, row.place)
        said = f"for {row.key}, it was {teller.say(metric, row.value)}"
        told.append(upper(f"{said}, {changed}." if changed else f"{said}."))
    return told


def _changed(teller: Teller, metric: Measure, row: Row) -> list[str]:
    changed = teller.change(metric, row.place)
    return [f"For {row.key}, that is {changed}."] if changed else []


def _movers(teller: Teller, metric: Measure, rows: Sequence[Row]) -> list[str]:
    """Who rose most and who fell most, where the plan compares."""
    change = teller.shape.measure(metric.metric, "change")
    if change is None or teller.is_cut:
        return []
    high, low = extremes(teller.rows(change) or [Row(teller.shape, rows[0].value * 0, 0)])
    told = []
    if len(high) == 1 and high[0].value > 0:
        gained = teller.say(change, high[0].value)
        told.append(f"The largest increase was that of {high[0].key}, up {gained}.")
    if len(low) == 1 and low[0].value < 0:
        lost = teller.say(change, abs(low[0].value))
        told.append(f"The largest decrease was that of {low[0].key}, down {lost}.")
    return told


def _total(teller: Teller, metric: Measure, rows: Sequence[Row]) -> list[str]:
    """The sum, where groups add up."""
    if not metric.is_additive or len(rows) < 2 or teller.shape.result.truncated:
        return []
    total = total_of(row.value for row in rows)
    said = teller.say(metric, total)
    if teller.is_cut or teller.plan.having:
        return [f"Together these {len(teller.shape.result.rows):,} come to {said}."]
    earlier = teller.shape.measure(metric.metric, "before")
    if earlier is None or not teller.before:
        return [f"The total is {said}."]
    before = [value for value in teller.shape.numbers(earlier) if value is not None]
    return [f"The total is {said}, {teller.moved(metric, total_of(before), total)}."]


def _missing(teller: Teller, metric: Measure, rows: Sequence[Row]) -> list[str]:
    """Rows without a value are in the table, and in none of the sentences."""
    missing = len(teller.shape.result.rows) - len(rows)
    if not missing:
        return []
    total = len(teller.shape.result.rows)
    have = "has" if missing == 1 else "have"
    return [f"{missing:,} of {total:,} rows {have} no {metric.subject}."]


def _begin(teller: Teller, rows: Sequence[Row], text: str, metric: Measure) -> str:
    """A sentence that begins with the names of rows; a name of the data stays as it is."""
    is_name = teller.shape.dimensions[0].type == "text" and len(rows) <= MOST_NAMED
    return f"{text if is_name else upper(text)}, with {teller.value(metric, rows)}."


def _names(rows: Sequence[Row]) -> str:
    return listed([row.key for row in rows]) if len(rows) <= MOST_NAMED else "several"


def _do(rows: Sequence[Row], verb: str) -> str:
    return f"{_names(rows)} {verb}{'s' if len(rows) == 1 else ''}"


def _have(rows: Sequence[Row]) -> str:
    return f"{_names(rows)} {'has' if len(rows) == 1 else 'have'}"
