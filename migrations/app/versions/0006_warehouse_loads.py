"""When the warehouse was loaded anew, for whoever keeps something of what was in it."""

from alembic import op

revision = "0006_warehouse_loads"
down_revision = "0005_privileges"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE warehouse_loads (loaded_at timestamptz PRIMARY KEY DEFAULT now());
        GRANT SELECT ON warehouse_loads TO countersign_workflow;
        """
    )
