"""How a run stands, as the tools tell of it."""

from dataclasses import dataclass
from uuid import UUID

from pydantic import JsonValue

from contracts.run import Answer, RunStatus, Started
from gateway.mcp import shapes


@dataclass(frozen=True, slots=True)
class Result:
    """`content` fits the tool's output schema; `said` is ours, and holds no word of anyone."""

    content: dict[str, JsonValue]
    said: str


def state_of(answer: Answer) -> Result:
    """A run as the tools tell of it."""
    data = shapes.RunData(
        question=answer.question,
        answer=answer.answer,
        columns=answer.columns,
        rows=answer.rows,
        row_count=answer.row_count,
        total_rows=answer.total_rows,
        truncated=answer.truncated,
        steps=answer.steps,
        sources=tuple(shapes.Passage(title=s.title, snippet=s.snippet) for s in answer.sources),
        choices=tuple(shapes.Reading(label=c.label, question=c.question) for c in answer.choices),
        suggestions=answer.suggestions,
        plan=answer.explain.plan if answer.explain else "",
        notes=answer.explain.notes if answer.explain else (),
        as_of=answer.explain.as_of if answer.explain else None,
        sql=answer.sql,
        approval=answer.approval,
    )
    state = shapes.RunState(
        run_id=answer.run_id,
        conversation_id=answer.conversation_id,
        status=answer.status,
        next_step=_next_step(answer),
        role=answer.security.role,
        row_scope=answer.security.row_scope,
        data=data,
    )
    return _said(state)


def under_way(started: Started) -> Result:
    """A run that goes on after the call."""
    state = shapes.RunState(
        run_id=started.run_id,
        conversation_id=started.conversation_id,
        status=RunStatus.RUNNING,
        next_step=_check(started.run_id),
    )
    return _said(state)


def _said(state: shapes.RunState) -> Result:
    content = state.model_dump(mode="json")
    return Result(content, f"Run {state.run_id}: {state.status.value}. {state.next_step}")


def _check(run_id: UUID) -> str:
    return f'It goes on by itself. To see how it stands, call get_run with run_id "{run_id}".'


def _next_step(answer: Answer) -> str:
    if answer.status is RunStatus.NEEDS_APPROVAL:
        return _waits(answer)
    if answer.status is RunStatus.RUNNING:
        return _check(answer.run_id)
    return _NEXT[answer.status]


_WHY = "data.answer says why. What works instead: data.suggestions, or list_suggestions."
_NEXT = {
    RunStatus.COMPLETED: "Its proof: get_receipt with this run_id.",
    RunStatus.CLARIFY: "To go on, ask the question of one of data.choices, with this "
    "conversation_id.",
    RunStatus.REFUSED: _WHY,
    RunStatus.BLOCKED: _WHY,
    RunStatus.FAILED: "data.answer says why. Asking again may help.",
    RunStatus.CANCELLED: "It was cancelled. Ask again if it is still wanted.",
}


def _waits(answer: Answer) -> str:
    waiting = answer.approval
    people = "a person" if waiting is None or waiting.approvers_needed == 1 else "two people"
    until = (
        f" until {waiting.expires_at:%Y-%m-%d %H:%M} UTC"
        if waiting is not None and waiting.expires_at
        else ""
    )
    return (
        f"Nothing has run yet: it waits{until} for {people} to approve it, which nobody can do "
        f"for their own question and no tool here can do. {_check(answer.run_id)}"
    )
