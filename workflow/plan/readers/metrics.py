"""Reads which numbers are asked for: "revenue", "how many orders", "average order"."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from workflow.plan.chunks import Chunk
from workflow.plan.grammar import DOING, Mark
from workflow.plan.lexicon import MetricFacts, Term
from workflow.plan.parts import FilterPart, MetricsPart
from workflow.plan.readers.averages import near_average
from workflow.plan.readers.question_words import (
    AGGREGATORS,
    by_question_word,
    claim_aggregators,
    metric_names,
    refuse_not_allowed,
)
from workflow.plan.readers.ranking import ORDERED_BY
from workflow.plan.readers.values import flag_at
from workflow.plan.reading import Reading

_JOINERS = (Mark.AND, Mark.VERSUS)
_MOST_CHOICES = 3
ROWS_AS_WHOLE = "what it is about"
_Names = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Mention:
    """A chunk that names numbers, with what it can mean. `is_rows` marks a mere mention of a
    dataset's rows ("orders"), which a more exact metric beside it takes in."""

    at: int
    names: _Names
    is_rows: bool
    datasets: _Names
    ask: str | None = None


def read_metrics(reading: Reading) -> tuple[MetricsPart, tuple[FilterPart, ...]]:
    """The metrics, and the conditions that turn out to be meant by words that may be either.

    Raises Refused when what is asked for is another role's.
    """
    heads = _heads(reading)
    mentions: list[_Mention] = []
    for at, chunk in list(reading.free()):
        if _is_payer(reading, at, heads.get(at, ())):
            continue
        if not any(t.kind in ("metric", "dataset") for t in chunk.terms) and at not in heads:
            continue
        found = _mention(reading, at, heads.get(at, ()))
        if found is not None:
            mentions.append(found)
    kept, flags = _without_echoes(reading, mentions)
    for mention in kept:
        reading.claim(mention.at, _meaning(reading, mention.names))
    if not kept:
        return by_question_word(reading), flags
    claim_aggregators(reading)
    asks = [m.ask for m in kept if m.ask is not None]
    ask = asks[0] if asks else None
    if ask is None and len(kept) > 1 and not _all_joined(reading, kept):
        return MetricsPart(
            tuple((m.names[0],) for m in kept[:_MOST_CHOICES] if m.names),
            "Which of these numbers do you mean?",
        ), flags
    order = next((at for at, said in reading.claims.items() if said == ORDERED_BY), None)
    ordering = [m.names[0] for m in mentions if order is not None and m.at > order and m.names]
    return MetricsPart(
        _combinations(kept), ask or _ask_which(reading, kept), ordering[0] if ordering else None
    ), flags


def _heads(reading: Reading) -> dict[int, tuple[Mark, ...]]:
    """The chunk that each "how many", "average", "total" belongs to: the next thing named."""
    heads: dict[int, tuple[Mark, ...]] = {}
    for at, chunk in reading.free():
        marks = tuple(m for m in chunk.marks if m in (*AGGREGATORS, Mark.SUM))
        if not marks or chunk.terms:
            continue
        head = next((p for p, c in reading.free() if p > at and c.terms), None)
        if head is None:
            head = next((p for p, c in reversed(list(reading.free())) if p < at and c.terms), None)
        if head is not None:
            heads[head] = (*heads.get(head, ()), *marks)
    return heads


def _is_payer(reading: Reading, at: int, marks: tuple[Mark, ...]) -> bool:
    """ "How much did customers in Canada spend", "who spends more, customers in India or Japan":
    who pays is not what is counted."""
    chunk = reading.chunks[at]
    if reading.chunks[0].words == ("who",) and chunk.terms_of("dataset"):
        return bool({t.name for t in chunk.terms_of("dataset")} & reading.lexicon.entities)
    is_money = Mark.HOW_MUCH in marks and not chunk.terms_of("metric")
    is_spender = Mark.HOW_MUCH in marks and reading.has_mark(Mark.EARN)
    if not (is_money or is_spender) or not chunk.terms_of("field"):
        return False
    return is_spender or not chunk.terms_of("dataset")


