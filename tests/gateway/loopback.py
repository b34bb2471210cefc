"""Serving an ASGI app on a real loopback port, in a thread."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp


@contextmanager
def serving(app: ASGIApp, port: int = 0) -> Iterator[str]:
    """The app's base URL, for the length of the block; on any free port, or the one given."""
    listener = socket.create_server(("127.0.0.1", port))
    port = listener.getsockname()[1]
    config = uvicorn.Config(app, log_config=None, loop="uvloop", ws="none", http="httptools")
    config.timeout_graceful_shutdown = 1
    server = uvicorn.Server(config)
    started = threading.Event()
    startup = server.startup

    async def startup_and_say_so(sockets: list[socket.socket] | None = None) -> None:
        await startup(sockets)
        started.set()

    server.startup = startup_and_say_so  # type: ignore[method-assign] # uvicorn has no hook
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    assert started.wait(10)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()
