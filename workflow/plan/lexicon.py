"""The words of one role's semantic model: which phrase may mean which metric, field or dataset.

Built once for a model's version and a role's views, then only read.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from workflow.plan import calendar_words, follow_up_words, grammar, refused_words
from workflow.plan.tokens import phrase, root, tokenize
from workflow.semantic.model import Dataset, Field, Metric, SemanticModel

Phrase = tuple[str, ...]
Aggregate = Literal["sum", "count", "average", "ratio", "min", "max", "other"]
_AGGREGATE = re.compile(r"^\W*(sum|count|avg|min|max)\b")
# "customers who paid" is also said "customers paid".
RELATIVE = frozenset({"who", "that", "which"})


@dataclass(frozen=True, slots=True)
class Term:
    """One meaning of a phrase. `rank` 0 is a name or a label, 1 a synonym, 2 a word of the same
    family. `is_allowed` is false for what only other roles may see."""

    kind: Literal["metric", "field", "dataset"]
    name: str
    rank: int
    is_allowed: bool = True
    is_negated: bool = False


@dataclass(frozen=True, slots=True)
class MetricFacts:
    """A metric with what its calculation is, read off its expression. `is_row_count` marks the
    plain count of its dataset's rows."""

    metric: Metric
    dataset: Dataset
    aggregate: Aggregate
    is_row_count: bool


def _aggregate(expression: str) -> Aggregate:
    if "/" in expression:
        return "ratio"
    found = _AGGREGATE.match(expression.lower())
    if found is None:
        return "other"
    kinds: Mapping[str, Aggregate] = {
        "sum": "sum", "count": "count", "avg": "average", "min": "min", "max": "max",
    }  # fmt: skip
    return kinds[found[1]]


def _is_row_count(expression: str, dataset: Dataset) -> bool:
    inside = re.fullmatch(r"count\s*\(\s*(?:distinct\s+)?(.+?)\s*\)", expression.strip().lower())
    if inside is None:
        return False
    counted = inside[1].split(".")[-1].strip('" ')
    return counted == "*" or (counted,) == dataset.primary_key


class Lexicon:
    """Phrases and facts of a role's part of a model; `full` supplies what others may see."""

    def __init__(self, model: SemanticModel, full: SemanticModel) -> None:
        self.model = model
        self.datasets = {d.name: d for d in model.datasets}
        self.metrics = {m.name: self._facts(m) for m in model.metrics if m.dataset in self.datasets}
        self.fields: dict[str, Field] = {f.name: f for d in model.datasets for f in d.fields}
        self.scope_fields = frozenset(d.scope_field for d in model.datasets if d.scope_field)
        self.time_fields = frozenset(d.time_field for d in model.datasets if d.time_field)
        self.keys = _keys(model) | self.scope_fields
        self.labels = _labels(full)
        self._own = {d.name: frozenset(f.name for f in d.fields) for d in model.datasets}
        self._reach = self._reachable()
        self.entities = _entities(full)
        self.phrases = _phrases(model, full)
        self.prefixes = frozenset(p[:n] for p in self.phrases for n in range(1, len(p) + 1))
        self.first_words = frozenset(w for p in self.phrases for w in p)
        self.surface = _surface(full)
        self.bags = _bags(self.phrases)
        self.bag_words = frozenset(w for p in self.bags for w in p) | {"of", "the"}
        self.families = _families(self.phrases)
        self.longest = max((len(p) for p in self.phrases), default=0)
        self.row_counts = _row_counts(self.metrics.values())
        self.money_elsewhere = tuple(
            Term("metric", m.name, 0, is_allowed=False)
            for m in full.metrics
            if m.name not in self.metrics and m.unit == "currency"
            and _aggregate(m.expression) == "sum"
        )[:1]  # fmt: skip
        self.usual_dates = frozenset(
            d.time_field for d in model.datasets if d.time_field and d.name not in self.entities
        )
        self._spoken = {
            (kind, name): self._speak(kind, name)
            for kind, names in (("metric", self.metrics), ("field", self.fields))
            for name in names
        }

    def _facts(self, metric: Metric) -> MetricFacts:
        dataset = self.datasets[metric.dataset]
        return MetricFacts(
            metric,
            dataset,
            "other" if metric.is_cumulative else _aggregate(metric.expression),
            not metric.is_cumulative and _is_row_count(metric.expression, dataset),
        )

    def _reachable(self) -> dict[str, frozenset[str]]:
        """Fields by dataset, its own and those that many-to-one relationships lead to."""
        ones: dict[str, set[str]] = {name: {name} for name in self.datasets}
        for _ in self.datasets:
            for relation in self.model.relationships:
                if relation.many in ones and relation.one in ones:
                    for leads in ones.values():
                        if relation.many in leads:
                            leads.add(relation.one)
        return {
            name: frozenset().union(*(self._own[o] for o in leads)) for name, leads in ones.items()
        }

    def is_own(self, field: str, datasets: Iterable[str]) -> bool:
        """Whether each of the datasets has the field itself."""
        return all(field in self._own[d] for d in datasets)

    def is_reachable(self, field: str, datasets: Iterable[str]) -> bool:
        """Whether each of the datasets has the field, or leads many-to-one to one that has."""
        return all(field in self._reach[d] for d in datasets)

    def is_date(self, field: str) -> bool:
        """Whether the field is a date or a point in time."""
        return field in self.fields and self.fields[field].is_time

    def other_date(self, metric: str) -> str | None:
        """A date that the metric's own name points to, where its dataset goes by another: what
        is counted as returned has a return date beside the usual one."""
        facts = self.metrics[metric]
        if facts.aggregate != "count" or facts.is_row_count:
            return None
        words = {root(w) for w in phrase(facts.metric.label)}
        usual = facts.dataset.time_field
        plain = {root(w) for w in phrase(self.labels.get(("field", usual or ""), ""))}
        for field in facts.dataset.fields:
            own = {root(w) for w in phrase(field.label)} - plain
            if field.is_time and field.name != usual and words & own:
                return field.name
        return None

    def is_distinct(self, metric: str) -> bool:
        """Whether it counts different things, each once however often it occurs."""
        return "distinct" in self.metrics[metric].metric.expression.lower()

    def leads_to(self, dataset: str, other: str) -> bool:
        """Whether rows of `dataset` each belong to one row of `other`."""
        return dataset == other or self._own.get(other, frozenset({""})) <= self._reach[dataset]

    def spoken(self, kind: str, name: str) -> str:
        """How to say a metric or a field so that it is read as just that."""
        return self._spoken[kind, name]

    def plural(self, metric: str) -> str | None:
        """A plural that fits after "how many", for a metric that counts; else None."""
        facts = self.metrics[metric]
        if facts.aggregate != "count":
            return None
        said = [facts.metric.label, *facts.metric.synonyms]
        if self.row_counts.get(facts.dataset.name) == metric:
            said.insert(0, facts.dataset.label)
        return next((_decapitalised(text) for text in said if _is_plural(text)), None)

    def _speak(self, kind: str, name: str) -> str:
        thing: Metric | Field = self.metrics[name].metric if kind == "metric" else self.fields[name]
        said = [thing.label, thing.name.replace("_", " "), *thing.synonyms]
        for text in said:
            rivals = [t for t in self.phrases.get(phrase(text), ()) if t.is_allowed]
            meant = {
                ("metric", self.row_counts.get(t.name, "")) if t.kind == "dataset"
                and kind == "metric" else (t.kind, t.name) for t in rivals
            }  # fmt: skip
            if meant == {(kind, name)}:
                return _decapitalised(text)
        return _decapitalised(thing.label)


