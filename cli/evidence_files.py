"""Files that prove something: public keys, receipts, checkpoints kept elsewhere."""

from collections.abc import Iterator
from pathlib import Path

import orjson
from pydantic import JsonValue, ValidationError

from cli.output import CommandError
from contracts.evidence import Receipt, SignedCheckpoint
from workflow.audit.check_seals import Anchor
from workflow.audit.receipt_check import read_keys
from workflow.audit.signing import Untrusted


def contents(path: Path) -> bytes:
    """The file. Raises CommandError."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from error


def keys_in(path: Path) -> dict[str, bytes]:
    """Raw public keys by id, of a file as `/.well-known/countersign-keys.json` gives it."""
    try:
        return read_keys(contents(path))
    except Untrusted as error:
        raise CommandError(f"{path}: {error}.") from error


def anchors_in(path: Path) -> list[Anchor]:
    """The checkpoints in a file: JSON, or JSON lines, of receipts, checkpoints or pages of
    checkpoints."""
    raw = contents(path)
    try:
        values = [orjson.loads(raw)]
    except orjson.JSONDecodeError:
        values = _lines(path, raw)
    found = [anchor for value in values for anchor in _anchors(value, str(path))]
    if not found:
        raise CommandError(f"{path} holds no checkpoint, and no receipt that was sealed.")
    return found


def _lines(path: Path, raw: bytes) -> list[JsonValue]:
    try:
        return [orjson.loads(line) for line in raw.splitlines() if line.strip()]
    except orjson.JSONDecodeError as error:
        raise CommandError(f"{path} is neither JSON nor JSON lines.") from error


def _anchors(value: JsonValue, source: str) -> Iterator[Anchor]:
    if isinstance(value, list):
        for one in value:
            yield from _anchors(one, source)
    elif isinstance(value, dict) and isinstance(value.get("items"), list):
        yield from _anchors(value["items"], source)
    else:
        for kind in (SignedCheckpoint, Receipt):
            try:
                read = kind.model_validate_json(orjson.dumps(value))
            except ValidationError:
                continue
            sealed = read if isinstance(read, SignedCheckpoint) else read.seal and read.seal.sealed
            if sealed:
                place = (str(sealed.checkpoint.org_id), sealed.checkpoint.number)
                yield Anchor(place, sealed.digest, source)
