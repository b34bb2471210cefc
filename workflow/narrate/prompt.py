"""What a model is given to narrate: the result and what it is of, and nothing else."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from kit import display
from workflow.narrate.shape import Shape

PROMPT_VERSION = "v1"
"""A new wording is a new folder; an old one is not edited once it was released."""
INSTRUCTIONS = (
    (Path(__file__).parent / "prompts" / PROMPT_VERSION / "narrator.md")
    .read_text(encoding="utf-8")
    .strip()
)
PROMPT_DIGEST = hashlib.sha256(INSTRUCTIONS.encode()).hexdigest()
MAX_ROWS = 60
MAX_CELL_LENGTH = 120
MAX_QUESTION_LENGTH = 1_000
MAX_RESULT_LENGTH = 12_000
"""Characters of the rows together; what is beyond is not shown to the model."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """The two messages of a request to a model."""

    system: str
    user: str


@dataclass(frozen=True, slots=True)
class Subject:
    """What a result is of, in words: the question, the plan, the row scope, and the newest day in
    the data."""

    question: str
    asked: str
    scope: str
    as_of: str | None


def prompt_for(shape: Shape, subject: Subject) -> Prompt:
    """Instructions, and one JSON object of data, so that no text in it can end it."""
    rows = _rows(shape)
    is_complete = not shape.result.truncated and len(rows) == len(shape.result.rows)
    columns: list[JsonValue] = [{"name": part.label} for part in shape.dimensions]
    columns += [{"name": metric.subject, "unit": metric.unit} for metric in shape.metrics]
    data: dict[str, JsonValue] = {
        "asked": subject.asked,
        "scope": subject.scope,
        "as_of": subject.as_of,
        "complete": is_complete,
        "result": {"columns": columns, "rows": rows},
        "question": subject.question[:MAX_QUESTION_LENGTH],
    }
    user = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return Prompt(INSTRUCTIONS, user.encode("utf-8", "replace").decode("utf-8"))


def _rows(shape: Shape) -> list[JsonValue]:
    """Cells as a sentence would have them."""
    shown: list[JsonValue] = []
    length = 0
    for row in shape.result.rows[:MAX_ROWS]:
        cells: list[JsonValue] = [
            part.show(row[part.index])[:MAX_CELL_LENGTH] for part in shape.dimensions
        ]
        for metric in shape.metrics:
            value = display.number(row[metric.index])
            cells.append(None if value is None else metric.show(value).text)
        length += sum(len(str(cell)) for cell in cells)
        if length > MAX_RESULT_LENGTH:
            break
        shown.append(cells)
    return shown
