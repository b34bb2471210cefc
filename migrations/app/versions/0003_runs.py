"""Conversations, runs, and the audit record."""

from alembic import op

revision = "0003_runs"
down_revision = "0002_identity"

TABLES = """
CREATE TABLE conversations (
    conversation_id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organisations,
    user_id uuid NOT NULL,
    title text NOT NULL,
    run_count integer NOT NULL DEFAULT 1,
    started_at timestamptz NOT NULL DEFAULT now(),
    last_asked_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX conversations_of_user ON conversations (org_id, user_id, last_asked_at DESC);

-- Who asked what, in which scope: written once, at arrival. Its hash starts the run's chain.
-- user_context and detail are json, not jsonb, because their text is what was hashed.
CREATE TABLE query_audit_logs (
    run_id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organisations,
    user_id uuid NOT NULL,
    username text NOT NULL,
    role text NOT NULL,
    conversation_id uuid NOT NULL REFERENCES conversations,
    question text NOT NULL,
    user_context json NOT NULL,
    asked_at timestamptz NOT NULL,
    hash text NOT NULL
);

CREATE TABLE query_audit_events (
    run_id uuid NOT NULL REFERENCES query_audit_logs,
    seq integer NOT NULL CHECK (seq > 0),
    stage text NOT NULL CHECK (stage IN ('rag_retrieval', 'llm_generation', 'validation',
        'approval', 'db_execution', 'narration', 'completed')),
    status text NOT NULL,
    at timestamptz NOT NULL,
    duration_ms numeric(12, 3) NOT NULL,
    detail json NOT NULL,
    prev_hash text NOT NULL,
    hash text NOT NULL,
    PRIMARY KEY (run_id, seq)
);

-- Where a run stands now. The record above says how it came there.
CREATE TABLE runs (
    run_id uuid PRIMARY KEY REFERENCES query_audit_logs,
    org_id uuid NOT NULL,
    user_id uuid NOT NULL,
    conversation_id uuid NOT NULL REFERENCES conversations,
    status text NOT NULL CHECK (status IN ('running', 'needs_approval', 'completed', 'clarify',
        'refused', 'blocked', 'failed', 'cancelled')),
    idempotency_key text,
    worker_id uuid,
    takeovers integer NOT NULL DEFAULT 0,
    head_seq integer NOT NULL DEFAULT 0,
    head_hash text NOT NULL,
    cancel_requested boolean NOT NULL DEFAULT false,
    answer json,
    asked_at timestamptz NOT NULL,
    finished_at timestamptz
);
CREATE UNIQUE INDEX runs_by_idempotency_key ON runs (org_id, user_id, idempotency_key)
    WHERE idempotency_key IS NOT NULL;
CREATE INDEX runs_of_user ON runs (org_id, user_id, run_id DESC);
CREATE INDEX runs_in_progress ON runs (worker_id) WHERE status = 'running';

-- A worker is alive while it says so; the runs of a silent one are taken over.
CREATE TABLE workers (
    worker_id uuid PRIMARY KEY,
    seen_at timestamptz NOT NULL DEFAULT now()
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit record is append-only' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON query_audit_logs
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON query_audit_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    """Create the tables and close the record to change."""
    op.execute(TABLES)
