"""The model planner over HTTP, against every behaviour of the local model."""

import json
from dataclasses import replace
from datetime import date

import pytest

from cli.local_model import LocalModel
from contracts.plan import (
    Choice,
    Clarify,
    Dimension,
    Filter,
    Knowledge,
    MetricQuery,
    Order,
    Plan,
    RawSql,
    Refuse,
    TimeRange,
)
from tests.workflow.plan.model.conftest import MODEL, POLICY, PlanIt, person
from workflow.llm.errors import ModelUnavailable
from workflow.plan.history import Exchange
from workflow.plan.model_prompt import CHARACTERS_PER_TOKEN, MAX_HISTORY_TOKENS

pytestmark = pytest.mark.anyio


async def plan_of(plan_it: PlanIt, question: str, **more: object) -> Plan:
    planned = await plan_it(question, **more)
    assert isinstance(planned.output, MetricQuery), planned.output
    return planned.output.plan


async def test_a_metric_for_a_store(plan_it: PlanIt) -> None:
    plan = await plan_of(plan_it, "What is total revenue for my store 1?")
    assert plan == Plan(
        metrics=("revenue",), filters=(Filter(field="store_id", operator="eq", values=(1,)),)
    )


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (
            "Sales by category",
            Plan(metrics=("revenue",), dimensions=(Dimension(field="category"),)),
        ),
        (
            "Monthly revenue in 2022",
            Plan(
                metrics=("revenue",),
                dimensions=(Dimension(field="payment_date", grain="month"),),
                time=TimeRange(start=date(2022, 1, 1), end=date(2023, 1, 1), label="2022"),
            ),
        ),
        (
            "Top 5 films by revenue in May 2022",
            Plan(
                metrics=("revenue",),
                dimensions=(Dimension(field="film_title"),),
                time=TimeRange(start=date(2022, 5, 1), end=date(2022, 6, 1), label="May 2022"),
                order=(Order(by="revenue", descending=True),),
                limit=5,
            ),
        ),
        (
            "How many customers in Springfield?",
            Plan(
                metrics=("customer_count",),
                filters=(Filter(field="customer_city", operator="eq", values=("Springfield",)),),
            ),
        ),
        (
            "number of payments by genre and rating",
            Plan(
                metrics=("payment_count",),
                dimensions=(Dimension(field="category"), Dimension(field="rating")),
            ),
        ),
    ],
)
async def test_everyday_questions(plan_it: PlanIt, question: str, expected: Plan) -> None:
    assert await plan_of(plan_it, question) == expected


async def test_provenance_is_told(plan_it: PlanIt, server: LocalModel) -> None:
    planned = await plan_it("Total revenue by category")
    assert planned.planner == "model" and planned.model == "local"
    assert planned.prompt_tokens > 100 and planned.completion_tokens > 10
    assert planned.used_words == {"total revenue": "Revenue"}
    assert planned.confidence == 0.8
    assert server.calls.total() == 1


async def test_a_relative_period_says_what_it_counts_from(plan_it: PlanIt) -> None:
    planned = await plan_it("Revenue last month")
    assert isinstance(planned.output, MetricQuery)
    assert planned.output.plan.time == TimeRange(
        start=date(2022, 6, 1), end=date(2022, 7, 1), label="June 2022"
    )
    assert planned.notes == ("June 2022 counts from 31 July 2022, the newest day in the data.",)


async def test_what_is_not_understood_is_refused(plan_it: PlanIt) -> None:
    planned = await plan_it("Revenue of purple elephants")
    assert isinstance(planned.output, Refuse)
    assert "purple" in planned.output.reason


async def test_a_question_for_documents(plan_it: PlanIt) -> None:
    planned = await plan_it("What is the late fee policy?", snippets=(POLICY,))
    assert planned.output == Knowledge(document_ids=("doc-1",))


