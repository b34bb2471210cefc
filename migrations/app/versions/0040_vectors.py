"""Vectors apart from texts, for several embedding models at a time, and indexes by role."""

from alembic import op

revision = "0040_vectors"
down_revision = "0030_evidence"

TABLES = """
ALTER TABLE rag_documents
    ADD COLUMN text_hash text NOT NULL
        GENERATED ALWAYS AS (md5(title || E'\\n' || body)) STORED,
    ADD COLUMN is_synced boolean NOT NULL DEFAULT false;
UPDATE rag_documents SET is_synced = true;
COMMENT ON COLUMN rag_documents.is_synced IS
    'Kept equal to the knowledge folder and the semantic model; other rows are left alone.';
CREATE INDEX rag_documents_roles ON rag_documents USING gin (roles);

CREATE TABLE rag_embeddings (
    document_id uuid NOT NULL REFERENCES rag_documents ON DELETE CASCADE,
    model text NOT NULL,
    org_id uuid NOT NULL REFERENCES organisations ON DELETE CASCADE,
    roles text[] NOT NULL,
    text_hash text NOT NULL,
    embedding halfvec NOT NULL,
    PRIMARY KEY (document_id, model)
);
COMMENT ON COLUMN rag_embeddings.text_hash IS
    'Of the text that the vector was made of; a vector of an older text serves until it is redone.';
COMMENT ON COLUMN rag_embeddings.roles IS
    'Those of the document, which a trigger sees to: an index by role has to hold both.';
CREATE INDEX rag_embeddings_org ON rag_embeddings (org_id, model);

CREATE TABLE rag_state (
    org_id uuid PRIMARY KEY REFERENCES organisations ON DELETE CASCADE,
    model text NOT NULL,
    dimensions integer NOT NULL CHECK (dimensions > 0),
    refreshed_at timestamptz
);
COMMENT ON TABLE rag_state IS 'Which model''s vectors an organisation is searched by.';

CREATE TABLE rag_role_indexes (
    org_id uuid NOT NULL REFERENCES organisations ON DELETE CASCADE,
    role text NOT NULL,
    model text NOT NULL,
    PRIMARY KEY (org_id, role, model)
);
CREATE TABLE rag_common_lexemes (
    org_id uuid NOT NULL REFERENCES organisations ON DELETE CASCADE,
    role text NOT NULL,
    lexeme text NOT NULL,
    passages integer NOT NULL,
    PRIMARY KEY (org_id, role, lexeme)
);
COMMENT ON TABLE rag_common_lexemes IS
    'In how many of the passages that a role may read a word occurs, where these are many.';
"""

MOVE = """
INSERT INTO rag_embeddings (document_id, model, org_id, roles, text_hash, embedding)
SELECT document_id, embedding_model, org_id, roles, text_hash, embedding::halfvec
FROM rag_documents;
INSERT INTO rag_state (org_id, model, dimensions)
SELECT DISTINCT ON (org_id) org_id, embedding_model, embedding_dimensions
FROM rag_documents
ORDER BY org_id, updated_at DESC;
ALTER TABLE rag_documents
    DROP COLUMN embedding_dimensions,
    DROP COLUMN embedding,
    DROP COLUMN embedding_model;
"""

TRIGGER = """
CREATE FUNCTION rag_follow_roles() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE rag_embeddings SET roles = NEW.roles WHERE document_id = NEW.document_id;
    RETURN NULL;
END $$;
CREATE TRIGGER rag_documents_roles_changed AFTER UPDATE OF roles ON rag_documents
    FOR EACH ROW WHEN (OLD.roles IS DISTINCT FROM NEW.roles)
    EXECUTE FUNCTION rag_follow_roles();
"""

# The service owns no table, so it cannot create an index; these do it for it, and nothing else.
INDEXES = """
CREATE FUNCTION rag_index_role(for_org uuid, for_role text, for_model text, dimensions integer)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET maintenance_work_mem = '256MB' AS $$
BEGIN
    EXECUTE format(
        'CREATE INDEX IF NOT EXISTS %I ON rag_embeddings '
        'USING hnsw ((embedding::halfvec(%s)) halfvec_cosine_ops) '
        'WITH (m = 24, ef_construction = 128) '
        'WHERE org_id = %L::uuid AND %L = ANY (roles) AND model = %L',
        'rag_vectors_' || md5(concat_ws(' ', for_org, for_role, for_model)),
        dimensions, for_org, for_role, for_model);
    EXECUTE format(
        'CREATE INDEX IF NOT EXISTS %I ON rag_documents USING gin (tsv) '
        'WHERE org_id = %L::uuid AND %L = ANY (roles)',
        'rag_words_' || md5(concat_ws(' ', for_org, for_role)), for_org, for_role);
    INSERT INTO rag_role_indexes (org_id, role, model) VALUES (for_org, for_role, for_model)
    ON CONFLICT DO NOTHING;
END $$;

CREATE FUNCTION rag_drop_role_index(for_org uuid, for_role text, for_model text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET lock_timeout = '2s' AS $$
BEGIN
    DELETE FROM rag_role_indexes
    WHERE org_id = for_org AND role = for_role AND model = for_model;
    EXECUTE format(
        'DROP INDEX IF EXISTS %I',
        'rag_vectors_' || md5(concat_ws(' ', for_org, for_role, for_model)));
    IF NOT EXISTS (SELECT FROM rag_role_indexes WHERE org_id = for_org AND role = for_role) THEN
        EXECUTE format(
            'DROP INDEX IF EXISTS %I', 'rag_words_' || md5(concat_ws(' ', for_org, for_role)));
    END IF;
END $$;
"""

GRANTS = """
REVOKE ALL ON FUNCTION rag_index_role, rag_drop_role_index FROM PUBLIC;
GRANT EXECUTE ON FUNCTION rag_index_role, rag_drop_role_index TO countersign_workflow;
GRANT INSERT, UPDATE, DELETE ON rag_documents TO countersign_workflow;
GRANT SELECT, INSERT, UPDATE, DELETE ON rag_embeddings, rag_common_lexemes, rag_state
    TO countersign_workflow;
GRANT SELECT ON rag_role_indexes TO countersign_workflow;
GRANT SELECT (org_id, role, permissions, allowed_views) ON app_roles TO countersign_workflow;
"""


def upgrade() -> None:
    """Texts in `rag_documents`, vectors in `rag_embeddings`: those of a new model are made beside
    those that serve. An index of all vectors would hold what a role may not read, and what it
    finds would depend on that; so a role that may read many passages has indexes of its own."""
    for statements in (TABLES, MOVE, TRIGGER, INDEXES, GRANTS):
        op.execute(statements)
