"""One step in the life of an approval request: its next state, and the link that tells of it.
Pure."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256

import orjson

from contracts.approval import Action, Decision, Person
from workflow.approve.lifecycle import after
from workflow.store.approvals import ActionRow, Request

_UNSEEN = frozenset({Action.REQUEST, Action.COMMENT, Action.REFUSE, Action.REMEMBER})
"""What leaves the request as it was."""


@dataclass(frozen=True, slots=True)
class Step:
    """The request as it is after the step, and the link to add to its chain."""

    request: Request
    action: ActionRow


def step(
    request: Request,
    action: Action,
    by: Person | None,
    text: str = "",
    *,
    is_enough: bool = True,
    **changes: object,
) -> Step:
    """Take a step; `changes` are fields of the request's item. Raises lifecycle.NotPossible."""
    now = datetime.now(UTC)
    item = request.item
    if action not in _UNSEEN:
        status = after(item.status, action, is_enough=is_enough)
        is_final = status is not item.status and action in _FINAL and is_enough
        item = item.model_copy(
            update={
                "version": item.version + 1,
                "status": status,
                "claimed_by": by if action is Action.CLAIM else None,
                "claimed_at": now if action is Action.CLAIM else None,
                "decided_at": now if is_final else item.decided_at,
                **changes,
            }
        )
    row = ActionRow(
        approval_id=item.approval_id,
        seq=request.head_seq + 1,
        action=action.value,
        by=by,
        text=text,
        binding=item.binding,
        at=now,
        prev_hash=request.head_hash,
        hash="",
    )
    row = replace(row, hash=action_hash(row))
    return Step(replace(request, item=item, head_seq=row.seq, head_hash=row.hash), row)


def approvals_of(decisions: tuple[Decision, ...], binding: str) -> int:
    """How many have approved exactly this."""
    said = {d.by.user_id for d in decisions if d.decision == "approve" and d.binding == binding}
    return len(said)


def action_hash(row: ActionRow) -> str:
    """What `row.hash` must be, given its `prev_hash`: SHA-256 over its content in JSON, the time
    in UTC with microseconds."""
    return sha256(
        orjson.dumps(
            (
                str(row.approval_id),
                str(row.seq),
                row.action,
                str(row.by.user_id) if row.by else "",
                row.by.username if row.by else "",
                row.by.role if row.by else "",
                row.text,
                row.binding,
                row.at.astimezone(UTC).isoformat(timespec="microseconds"),
                row.prev_hash,
            )
        )
    ).hexdigest()


_FINAL = frozenset({Action.APPROVE, Action.REJECT, Action.CANCEL, Action.EXPIRE, Action.INVALIDATE})
