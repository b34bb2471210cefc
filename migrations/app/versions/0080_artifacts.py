"""Widgets that people kept: what is asked again, and how it is shown; never a row of a result."""

from alembic import op

revision = "0080_artifacts"
down_revision = "0060_governance"

TABLES = """
-- run_id is the run whose recorded plan is asked again; title and widget are how it is shown.
CREATE TABLE artifacts (
    artifact_id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organisations,
    user_id uuid NOT NULL,
    username text NOT NULL,
    role text NOT NULL,
    run_id uuid NOT NULL REFERENCES query_audit_logs,
    widget text NOT NULL CHECK (widget IN ('table', 'metric', 'bar', 'line', 'pie')),
    title text NOT NULL CHECK (title <> ''),
    is_shared boolean NOT NULL DEFAULT false,
    kept_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (run_id, widget)
);
CREATE INDEX artifacts_of_user ON artifacts (org_id, user_id, artifact_id DESC);
CREATE INDEX artifacts_shared ON artifacts (org_id, role, artifact_id DESC) WHERE is_shared;

-- Each person's own runs of an artifact: nobody is shown another's.
CREATE TABLE artifact_runs (
    run_id uuid NOT NULL REFERENCES query_audit_logs,
    artifact_id uuid NOT NULL REFERENCES artifacts ON DELETE CASCADE,
    org_id uuid NOT NULL,
    user_id uuid NOT NULL,
    PRIMARY KEY (artifact_id, user_id, run_id)
);

GRANT SELECT, INSERT, UPDATE (title, is_shared), DELETE ON artifacts TO countersign_workflow;
GRANT SELECT, INSERT ON artifact_runs TO countersign_workflow;
"""


def upgrade() -> None:
    op.execute(TABLES)
