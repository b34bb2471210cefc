"""What waits for a person: policies, approval requests, verified queries, notifications."""

from alembic import op

revision = "0020_approvals"
down_revision = "0006_warehouse_loads"

POLICIES = """
-- Version 0 is the one that is shipped, and not a row. body is text because it was hashed.
CREATE TABLE risk_policies (
    org_id uuid NOT NULL REFERENCES organisations,
    version integer NOT NULL CHECK (version > 0),
    body text NOT NULL,
    digest text NOT NULL,
    approval_id uuid NOT NULL,
    proposed_by text NOT NULL,
    confirmed_by text NOT NULL,
    in_force_from timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, version)
);
"""

REQUESTS = """
CREATE TABLE approval_requests (
    approval_id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organisations,
    kind text NOT NULL CHECK (kind IN ('query', 'kpi', 'recommendation', 'policy')),
    run_id uuid REFERENCES query_audit_logs,
    version integer NOT NULL DEFAULT 1,
    status text NOT NULL CHECK (status IN ('pending', 'claimed', 'approved', 'rejected',
        'expired', 'cancelled', 'stale')),
    asker_id uuid NOT NULL,
    asker_name text NOT NULL,
    asker_role text NOT NULL,
    score integer NOT NULL,
    approvers_needed integer NOT NULL CHECK (approvers_needed BETWEEN 1 AND 2),
    subject json NOT NULL,
    risk json NOT NULL,
    bound json NOT NULL,
    binding text NOT NULL,
    policy_version integer NOT NULL,
    prepared json,
    evidence json NOT NULL,
    decisions json NOT NULL DEFAULT '[]',
    editors uuid[] NOT NULL DEFAULT '{}',
    claimed_by uuid,
    claimed_name text,
    claimed_role text,
    claimed_at timestamptz,
    requested_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    decided_at timestamptz,
    warned_at timestamptz,
    executed_at timestamptz,
    replaces uuid REFERENCES approval_requests,
    stale_because text[] NOT NULL DEFAULT '{}',
    head_seq integer NOT NULL DEFAULT 0,
    head_hash text NOT NULL DEFAULT '',
    CHECK ((kind = 'query') = (run_id IS NOT NULL AND prepared IS NOT NULL)),
    CHECK ((status = 'claimed') = (claimed_by IS NOT NULL))
);
CREATE INDEX approval_requests_by_time
    ON approval_requests (org_id, status, approval_id);
CREATE INDEX approval_requests_by_score
    ON approval_requests (org_id, status, score, approval_id);
CREATE INDEX approval_requests_by_expiry
    ON approval_requests (org_id, status, expires_at, approval_id);
CREATE INDEX approval_requests_of_asker ON approval_requests (org_id, asker_id, approval_id);
CREATE INDEX approval_requests_due ON approval_requests (expires_at)
    WHERE status IN ('pending', 'claimed');
CREATE UNIQUE INDEX approval_requests_open ON approval_requests (run_id)
    WHERE status IN ('pending', 'claimed');
CREATE INDEX approval_requests_of_run ON approval_requests (run_id, approval_id);

-- What happened to each request: a chain of its own, beside that of the run.
CREATE TABLE approval_actions (
    approval_id uuid NOT NULL REFERENCES approval_requests,
    seq integer NOT NULL CHECK (seq > 0),
    action text NOT NULL,
    user_id uuid,
    username text,
    role text,
    text text NOT NULL,
    binding text NOT NULL,
    at timestamptz NOT NULL,
    prev_hash text NOT NULL,
    hash text NOT NULL,
    PRIMARY KEY (approval_id, seq)
);
"""

VERIFIED = """
CREATE TABLE verified_queries (
    verified_id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organisations,
    question text NOT NULL,
    patterns text[] NOT NULL,
    output json NOT NULL,
    plan_in_words text NOT NULL,
    sql text NOT NULL,
    owner_id uuid NOT NULL,
    owner_name text NOT NULL,
    owner_role text NOT NULL,
    roles text[] NOT NULL,
    approval_id uuid NOT NULL REFERENCES approval_requests,
    model_digest text NOT NULL,
    policy_digest text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    revoked_by text,
    CHECK ((revoked_at IS NULL) = (revoked_by IS NULL))
);
CREATE INDEX verified_queries_of_org ON verified_queries (org_id, verified_id DESC);

-- Questions that may show a few people: what a person could learn by asking for the difference.
CREATE TABLE narrow_questions (
    run_id uuid PRIMARY KEY,
    org_id uuid NOT NULL,
    user_id uuid NOT NULL,
    asked_at timestamptz NOT NULL DEFAULT now(),
    shape text NOT NULL,
    cell text NOT NULL
);
CREATE INDEX narrow_questions_of_user ON narrow_questions (org_id, user_id, asked_at);
"""

NOTIFICATIONS = """
CREATE TABLE notifications (
    notification_id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organisations,
    approval_id uuid NOT NULL REFERENCES approval_requests,
    event text NOT NULL CHECK (event IN ('requested', 'decided', 'expiring')),
    channel text NOT NULL CHECK (channel IN ('webhook', 'mail')),
    body text NOT NULL,
    status text NOT NULL DEFAULT 'waiting' CHECK (status IN ('waiting', 'sent', 'dead')),
    attempts integer NOT NULL DEFAULT 0,
    next_at timestamptz NOT NULL DEFAULT now(),
    last_error text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    sent_at timestamptz
);
CREATE INDEX notifications_due ON notifications (next_at) WHERE status = 'waiting';
CREATE INDEX notifications_of_org ON notifications (org_id, status, notification_id DESC);
"""

GUARDED = ("risk_policies", "approval_actions")

GRANTS = """
GRANT SELECT, INSERT ON risk_policies, approval_actions TO countersign_workflow;
GRANT SELECT, INSERT, UPDATE ON approval_requests, verified_queries, notifications
    TO countersign_workflow;
GRANT SELECT, INSERT, DELETE ON narrow_questions TO countersign_workflow;
-- Whether an asker may still see, when their question runs, what they might when they asked.
GRANT SELECT (user_id, org_id, is_active, is_all_stores) ON app_users TO countersign_workflow;
GRANT SELECT ON app_user_roles, app_user_store_access, app_roles TO countersign_workflow;
"""


def upgrade() -> None:
    for statements in (POLICIES, REQUESTS, VERIFIED, NOTIFICATIONS, GRANTS):
        op.execute(statements)
    for table in GUARDED:
        op.execute(
            f"""
            CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
                FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
            """
        )
