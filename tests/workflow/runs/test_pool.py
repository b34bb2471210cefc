"""A pool whose server hung up on idle connections costs the next caller nothing."""

import psycopg

from kit.database import make_pool


async def test_connections_that_the_server_closed_are_not_handed_out(app_url: str) -> None:
    async with make_pool(app_url, name="hung-up", min_size=3, max_size=3) as pool:
        await pool.wait()
        with psycopg.connect(app_url) as owner:
            ended = owner.execute(
                "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity"
                " WHERE application_name = 'countersign-hung-up'"
            ).fetchone()
        assert ended == (3,)
        for _ in range(3):
            async with pool.connection() as connection:
                cursor = await connection.execute("SELECT 1")
                assert await cursor.fetchone() == (1,)


async def test_the_connection_that_was_put_back_last_is_handed_out_first(app_url: str) -> None:
    async with make_pool(app_url, name="stack", min_size=3, max_size=3) as pool:
        held = [await pool.getconn() for _ in range(3)]
        for connection in held:
            await pool.putconn(connection)
        assert [await pool.getconn() for _ in range(3)] == held[::-1]
        for connection in held:
            await pool.putconn(connection)