async def test_one_repair_round_and_tokens_of_both(plan_it: PlanIt, server: LocalModel) -> None:
    planned = await plan_it("Revenue", "local-first-bad-then-good")
    assert isinstance(planned.output, MetricQuery)
    assert server.calls.total() == 2
    first, second = server.requests
    assert len(second.messages) == 4
    assert "there is no metric 'no_such_metric'" in second.messages[3].content
    length_of_both = sum(len(m.content) for r in (first, second) for m in r.messages)
    assert abs(planned.prompt_tokens - length_of_both // 4) <= 2
    alone = await plan_it("Revenue")
    assert planned.completion_tokens > alone.completion_tokens * 1.5


@pytest.mark.parametrize(
    "llm",
    [
        "local-invalid-json",
        "local-wrong-shape",
        "local-unknown-metric",
        "local-other-role-metric",
        "local-smuggles",
        "local-invents-document",
    ],
)
async def test_what_does_not_stand_twice_is_given_up_on(
    plan_it: PlanIt, server: LocalModel, llm: str
) -> None:
    with pytest.raises(ModelUnavailable) as caught:
        await plan_it("Revenue", llm, snippets=(POLICY,))
    assert caught.value.reason == "the model's answer could not be used"
    assert caught.value.__context__ is None
    assert server.calls.total() == 2
    assert caught.value.model == llm and caught.value.spent.calls == 2
    assert caught.value.spent.prompt_tokens > 100, "it was paid for all the same"


@pytest.mark.parametrize(
    ("llm", "reason"),
    [
        ("local-401", "the model's provider answered 401"),
        ("local-402", "the model's provider answered 402"),
        ("local-429", "the model's provider answered 429"),
        ("local-500", "the model's provider answered 500"),
        ("local-cut", "the model's provider could not be reached"),
        ("local-nonsense", "the model's provider sent something that is not a completion"),
    ],
)
async def test_a_provider_in_trouble_is_said_in_a_few_words(
    plan_it: PlanIt, llm: str, reason: str
) -> None:
    with pytest.raises(ModelUnavailable) as caught:
        await plan_it("Revenue", llm)
    assert caught.value.reason == reason


@pytest.mark.parametrize("llm", ["local-fenced", "local-no-schema", "local-no-json"])
async def test_json_is_found_where_no_schema_is_enforced(plan_it: PlanIt, llm: str) -> None:
    assert await plan_of(plan_it, "Revenue", llm=llm) == Plan(metrics=("revenue",))


async def test_sql_comes_out_as_written_for_the_guardrails(plan_it: PlanIt) -> None:
    planned = await plan_it("Delete everything", "local-delete-sql")
    assert planned.output == RawSql(sql="DELETE FROM v_payment_scoped", reason="It was asked for.")
    planned = await plan_it("Count the rows", "local-raw-sql")
    assert isinstance(planned.output, RawSql)
    assert planned.output.sql.startswith("SELECT count(*)")


async def test_talk_has_no_power_and_no_shape(plan_it: PlanIt) -> None:
    planned = await plan_it("What can you do?", "local-talks-past")
    assert isinstance(planned.output, Refuse)
    for text in (planned.output.reason, *planned.output.suggestions):
        assert len(text) <= 400
        assert text.isprintable()
        for piece in ("<", "script", "987654", "://", "www.", "](", "\u202e", "\x1b"):
            assert piece not in text, piece


async def test_a_store_outside_the_scope_is_refused_not_counted_as_zero(plan_it: PlanIt) -> None:
    planned = await plan_it("Revenue for store 2", context=person(1))
    assert planned.output == Refuse(reason="Store 2 is outside your access scope.")
    assert await plan_of(plan_it, "Revenue for store 2", context=person(1, 2))
    assert await plan_of(plan_it, "Revenue for store 9", context=person(is_all_stores=True))


async def test_a_metric_of_another_role_is_neither_sent_nor_taken(
    plan_it: PlanIt, server: LocalModel
) -> None:
    customers_only = replace(
        MODEL,
        datasets=tuple(d for d in MODEL.datasets if d.name == "customers"),
        relationships=(),
        metrics=tuple(m for m in MODEL.metrics if m.dataset == "customers"),
    )
    planned = await plan_it("Revenue by category", model=customers_only)
    assert isinstance(planned.output, Refuse)
    sent = json.dumps([m.content for r in server.requests for m in r.messages])
    for name in ("revenue", "payment", "Comedy", "category"):
        assert name not in sent.replace("Revenue by category", "")
    with pytest.raises(ModelUnavailable):
        await plan_it("Revenue", "local-other-role-metric", model=customers_only)


async def test_what_was_said_before_is_told_without_what_was_answered(
    plan_it: PlanIt, server: LocalModel
) -> None:
    past = MetricQuery(plan=Plan(metrics=("revenue",), dimensions=(Dimension(field="category"),)))
    offered = Clarify(
        question="Which?",
        choices=(
            Choice(label="a", question="A?", plan=past.plan),
            Choice(label="b", question="B?"),
        ),
    )
    history = (
        Exchange("Sales by category", past, "Comedy made 4,383.58."),
        Exchange("Sales by thing", offered, "Which?"),
        Exchange("What broke?", None, ""),
    )
    await plan_it("And by month?", history=history)
    sent = server.requests[-1].messages[1].content
    assert json.loads(sent)["history"] == [
        {
            "question": "Sales by category",
            "made_of_it": {"plan": {"metrics": ["revenue"], "dimensions": [{"field": "category"}]}},
        },
        {
            "question": "Sales by thing",
            "made_of_it": {
                "question": "Which?",
                "choices": [{"label": "a", "question": "A?"}, {"label": "b", "question": "B?"}],
            },
        },
        {"question": "What broke?"},
    ]
    assert "4,383.58" not in sent


async def test_of_a_long_conversation_the_newest_part_is_told(
    plan_it: PlanIt, server: LocalModel
) -> None:
    history = tuple(Exchange(f"{n} " + "long " * 200, None, "") for n in range(30))
    await plan_it("Revenue", history=history)
    told = json.loads(server.requests[-1].messages[1].content)["history"]
    assert 3 <= len(told) <= 10
    assert [int(one["question"].split()[0]) for one in told] == [*range(30 - len(told), 30)]
    assert len(json.dumps(told)) <= MAX_HISTORY_TOKENS * CHARACTERS_PER_TOKEN


async def test_a_plan_that_does_not_compile_goes_back_to_the_model(
    plan_it: PlanIt, server: LocalModel
) -> None:
    with pytest.raises(ModelUnavailable):
        await plan_it("Revenue", "local-orders-by-nothing")
    assert server.calls.total() == 2
    assert "objections" in server.requests[-1].messages[-1].content


async def test_what_is_sent_and_what_never_is(plan_it: PlanIt, server: LocalModel) -> None:
    await plan_it("Revenue in Springfield", snippets=(POLICY,), context=person(1, 2))
    (request,) = server.requests
    system, user = (message.content for message in request.messages)
    data = json.loads(user)
    assert data["question"] == "Revenue in Springfield"
    assert data["row_scope"] == "only rows whose store_id is 1 or 2"
    assert data["counts_from"] == {"payments": "2022-07-31"}
    assert data["documents"] == [{"id": "doc-1", "title": POLICY.title, "text": POLICY.snippet}], (
        "a document cannot end the place it stands in"
    )
    assert set(data["values"]) == {"category", "rating", "customer_city"}
    assert "Springfield" in data["values"]["customer_city"]
    assert len(data["values"]["customer_city"]) <= 40
    for secret in ("manager_store1", str(person(1).user_id), "A***", "hidden", "store_manager"):
        assert secret not in system + user