def _meaning(reading: Reading, names: _Names) -> str:
    return " or ".join(reading.label("metric", name) for name in names)


def _mention(reading: Reading, at: int, marks: tuple[Mark, ...]) -> _Mention | None:
    chunk = reading.chunks[at]
    facts = reading.lexicon.metrics
    direct = _best([t for t in chunk.terms_of("metric") if t.name in facts])
    datasets = tuple(t.name for t in chunk.terms_of("dataset"))
    counts = [facts[n] for d in datasets if (n := reading.lexicon.row_counts.get(d))]
    named = [facts[t.name] for t in direct]
    _refuse_foreign(reading, chunk, has_own=bool(direct or counts or chunk.terms_of("field")))
    found = _fitting(reading, named, counts, datasets, marks)
    is_rows = not named or (bool(counts) and set(metric_names(named)) <= set(metric_names(counts)))
    near = near_average(reading, chunk, direct)[:_MOST_CHOICES]
    if near:
        ask = f"“{chunk.text}” can be more than one number. Which one?"
        return _Mention(at, near, is_rows=False, datasets=datasets, ask=ask)
    if found:
        return _Mention(at, metric_names(found), is_rows, datasets)
    return _unfitting(reading, at, marks, [*named, *counts], datasets)


def _best(terms: Sequence[Term]) -> list[Term]:
    best = min((t.rank for t in terms), default=0)
    return [t for t in terms if t.rank == best]


def _refuse_foreign(reading: Reading, chunk: Chunk, *, has_own: bool) -> None:
    foreign = [t for t in chunk.terms if not t.is_allowed]
    if foreign and not has_own:
        refuse_not_allowed(reading, foreign)


def _fitting(
    reading: Reading,
    named: list[MetricFacts],
    counts: list[MetricFacts],
    datasets: _Names,
    marks: tuple[Mark, ...],
) -> list[MetricFacts]:
    """The metrics that fit how the question counts; none when nothing does."""
    if Mark.HOW_LONG in marks:
        return [f for f in named if f.metric.unit == "days"] or _lengths(reading, datasets)
    if Mark.AVERAGE in marks:
        return [f for f in named if f.aggregate in ("average", "ratio")]
    if Mark.TIMES in marks:
        counts = named = counts or _rows_of(reading, named)
    if Mark.HOW_MANY in marks:
        return [f for f in named if f.aggregate == "count"] or counts
    if Mark.HOW_MUCH in marks:
        return [f for f in named if f.metric.unit == "currency"] or _sums(reading, datasets)
    if Mark.TOTAL in marks:
        exact = [f for f in named if f.aggregate in ("sum", "count") and f not in counts]
        found = exact or [*counts, *_sums(reading, datasets)]
        return found or ([] if Mark.SUM in marks else named)  # largest payments have no sum
    return named or counts


def _rows_of(reading: Reading, named: list[MetricFacts]) -> list[MetricFacts]:
    """ "How many times was a film rented" counts the rentals, not the films."""
    names = {reading.lexicon.row_counts.get(f.dataset.name) for f in named}
    return [f for f in reading.lexicon.metrics.values() if f.metric.name in names]


def _sums(reading: Reading, datasets: _Names) -> list[MetricFacts]:
    return [
        f
        for f in reading.lexicon.metrics.values()
        if f.dataset.name in datasets and f.aggregate == "sum" and f.metric.unit == "currency"
    ]


def _lengths(reading: Reading, datasets: _Names) -> list[MetricFacts]:
    return [
        f
        for f in reading.lexicon.metrics.values()
        if f.dataset.name in datasets and f.aggregate == "average" and f.metric.unit == "days"
    ]


