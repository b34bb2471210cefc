"""A question as it is stored when it arrives, and the run that it begins."""

from datetime import UTC, datetime
from uuid import UUID

from uuid_utils.compat import uuid7

from contracts.context import UserContext
from contracts.run import RunStatus
from kit.canonical import canonical
from workflow.audit.chain import sealed_log
from workflow.store.rows import LogRow, Run


def log_of(asker: UserContext, question: str, conversation_id: UUID | None) -> LogRow:
    """The first link of a run's chain, dated now; without a conversation it begins one."""
    return sealed_log(
        LogRow(
            run_id=uuid7(),
            org_id=asker.org_id,
            user_id=asker.user_id,
            username=asker.username,
            role=asker.role,
            conversation_id=conversation_id or uuid7(),
            question=question,
            user_context=canonical(asker.model_dump(mode="json")),
            asked_at=datetime.now(UTC),
            hash="",
        )
    )


def run_of(log: LogRow, asker: UserContext, *, is_first: bool = False) -> Run:
    """The run that the stored question begins. `is_first` says that it rests on no earlier one."""
    return Run(
        run_id=log.run_id,
        conversation_id=log.conversation_id,
        question=log.question,
        context=asker,
        status=RunStatus.RUNNING,
        asked_at=log.asked_at,
        head_seq=0,
        head_hash=log.hash,
        is_first=is_first,
    )
