"""What a card of the gallery shows: an artifact, and the viewer's own newest answer to it."""

from dataclasses import dataclass

from contracts.artifact import Artifact
from contracts.run import Answer, RunStatus
from webui.answer_view import AnswerView, view_of

_PENDING = {
    RunStatus.RUNNING: "It is being asked again just now.",
    RunStatus.NEEDS_APPROVAL: "Asked again, it waits for a person to let it through.",
    RunStatus.BLOCKED: "Asked again, it was stopped by a check.",
    RunStatus.CANCELLED: "It was asked again, and given up.",
    RunStatus.FAILED: "Asked again, it did not come to its end.",
}


@dataclass(frozen=True, slots=True)
class Card:
    """`view` is None until this person has a result of their own. `pending` says in words what
    became of a newer run that came to none; `store_id` is the one store that they asked for,
    where they hold more, and ask for again."""

    artifact: Artifact
    view: AnswerView | None
    pending: str
    store_id: int | None
    problem: str = ""


def card_of(
    artifact: Artifact, answer: Answer | None, *, holds_one_store: bool, problem: str = ""
) -> Card:
    """How to show it."""
    pending = artifact.pending_status
    return Card(
        artifact=artifact,
        view=view_of(_as_kept(answer, artifact)) if answer else None,
        pending=_PENDING.get(pending, "Asked again, it came to no result.") if pending else "",
        store_id=None if holds_one_store else _one_store(answer),
        problem=problem,
    )


def _as_kept(answer: Answer, artifact: Artifact) -> Answer:
    """The widget that was kept first. A table is all that is shown where a table was kept."""
    kept = tuple(one for one in answer.widgets if one.type == artifact.widget)
    others = tuple(one for one in answer.widgets if one.type != artifact.widget)
    widgets = kept if kept and artifact.widget == "table" else kept + others
    return answer.model_copy(update={"widgets": widgets})


def _one_store(answer: Answer | None) -> int | None:
    stores = answer.security.row_scope if answer else ()
    return stores[0] if isinstance(stores, tuple) and len(stores) == 1 else None