def _unfitting(
    reading: Reading,
    at: int,
    marks: tuple[Mark, ...],
    named: list[MetricFacts],
    datasets: _Names,
) -> _Mention | None:
    """The question counts in a way that no metric does: ask, with what comes near."""
    chunk = reading.chunks[at]
    foreign = [t for t in chunk.terms if not t.is_allowed and t.kind != "field"]
    if foreign and Mark.HOW_MANY in marks and not named:
        refuse_not_allowed(reading, foreign)
    if not marks:
        return None
    if set(marks) <= {Mark.TOTAL, Mark.SUM} and not named and not datasets:
        return None
    homes = {f.dataset.name for f in named} | set(datasets)
    wanted = "average" if marks[0] in (Mark.AVERAGE, Mark.HOW_LONG) else "count"
    near = [
        f
        for f in reading.lexicon.metrics.values()
        if f.aggregate == wanted
        and (not homes or f.dataset.name in homes)
        and (Mark.HOW_LONG not in marks or f.metric.unit == "days")
    ]
    lengths = [f for f in reading.lexicon.metrics.values() if f.metric.unit == "days"]
    if Mark.HOW_LONG in marks and not near and lengths:
        named = near = lengths
    if marks[0] is Mark.HOW_MUCH:
        near = [f for f in reading.lexicon.metrics.values() if f.metric.unit == "currency"]
    names = metric_names([*named, *near])[:_MOST_CHOICES]
    how = {Mark.TOTAL: "a sum of", Mark.AVERAGE: "an average of", Mark.HOW_LONG: "a length of"}.get(
        marks[0], "a count of"
    )
    return _Mention(at, names, False, datasets, f"I have no {how[2:].strip()} “{chunk.text}”. "
                    "Do you mean one of these?")  # fmt: skip


def _without_echoes(
    reading: Reading, mentions: list[_Mention]
) -> tuple[list[_Mention], tuple[FilterPart, ...]]:
    """Drops mentions that only say what a better one beside them is about.

    "orders not returned" is one number, "revenue from orders" is revenue; but "orders and
    revenue" are two. A word that may also be a yes-or-no field becomes a condition when another
    metric is asked for ("average days of returned orders").
    """
    flags: list[FilterPart] = []
    kept: list[_Mention] = []
    for mention in mentions:
        others = [m for m in mentions if m is not mention and m.names != mention.names]
        exact = [m for m in others if not m.is_rows]
        if any(m.names == mention.names for m in kept):
            reading.claim(mention.at, _meaning(reading, mention.names))
            continue
        if exact and not mention.is_rows and not _joined_to_any(reading, mention, exact):
            flag = flag_at(reading, mention.at) if _is_flag(reading, mention) else None
            if flag is not None:
                flags.append(flag)
                continue
        if mention.is_rows and mention.ask is None and _is_echo(reading, mention, exact or others):
            reading.claim(mention.at, ROWS_AS_WHOLE)
            continue
        kept.append(mention)
    return kept, tuple(flags)


def _is_flag(reading: Reading, mention: _Mention) -> bool:
    terms = reading.chunks[mention.at].terms_of("field")
    return any(reading.field_type(t.name) == "boolean" for t in terms)


def _is_one_of(reading: Reading, rows: _Mention) -> bool:
    """ "How often does a customer rent" is about each of them, not about all."""
    article, doing = reading.at(rows.at - 1), reading.at(rows.at - 2)
    is_one = article is not None and article.words in (("a",), ("an",), ("one",), ("each",))
    is_doer = doing is not None and doing.words[-1] in DOING
    return is_one and is_doer and not reading.chunks[rows.at].is_plural


