"""How much of a slow model's throughput the model client gives to many askers.

    python -m bench.model_concurrency [ASKERS] [ROUNDS] [MILLISECONDS]

The stand-in for a language model runs in a process of its own and takes a fixed time for each
call. Each asker asks again as soon as it was answered; the ideal is askers / call time.
"""

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.request import urlopen

import uvloop

from workflow.llm.client import Message, ModelClient
from workflow.llm.settings import ModelSettings

ASKED = (Message("system", "Plan."), Message("user", '{"question": "Revenue"}'))


@contextmanager
def stand_in() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    code = f"from cli.local_model import local_model_command as run; run({port}, 'none')"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        for _ in range(200):
            try:
                urlopen(f"{url}/calls").close()
                break
            except OSError:
                time.sleep(0.05)
        yield f"{url}/v1"
    finally:
        process.terminate()
        process.wait()


async def measure(base_url: str, askers: int, rounds: int, milliseconds: int) -> float:
    """Calls a second, after one unmeasured round that opens the connections."""
    settings = ModelSettings(openai_base_url=base_url, openai_model=f"local-slow-{milliseconds}ms")
    client = ModelClient(settings)

    async def asker(times: int) -> None:
        for _ in range(times):
            await client.complete(ASKED, schema_name="anything", schema={"type": "object"})

    await asyncio.gather(*(asker(1) for _ in range(askers)))
    started = time.perf_counter()
    await asyncio.gather(*(asker(rounds) for _ in range(askers)))
    seconds = time.perf_counter() - started
    await client.close()
    return askers * rounds / seconds


def main() -> None:
    askers, rounds, milliseconds = (*map(int, sys.argv[1:]), *(16, 10, 300)[len(sys.argv) - 1 :])
    ideal = askers * 1000 / milliseconds
    with stand_in() as base_url:
        measured = uvloop.run(measure(base_url, askers, rounds, milliseconds))
    print(f"{askers} askers, {milliseconds} ms a call: {measured:.1f} calls/s")
    print(f"the model allows {ideal:.1f} calls/s; ratio {measured / ideal:.3f}")


if __name__ == "__main__":
    main()
