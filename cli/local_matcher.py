"""The wits of the local stand-in for a language model: words of a question against a catalog.

It knows nothing but the prompt it was sent, and is simple on purpose: a metric, "by" a field,
a period, top N, and values that stand in the message. A question with any other word in it is
refused.
"""

import re
from calendar import month_name
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache

from pydantic import BaseModel, JsonValue
from rapidfuzz import fuzz

Json = dict[str, JsonValue]
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_GRAINS = {
    "day": "day", "daily": "day", "week": "week", "weekly": "week", "month": "month",
    "monthly": "month", "quarter": "quarter", "quarterly": "quarter", "year": "year",
    "yearly": "year",
}  # fmt: skip
_BY = frozenset({"by", "per", "each", "every", "across"})
_TOP = {
    "top": True,
    "best": True,
    "highest": True,
    "bottom": False,
    "worst": False,
    "lowest": False,
}
_CLOSE = 84.0
_MONTHS = {name.lower(): number for number, name in enumerate(month_name) if name}


class Named(BaseModel):
    """A metric or a field of the prompt's catalog."""

    name: str
    label: str = ""
    synonyms: tuple[str, ...] = ()
    type: str = ""
    time: bool = False
    dataset: str = ""
    fits_datasets: tuple[str, ...] = ()

    @cached_property
    def phrases(self) -> tuple[tuple[str, ...], ...]:
        """The ways to say it, as words."""
        texts = (self.name.replace("_", " "), self.label, *self.synonyms)
        return tuple(said for said in map(words_of, texts) if said)


class CatalogDataset(BaseModel):
    """A dataset of the prompt's catalog."""

    name: str
    view: str
    time_field: str | None = None


class PromptCatalog(BaseModel):
    """What the system message says there is."""

    metrics: tuple[Named, ...] = ()
    fields: tuple[Named, ...] = ()
    datasets: tuple[CatalogDataset, ...] = ()


class PromptDocument(BaseModel):
    """A document of the message."""

    id: str
    title: str
    text: str


class PromptMessage(BaseModel):
    """What the user message says."""

    today: date
    counts_from: Mapping[str, date] = {}
    values: Mapping[str, tuple[str, ...]] = {}
    documents: tuple[PromptDocument, ...] = ()
    question: str


@dataclass(frozen=True, slots=True)
class Found:
    """Something that the words from `start` up to `end` say."""

    named: Named
    start: int
    end: int


@lru_cache(maxsize=20_000)
def words_of(text: str) -> tuple[str, ...]:
    """Words in lower case, in the singular as far as a final s tells."""
    return tuple(
        word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
        for word in (found.lower() for found in _WORD.findall(text))
    )


_FILLERS = frozenset(
    words_of(
        "a about all an and are at by can did do does each every find for from get give had has "
        "have how i in is list many me much my of on our please show tell that the their there "
        "this to total was we were what what's which who with you your across per overall"
    )
)


def answer(catalog: PromptCatalog, message: PromptMessage) -> Json:
    """A planner's output for the simple majority of questions, else a refusal or documents."""
    words = words_of(message.question)
    metric = _best(words, catalog.metrics)
    if metric is None:
        return _without_metric(catalog, message, words)
    fields = [f for f in catalog.fields if metric.named.dataset in f.fits_datasets]
    used = set(range(metric.start, metric.end))
    dimensions, ranking = _dimensions(words, fields, used, _time_field(catalog, metric.named))
    filters = _filters(words, fields, used, message.values)
    counts_from = message.counts_from.get(metric.named.dataset, message.today)
    period = _period(words, used, counts_from)
    left = [w for i, w in enumerate(words) if i not in used and w not in _FILLERS]
    if left:
        return _refusal(catalog, f"It does not know what to do with: {', '.join(left)}.")
    order: list[JsonValue] = []
    limit: JsonValue = None
    if ranking is not None:
        order = [{"by": metric.named.name, "descending": ranking[0]}]
        limit = ranking[1]
    plan = plan_of(
        metric.named.name,
        dimensions=dimensions,
        filters=filters,
        time=period,
        order=order,
        limit=limit,
    )
    read_as: Json = {
        "word": " ".join(words[metric.start : metric.end]),
        "read_as": metric.named.label or metric.named.name,
    }
    return whole("metric_query", plan, confidence=0.8, used_words=[read_as])


def plan_of(metric: str, **members: JsonValue) -> Json:
    """A plan with every member that the schema asks for."""
    return {
        "metrics": [metric],
        "dimensions": [],
        "filters": [],
        "either": [],
        "time": None,
        "comparison": None,
        "calculations": [],
        "having": [],
        "order": [],
        "limit": None,
        "with_ties": False,
        "widget": None,
        **members,
    }


def whole(
    kind: str,
    member: Json,
    *,
    confidence: float = 0.6,
    used_words: Sequence[JsonValue] = (),
) -> Json:
    """An output with every member that the schema asks for."""
    kinds = ("metric_query", "investigation", "sql", "knowledge", "clarify", "refuse")
    output: Json = {"kind": kind, **dict.fromkeys(kinds)}
    output[kind] = member
    return output | {
        "confidence": confidence,
        "used_words": list(used_words),
        "unused_words": [],
    }


def _best(words: Sequence[str], candidates: Iterable[Named]) -> Found | None:
    """The candidate with the longest phrase among the words; a close spelling counts less."""
    return _best_of(words, candidates, range(len(words)))


