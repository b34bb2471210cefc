"""Questions that work for a person, made from the semantic model and what occurs in the data."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from contracts.catalog import Suggestion
from contracts.context import UserContext
from contracts.plan import Dimension, Filter, MetricQuery, Order, Plan
from workflow.plan.builtin import plan as read
from workflow.plan.ground import Ground
from workflow.plan.lexicon import Lexicon, MetricFacts, lexicon_for
from workflow.plan.say import question_of
from workflow.plan.value_index import ValueIndex, index_for
from workflow.plan.when import add_months, time_range, unit_start
from workflow.semantic.model import DataProfile, Dataset, SemanticModel

_MOST = 10
_FEW_VALUES = 30
_TOP = 5
_CACHE_SIZE = 256


@dataclass(frozen=True, slots=True)
class _Person:
    """Whom the suggestions are for."""

    lexicon: Lexicon
    profile: DataProfile
    context: UserContext


_Key = tuple[str, tuple[str, ...], tuple[int, ...], bool, str, tuple[tuple[str, date], ...], bool]
_cache: dict[_Key, tuple[ValueIndex, tuple[Suggestion, ...]]] = {}


def suggestions(
    model: SemanticModel,
    context: UserContext,
    profile: DataProfile,
    *,
    full_model: SemanticModel | None = None,
) -> tuple[Suggestion, ...]:
    """At most ten questions, grouped by dataset, each of which the built-in planner reads without
    a doubt for this person. `model` is the role's part of `full_model`; without the whole there
    are no questions about periods, because only the whole tells things that last from things
    that happen. Kept as long as what occurs in the data is the same, so that asking for them
    with every run costs nothing."""
    index = index_for(profile)
    key = (
        model.digest, tuple(d.name for d in model.datasets), context.store_ids,
        context.is_all_stores, context.role, tuple(sorted(profile.newest.items())),
        full_model is None,
    )  # fmt: skip
    held = _cache.get(key)
    if held is not None and held[0] is index:
        return held[1]
    if len(_cache) >= _CACHE_SIZE:
        _cache.clear()
    made = _made(
        model, full_model, _Person(lexicon_for(model, full_model or model), profile, context)
    )
    _cache[key] = (index, made)
    return made


def _made(
    model: SemanticModel, full_model: SemanticModel | None, person: _Person
) -> tuple[Suggestion, ...]:
    by_topic = {d.name: _of_dataset(person, d, model, full_model) for d in model.datasets}
    share = max(1, _MOST // max(1, len(by_topic)))
    kept = {name: found[:share] for name, found in by_topic.items()}
    spare = _MOST - sum(len(found) for found in kept.values())
    for name, found in by_topic.items():
        more = found[share : share + spare]
        kept[name] += more
        spare -= len(more)
    return tuple(s for found in kept.values() for s in found)


def _of_dataset(
    person: _Person, dataset: Dataset, model: SemanticModel, full_model: SemanticModel | None
) -> list[Suggestion]:
    facts = [f for f in person.lexicon.metrics.values() if f.dataset.name == dataset.name]
    found: list[Suggestion] = []
    for plan in _plans(person, dataset, facts):
        question = question_of(plan, person.lexicon)
        held = [s.question for s in found]
        is_dated = plan.time is not None or any(d.grain for d in plan.dimensions)
        if question in held or (is_dated and full_model is None):
            continue
        if _is_sure(question, person, model, full_model or model):
            found.append(Suggestion(question=question, topic=dataset.label, views=(dataset.view,)))
    return found


def _plans(person: _Person, dataset: Dataset, facts: list[MetricFacts]) -> Iterator[Plan]:
    """Plans worth asking for, the most telling first."""
    if not facts:
        return
    names = [f.metric.name for f in facts]
    main = names[0]
    few = _fields(person, dataset, is_large=False)
    many = _fields(person, dataset, is_large=True)
    if person.context.store_ids and dataset.scope_field:
        scope = Filter(
            field=dataset.scope_field, operator="eq", values=person.context.store_ids[:1]
        )
        yield Plan(metrics=(main,), filters=(scope,))
    if dataset.scope_field and len(person.context.store_ids) != 1:
        yield _split(main, dataset.scope_field)
    for field in few[:1]:
        yield _split(main, field)
    if dataset.time_field and dataset.name not in person.lexicon.entities:
        yield _split(main, dataset.time_field, by_month=True)
        month = _last_whole_month(person.profile.newest.get(dataset.name))
        plain = [n for n in names[1:] if person.lexicon.other_date(n) is None]
        if month is not None:
            yield Plan(metrics=((plain or names)[0],), time=time_range(*month))
    for field in many[:1]:
        yield _split(main, field, limit=_TOP)
    for name in names[1:]:
        yield Plan(metrics=(name,))
    for field in [*few[1:], *few[:1], *many]:
        for name in names[1:]:
            yield _split(name, field)


def _fields(person: _Person, dataset: Dataset, *, is_large: bool) -> list[str]:
    """Fields to split by, with few values or with many; those with one value tell nothing."""
    sizes = {name: len(values) for name, values in person.profile.values.items()}
    return [
        f.name
        for f in dataset.fields
        if f.is_indexed and f.type == "text" and not f.is_personal
        and sizes.get(f.name, 0) > 1 and (sizes[f.name] > _FEW_VALUES) is is_large
    ]  # fmt: skip


def _split(metric: str, field: str, *, by_month: bool = False, limit: int | None = None) -> Plan:
    return Plan(
        metrics=(metric,),
        dimensions=(Dimension(field=field, grain="month" if by_month else None),),
        order=(Order(by=field) if by_month else Order(by=metric, descending=True),),
        limit=limit,
    )


def _last_whole_month(newest: date | None) -> tuple[date, date] | None:
    if newest is None:
        return None
    end = unit_start(newest, "month")
    return add_months(end, -1), end


def _is_sure(
    question: str, person: _Person, model: SemanticModel, full_model: SemanticModel
) -> bool:
    """Whether the planner reads it without a doubt; days do not matter to that, so that the
    newest day stands for today."""
    today = max(person.profile.newest.values(), default=date(2000, 1, 1))
    ground = Ground(model, person.profile, person.context, today)
    planned = read(question, ground, whole=full_model, suggestions=())
    return isinstance(planned.output, MetricQuery) and planned.confidence == 1.0
