"""What is written beside work, and what goes with the next flush."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from contracts.context import UserContext
from contracts.run import RunStatus, Stage
from kit.database import Pool, make_pool
from workflow.audit.journal import Journal
from workflow.stages import Retrieved
from workflow.store.rows import Run


class Counting(Journal):
    """Counts what it is asked to write."""

    def __init__(self, pool: Pool, run: Run) -> None:
        self.flushes = 0
        self.is_heard = False
        super().__init__(
            pool, run, worker_id=None, publish=lambda _: None, is_heard=lambda: self.is_heard
        )

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
    return Counting(make_pool("", name="none"), run)


async def test_work_that_waits_for_something_has_what_is_pending_written_beside_it(
    journal: Counting,
) -> None:
    async def waits() -> Retrieved:
        await asyncio.sleep(0.001)
        return Retrieved(sources=())

    assert await journal.beside(waits()) == Retrieved(sources=())
    assert journal.flushes == 1


async def test_work_that_waits_for_nothing_leaves_it_to_the_next_flush(journal: Counting) -> None:
    async def is_ready() -> Retrieved:
        return Retrieved(sources=())

    async def fails() -> Retrieved:
        raise ValueError("cannot be said")

    assert await journal.beside(is_ready()) == Retrieved(sources=())
    with pytest.raises(ValueError, match="cannot be said"):
        await journal.beside(fails())
    assert journal.flushes == 0


@pytest.mark.parametrize(
    ("seconds", "is_heard", "flushes"), [(0, False, 0), (0.2, False, 1), (0, True, 1)]
)
async def test_what_is_done_in_a_moment_unheard_leaves_it_to_the_next_flush(
    journal: Counting, seconds: float, is_heard: bool, flushes: int
) -> None:
    async def lasts() -> Retrieved:
        await asyncio.sleep(0.001 + seconds)
        return Retrieved(sources=())

    journal.is_heard = is_heard
    assert await journal.beside(lasts(), within=0.1) == Retrieved(sources=())
    assert journal.flushes == flushes


async def test_what_cannot_be_written_is_raised_once_and_the_chain_goes_on(
    journal: Counting,
) -> None:
    for detail in ("a", "\ud800", "b"):
        journal.add(Stage.VALIDATION, "ok", 0.0, {"said": detail})
    with pytest.raises(TypeError):
        journal.chain()
    journal.add(Stage.COMPLETED, "failed", 0.0, {})
    journal.chain()
    assert journal.seq == 2
