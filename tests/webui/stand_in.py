"""A gateway of a few words, over real HTTP."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import httpx
from fastapi import FastAPI
from pydantic import SecretStr

from webui.app import make_app
from webui.settings import WebuiSettings

SECRET = "a-key-of-the-tests-and-of-nobody-else"
Answering = Callable[[httpx.Request], httpx.Response]


@contextmanager
def standing_in(answer: Answering) -> Iterator[str]:
    """The URL of a gateway that answers so; several requests at once."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            reply = answer(httpx.Request(self.command, f"{url}{self.path}", content=body))
            self.send_response(reply.status_code)
            self.send_header("Content-Length", str(len(reply.content)))
            self.end_headers()
            self.wfile.write(reply.content)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        url = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield url
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def pages(answer: Answering, *, is_demo: bool = False) -> Iterator[FastAPI]:
    """The web app before such a gateway."""
    with standing_in(answer) as url:
        yield make_app(
            WebuiSettings(webui_secret=SecretStr(SECRET), gateway_url=url, countersign_demo=is_demo)
        )
