"""Who may log in, what they may see, and the sessions they hold."""

from alembic import op

revision = "0002_identity"
down_revision = "0001_base"

TABLES = """
    CREATE TABLE app_roles (
        org_id uuid NOT NULL REFERENCES organisations,
        role text NOT NULL CHECK (role ~ '^[a-z][a-z0-9_]{0,63}$'),
        permissions text[] NOT NULL DEFAULT '{}',
        allowed_views text[] NOT NULL DEFAULT '{}',
        PRIMARY KEY (org_id, role)
    );
    CREATE TABLE app_stores (
        org_id uuid NOT NULL REFERENCES organisations,
        store_id integer NOT NULL CHECK (store_id > 0),
        name text NOT NULL,
        PRIMARY KEY (org_id, store_id)
    );
    COMMENT ON TABLE app_stores IS
        'The stores an organisation has: any other store_id is outside everybody''s scope.';

    CREATE TABLE app_users (
        user_id uuid PRIMARY KEY DEFAULT uuidv7(),
        org_id uuid NOT NULL REFERENCES organisations,
        username text NOT NULL UNIQUE CHECK (username <> ''),
        password_hash text NOT NULL CHECK (password_hash LIKE '$argon2id$%'),
        is_active boolean NOT NULL DEFAULT true,
        is_all_stores boolean NOT NULL DEFAULT false,
        created_at timestamptz NOT NULL DEFAULT now(),
        last_login_at timestamptz,
        UNIQUE (user_id, org_id)
    );
    CREATE INDEX app_users_inactive ON app_users (user_id) WHERE NOT is_active;

    CREATE TABLE app_user_roles (
        user_id uuid NOT NULL,
        org_id uuid NOT NULL,
        role text NOT NULL,
        position smallint NOT NULL DEFAULT 0,
        PRIMARY KEY (user_id, role),
        FOREIGN KEY (user_id, org_id) REFERENCES app_users (user_id, org_id) ON DELETE CASCADE,
        FOREIGN KEY (org_id, role) REFERENCES app_roles (org_id, role)
    );
    COMMENT ON COLUMN app_user_roles.position IS
        'The lowest is the role that is used when a request names none.';

    CREATE TABLE app_user_store_access (
        user_id uuid NOT NULL REFERENCES app_users ON DELETE CASCADE,
        store_id integer NOT NULL CHECK (store_id > 0),
        PRIMARY KEY (user_id, store_id)
    );
"""

SESSIONS = """
    CREATE TABLE app_sessions (
        session_id uuid PRIMARY KEY DEFAULT uuidv7(),
        user_id uuid NOT NULL REFERENCES app_users ON DELETE CASCADE,
        started_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        revoked_at timestamptz
    );
    CREATE INDEX app_sessions_expiry ON app_sessions (expires_at);
    CREATE INDEX app_sessions_user ON app_sessions (user_id);
    COMMENT ON TABLE app_sessions IS
        'A login and all the refresh tokens that came of it: the family that reuse revokes.';

    CREATE TABLE app_refresh_tokens (
        token_hash bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
        session_id uuid NOT NULL REFERENCES app_sessions ON DELETE CASCADE,
        issued_at timestamptz NOT NULL,
        used_at timestamptz
    );
    CREATE INDEX app_refresh_tokens_session ON app_refresh_tokens (session_id);

    CREATE TABLE app_revoked_tokens (
        token_key text PRIMARY KEY,
        expires_at timestamptz NOT NULL
    );
    CREATE INDEX app_revoked_tokens_expiry ON app_revoked_tokens (expires_at);
    COMMENT ON TABLE app_revoked_tokens IS
        'Access tokens that must not be accepted again although they have not expired, by their '
        'jti or their session.';

    CREATE TABLE app_login_failures (
        username_hash bytea PRIMARY KEY CHECK (octet_length(username_hash) = 32),
        failures integer NOT NULL CHECK (failures > 0),
        last_failed_at timestamptz NOT NULL,
        locked_until timestamptz
    );
    CREATE INDEX app_login_failures_age ON app_login_failures (last_failed_at);
    COMMENT ON TABLE app_login_failures IS
        'Kept by the name that was tried, whether or not anybody has it: an unknown name is '
        'counted and locked exactly as a known one, so that a lock tells nothing.';
"""


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(SESSIONS)
