"""What each service's login may do: the record can be added to, by one service, and no more."""

from alembic import op

revision = "0005_privileges"
down_revision = "0004_documents"

LOGINS = """
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'countersign_gateway') THEN
        CREATE ROLE countersign_gateway LOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'countersign_workflow') THEN
        CREATE ROLE countersign_workflow LOGIN;
    END IF;
END $$;
ALTER ROLE countersign_gateway NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
ALTER ROLE countersign_workflow NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
"""

GRANTS = """
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO countersign_gateway, countersign_workflow;

GRANT SELECT ON organisations, app_users, app_user_roles, app_user_store_access, app_roles,
    app_stores TO countersign_gateway;
GRANT UPDATE (last_login_at, password_hash) ON app_users TO countersign_gateway;
GRANT SELECT, INSERT, UPDATE, DELETE ON app_sessions, app_refresh_tokens, app_revoked_tokens,
    app_login_failures TO countersign_gateway;

GRANT SELECT, INSERT ON query_audit_logs, query_audit_events TO countersign_workflow;
GRANT SELECT, INSERT, UPDATE ON conversations, runs TO countersign_workflow;
GRANT SELECT, INSERT, UPDATE, DELETE ON workers TO countersign_workflow;
GRANT SELECT ON organisations, rag_documents TO countersign_workflow;
"""


def upgrade() -> None:
    op.execute(LOGINS)
    op.execute(GRANTS)
