"""What browsers are sent besides pages: our own scripts and styles, and named files of pinned
packages. Nothing else of a package can be fetched.

A file's address holds a part of its digest, so that a browser may keep it for ever.
"""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

_HERE = Path(__file__).parent
_PACKAGES = _HERE / "node_modules"
FILES: Mapping[str, Path] = {
    "tabler.css": _PACKAGES / "@tabler/core/dist/css/tabler.min.css",
    "htmx.js": _PACKAGES / "htmx.org/dist/htmx.min.js",
    "htmx-sse.js": _PACKAGES / "htmx.org/dist/ext/hx-sse.min.js",
    "vega.js": _PACKAGES / "vega/build/vega.min.js",
    "vega-lite.js": _PACKAGES / "vega-lite/build/vega-lite.min.js",
    "vega-embed.js": _PACKAGES / "vega-embed/build/vega-embed.min.js",
    **{path.name: path for path in sorted((_HERE / "static").iterdir()) if path.is_file()},
}
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent."""

    content_type: str
    plain: bytes
    packed: bytes
    digest: str


class Assets:
    """All of them, read once. Raises FileNotFoundError where the packages are not installed."""

    def __init__(self, files: Mapping[str, Path] = FILES) -> None:
        self._assets = {name: _read(path) for name, path in files.items()}

    def url(self, name: str) -> str:
        """Where the browser finds it."""
        return f"/assets/{self._assets[name].digest}/{name}"

    def response(self, request: Request, digest: str, name: str) -> Response | None:
        """The file; None where there is no such file."""
        asset = self._assets.get(name)
        if asset is None or digest != asset.digest:
            return None
        headers = {"Cache-Control": _FOREVER, "Vary": "Accept-Encoding"}
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            return Response(asset.packed, headers=headers, media_type=asset.content_type)
        return Response(asset.plain, headers=headers, media_type=asset.content_type)


def _read(path: Path) -> Asset:
    plain = path.read_bytes()
    return Asset(
        content_type=_TYPES[path.suffix],
        plain=plain,
        packed=gzip.compress(plain, 9, mtime=0),
        digest=hashlib.sha256(plain).hexdigest()[:16],
    )
