"""What models used by role and by model, and budgets that an admin sets."""

from alembic import op

revision = "0083_budgets"
down_revision = "0082_verification"

BUDGETS = """
ALTER TABLE model_use
    ADD COLUMN role text NOT NULL DEFAULT '',
    ADD COLUMN model text NOT NULL DEFAULT '',
    DROP CONSTRAINT model_use_pkey,
    ADD PRIMARY KEY (org_id, day, user_id, role, model);
COMMENT ON COLUMN model_use.model IS 'Empty where no model answered, and for what is from before.';

-- What is NULL is as the settings have it; 0 is no limit.
CREATE TABLE model_budgets (
    org_id uuid PRIMARY KEY REFERENCES organisations,
    version integer NOT NULL CHECK (version > 0),
    person bigint CHECK (person >= 0),
    organisation bigint CHECK (organisation >= 0),
    roles jsonb NOT NULL
);
COMMENT ON COLUMN model_budgets.roles IS
    'Tokens a day of one person while they ask in that role, in the place of `person`.';
GRANT SELECT, INSERT, UPDATE ON model_budgets TO countersign_workflow;
"""


def upgrade() -> None:
    op.execute(BUDGETS)