def _is_plural(text: str) -> bool:
    last = tokenize(text)[-1:]
    first = text.lower().split(" ")[0]
    return bool(last) and last[0].word.endswith("s") and last[0].word != last[0].stem and (
        first not in ("number", "count", "total", "not")
    )  # fmt: skip


def _decapitalised(label: str) -> str:
    first = label.split(" ", maxsplit=1)[0]
    return label if not first[1:].islower() and len(first) > 1 else label[:1].lower() + label[1:]


def _keys(model: SemanticModel) -> frozenset[str]:
    keys = {column for dataset in model.datasets for column in dataset.primary_key}
    for relation in model.relationships:
        keys |= {*relation.many_columns, *relation.one_columns}
    return frozenset(
        keys | {f.name for d in model.datasets for f in d.fields if f.name[-2:] == "id"}
    )


def _entities(full: SemanticModel) -> frozenset[str]:
    """Datasets of things that last, to which the rows of others belong: their key is a field
    elsewhere, and no other dataset's key is a field of theirs."""
    keys = {d.name: frozenset(d.primary_key) for d in full.datasets}
    fields = {d.name: frozenset(f.name for f in d.fields) for d in full.datasets}
    return frozenset(
        name
        for name, key in keys.items()
        if key
        and any(key <= fields[other] for other in keys if other != name)
        and not any(keys[other] <= fields[name] for other in keys if other != name and keys[other])
    )


def _labels(full: SemanticModel) -> dict[tuple[str, str], str]:
    labels = {("metric", m.name): m.label for m in full.metrics}
    for dataset in full.datasets:
        labels["dataset", dataset.name] = dataset.label
        for field in dataset.fields:
            labels.setdefault(("field", field.name), field.label)
    return labels


def _row_counts(metrics: Iterable[MetricFacts]) -> dict[str, str]:
    """The one plain row count of each dataset that has exactly one."""
    found: dict[str, list[str]] = {}
    for facts in metrics:
        if facts.is_row_count:
            found.setdefault(facts.dataset.name, []).append(facts.metric.name)
    return {dataset: names[0] for dataset, names in found.items() if len(names) == 1}


