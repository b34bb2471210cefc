"""What proves an answer to somebody who has nothing but a file and a public key."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, JsonValue

from contracts.base import Wire
from contracts.context import UserContext
from contracts.run import Risk
from contracts.verdict import Finding

EntryKind = Literal["run", "access", "change"]


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
    number is `seq`; of an access, the hash of the access, and `seq` is 0; of a governing
    change, its hash, and its number in the organisation."""

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


class Planning(Wire):
    """Who read the question, and how. `prompt_digest` is that of a model's instructions."""

    planner: str
    model: str | None
    prompt_digest: str | None
    confidence: float
    fallback_reason: str | None


class ResultMark(Wire):
    """What a statement returned, but for the rows: `digest` is the SHA-256 of columns and rows."""

    digest: str
    row_count: int
    total_rows: int | None
    truncated: bool


class Agreement(Wire):
    """A person's decision, as it was recorded."""

    user_id: UUID
    username: str
    role: str
    decision: str
    at: datetime


class ReceiptApproval(Wire):
    """The approval request that let the run go on; `binding` is what was decided upon."""

    approval_id: UUID
    binding: str
    decisions: tuple[Agreement, ...]
    edited_by: tuple[UUID, ...] = ()


class ChainMark(Wire):
    """Where the run's chain stands: the hash of who asked what, the number of the last event,
    and its hash, over which the chain is fixed."""

    log_hash: str
    events: int
    head: str


class ReceiptStep(Wire):
    """A further statement that an answer rests on, and what it returned."""

    step: str
    sql: str
    result: ResultMark


class ReceiptBody(Wire):
    """What is certified of a run. Digests are SHA-256 in hex. `plan` is the planner's output;
    `parameters` are what the statement ran with besides its text, the row scope; `software` is
    every version that wrote a part of the record. An investigation's `sql` and `result` are those
    of the change, and `steps` what it is made of."""

    format: Literal["countersign-receipt/1"] = "countersign-receipt/1"
    run_id: UUID
    org_id: UUID
    conversation_id: UUID
    status: str
    asked_at: datetime
    ended_at: datetime
    question_digest: str
    context: UserContext
    document_ids: tuple[str, ...]
    planning: Planning | None
    plan: dict[str, JsonValue] | None
    sql: str | None
    parameters: dict[str, JsonValue]
    model_digest: str | None
    policy_digest: str | None
    policy_version: int | None
    findings: tuple[Finding, ...]
    risk: Risk | None
    approvals: tuple[ReceiptApproval, ...]
    result: ResultMark | None
    steps: tuple[ReceiptStep, ...] = ()
    answer_digest: str
    software: tuple[str, ...]
    record: ChainMark


class Receipt(Wire):
    """The signed record behind an answer. Without `seal` the run is not sealed yet: that comes
    with the next checkpoint, and a receipt fetched then has it."""

    receipt: ReceiptBody
    signature: Signature
    seal: Inclusion | None = None


class ReceiptCheckRequest(Wire):
    """The text of a receipt's file."""

    text: Annotated[str, Field(min_length=1, max_length=60_000)]


class ReceiptCheck(Wire):
    """Whether a receipt is as one of the keys on record signed it; `reason` says why not.
    `is_on_record` is whether the run's chain still ends as the receipt says; `checkpoint` is the
    one that its proof of inclusion leads to."""

    is_genuine: bool
    reason: str = ""
    run_id: UUID | None = None
    key_id: str | None = None
    checkpoint: int | None = None
    is_on_record: bool | None = None


class RowChanges(Wire):
    """Rows of a result then and now. A row counts as changed, and not as one removed and one
    added, where what it is about (its dimensions) stayed and its figures did not."""

    recorded: int
    now: int
    added: int
    removed: int
    changed: int


ReplayOutcome = Literal["identical", "data changed", "definition changed", "not allowed any more"]


class ReplayedStatement(Wire):
    """One statement of a run, then and now. `step` is empty but in an investigation; what is None
    now was not come to, or was not on record then."""

    step: str
    outcome: ReplayOutcome
    detail: str
    rows: RowChanges | None = None
    difference: tuple[str, ...] = ()
    sql_then: str
    sql_now: str | None = None
    digest_then: str
    digest_now: str | None = None
    row_count_then: int | None = None
    row_count_now: int | None = None


class Replay(Wire):
    """What asking again would give. `detail` says it in a sentence; `difference` holds the lines
    of the statement that are others now; a digest of the semantic model, and the software, are
    told of then and now where they are on record. A run of several statements is replayed one by
    one: `outcome`, `rows` and `difference` are those of the one that changed most."""

    run_id: UUID
    outcome: ReplayOutcome
    detail: str
    rows: RowChanges | None = None
    difference: tuple[str, ...] = ()
    statements: tuple[ReplayedStatement, ...] = ()
    model_then: str | None
    model_now: str
    software_then: tuple[str, ...]
    software_now: str
    replayed_at: datetime
