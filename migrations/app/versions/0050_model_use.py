"""What questions used of models, by person and day, for budgets and for bills."""

from alembic import op

revision = "0050_model_use"
down_revision = "0010_feedback"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE model_use (
            org_id uuid NOT NULL REFERENCES organisations,
            day date NOT NULL,
            user_id uuid NOT NULL,
            calls bigint NOT NULL CHECK (calls >= 0),
            prompt_tokens bigint NOT NULL CHECK (prompt_tokens >= 0),
            completion_tokens bigint NOT NULL CHECK (completion_tokens >= 0),
            cost numeric NOT NULL CHECK (cost >= 0),
            PRIMARY KEY (org_id, day, user_id)
        );
        COMMENT ON COLUMN model_use.day IS 'In UTC; a budget starts anew at its midnight.';
        COMMENT ON COLUMN model_use.cost IS 'US dollars; 0 where no price is set.';
        GRANT SELECT, INSERT, UPDATE ON model_use TO countersign_workflow;
        """
    )
