"""GETs from an outside issuer: short, bounded, and never redirected."""

import aiohttp

from kit.outside_issuer import FetchFailed

SECONDS = 5.0
MOST_BYTES = 1024 * 1024


class OutsideFetch:
    """`open` it inside the event loop and `close` it there; call it with a URL."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Make the session. Unlike the workflow's it honours the proxy settings of the system."""
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=SECONDS),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=True,
        )

    async def close(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()

    async def __call__(self, url: str) -> bytes:
        """The body at the URL; raises FetchFailed for anything but a 200 of moderate size."""
        if self._session is None:
            raise RuntimeError("The session is not open.")
        try:
            async with self._session.get(url, allow_redirects=False) as response:
                if response.status != 200:
                    raise FetchFailed(f"status {response.status}")
                body = b""
                async for chunk in response.content.iter_chunked(64 * 1024):
                    body += chunk
                    if len(body) > MOST_BYTES:
                        raise FetchFailed("too large")
                return body
        except (aiohttp.ClientError, TimeoutError) as error:
            raise FetchFailed(type(error).__name__) from error
