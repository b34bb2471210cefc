"""Pools of connections."""

import asyncio

import pytest

from kit.database import make_pool


@pytest.mark.parametrize("turns", range(6))
async def test_a_cancellation_is_not_lost_as_a_connection_comes(app_url: str, turns: int) -> None:
    """`turns` of the event loop after a connection was given back, which is when it comes."""
    went_on = False

    async def wait_for_one() -> None:
        nonlocal went_on
        async with pool.connection():
            await asyncio.sleep(0.05)
        went_on = True

    async with make_pool(app_url, name="test", min_size=1, max_size=1) as pool:
        held = await pool.getconn()
        waiting = asyncio.create_task(wait_for_one())
        await asyncio.sleep(0.01)
        giving_back = asyncio.create_task(pool.putconn(held))
        for _ in range(turns):
            await asyncio.sleep(0)
        waiting.cancel()
        await giving_back
        await asyncio.wait({waiting})
        assert waiting.cancelled()
        assert not went_on
        async with asyncio.timeout(5), pool.connection() as connection:
            await connection.execute("SELECT 1")
