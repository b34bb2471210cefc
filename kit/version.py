"""Which software this is: its version, and a digest of the code that a run goes through."""

from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

_ROOT = Path(__file__).parents[1]
_PACKAGES = ("contracts", "kit", "workflow")


@cache
def software() -> str:
    """Like `0.1.0+2c26b46b68ff`: the same for the same code, whatever it is called."""
    digest = sha256()
    for package in _PACKAGES:
        for path in sorted((_ROOT / package).rglob("*")):
            if path.suffix in (".py", ".md", ".sql"):
                digest.update(f"{path.relative_to(_ROOT)}\0".encode() + path.read_bytes() + b"\0")
    return f"{version('countersign')}+{digest.hexdigest()[:12]}"
