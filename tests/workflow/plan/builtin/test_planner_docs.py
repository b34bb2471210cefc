"""The tables of docs/planner.md say what the planner makes of their questions."""

from pathlib import Path

from contracts.plan import MetricQuery
from tests.workflow.plan.builtin import small_source as source
from tests.workflow.plan.builtin.asking import asked
from workflow.plan.history import Exchange
from workflow.semantic.words import plan_in_words

DOCS = Path(__file__).parents[4] / "docs" / "planner.md"


def test_every_example_is_read_as_the_page_says() -> None:
    history: list[Exchange] = []
    read = 0
    for line in DOCS.read_text("utf-8").splitlines():
        if line.startswith("### "):
            history, is_talk = [], "Follow-ups" in line
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        is_example = line.startswith("| ") and len(cells) == 2 and cells[0] not in _HEADS
        if not is_example or _is_confidence(cells[0]):
            continue
        planned = asked(cells[0], history=history)
        assert isinstance(planned.output, MetricQuery), cells[0]
        assert plan_in_words(planned.output.plan, source.FULL) == cells[1], cells[0]
        history = [*history, Exchange(cells[0], planned.output, "")] if is_talk else []
        read += 1
    assert read > 30


_HEADS = ("question", "---", "confidence")


def _is_confidence(cell: str) -> bool:
    return (cell[0].isdigit() and "." in cell) or cell == "1"
