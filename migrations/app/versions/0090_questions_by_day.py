"""Questions are found by when they were asked, without reading all there ever were."""

from alembic import op

revision = "0090_questions_by_day"
down_revision = "0083_budgets"

INDEX = "CREATE INDEX query_audit_logs_by_time ON query_audit_logs (org_id, asked_at)"


def upgrade() -> None:
    op.execute(INDEX)