def _best_of(
    words: Sequence[str], candidates: Iterable[Named], starts: Iterable[int]
) -> Found | None:
    best: tuple[float, Found] | None = None
    for named in candidates:
        for phrase in named.phrases:
            for at in starts:
                if at + len(phrase) > len(words) or _alike(phrase[0], words[at]) < _CLOSE:
                    continue
                pairs = zip(phrase, words[at : at + len(phrase)], strict=True)
                alike = [_alike(a, b) for a, b in pairs]
                score = sum(alike)
                if min(alike) >= _CLOSE and (best is None or score > best[0]):
                    best = (score, Found(named, at, at + len(phrase)))
    return best[1] if best else None


@lru_cache(maxsize=100_000)
def _alike(word: str, other: str) -> float:
    """0 to 100; short words are the same or are not."""
    return 100.0 if word == other else fuzz.ratio(word, other) if len(word) > 4 else 0.0


def _at(words: Sequence[str], candidates: Iterable[Named], at: int) -> Found | None:
    """The best candidate that starts exactly here."""
    return _best_of(words, candidates, (at,))


def _dimensions(
    words: Sequence[str], fields: Sequence[Named], used: set[int], time_field: str | None
) -> tuple[list[JsonValue], tuple[bool, int | None] | None]:
    dimensions: list[JsonValue] = []
    ranking: tuple[bool, int | None] | None = None
    for at, word in enumerate(words):
        if at in used:
            continue
        if word in _TOP:
            has_number = at + 1 < len(words) and words[at + 1].isdecimal()
            ranking = (_TOP[word], int(words[at + 1][:4]) if has_number else None)
            used.update({at, at + 1} if has_number else {at})
        starts_group = at > 0 and (words[at - 1] in _BY or (at - 1 in used and ranking))
        grain = _GRAINS.get(word)
        if grain and time_field and (starts_group or word.endswith("ly")):
            dimensions.append({"field": time_field, "grain": grain})
            used.add(at)
        elif starts_group or (dimensions and words[at - 1] == "and"):
            found = _at(words, [f for f in fields if not f.time], at)
            if found and not used & set(range(found.start, found.end)):
                dimensions.append({"field": found.named.name, "grain": None})
                used.update(range(found.start, found.end))
    return dimensions, ranking


def _filters(
    words: Sequence[str],
    fields: Sequence[Named],
    used: set[int],
    values: Mapping[str, Sequence[str]],
) -> list[JsonValue]:
    filters: list[JsonValue] = []
    for field in fields:
        for value in sorted(values.get(field.name, ()), key=len, reverse=True):
            said = words_of(value)
            for at in range(len(words) - len(said) + 1 if said else 0):
                spot = set(range(at, at + len(said)))
                if tuple(words[at : at + len(said)]) == said and not spot & used:
                    filters.append({"field": field.name, "operator": "eq", "values": [value]})
                    used.update(spot)
    is_numbered = any(word.isdecimal() for word in words)
    for at in range(len(words) if is_numbered else 0):
        found = _at(words, [f for f in fields if f.type == "integer"], at)
        if found and found.end < len(words) and words[found.end].isdecimal() and at not in used:
            number = int(words[found.end][:18])
            filters.append({"field": found.named.name, "operator": "eq", "values": [number]})
            used.update(range(at, found.end + 1))
    return filters


def _period(words: Sequence[str], used: set[int], counts_from: date) -> JsonValue:
    for at, word in enumerate(words):
        if at in used:
            continue
        following = words[at + 1] if at + 1 < len(words) else ""
        if word in ("last", "this") and following in ("month", "year"):
            used.update({at, at + 1})
            offset = -1 if word == "last" else 0
            relative: Json = {"unit": following, "offset": offset, "count": 1}
            return {"start": None, "end": None, "relative": relative}
        if word in _MONTHS:
            has_year = bool(re.fullmatch(r"(?:19|20)\d\d", following))
            year = int(following) if has_year else counts_from.year
            if not has_year and _MONTHS[word] > counts_from.month:
                year -= 1
            used.update({at, at + 1} if has_year else {at})
            return _months(year * 12 + _MONTHS[word] - 1, 1)
        if re.fullmatch(r"(?:19|20)\d\d", word):
            used.add(at)
            return _months(int(word) * 12, 12)
    return None


def _months(first: int, count: int) -> Json:
    """`first` counts months from year 0."""
    after = first + count
    return {
        "start": date(first // 12, first % 12 + 1, 1).isoformat(),
        "end": date(after // 12, after % 12 + 1, 1).isoformat(),
        "relative": None,
    }


def _time_field(catalog: PromptCatalog, metric: Named) -> str | None:
    return next((d.time_field for d in catalog.datasets if d.name == metric.dataset), None)


def _without_metric(catalog: PromptCatalog, message: PromptMessage, words: Sequence[str]) -> Json:
    content = set(words) - _FILLERS
    ids: list[JsonValue] = [
        document.id
        for document in message.documents
        if content
        and len(content & set(words_of(f"{document.title} {document.text}"))) * 2 > len(content)
    ]
    if ids:
        return whole("knowledge", {"document_ids": ids})
    return _refusal(catalog, "It finds no metric of the catalog in the question.")


def _refusal(catalog: PromptCatalog, why: str) -> Json:
    suggestions: list[JsonValue] = [f"What is {m.label or m.name}?" for m in catalog.metrics[:3]]
    reason = f"The local stand-in for a language model understands simple questions only. {why}"
    return whole("refuse", {"reason": reason, "suggestions": suggestions})
