"""Settles the period of a question: which days, and on which date field."""

from dataclasses import dataclass
from datetime import date, timedelta

from contracts.plan import Dimension, Filter, Grain, TimeRange
from workflow.plan.chunks import Chunk
from workflow.plan.grammar import Mark
from workflow.plan.outcomes import Refused, Unclear
from workflow.plan.parts import TimePart
from workflow.plan.reading import Reading
from workflow.plan.tokens import phrase, root, stem
from workflow.plan.when import (
    Relative,
    assumed_year,
    day_words,
    is_doubtful,
    resolve,
    time_range,
)
from workflow.semantic.model import Dataset, Field


@dataclass(frozen=True, slots=True)
class Timing:
    """A period as the plan says it: a range on the metrics' own dates or, with `field`, on
    another date; with the grain that keeps compared periods apart."""

    range: TimeRange | None = None
    field: str | None = None
    grain: Dimension | None = None
    notes: tuple[str, ...] = ()
    is_assumed: bool = False

    def conditions(self) -> list[Filter]:
        """The range as conditions on the other date; none where the plan's range says it."""
        if self.field is None or self.range is None:
            return []
        found: list[Filter] = []
        if self.range.start is not None:
            found.append(Filter(field=self.field, operator="gte", values=(self.range.start,)))
        if self.range.end is not None:
            found.append(Filter(field=self.field, operator="lt", values=(self.range.end,)))
        return found


def timing_of(reading: Reading, part: TimePart, datasets: list[Dataset], reference: date) -> Timing:
    """The days of the period. Raises Unclear where they are open, Refused in the future."""
    ranges = [resolve(w, reference) for w in part.whens]
    period = _union(ranges, part)
    if period.start is not None and period.start > reference:
        raise Refused(f"The data ends on {day_words(reference)}; there is nothing after it yet.")
    notes = _notes(part, period, reference, reading.today)
    field = _other_date(reading, part, datasets)
    if field is None:
        _refuse_before_data(reading, period, datasets)
    grain = None
    if part.is_compared:
        grain = _compared_grain(part, field or datasets[0].time_field)
    if field is not None:
        notes += (f"The period, {period.label}, is by {reading.label('field', field).lower()}.",)
    is_summed = len(ranges) > 1 and not part.is_compared  # "in May and June" may be one of each
    if is_summed:
        notes += (f"The periods are taken together: {period.label}.",)
    is_assumed = is_summed or any(
        assumed_year(w, reference) or is_doubtful(w, reference) for w in part.whens
    )
    return Timing(period, field, grain, notes, is_assumed)


def _refuse_before_data(reading: Reading, period: TimeRange, datasets: list[Dataset]) -> None:
    first = first_day(reading, datasets)
    if first is not None and period.end is not None and period.end <= first:
        raise Refused(f"The data begins on {day_words(first)}; there is nothing before it.")


def first_day(reading: Reading, datasets: list[Dataset]) -> date | None:
    """The oldest day in the data of these, where it is known of all."""
    oldest = [reading.profile.oldest.get(d.name) for d in datasets]
    known = [day for day in oldest if day is not None]
    return min(known) if known and len(known) == len(oldest) else None


def _union(ranges: list[TimeRange], part: TimePart) -> TimeRange:
    """One range for several periods, if they touch; a range has no holes."""
    if len(ranges) == 1:
        return ranges[0]
    if len(ranges) == 2:
        starts = [r.start for r in ranges if r.end is None and r.start is not None]
        ends = [r.end for r in ranges if r.start is None and r.end is not None]
        if starts and ends and starts[0] < ends[0]:
            return time_range(starts[0], ends[0])  # "since March until June"
    closed = [(r.start, r.end) for r in ranges if r.start is not None and r.end is not None]
    if len(closed) != len(ranges) or not (part.is_joined or part.is_compared):
        raise Unclear("I can answer for one period at a time. Which one do you mean?")
    ordered = sorted(closed)
    start, end = ordered[0]
    for next_start, next_end in ordered[1:]:
        if next_start > end:
            raise Unclear(
                "These periods do not touch, and I can answer for one stretch of time. Which one?"
            )
        end = max(end, next_end)
    return time_range(start, end)


