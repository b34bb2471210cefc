"""What a run's events say of it, whichever version of the software wrote them.

Values are looked up by name in the recorded JSON, and what an event does not hold is absent: a
record of last year stays readable when the stages leave more, or less, than they did.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson
from pydantic import JsonValue

from workflow.store.rows import EventRow

Json = dict[str, JsonValue]
BREAKDOWN = "by "
"""How the steps are called that break a change down: they stand beside what is certified."""


@dataclass(frozen=True, slots=True)
class Account:
    """`planned` and `checked` are what counted in the end: as approved, where an approval changed
    them. `approved` has one entry for each approval that let the run go on; `ended_at` is None
    while the run goes on."""

    retrieved: Json
    planned: Json
    checked: Json
    approved: tuple[Json, ...]
    executed: Json
    completed: Json
    ended_at: datetime | None
    software: tuple[str, ...]


def account_of(events: Sequence[EventRow]) -> Account:
    """Read the events in order."""
    values: dict[str, Json] = {}
    summaries: dict[str, Json] = {}
    approved: list[Json] = []
    software: list[str] = []
    ended_at = None
    for event in events:
        detail = member(orjson.loads(event.detail))
        value = member(detail.get("value"))
        summary = member(detail.get("summary"))
        if not str(summary.get("step", "")).startswith(BREAKDOWN):
            values[event.stage] = value or values.get(event.stage, {})
            summaries[event.stage] = summary
        if event.stage == "approval" and "approved" in value:
            approved.append(member(value["approved"]))
        written_by = detail.get("software")
        if isinstance(written_by, str) and written_by not in software:
            software.append(written_by)
        if event.stage == "completed":
            ended_at = event.at
    prepared = member(values.get("approval", {}).get("prepared"))
    checked = member(prepared.get("checked")) or values.get("validation", {})
    return Account(
        retrieved=values.get("rag_retrieval", {}),
        planned=member(prepared.get("planned")) or values.get("llm_generation", {}),
        checked={**checked, **values.get("db_execution", {})},  # what was counted along
        approved=tuple(approved),
        executed=summaries.get("db_execution", {}),
        completed=summaries.get("completed", {}),
        ended_at=ended_at,
        software=tuple(software),
    )


@dataclass(frozen=True, slots=True)
class Executed:
    """A statement that a run came to an end with: the step it is of, empty where the run has but
    one; what was checked, and the summary of its execution."""

    step: str
    checked: Json
    summary: Json


def executed_steps(events: Sequence[EventRow]) -> list[Executed]:
    """The statements of an investigation, in order."""
    checked: dict[str, Json] = {}
    executed: dict[str, Json] = {}
    for event in events:
        detail = member(orjson.loads(event.detail))
        summary = member(detail.get("summary"))
        step = text(summary.get("step"))
        if step and event.stage == "validation":
            checked[step] = member(detail.get("value"))
        elif step and event.stage == "db_execution" and "digest" in summary:
            executed[step] = summary
    return [Executed(step, checked.get(step, {}), summary) for step, summary in executed.items()]


def member(value: JsonValue) -> Json:
    """An object, or an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def members(value: JsonValue) -> list[Json]:
    """The objects of a list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def text(value: JsonValue) -> str | None:
    """A string, or None."""
    return value if isinstance(value, str) else None
