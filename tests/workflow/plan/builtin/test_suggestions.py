"""Suggestions are questions that work, for everyone who may ask."""

import pytest

from contracts.plan import MetricQuery
from tests.workflow.plan.builtin import small_source as source
from tests.workflow.plan.builtin.asking import MODELS, PROFILES, asked
from workflow.plan.suggestions import suggestions

PEOPLE = [
    ("admin",), ("store_manager", 1), ("store_manager", 1, 2), ("marketing", 1, 2), ("finance", 1),
]  # fmt: skip


@pytest.mark.parametrize("person", PEOPLE, ids=str)
def test_each_is_read_without_a_doubt_and_names_its_views(person: tuple[str, ...]) -> None:
    role, *stores = person
    context = source.person(role, *stores)
    offered = suggestions(MODELS[role], context, PROFILES[role], full_model=source.FULL)
    assert 6 <= len(offered) <= 10
    assert len({s.question for s in offered}) == len(offered)
    for suggestion in offered:
        planned = asked(suggestion.question, *person)
        assert isinstance(planned.output, MetricQuery), suggestion.question
        assert planned.confidence == 1.0
        homes = {m.name: m.dataset for m in MODELS[role].metrics}
        views = {d.name: d.view for d in MODELS[role].datasets}
        assert {views[homes[m]] for m in planned.output.plan.metrics} <= set(suggestion.views)
        assert set(suggestion.views) <= set(source.VIEWS[role])


def test_they_come_topic_by_topic() -> None:
    context = source.person("admin")
    topics = [s.topic for s in suggestions(MODELS["admin"], context, PROFILES["admin"])]
    assert topics == sorted(topics, key=topics.index)
    assert set(topics) == {"Payments", "Rentals", "Customers"}


def test_they_name_the_persons_store() -> None:
    context = source.person("store_manager", 2)
    offered = suggestions(MODELS["store_manager"], context, PROFILES["store_manager"])
    assert "What is total revenue for store 2?" in [s.question for s in offered]
