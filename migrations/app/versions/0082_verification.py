"""What the workflow has to read to verify an organisation's record for its auditor."""

from alembic import op

revision = "0082_verification"
down_revision = "0071_knowledge"


def upgrade() -> None:
    op.execute(
        """
        GRANT SELECT ON governance_heads TO countersign_workflow;
        GRANT SELECT (username) ON app_users TO countersign_workflow;
        """
    )
