"""Whether a receipt proves what it says, from its file and public keys alone. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from pydantic import JsonValue, ValidationError

from contracts.evidence import KeySet, Receipt
from kit.canonical import jcs
from workflow.audit.checkpoint import check_inclusion
from workflow.audit.signing import Untrusted, check_signature, from_base64url


@dataclass(frozen=True, slots=True)
class Shown:
    """A receipt as its file has it: `signed_text` is what the signature is over."""

    receipt: Receipt
    signed_text: str


def read_receipt(raw: bytes) -> Shown:
    """The receipt in a file. Raises Untrusted, with what is wrong with the file."""
    try:
        parsed = json.loads(raw, object_pairs_hook=_object)
        receipt = Receipt.model_validate_json(raw)
        return Shown(receipt, jcs(parsed["receipt"]))
    except json.JSONDecodeError as error:
        raise Untrusted(
            f"this is not a whole receipt: the JSON breaks off or is damaged at line "
            f"{error.lineno}, column {error.colno}"
        ) from error
    except UnicodeDecodeError as error:
        raise Untrusted("this is not a receipt: it is not UTF-8 text") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise Untrusted(f"this is not a receipt: {where}: {first['msg']}") from error
    except (ValueError, RecursionError) as error:
        raise Untrusted(f"this is not a receipt: {error}") from error


def check_receipt(shown: Shown, keys: Mapping[str, bytes]) -> None:
    """Return if the receipt is as one of the keys signed it, and its proof, if it has one, leads
    to a signed checkpoint. Raises Untrusted."""
    check_signature(shown.signed_text, shown.receipt.signature, keys)
    seal, body = shown.receipt.seal, shown.receipt.receipt
    if seal is None:
        return
    check_inclusion(seal, keys)
    entry, record = seal.entry, body.record
    is_of_run = (entry.kind, entry.id, entry.seq, entry.digest, seal.sealed.checkpoint.org_id) == (
        "run",
        body.run_id,
        record.events,
        record.head,
        body.org_id,
    )
    if not is_of_run:
        raise Untrusted("its inclusion proof is that of something else")


def read_keys(raw: bytes) -> dict[str, bytes]:
    """The raw public keys of a key set's file, by id. Raises Untrusted."""
    try:
        keys = KeySet.model_validate_json(raw).keys
        return {key.kid: from_base64url(key.x) for key in keys}
    except ValueError as error:
        raise Untrusted("the file of public keys is not one") from error


def _object(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    names = sorted(name for name, _ in pairs)
    if any(one == next_ for one, next_ in pairwise(names)):
        raise ValueError("a name stands in it twice")
    return dict(pairs)
