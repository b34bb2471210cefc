"""A tiny service for the supervisor's tests: it is ready, and stops when it is told.

stand_in_service.py PORT [dies|stubborn]
"""

import signal
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

port, *mode = sys.argv[1:]


def log(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/die":
            log("the roof fell in")
            signal.raise_signal(signal.SIGKILL)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        pass


if "dies" in mode:
    log("no such table: roof")
    sys.exit(3)
signal.signal(signal.SIGTERM, signal.SIG_IGN if "stubborn" in mode else lambda *_: sys.exit(0))
HTTPServer(("127.0.0.1", int(port)), Handler).serve_forever()
