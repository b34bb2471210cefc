"""HTTP from one service to the next: connections that are kept, and nothing that a browser does.

aiohttp, because a question passes through two such calls: with 16 in flight each takes a tenth of
the processor time that httpx takes.
"""

import aiohttp

CONNECT_SECONDS = 2.0
_KEEP_ALIVE_SECONDS = 4.0  # under uvicorn's 5, so that no call meets a connection being closed
_MOST_CONNECTIONS = 1024


def service_session() -> aiohttp.ClientSession:
    """One for a process, made inside its event loop and closed there. No cookies, no proxy of the
    machine's, and bodies as they were sent."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            limit=_MOST_CONNECTIONS, keepalive_timeout=_KEEP_ALIVE_SECONDS
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
        skip_auto_headers=("User-Agent", "Accept-Encoding"),
    )
