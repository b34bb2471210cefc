"""The schema of the application's database."""

from alembic import op

revision = "0001_base"
down_revision = None


def upgrade() -> None:
    """One schema for what the services own."""
    op.execute("CREATE EXTENSION IF NOT EXISTS vector")
    op.execute(
        """
        CREATE TABLE organisations (
            org_id uuid PRIMARY KEY DEFAULT uuidv7(),
            name text NOT NULL UNIQUE,
            created_at timestamptz NOT NULL DEFAULT now()
        )
        """
    )