def _notes(part: TimePart, period: TimeRange, reference: date, today: date) -> tuple[str, ...]:
    if any(w.is_relative for w in part.whens) and reference < today:
        return (
            f"Relative dates count from {day_words(reference)}, the newest day in the data: "
            f"the period is {period.label}.",
        )
    notes: list[str] = []
    if any(assumed_year(w, reference) for w in part.whens):
        notes.append(
            f"No year was said; the data ends on {day_words(reference)}, so the period is "
            f"{period.label}."
        )
    elif any(is_doubtful(w, reference) for w in part.whens):
        notes.append(f"The period was taken to be {period.label}.")
    if period.end is not None and period.end - timedelta(days=1) > reference:
        notes.append(f"The data ends on {day_words(reference)}.")
    if any(w.relation == "until" for w in part.whens) and period.end is not None:
        notes.append(f"{day_words(period.end - timedelta(days=1))} is the last day counted.")
    return tuple(notes)


def _named_date(reading: Reading, part: TimePart, fields: tuple[Field, ...]) -> Field | None:
    """The date field that the word before the period names: "returned in July"."""
    place = part.stamp
    chunk = reading.at(place) if place is not None else None
    if place is None or chunk is None or "not" in chunk.words:
        return None
    before = reading.before(place)
    is_denied = before is not None and "not" in reading.chunks[before].words
    verb = chunk.words[-1]
    for field in fields:
        is_named = any(t.name == field.name for t in chunk.terms_of("field"))
        is_verb = verb.endswith("ed") and any(
            root(stem(word)) == root(chunk.stems[-1])
            for text in (field.label, *field.synonyms)
            for word in text.lower().split()
        )
        if field.is_time and (is_named or (is_verb and not is_denied)):
            reading.claim(place, reading.label("field", field.name))
            return field
    return None


def _other_date(reading: Reading, part: TimePart, datasets: list[Dataset]) -> str | None:
    if part.field is not None:
        return None if part.field == datasets[0].time_field else part.field
    if len({d.name for d in datasets}) != 1:
        return None
    field = _named_date(reading, part, datasets[0].fields)
    if field is None or field.name == datasets[0].time_field:
        return None
    return field.name


def is_stamped(reading: Reading, part: TimePart, field: str) -> bool:
    """Whether the question itself says that its period is about this date field."""
    if part.field is not None:
        return part.field == field
    if is_of_new(reading):
        return True
    named = _named_date(reading, part, (reading.lexicon.fields[field],))
    return named is not None


def is_of_new(reading: Reading) -> bool:
    """ "New customers in May" are those whose own date is in May."""
    for at, chunk in enumerate(reading.chunks):
        after = reading.at(at + 1)
        is_value = any(not value.is_weak for value in chunk.values)
        if chunk.has(Mark.NEW) and after is not None and not is_value:
            names = {t.name for t in after.terms_of("dataset")}
            if names & reading.lexicon.entities:
                reading.claim(at, "by their own date")
                return True
        homes = [reading.lexicon.metrics[t.name].dataset for t in chunk.terms_of("metric")]
        lasting = [home for home in homes if home.name in reading.lexicon.entities]
        if any(chunk.words[0] == "new" or _names_beginning(chunk, home) for home in lasting):
            return True  # the model itself calls them new
    return False


def _names_beginning(chunk: Chunk, home: Dataset) -> bool:
    """ "Sign-ups" are counted by the date that is also called "signed up"."""
    field = next((f for f in home.fields if f.name == home.time_field), None)
    said = (field.label, *field.synonyms) if field is not None else ()
    ways = {root(phrase(text)[0]) for text in said} | {
        "".join(root(word) for word in phrase(text)) for text in said
    }
    plain = {"date", "day", *map(root, (*phrase(home.label), *phrase(home.name)))}
    return bool({root(stem) for stem in chunk.stems} & (ways - plain))


def _compared_grain(part: TimePart, field: str | None) -> Dimension | None:
    """The grain that keeps compared periods apart; they must be of one kind."""
    grains: dict[str, Grain] = {
        "day": "day", "week": "week", "month": "month", "quarter": "quarter", "year": "year",
    }  # fmt: skip
    units = {s.unit for w in part.whens for s in (w.first, w.second) if s is not None}
    is_whole = all(not isinstance(w.first, Relative) or w.first.offset <= 0 for w in part.whens)
    if field is None or len(units) != 1 or not is_whole or not units <= set(grains):
        raise Unclear("I can compare periods of one kind that follow each other. Which ones?")
    return Dimension(field=field, grain=grains[units.pop()])
