"""The model planner: a question to a plan, by a language model that is never believed.

prompt ── answer ── shape ── meaning ── Planned
                      └── objections, once, back to the model ── answer ── shape ── meaning
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

import structlog

from contracts.plan import (
    Choice,
    Clarify,
    Filter,
    FilterGroup,
    Investigation,
    Knowledge,
    MetricQuery,
    Plan,
    Planned,
    PlannerOutput,
    RawSql,
    Refuse,
)
from contracts.run import Source
from workflow.llm.client import Completion, ModelClient
from workflow.llm.errors import ModelUnavailable
from workflow.llm.meter import Payer, Use
from workflow.plan.ground import Ground
from workflow.plan.history import Exchange
from workflow.plan.model_check import Objections, checked_investigation, checked_plan
from workflow.plan.model_prompt import first_messages, repair_messages
from workflow.plan.model_reply import ClarifyReply, KnowledgeReply, Reply, SqlReply, parse
from workflow.plan.model_schema import SCHEMA_NAME, output_schema
from workflow.plan.period_label import day_in_words, period_label
from workflow.plan.plain_text import numbers_in, plain, without_made_numbers
from workflow.plan.prompt_pack import PromptPack, PromptPacks
from workflow.plan.role_catalog import RoleCatalog, role_catalog
from workflow.plan.router import MayAsk
from workflow.semantic.compile_sql import PlanError, compile_plan
from workflow.semantic.filters import single_filters
from workflow.semantic.resolve import as_of_day, resolve

log = structlog.get_logger(__name__)
_HARMLESS_NUMBERS = frozenset(str(number) for number in (*range(101), *range(1900, 2101)))
"""In a question that is only offered, "top 10" and "in 2019" claim nothing."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """Everything that a reply is judged by."""

    question: str
    ground: Ground
    catalog: RoleCatalog
    pack: PromptPack
    document_ids: frozenset[str]

    @property
    def known_numbers(self) -> frozenset[str]:
        """Numbers that are no claim about the data: the person said or knows them."""
        years = {str(day.year) for day in (self.ground.today, *self.ground.profile.newest.values())}
        scope = {str(one) for one in self.ground.context.store_ids}
        return numbers_in(self.question) | years | scope


async def plan(
    question: str,
    ground: Ground,
    *,
    snippets: Sequence[Source],
    client: ModelClient,
    packs: PromptPacks,
    history: Sequence[Exchange] = (),
    may_ask: MayAsk,
) -> Planned:
    """What the model makes of the question, checked against the role's part of the semantic model.
    Its periods are resolved. The prompt is made at once, and sent when `may_ask` comes back.

    Raises ModelUnavailable when no model answers, or none of two rounds gave an answer that
    stands; the caller then plans without a model. `sql` comes out as the model wrote it: it
    must pass the guardrails and wait for a person.
    """
    context = ground.context
    asked = _Asked(
        question=question,
        ground=ground,
        catalog=role_catalog(ground.model),
        pack=packs.of(context),
        document_ids=frozenset(source.document_id for source in snippets),
    )
    messages = first_messages(question, ground, snippets=snippets, pack=asked.pack, history=history)
    ask = partial(
        client.complete,
        schema_name=SCHEMA_NAME,
        schema=output_schema(ground.model),
        payer=Payer(context.org_id, context.user_id, context.role),
    )
    await may_ask()
    rounds = [await ask(messages)]
    try:
        return _planned(rounds, asked)
    except Objections as objections:
        log.info("model plan objected to", model=rounds[0].model, count=len(objections.all_of_them))
        messages = repair_messages(messages, rounds[0].text, objections.all_of_them, asked.pack)
    try:
        rounds.append(await ask(messages))
    except ModelUnavailable as unavailable:
        raise _given_up(unavailable.reason, rounds) from unavailable
    try:
        return _planned(rounds, asked)
    except Objections as objections:
        _log_given_up(rounds, objections)
    raise _given_up("the model's answer could not be used", rounds)


def _log_given_up(rounds: Sequence[Completion], objections: Objections) -> None:
    log.warning(
        "model plan given up on",
        model=rounds[-1].model,
        count=len(objections.all_of_them),
        tokens=sum(one.prompt_tokens + one.completion_tokens for one in rounds),
    )


def _given_up(reason: str, rounds: Sequence[Completion]) -> ModelUnavailable:
    spent = Use(
        prompt_tokens=sum(one.prompt_tokens for one in rounds),
        completion_tokens=sum(one.completion_tokens for one in rounds),
        cost=_cost(rounds) or Decimal(0),
        calls=len(rounds),
    )
    return ModelUnavailable(reason, spent=spent, model=rounds[-1].model)


def _planned(rounds: Sequence[Completion], asked: _Asked) -> Planned:
    """The last round, read. Raises Objections."""
    reply = parse(rounds[-1].text)
    if not isinstance(reply, Reply):
        raise Objections(reply)
    output = _output(reply, asked)
    question = asked.question.casefold()
    return Planned(
        output=output,
        planner="model",
        model=rounds[-1].model,
        prompt_digest=asked.pack.digest,
        prompt_tokens=sum(one.prompt_tokens for one in rounds),
        completion_tokens=sum(one.completion_tokens for one in rounds),
        cost=_cost(rounds),
        confidence=min(max(reply.confidence, 0.0), 1.0) if reply.confidence > 0 else 0.0,
        used_words={
            plain(one.word, 60): _shown(one.read_as, 60, asked.known_numbers | _HARMLESS_NUMBERS)
            for one in reply.used_words[:20]
            if one.word.strip() and one.word.casefold() in question
        },
        unused_words=tuple(
            plain(word, 60)
            for word in reply.unused_words[:20]
            if word.strip() and word.casefold() in question
        ),
        notes=_notes(reply, output, asked),
    )


def _cost(rounds: Sequence[Completion]) -> Decimal | None:
    known = [one.cost for one in rounds if one.cost is not None]
    return sum(known, Decimal(0)) if known else None


def _output(reply: Reply, asked: _Asked) -> PlannerOutput:
    match reply.kind:
        case "metric_query" if reply.metric_query:
            given = checked_plan(reply.metric_query, asked.catalog, asked.ground.profile)
            query = MetricQuery(plan=_compilable(given, asked), widget=reply.metric_query.widget)
            return _beyond_scope(query.plan, asked) or query
        case "investigation" if reply.investigation:
            change = checked_investigation(reply.investigation, asked.catalog, asked.ground.profile)
            return _beyond_scope(change.change, asked) or Investigation(
                change=_compilable(change.change, asked),
                breakdowns=tuple(_compilable(one, asked) for one in change.breakdowns),
            )
        case "sql" if reply.sql:
            return _raw_sql(reply.sql, asked)
        case "knowledge" if reply.knowledge:
            return _knowledge(reply.knowledge, asked)
        case "clarify" if reply.clarify:
            return _clarify(reply.clarify, asked)
        case _:
            return _refuse(reply, asked)


def _compilable(plan_: Plan, asked: _Asked) -> Plan:
    """The plan with days for its periods and our words for them. Raises Objections."""
    try:
        as_of = as_of_day(plan_, asked.ground.model, asked.ground.profile, asked.ground.today)
        plan_ = resolve(plan_, as_of)
        compile_plan(plan_, asked.ground.model)
    except PlanError as error:
        raise Objections([str(error)]) from error
    time = plan_.time
    if time is None or time.label:
        return plan_
    labelled = time.model_copy(update={"label": period_label(time.start, time.end)})
    return plan_.model_copy(update={"time": labelled})


def _beyond_scope(plan_: Plan, asked: _Asked) -> Refuse | None:
    """Rows outside the scope would come back as none, and none would read as zero."""
    if asked.ground.context.is_all_stores:
        return None
    asked_for = [
        condition
        for condition in single_filters(_not_negated(plan_.filters))
        if condition.field in asked.catalog.scope_fields and condition.operator in ("eq", "in")
    ]
    for condition in asked_for:
        beyond = set(condition.values) - set(asked.ground.context.store_ids)
        if beyond:
            label = asked.catalog.fields[condition.field].label
            named = ", ".join(sorted(str(value) for value in beyond))
            return Refuse(reason=f"{label} {named} is outside your access scope.")
    return None


def _not_negated(
    conditions: Iterable[Filter | FilterGroup],
) -> Iterator[Filter | FilterGroup]:
    for one in conditions:
        if isinstance(one, Filter):
            yield one
        elif one.operator != "not":
            yield from _not_negated(one.filters)


def _raw_sql(reply: SqlReply, asked: _Asked) -> RawSql:
    if not all(character.isprintable() or character in "\n\t\r" for character in reply.sql):
        raise Objections(["sql holds a control character"])
    reason = _shown(reply.reason, 300, asked.known_numbers)
    return RawSql(sql=reply.sql.strip(), reason=reason or "No plan over the catalog can say this.")


def _knowledge(reply: KnowledgeReply, asked: _Asked) -> Knowledge:
    ids = tuple(dict.fromkeys(one for one in reply.document_ids if one in asked.document_ids))
    if not ids:
        raise Objections(["document_ids names no document of the message"])
    return Knowledge(document_ids=ids)


def _clarify(reply: ClarifyReply, asked: _Asked) -> Clarify:
    known = asked.known_numbers | _HARMLESS_NUMBERS
    choices = tuple(
        Choice(label=label, question=question)
        for label, question in (
            (_shown(one.label, 80, known), _shown(one.question, 300, known))
            for one in reply.choices[:5]
        )
        if label and question
    )
    if len(choices) < 2:
        raise Objections(["clarify needs two choices in plain words, without numbers of your own"])
    question = _shown(reply.question, 300, known)
    return Clarify(question=question or "Which of these do you mean?", choices=choices)


def _refuse(reply: Reply, asked: _Asked) -> Refuse:
    if reply.refuse is None:
        raise Objections([f"{reply.kind} is null"])
    reason = _shown(reply.refuse.reason, 400, asked.known_numbers)
    offered = asked.known_numbers | _HARMLESS_NUMBERS
    suggestions = (_shown(one, 200, offered) for one in reply.refuse.suggestions[:3])
    return Refuse(
        reason=reason or "This cannot be answered from the data you may see.",
        suggestions=tuple(filter(None, suggestions)),
    )


def _notes(reply: Reply, output: PlannerOutput, asked: _Asked) -> tuple[str, ...]:
    """The day that a relative period counts from, where it is not today."""
    asked_for = reply.metric_query if isinstance(output, MetricQuery) else reply.investigation
    plan_ = _plan_of(output)
    if plan_ is None or plan_.time is None or asked_for is None or asked_for.time is None:
        return ()
    day = as_of_day(plan_, asked.ground.model, asked.ground.profile, asked.ground.today)
    if asked_for.time.relative is None or day >= asked.ground.today:
        return ()
    label = plan_.time.label
    return (f"{label} counts from {day_in_words(day)}, the newest day in the data.",)


def _plan_of(output: PlannerOutput) -> Plan | None:
    match output:
        case MetricQuery():
            return output.plan
        case Investigation():
            return output.change
        case _:
            return None


def _shown(text: str, limit: int, known: frozenset[str]) -> str:
    return without_made_numbers(plain(text, limit), known)
