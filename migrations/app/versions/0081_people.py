"""People are added and changed by the gateway: versions of them, and passwords that work once."""

from alembic import op

revision = "0081_people"
down_revision = "0070_prompt_packs"

PEOPLE = """
ALTER TABLE app_users
    ADD COLUMN version integer NOT NULL DEFAULT 1,
    ADD COLUMN is_password_temporary boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN app_users.is_password_temporary IS
    'The next login has to bring a new password: somebody else knows this one.';
CREATE INDEX app_users_of_org ON app_users (org_id, username);

GRANT INSERT (org_id, username, password_hash, is_active, is_all_stores, is_password_temporary)
    ON app_users TO countersign_gateway;
GRANT UPDATE (is_active, is_all_stores, version, is_password_temporary)
    ON app_users TO countersign_gateway;
GRANT INSERT, DELETE ON app_user_roles, app_user_store_access TO countersign_gateway;
"""


def upgrade() -> None:
    op.execute(PEOPLE)
