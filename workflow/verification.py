"""A verification of an organisation's record, as it goes on in a process of its own."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from uuid import UUID

import orjson
import structlog

from contracts.verification import Verification, VerificationProgress

_LONGEST_LINE = 2**20
_ENDING: set[asyncio.Future[tuple[bytes, bytes]]] = set()
log = structlog.get_logger(__name__)


class Busy(Exception):
    """Another verification goes on, here or in another process."""


class Broke(Exception):
    """It ended without a result; the log of the service has why."""


class Verifying:
    """One that goes on. Whoever has begun it closes it: nobody listening, it is given up."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def told(self) -> AsyncIterator[VerificationProgress | Verification]:
        """Progress, and at last the result. Raises Broke."""
        while (line := await self._line()) is not None:
            told = orjson.loads(line)
            if "verified" in told:
                yield Verification.model_validate(told["verified"], strict=False)
                return
            yield VerificationProgress.model_validate(told)
        raise Broke

    def close(self) -> None:
        """Stop it, if it has not ended. Nothing is awaited, because whoever is cancelled may not;
        its output is read to the end, which closes the pipe, in the background."""
        with suppress(ProcessLookupError):
            self._process.kill()
        ending = asyncio.ensure_future(self._process.communicate())
        _ENDING.add(ending)
        ending.add_done_callback(_ENDING.discard)

    async def first(self) -> None:
        """Return once it has begun. Raises Busy and Broke."""
        line = await self._line()
        if line is None:
            raise Broke
        if orjson.loads(line).get("busy"):
            raise Busy

    async def _line(self) -> bytes | None:
        assert self._process.stdout is not None  # noqa: S101 - it was opened with one
        return await self._process.stdout.readline() or None


async def begin(url: str, org_id: UUID) -> Verifying:
    """Verify that organisation's record in the database at `url`. Raises Busy and Broke."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "workflow.audit.verifier",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=_LONGEST_LINE,
    )
    verifying = Verifying(process)
    try:
        assert process.stdin is not None  # noqa: S101 - it was opened with one
        # by standard input, because arguments and the environment of a process can be looked at
        process.stdin.write(orjson.dumps({"url": url, "org_id": str(org_id)}) + b"\n")
        await process.stdin.drain()
        process.stdin.close()
        await verifying.first()
    except BaseException:
        verifying.close()
        raise
    return verifying
