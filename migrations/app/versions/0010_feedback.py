"""What people say of answers, and the cases that come of it. Both are only added to."""

from alembic import op

revision = "0010_feedback"
down_revision = "0040_vectors"

TABLES = """
-- What somebody said of a run's answer; the newest row of a person is what they say now.
CREATE TABLE run_feedback (
    feedback_id uuid PRIMARY KEY DEFAULT uuidv7(),
    run_id uuid NOT NULL REFERENCES query_audit_logs,
    org_id uuid NOT NULL REFERENCES organisations,
    user_id uuid NOT NULL,
    verdict text NOT NULL CHECK (verdict IN ('right', 'wrong')),
    about text[] NOT NULL,
    comment text NOT NULL,
    given_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX run_feedback_of_run ON run_feedback (run_id, user_id, given_at DESC);

-- Runs from which the planner is to learn. A row opens the case of a run or closes it again; the
-- newest row of a run, an origin and a person is how it stands.
CREATE TABLE evaluation_cases (
    case_id uuid PRIMARY KEY DEFAULT uuidv7(),
    run_id uuid NOT NULL REFERENCES query_audit_logs,
    org_id uuid NOT NULL REFERENCES organisations,
    user_id uuid NOT NULL,
    origin text NOT NULL CHECK (origin IN ('feedback', 'rejected', 'edited')),
    is_open boolean NOT NULL,
    reason text NOT NULL,
    noted_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX evaluation_cases_of_org ON evaluation_cases (org_id, run_id, noted_at DESC);

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON run_feedback
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON evaluation_cases
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
GRANT SELECT, INSERT ON run_feedback, evaluation_cases TO countersign_workflow;
"""


def upgrade() -> None:
    op.execute(TABLES)
