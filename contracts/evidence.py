"""What proves an answer to somebody who has nothing but a file and a public key."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from contracts.base import Wire

EntryKind = Literal["run", "access"]


class PublicKey(Wire):
    """A signing key's public half, as a JSON Web Key (RFC 8037). `kid` is its thumbprint
    (RFC 7638); a retired key signs nothing new, and what it signed stays good."""

    kty: Literal["OKP"] = "OKP"
    crv: Literal["Ed25519"] = "Ed25519"
    use: Literal["sig"] = "sig"
    alg: Literal["EdDSA"] = "EdDSA"
    kid: str
    x: str
    created_at: datetime
    retired_at: datetime | None = None


class KeySet(Wire):
    """Every key that ever signed, newest first."""

    keys: tuple[PublicKey, ...]


class Signature(Wire):
    """Ed25519 (RFC 8032) over the canonical JSON (RFC 8785) of what stands beside it; `value` is
    base64url without padding."""

    key_id: str
    algorithm: Literal["Ed25519"] = "Ed25519"
    value: str


class Checkpoint(Wire):
    """The seal on what was finished since the one before. `root` is the Merkle root (RFC 6962)
    over `entries` entries, `total` counts those of all checkpoints so far, and `previous` is the
    digest of the checkpoint before, empty in the first."""

    format: Literal["countersign-checkpoint/1"] = "countersign-checkpoint/1"
    org_id: UUID
    number: int
    previous: str
    sealed_at: datetime
    entries: int
    total: int
    root: str


class SignedCheckpoint(Wire):
    """A checkpoint, its digest, and the signature over it."""

    checkpoint: Checkpoint
    digest: str
    signature: Signature


class Entry(Wire):
    """What a leaf of the tree stands for. `digest` of a run is the hash of its last event, whose
    number is `seq`; of an access, the hash of the access, and `seq` is 0."""

    kind: EntryKind
    id: UUID
    seq: int
    digest: str


class Inclusion(Wire):
    """That an entry is in a checkpoint: its place, counted from 0, and the hashes from its
    sibling up to the root, in hex."""

    entry: Entry
    position: int
    path: tuple[str, ...]
    sealed: SignedCheckpoint