def _phrases(model: SemanticModel, full: SemanticModel) -> dict[Phrase, tuple[Term, ...]]:
    found: dict[Phrase, dict[tuple[str, str, bool], Term]] = {}

    def add(text: str, term: Term) -> None:
        whole = phrase(text)
        bare = tuple(word for word in whole if word not in RELATIVE)
        for key in {whole, bare} - {()}:
            held = found.setdefault(key, {})
            identity = (term.kind, term.name, term.is_negated)
            if identity not in held or held[identity].rank > term.rank:
                held[identity] = term

    allowed_metrics = {m.name for m in model.metrics}
    allowed_datasets = {d.name for d in model.datasets}
    allowed_fields = {f.name for d in model.datasets for f in d.fields}
    for metric in full.metrics:
        is_allowed = metric.name in allowed_metrics
        for text, rank in _said(metric.name, metric.label, metric.synonyms):
            add(text, Term("metric", metric.name, rank, is_allowed))
    for dataset in full.datasets:
        is_allowed = dataset.name in allowed_datasets
        for text, rank in _said(dataset.name, dataset.label, dataset.synonyms):
            add(text, Term("dataset", dataset.name, rank, is_allowed))
        for field in dataset.fields:
            is_allowed = field.name in allowed_fields
            for text, rank in _said(field.name, field.label, field.synonyms):
                add(text, Term("field", field.name, rank, is_allowed))
                if field.type == "boolean" and len(phrase(text)) == 1:
                    for prefix in ("un", "in", "non", "in "):
                        add(prefix + text, Term("field", field.name, rank, is_allowed, True))
    return {key: tuple(held.values()) for key, held in found.items()}


def _surface(full: SemanticModel) -> dict[str, str]:
    """A spelling of each stem of the model's words."""
    texts: list[str] = []
    for metric in full.metrics:
        texts += [metric.label, metric.name, *metric.synonyms]
    for dataset in full.datasets:
        texts += [dataset.label, dataset.name, *dataset.synonyms]
        for field in dataset.fields:
            texts += [field.label, field.name, *field.synonyms]
    tokens = (t for text in texts for t in tokenize(text.replace("_", " ")))
    return {t.stem: t.word for t in tokens if not t.is_symbol}


def _said(name: str, label: str, synonyms: tuple[str, ...]) -> list[tuple[str, int]]:
    return [(name, 0), (label, 0), *((s, 1) for s in synonyms)]


def _bags(phrases: Mapping[Phrase, tuple[Term, ...]]) -> dict[Phrase, tuple[Term, ...]]:
    """Phrases of several words by their sorted words, for "length of trips"."""
    return {tuple(sorted(p)): terms for p, terms in phrases.items() if len(p) > 1}


def _families(phrases: Mapping[Phrase, tuple[Term, ...]]) -> dict[str, tuple[Term, ...]]:
    """Datasets by the root of their one-word names, so that "ordered" can mean "orders"."""
    found: dict[str, tuple[Term, ...]] = {}
    for key, terms in phrases.items():
        datasets = tuple(
            Term("dataset", t.name, 2, t.is_allowed) for t in terms if t.kind == "dataset"
        )
        if len(key) == 1 and datasets and root(key[0]) != "":
            found[root(key[0])] = datasets
    return found


@lru_cache(maxsize=64)
def lexicon_for(model: SemanticModel, full: SemanticModel) -> Lexicon:
    """The lexicon of a role's part of the full model, built at the first use."""
    return Lexicon(model, full)


def _ways(text: str) -> list[Phrase]:
    """Each way of saying something, in a comma-separated list of the grammar."""
    return [tuple(way.split()) for way in text.replace("\n", " ").split(",") if way.strip()]


def _marks() -> dict[Phrase, tuple[grammar.Mark, ...]]:
    found: dict[Phrase, tuple[grammar.Mark, ...]] = {}
    for mark, text in grammar.WORDS.items():
        ways = _ways(text)
        if mark in (grammar.Mark.PERIOD_BEFORE, grammar.Mark.YEAR_BEFORE):
            ways += [("the", *way) for way in ways if way[0] != "the"]
        for way in ways:
            found[way] = (*found.get(way, ()), mark)
    found[(",",)] = (grammar.Mark.AND,)
    for way in _ways(follow_up_words.TAKEN_BACK):
        found[(",", *way)] = (grammar.Mark.FOLLOW,)
    return found


MARKS = _marks()
GRAINS = {tuple(way.split()): grain for way, grain in calendar_words.GRAINS.items()}
UNREADABLE = frozenset(_ways(calendar_words.UNREADABLE_TIME))
PERSONAL = frozenset(_ways(refused_words.PERSONAL_WISHES))


def _longest(ways: Iterable[Phrase]) -> dict[str, int]:
    longest: dict[str, int] = {}
    for way in ways:
        longest[way[0]] = max(len(way), longest.get(way[0], 0))
    return longest


_STEPS = (tuple(way.split()) for way in calendar_words.STEPS)
LONGEST_MARK = _longest((*MARKS, *GRAINS, *UNREADABLE, *PERSONAL, *_STEPS))
"""How many words the longest of them takes that begins with this one."""
FALLING = frozenset(_ways(grammar.FALLING))
RISING = frozenset(_ways(grammar.RISING))
