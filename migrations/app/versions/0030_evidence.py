"""Signing keys, checkpoints, receipts, and who read the record."""

from alembic import op

revision = "0030_evidence"
down_revision = "0020_approvals"

KEYS = """
CREATE TABLE signing_keys (
    key_id text PRIMARY KEY,
    public_key bytea NOT NULL CHECK (octet_length(public_key) = 32),
    kept_private_key bytea,
    created_at timestamptz NOT NULL DEFAULT now(),
    retired_at timestamptz,
    CHECK ((retired_at IS NULL) = (kept_private_key IS NOT NULL))
);
CREATE UNIQUE INDEX signing_keys_in_force ON signing_keys ((true)) WHERE retired_at IS NULL;
COMMENT ON COLUMN signing_keys.kept_private_key IS
    'Encrypted under SIGNING_KEY_SECRET, and gone once the key is retired.';
"""

CHECKPOINTS = """
-- body is the canonical JSON that was signed, hence text
CREATE TABLE checkpoints (
    org_id uuid NOT NULL REFERENCES organisations,
    number integer NOT NULL CHECK (number > 0),
    body text NOT NULL,
    digest text NOT NULL,
    key_id text NOT NULL REFERENCES signing_keys,
    signature text NOT NULL,
    PRIMARY KEY (org_id, number)
);

CREATE TABLE checkpoint_entries (
    org_id uuid NOT NULL,
    number integer NOT NULL,
    position integer NOT NULL CHECK (position >= 0),
    kind text NOT NULL CHECK (kind IN ('run', 'access')),
    entry_id uuid NOT NULL UNIQUE,
    seq integer NOT NULL,
    digest text NOT NULL,
    PRIMARY KEY (org_id, number, position),
    FOREIGN KEY (org_id, number) REFERENCES checkpoints
);

-- What the next checkpoint will hold. A list and not a watermark, because runs do not commit in
-- the order of any number they could be given.
CREATE TABLE unsealed_entries (
    entry_id uuid PRIMARY KEY,
    org_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('run', 'access'))
);
INSERT INTO unsealed_entries (entry_id, org_id, kind)
SELECT run_id, org_id, 'run' FROM runs WHERE status NOT IN ('running', 'needs_approval');
"""

RECORD = """
-- Who read the record, and what of it they asked for.
CREATE TABLE record_accesses (
    access_id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organisations,
    user_id uuid,
    username text NOT NULL,
    role text NOT NULL,
    at timestamptz NOT NULL,
    what text NOT NULL,
    query json NOT NULL,
    hash text NOT NULL
);
CREATE INDEX record_accesses_of_org ON record_accesses (org_id, access_id DESC);

CREATE TABLE receipts (
    run_id uuid PRIMARY KEY REFERENCES query_audit_logs,
    body text NOT NULL,
    key_id text NOT NULL REFERENCES signing_keys,
    signature text NOT NULL
);

CREATE INDEX runs_of_org ON runs (org_id, run_id DESC);
"""

GUARDED = ("checkpoints", "checkpoint_entries", "record_accesses", "receipts")

GRANTS = """
GRANT SELECT, INSERT ON checkpoints, checkpoint_entries, record_accesses, receipts
    TO countersign_workflow;
GRANT SELECT, INSERT, DELETE ON unsealed_entries TO countersign_workflow;
GRANT SELECT, INSERT, UPDATE (kept_private_key, retired_at) ON signing_keys
    TO countersign_workflow;
GRANT SELECT (key_id, public_key, created_at, retired_at) ON signing_keys TO countersign_gateway;
"""


def upgrade() -> None:
    for statements in (KEYS, CHECKPOINTS, RECORD, GRANTS):
        op.execute(statements)
    for table in GUARDED:
        op.execute(
            f"""
            CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
                FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
            """
        )
