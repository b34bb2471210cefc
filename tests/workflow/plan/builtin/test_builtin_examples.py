"""Every example in examples.yaml comes out as it says, and every choice offered is a sure one."""

from pathlib import Path

import pytest
import yaml

from contracts.plan import Clarify, MetricQuery, Refuse
from tests.workflow.plan.builtin.asking import asked
from tests.workflow.plan.builtin.plan_shorthand import shorthand

EXAMPLES = yaml.safe_load((Path(__file__).parent / "examples.yaml").read_text("utf-8"))
PEOPLE = [(e, *e.get("as", "admin").split(":")) for e in EXAMPLES]


def _person(example: dict[str, str]) -> tuple[str, list[int]]:
    role, *stores = example.get("as", "admin").split(":")
    return role, [int(s) for s in stores]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: f"{e.get('as', 'admin')} {e['ask']}")
def test_example(example: dict[str, str]) -> None:
    role, stores = _person(example)
    kind, line = shorthand(asked(example["ask"], role, *stores))
    assert {kind: line} == {k: v for k, v in example.items() if k not in ("ask", "as")}


def test_there_are_enough_examples_of_each_kind() -> None:
    counts = {kind: sum(kind in e for e in EXAMPLES) for kind in ("reads", "clarifies", "refuses")}
    assert sum(counts.values()) >= 150
    assert min(counts.values()) >= 30


def test_every_choice_is_read_without_a_doubt() -> None:
    for example in EXAMPLES:
        role, stores = _person(example)
        planned = asked(example["ask"], role, *stores)
        if not isinstance(planned.output, Clarify):
            continue
        assert 1 <= len(planned.output.choices) <= 4, example["ask"]
        assert len({c.question for c in planned.output.choices}) == len(planned.output.choices)
        for choice in planned.output.choices:
            again = asked(choice.question, role, *stores)
            assert isinstance(again.output, MetricQuery), (example["ask"], choice.question)
            assert again.confidence == 1.0, (example["ask"], choice.question)
            assert again.unused_words == (), (example["ask"], choice.question)


def test_clarify_offers_at_least_two_choices() -> None:
    few = [
        example["ask"]
        for example in EXAMPLES
        for planned in [asked(example["ask"], *_flat(example))]
        if isinstance(planned.output, Clarify) and len(planned.output.choices) < 2
    ]
    assert few == []


def _flat(example: dict[str, str]) -> list[object]:
    role, stores = _person(example)
    return [role, *stores]


def test_every_refusal_suggests_what_works() -> None:
    for example in EXAMPLES:
        role, stores = _person(example)
        planned = asked(example["ask"], role, *stores)
        if isinstance(planned.output, Refuse):
            assert len(planned.output.suggestions) == 3, example["ask"]
            assert planned.output.reason.endswith("."), example["ask"]
            for question in planned.output.suggestions:
                assert isinstance(asked(question, role, *stores).output, MetricQuery)
