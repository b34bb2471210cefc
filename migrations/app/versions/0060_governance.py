"""The record of governing changes: who changed what people may see, and the rules they ask by."""

from alembic import op

revision = "0060_governance"
down_revision = "0021_approval_counts"

TABLES = """
-- before and after are json, not jsonb, because their text is what was hashed.
CREATE TABLE governance_changes (
    org_id uuid NOT NULL REFERENCES organisations,
    seq integer NOT NULL CHECK (seq > 0),
    change_id uuid NOT NULL UNIQUE,
    at timestamptz NOT NULL,
    actor_id uuid,
    actor_name text NOT NULL,
    actor_role text NOT NULL,
    kind text NOT NULL CHECK (kind ~ '^[a-z][a-z_]{0,63}$'),
    subject text NOT NULL CHECK (subject <> ''),
    action text NOT NULL CHECK (action <> ''),
    before json,
    after json,
    prev_hash text NOT NULL,
    hash text NOT NULL,
    PRIMARY KEY (org_id, seq)
);
CREATE INDEX governance_changes_of_subject
    ON governance_changes (org_id, kind, subject, seq DESC);

-- The end of each organisation's chain: what the next change follows, one at a time.
CREATE TABLE governance_heads (
    org_id uuid PRIMARY KEY REFERENCES organisations,
    seq integer NOT NULL,
    hash text NOT NULL
);

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON governance_changes
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

ALTER TABLE checkpoint_entries DROP CONSTRAINT checkpoint_entries_kind_check,
    ADD CONSTRAINT checkpoint_entries_kind_check CHECK (kind IN ('run', 'access', 'change'));
ALTER TABLE unsealed_entries DROP CONSTRAINT unsealed_entries_kind_check,
    ADD CONSTRAINT unsealed_entries_kind_check CHECK (kind IN ('run', 'access', 'change'));
"""

# It runs as its owner: the services may call it, and write to none of its tables themselves. The
# casts to jsonb refuse what could be stored as json but not be compared later.
FUNCTION = """
CREATE FUNCTION record_change(in_org uuid, in_actor_id uuid, in_actor_name text,
    in_actor_role text, in_kind text, in_subject text, in_action text, in_before json,
    in_after json) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    head governance_heads;
    new_id uuid := uuidv7();
    new_at timestamptz;
    content text[];
    new_hash text;
BEGIN
    PERFORM in_before::jsonb, in_after::jsonb;
    INSERT INTO governance_heads VALUES (in_org, 0, '') ON CONFLICT DO NOTHING;
    SELECT * INTO STRICT head FROM governance_heads WHERE org_id = in_org FOR UPDATE;
    new_at := clock_timestamp();
    content := ARRAY[
        new_id::text, in_org::text, (head.seq + 1)::text,
        to_char(new_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'),
        coalesce(in_actor_id::text, ''), in_actor_name, in_actor_role, in_kind, in_subject,
        in_action, coalesce(in_before::text, ''), coalesce(in_after::text, ''), head.hash];
    SELECT encode(sha256(convert_to('[' || string_agg(to_json(part)::text, ',' ORDER BY place)
            || ']', 'UTF8')), 'hex')
        INTO new_hash FROM unnest(content) WITH ORDINALITY AS parts (part, place);
    INSERT INTO governance_changes VALUES (in_org, head.seq + 1, new_id, new_at, in_actor_id,
        in_actor_name, in_actor_role, in_kind, in_subject, in_action, in_before, in_after,
        head.hash, new_hash);
    UPDATE governance_heads SET seq = head.seq + 1, hash = new_hash WHERE org_id = in_org;
    INSERT INTO unsealed_entries (entry_id, org_id, kind) VALUES (new_id, in_org, 'change');
    RETURN new_id;
END $$;
"""

GRANTS = """
REVOKE ALL ON FUNCTION record_change FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record_change TO countersign_gateway, countersign_workflow;
GRANT SELECT ON governance_changes TO countersign_workflow;
"""

# What stands already is on record from here on, as it was found.
FOUND = """
SELECT record_change(org_id, NULL, 'migration', 'owner', kind, subject, 'found', NULL, state::json)
FROM (
    SELECT org_id, 1 AS place, version::text AS tie, 'policy' AS kind, version::text AS subject,
        jsonb_build_object('version', version, 'digest', digest, 'policy', body::jsonb,
            'approval_id', approval_id, 'proposed_by', proposed_by,
            'confirmed_by', confirmed_by) AS state
    FROM risk_policies
    UNION ALL
    SELECT org_id, 2, verified_id::text, 'verified_query', verified_id::text,
        jsonb_build_object('question', question, 'patterns', patterns, 'output', output::text,
            'plan_in_words', plan_in_words, 'sql', sql, 'owner_id', owner_id,
            'owner_name', owner_name, 'owner_role', owner_role, 'roles', roles,
            'approval_id', approval_id, 'model_digest', model_digest,
            'policy_digest', policy_digest, 'expires_at',
            to_char(expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'),
            'revoked_by', revoked_by)
    FROM verified_queries
    UNION ALL
    SELECT org_id, 3, user_id::text, 'user', user_id::text,
        jsonb_build_object('username', username, 'is_active', is_active,
            'is_all_stores', is_all_stores,
            'roles', ARRAY(SELECT role FROM app_user_roles r WHERE r.user_id = u.user_id
                ORDER BY position, role),
            'store_ids', ARRAY(SELECT store_id FROM app_user_store_access s
                WHERE s.user_id = u.user_id ORDER BY store_id))
    FROM app_users u
) AS standing
ORDER BY org_id, place, length(tie), tie
"""


def upgrade() -> None:
    for statements in (TABLES, FUNCTION, GRANTS, FOUND):
        op.execute(statements)