def _is_echo(reading: Reading, rows: _Mention, others: list[_Mention]) -> bool:
    """Whether a mention of rows stands with a metric of these rows, or of rows that each belong
    to one of them, and is not counted beside it."""
    if not others or _joined_to_any(reading, rows, others) or _is_one_of(reading, rows):
        return False
    if any(m.at == rows.at - 1 and not m.is_rows for m in others):
        return False  # "revenue orders" may be a list without its comma
    before = reading.at(rows.at - 1)
    if before is not None and before.words[-1] in DOING:
        return True  # "which film do customers in India rent most"
    is_counted = before is not None and before.has(Mark.HOW_MANY)  # "how many customers have films"
    is_asked = is_counted and _is_of_other_rows(reading, rows, others)
    if is_asked or _is_subject(reading, rows, others):
        return False
    if set(rows.datasets) & reading.lexicon.entities and _is_beside_scope(reading, rows.at):
        return False  # "customers of store 1" belong to it otherwise than the sales there do
    facts = reading.lexicon.metrics
    homes = {facts[n].dataset.name for m in others for n in m.names if not m.is_rows}
    return bool(homes) and all(
        any(reading.lexicon.leads_to(home, d) for d in rows.datasets or _homes(reading, rows))
        for home in homes
    )


def _is_of_other_rows(reading: Reading, rows: _Mention, others: list[_Mention]) -> bool:
    homes = {home for other in others for home in _homes(reading, other)}
    is_thing = bool(set(rows.datasets) & reading.lexicon.entities)
    return is_thing and not homes & set(rows.datasets)


def _is_subject(reading: Reading, rows: _Mention, others: list[_Mention]) -> bool:
    """Whether the rows are what is asked for, and the other metric only an order or an
    afterthought: "orders of the top 5 products by revenue"."""
    ordered_at = [at for at, said in reading.claims.items() if said == ORDERED_BY]
    if any(rows.at < order < m.at for order in ordered_at for m in others):
        return True
    facts = reading.lexicon.metrics
    far = [m for m in others if m.at > rows.at and reading.after(rows.at) != m.at]
    return bool(far) and all(facts[n].dataset.name not in _homes(reading, rows)
                             for m in far for n in m.names)  # fmt: skip


def _is_beside_scope(reading: Reading, at: int) -> bool:
    beside = [p for p in (reading.before(at), reading.after(at)) if p is not None]
    fields = {f for p in beside for f in reading.restricted.get(p, ())}
    return bool(fields & reading.lexicon.scope_fields)


def _homes(reading: Reading, mention: _Mention) -> _Names:
    return tuple(reading.lexicon.metrics[n].dataset.name for n in mention.names)


def _joined_to_any(reading: Reading, one: _Mention, others: list[_Mention]) -> bool:
    return any(_is_joined(reading, one.at, other.at) for other in others)


def _is_joined(reading: Reading, one: int, other: int) -> bool:
    """Whether "and", a comma or "versus" stands between, not taken by another list."""
    first, last = min(one, other), max(one, other)
    return any(
        reading.chunks[p].has(*_JOINERS) and (reading.is_free(p) or reading.claims[p] == "joined")
        for p in range(first + 1, last)
    )


def _all_joined(reading: Reading, mentions: list[_Mention]) -> bool:
    places = [m.at for m in mentions]
    pairs = list(pairwise(places))
    if not all(_is_joined(reading, a, b) for a, b in pairs):
        return False
    for a, b in pairs:
        for p in range(a + 1, b):
            if reading.chunks[p].has(*_JOINERS):
                reading.claim(p, "joined")
    return True


def _combinations(mentions: list[_Mention]) -> tuple[_Names, ...]:
    """One reading when every mention has one meaning, else one reading a meaning."""
    if any(m.ask for m in mentions):
        by_certainty = sorted(mentions, key=lambda m: m.ask is not None)
        return tuple((n,) for n in dict.fromkeys(n for m in by_certainty for n in m.names))
    first = tuple(dict.fromkeys(m.names[0] for m in mentions if m.names))
    if all(len(m.names) == 1 for m in mentions):
        return (first,)
    open_at = next(i for i, m in enumerate(mentions) if len(m.names) != 1)
    settled = [m.names[0] for i, m in enumerate(mentions) if i != open_at and m.names]
    return tuple((name, *settled) for name in mentions[open_at].names[:_MOST_CHOICES])


def _ask_which(reading: Reading, mentions: list[_Mention]) -> str | None:
    for mention in mentions:
        if len(mention.names) != 1:
            return f"“{reading.chunks[mention.at].text}” can be more than one number. Which one?"
    return None
