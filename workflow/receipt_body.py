"""A receipt, made of the record. Pure.

It says what its asker may know, whoever fetches it: the risk without what rests on the database's
own statistics.
"""

from collections.abc import Mapping, Sequence

import orjson
from pydantic import JsonValue

from contracts.context import UserContext
from contracts.evidence import (
    Agreement,
    ChainMark,
    Planning,
    ReceiptApproval,
    ReceiptBody,
    ReceiptStep,
    ResultMark,
)
from contracts.run import Risk
from contracts.verdict import Finding
from kit.canonical import text_digest
from workflow.approve.risk import for_asker
from workflow.audit.account import (
    BREAKDOWN,
    Json,
    account_of,
    executed_steps,
    member,
    members,
    text,
)
from workflow.audit.chain import event_hash, log_hash
from workflow.store.rows import EventRow, LogRow


class Broken(Exception):
    """The record of the run is not whole; the message says where."""


class NotEnded(Exception):
    """The run goes on, or waits for a person."""


def receipt_body(log: LogRow, events: Sequence[EventRow]) -> ReceiptBody:
    """What is certified of the run. Raises Broken and NotEnded."""
    check_chain(log, events)
    account = account_of(events)
    if account.ended_at is None:
        raise NotEnded
    context = UserContext.model_validate(orjson.loads(log.user_context))
    checked = account.checked
    verdict = member(checked.get("verdict"))
    bound = member(checked.get("bound"))
    version = checked.get("policy_version")
    return ReceiptBody(
        run_id=log.run_id,
        org_id=log.org_id,
        conversation_id=log.conversation_id,
        status=text(account.completed.get("status")) or "",
        asked_at=log.asked_at,
        ended_at=account.ended_at,
        question_digest=text_digest(log.question),
        context=context,
        document_ids=tuple(
            str(source["document_id"]) for source in members(account.retrieved.get("sources"))
        ),
        planning=_planning(account.planned),
        plan=member(account.planned.get("output")) or None,
        sql=text(verdict.get("sql")),
        parameters={
            "store_ids": [*context.store_ids],
            "is_all_stores": context.is_all_stores,
        },
        model_digest=text(bound.get("model")),
        policy_digest=text(bound.get("policy")),
        policy_version=version if isinstance(version, int) else None,
        findings=tuple(Finding.model_validate(one) for one in members(verdict.get("findings"))),
        risk=_risk(checked.get("risk")),
        approvals=tuple(_approval(one) for one in account.approved),
        result=_result(account.executed),
        steps=_steps(events),
        answer_digest=text(account.completed.get("answer_digest")) or "",
        software=account.software,
        record=ChainMark(log_hash=log.hash, events=len(events), head=events[-1].hash),
    )


def check_chain(log: LogRow, events: Sequence[EventRow]) -> None:
    """Nothing is certified of a chain that does not hold."""
    if log.hash != log_hash(log):
        raise Broken("its log row was changed after it was written")
    head = log.hash
    for number, event in enumerate(events, 1):
        is_next = event.seq == number and event.prev_hash == head
        if not is_next or event.hash != event_hash(event):
            raise Broken(f"event {number} was changed, removed or put elsewhere")
        head = event.hash


def _planning(planned: Mapping[str, JsonValue]) -> Planning | None:
    planner = text(planned.get("planner"))
    if planner is None:
        return None
    confidence = planned.get("confidence")
    return Planning(
        planner=planner,
        model=text(planned.get("model")),
        prompt_digest=text(planned.get("prompt_digest")),
        confidence=float(confidence) if isinstance(confidence, int | float) else 0.0,
        fallback_reason=text(planned.get("fallback_reason")),
    )


def _risk(recorded: JsonValue) -> Risk | None:
    return for_asker(Risk.model_validate(recorded)) if recorded else None


def _approval(approved: Json) -> ReceiptApproval:
    return ReceiptApproval.model_validate(
        {
            "approval_id": approved.get("approval_id"),
            "binding": approved.get("binding"),
            "decisions": [
                Agreement.model_validate(
                    {**member(one.get("by")), "decision": one["decision"], "at": one["at"]}
                )
                for one in members(approved.get("decisions"))
            ],
            "edited_by": approved.get("edited_by") or (),
        }
    )


def _steps(events: Sequence[EventRow]) -> tuple[ReceiptStep, ...]:
    """What stands beside the result that is certified."""
    found = []
    for one in executed_steps(events):
        sql = text(member(one.checked.get("verdict")).get("sql"))
        result = _result(one.summary)
        if one.step.startswith(BREAKDOWN) and sql is not None and result is not None:
            found.append(ReceiptStep(step=one.step, sql=sql, result=result))
    return tuple(found)


def _result(executed: Json) -> ResultMark | None:
    if "digest" not in executed:
        return None
    return ResultMark.model_validate(
        {name: executed.get(name) for name in ("digest", "row_count", "total_rows", "truncated")}
    )
