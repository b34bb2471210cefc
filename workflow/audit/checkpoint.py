"""Checkpoints: how one is made of what was finished, and how one is read. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from pydantic import ValidationError

from contracts.evidence import Checkpoint, Entry, Inclusion, Signature, SignedCheckpoint
from kit.canonical import jcs, text_digest
from workflow.audit.merkle import leaf_hash, path_of, root_by_path, root_of
from workflow.audit.signing import SigningKey, Untrusted, check_signature
from workflow.store.checkpoints import CheckpointRow


def leaf_of(kind: str, entry_id: str, seq: int, digest: str) -> bytes:
    """The hash of the leaf that stands for an entry."""
    # the canonical JSON of the four, written out: none of them can hold a character to escape
    text = f'{{"digest":"{digest}","id":"{entry_id}","kind":"{kind}","seq":{seq}}}'
    return leaf_hash(text.encode())


def leaf_of_entry(entry: Entry) -> bytes:
    """The same."""
    return leaf_of(entry.kind, str(entry.id), entry.seq, entry.digest)


def make(
    org_id: UUID,
    entries: Sequence[Entry],
    *,
    after: Checkpoint | None,
    previous: str,
    key: SigningKey,
    at: datetime,
) -> CheckpointRow:
    """The checkpoint that follows `after`, whose digest is `previous`."""
    body = Checkpoint(
        org_id=org_id,
        number=after.number + 1 if after else 1,
        previous=previous,
        sealed_at=at,
        entries=len(entries),
        total=len(entries) + (after.total if after else 0),
        root=root_of([leaf_of_entry(entry) for entry in entries]).hex(),
    )
    text = text_of(body)
    return CheckpointRow(
        org_id=org_id,
        number=body.number,
        body=text,
        digest=text_digest(text),
        key_id=key.key_id,
        signature=key.sign(text).value,
    )


def text_of(checkpoint: Checkpoint) -> str:
    """The text that is signed."""
    return jcs(checkpoint.model_dump(mode="json"))


def signed(row: CheckpointRow) -> SignedCheckpoint:
    """The row as it is shown. Raises Untrusted for a body that is no checkpoint."""
    try:
        body = Checkpoint.model_validate_json(row.body)
    except ValidationError as error:
        raise Untrusted("it is not a checkpoint any more") from error
    return SignedCheckpoint(
        checkpoint=body,
        digest=row.digest,
        signature=Signature(key_id=row.key_id, value=row.signature),
    )


def inclusion(sealed: SignedCheckpoint, entries: Sequence[Entry], position: int) -> Inclusion:
    """The proof that the entry at `position` is in the checkpoint of these entries."""
    path = path_of([leaf_of_entry(entry) for entry in entries], position)
    return Inclusion(
        entry=entries[position],
        position=position,
        path=tuple(one.hex() for one in path),
        sealed=sealed,
    )


def check_checkpoint(sealed: SignedCheckpoint, keys: Mapping[str, bytes]) -> None:
    """Return if the checkpoint is as one of the keys signed it. Raises Untrusted."""
    text = text_of(sealed.checkpoint)
    check_signature(text, sealed.signature, keys)
    if text_digest(text) != sealed.digest:
        raise Untrusted("the digest given for it is another one's")


def check_inclusion(proof: Inclusion, keys: Mapping[str, bytes]) -> None:
    """Return if the entry is in the checkpoint, and that is signed. Raises Untrusted."""
    check_checkpoint(proof.sealed, keys)
    body = proof.sealed.checkpoint
    try:
        path = [bytes.fromhex(one) for one in proof.path]
    except ValueError as error:
        raise Untrusted("its path is not one of hashes") from error
    root = root_by_path(leaf_of_entry(proof.entry), proof.position, body.entries, path)
    if root is None or root.hex() != body.root:
        raise Untrusted(f"{proof.entry.kind} {proof.entry.id} is not in checkpoint {body.number}")
