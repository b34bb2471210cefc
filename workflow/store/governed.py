"""What stands in force beside what was last recorded of it, for whoever verifies the record.

Each part below shows the rows of one table in the shape of a change's `after`: whatever is
compared here, the code that changes it has to record in the same shape.
"""

from workflow.store.whole_record import MOMENT

# The text of a policy is what its digest is of; the record holds it as JSON, to be read.
_POLICIES = """
SELECT org_id, 'policy' AS kind, version::text AS subject,
    jsonb_build_object('version', version, 'digest',
        CASE WHEN digest = encode(sha256(convert_to(body, 'UTF8')), 'hex') THEN digest END,
        'approval_id', approval_id, 'proposed_by', proposed_by, 'confirmed_by', confirmed_by
    ) AS state
FROM risk_policies
"""

_VERIFIED = f"""
SELECT org_id, 'verified_query', verified_id::text,
    jsonb_build_object('question', question, 'patterns', patterns, 'output', output::text,
        'plan_in_words', plan_in_words, 'sql', sql, 'owner_id', owner_id,
        'owner_name', owner_name, 'owner_role', owner_role, 'roles', roles,
        'approval_id', approval_id, 'model_digest', model_digest,
        'policy_digest', policy_digest, 'expires_at', {MOMENT.format("expires_at")},
        'revoked_by', revoked_by)
FROM verified_queries
"""

_USERS = """
SELECT org_id, 'user', user_id::text,
    jsonb_build_object('username', username, 'is_active', is_active,
        'is_all_stores', is_all_stores,
        'roles', ARRAY(SELECT role FROM app_user_roles r WHERE r.user_id = u.user_id
            ORDER BY position, role),
        'store_ids', ARRAY(SELECT store_id FROM app_user_store_access s
            WHERE s.user_id = u.user_id ORDER BY store_id))
FROM app_users u
"""

_DOCUMENTS = """
SELECT org_id, 'document', document_key,
    jsonb_build_object('version', version, 'title', title, 'kind', kind, 'text', body,
        'roles', roles, 'is_removed', is_removed)
FROM knowledge_documents
"""

_PACKS = """
SELECT org_id, 'prompt_pack', version::text,
    jsonb_build_object('digest', digest, 'note', note, 'base_version', base_version,
        'blocks', body::jsonb)
FROM prompt_packs
UNION ALL
SELECT DISTINCT ON (org_id) org_id, 'prompt_pack', 'in force',
    jsonb_build_object('version',
        CASE WHEN in_force_from IS NULL THEN 0 ELSE version END)
FROM (
    SELECT * FROM prompt_pack_activations
    ORDER BY org_id, in_force_from DESC NULLS LAST, seq DESC) AS newest
"""

_MODELS = """
SELECT DISTINCT ON (org_id) org_id, 'language_model', 'planner',
    jsonb_build_object('model', model)
FROM models_in_force WHERE seq > 1 ORDER BY org_id, seq DESC
"""

_BUDGETS = """
SELECT org_id, 'budget', 'model tokens',
    jsonb_build_object('version', version, 'person', person, 'organisation', organisation,
        'roles', roles)
FROM model_budgets
"""

# A kind without a part here is not compared. What is only said beside a state is its `detail`.
DIFFERENCES = f"""
SELECT kind, subject, CASE
    WHEN seq IS NULL THEN 'stands, but no change on record made it'
    WHEN state IS NULL THEN format('was removed; change %s says otherwise', seq)
    ELSE format('is not what change %s made it', seq) END
FROM ({_POLICIES} UNION ALL {_VERIFIED} UNION ALL {_USERS}
    UNION ALL {_DOCUMENTS} UNION ALL ({_PACKS}) UNION ALL ({_MODELS})
    UNION ALL {_BUDGETS}) AS standing
FULL JOIN (
    SELECT DISTINCT ON (org_id, kind, subject) org_id, kind, subject, seq, after
    FROM governance_changes WHERE kind IN ('policy', 'verified_query', 'user', 'document',
        'prompt_pack', 'language_model', 'budget')
    ORDER BY org_id, kind, subject, seq DESC) AS newest USING (org_id, kind, subject)
WHERE state IS DISTINCT FROM nullif(after::jsonb, 'null') - 'policy' - 'detail'
ORDER BY org_id, kind, subject
"""
