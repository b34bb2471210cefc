"""How many approval requests are in each status, without counting them."""

from alembic import op

revision = "0021_approval_counts"
down_revision = "0050_model_use"

COUNTS = """
-- Changes to be added up, not one row to be updated: that would make every decision of an
-- organisation wait for the one before. The workflow adds rows up now and then.
CREATE TABLE approval_counts (
    org_id uuid NOT NULL,
    status text NOT NULL,
    n bigint NOT NULL
);
CREATE INDEX approval_counts_of_org ON approval_counts (org_id);

CREATE FUNCTION count_approvals() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO approval_counts VALUES (OLD.org_id, OLD.status, -1);
    END IF;
    INSERT INTO approval_counts VALUES (NEW.org_id, NEW.status, 1);
    RETURN NULL;
END $$;
CREATE TRIGGER count_new AFTER INSERT ON approval_requests
    FOR EACH ROW EXECUTE FUNCTION count_approvals();
CREATE TRIGGER count_moved AFTER UPDATE OF status ON approval_requests
    FOR EACH ROW WHEN (OLD.status <> NEW.status) EXECUTE FUNCTION count_approvals();

INSERT INTO approval_counts SELECT org_id, status, count(*) FROM approval_requests
    GROUP BY org_id, status;
GRANT SELECT, INSERT, DELETE ON approval_counts TO countersign_workflow;
"""


def upgrade() -> None:
    op.execute(COUNTS)
