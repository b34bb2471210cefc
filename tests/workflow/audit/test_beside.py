"""What is written beside work, and what goes with the next flush."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from contracts.context import UserContext
from contracts.run import RunStatus
from kit.database import make_pool
from workflow.audit.journal import Journal
from workflow.stages import Retrieved
from workflow.store.rows import Run


class Counting(Journal):
    """Counts what it is asked to write."""

    flushes = 0

    async def flush(self, *_: Any, **__: Any) -> None:
        self.flushes += 1


@pytest.fixture
def journal() -> Counting:
    context = UserContext(
        user_id=uuid4(), username="someone", org_id=uuid4(), role="admin", permissions=("ask",),
        store_ids=(), is_all_stores=True, allowed_views=(),
    )  # fmt: skip
    run = Run(
        run_id=uuid4(), conversation_id=uuid4(), question="?", context=context,
        status=RunStatus.RUNNING, asked_at=datetime.now(UTC), head_seq=0, head_hash="",
    )  # fmt: skip
    return Counting(make_pool("", name="none"), run, worker_id=None, publish=lambda _: None)


async def test_work_that_waits_for_something_has_what_is_pending_written_beside_it(
    journal: Counting,
) -> None:
    async def waits() -> Retrieved:
        await asyncio.sleep(0.001)
        return Retrieved(sources=())

    assert await journal.beside_waiting(waits()) == Retrieved(sources=())
    assert journal.flushes == 1


async def test_work_that_waits_for_nothing_leaves_it_to_the_next_flush(journal: Counting) -> None:
    async def is_ready() -> Retrieved:
        return Retrieved(sources=())

    async def fails() -> Retrieved:
        raise ValueError("cannot be said")

    assert await journal.beside_waiting(is_ready()) == Retrieved(sources=())
    with pytest.raises(ValueError, match="cannot be said"):
        await journal.beside_waiting(fails())
    assert journal.flushes == 0
