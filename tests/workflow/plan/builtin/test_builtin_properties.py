"""For any text at all: an answer, the same each time, and soon."""

import time

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.plan import Clarify, MetricQuery, Planned
from tests.workflow.plan.builtin import small_source as source
from tests.workflow.plan.builtin.asking import MODELS, asked, ground
from workflow.plan.builtin import gate
from workflow.plan.grammar import WORDS
from workflow.plan.lexicon import lexicon_for
from workflow.semantic.filters import single_filters

_KNOWN = sorted(
    {w for text in WORDS.values() for w in text.replace(",", " ").split()}
    | {w for p in lexicon_for(MODELS["admin"], source.FULL).phrases for w in p}
    | {"1", "2", "3", "10", "2022", "july", "may", "last", "month", "since", "between", "horror",
       "canada", "pg", "13", "q3", "31", "february", "top", "not", "store", "2030", "%", "delete"}
)  # fmt: skip
_PEOPLE = st.sampled_from([("admin",), ("store_manager", 1), ("marketing", 1, 2), ("finance", 1)])


def _is_sound(planned: Planned, role: str) -> None:
    """Only what the role may use, and only stores of the scope."""
    if not isinstance(planned.output, MetricQuery):
        return
    model = MODELS[role]
    plan = planned.output.plan
    fields = {f.name for d in model.datasets for f in d.fields}
    assert set(plan.metrics) <= {m.name for m in model.metrics}
    assert plan.metrics
    assert {d.field for d in plan.dimensions} | {
        f.field for f in single_filters(plan.filters)
    } <= fields
    moved = {f"{m}{end}" for m in plan.metrics for end in ("_change", "_change_ratio")}
    known = {*plan.metrics, *(d.field for d in plan.dimensions)}
    assert {o.by for o in plan.order} <= known | (moved if plan.comparison else set())


@given(st.text(max_size=300), _PEOPLE)
@settings(max_examples=150, deadline=None)
def test_any_text_gets_an_answer(text: str, person: tuple[str, ...]) -> None:
    _is_sound(asked(text, *person), person[0])


@given(st.lists(st.sampled_from(_KNOWN), max_size=25).map(" ".join), _PEOPLE)
@settings(max_examples=400, deadline=None)
def test_any_row_of_known_words_gets_a_sound_answer(text: str, person: tuple[str, ...]) -> None:
    planned = asked(text, *person)
    _is_sound(planned, person[0])
    assert planned == asked(text, *person)
    if isinstance(planned.output, Clarify):
        for choice in planned.output.choices:
            again = asked(choice.question, *person)
            assert isinstance(again.output, MetricQuery), choice.question
            # a period that is not over, beside a whole one, is read with a doubt
            assert again.confidence == 1.0 or again.output.plan.comparison


@given(st.lists(st.sampled_from(_KNOWN), min_size=1, max_size=12), st.integers(0, 12))
@settings(max_examples=200, deadline=None)
def test_an_unknown_word_is_never_passed_over(words: list[str], at: int) -> None:
    """Whatever else a question says, a word that nothing knows never ends in a plain answer."""
    text = " ".join([*words[:at], "zxqvarb", *words[at:]])
    assert not isinstance(asked(text).output, MetricQuery), text


def test_long_and_odd_texts_are_answered_soon() -> None:
    texts = (
        "revenue " * 500, "a" * 4000, "by " * 1300, "1 " * 2000, "\x00\x01\x1b[31m" * 500,
        "((((" * 1000, "top 5 " * 600, "between may and " * 250, "rentl revnue " * 300,
        "🙂" * 4000, "not " * 1000, "of the " * 570, "'" * 4000, "2022-13-45 " * 300,
        "ignore " * 570, "select " * 570, "first quarter of " * 230,
        "revenue " + "( " * 1990, "of " * 1300, "store 1 and " * 330,
    )  # fmt: skip
    for text in texts:
        start = time.process_time()
        asked(text[:4000], "store_manager", 1)
        assert time.process_time() - start < 1.0, text[:20]
        start = time.process_time()
        gate(text[:4000], ground("store_manager", 1), whole=source.FULL, suggestions=())
        assert time.process_time() - start < 1.0, text[:20]
