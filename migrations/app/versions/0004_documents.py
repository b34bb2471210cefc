"""Knowledge documents, searched by words and by meaning."""

from alembic import op

revision = "0004_documents"
down_revision = "0001_base"

# An HNSW index needs a fixed length, and which one is a matter of the embedder that is set.
# These are the usual ones; vectors of another length are compared one by one.
INDEXED_DIMENSIONS = (256, 768, 1024, 1536)


def upgrade() -> None:
    """One row a passage; a document is the passages of one key."""
    op.execute(
        """
        CREATE TABLE rag_documents (
            document_id uuid PRIMARY KEY DEFAULT uuidv7(),
            org_id uuid NOT NULL REFERENCES organisations ON DELETE CASCADE,
            document_key text NOT NULL,
            position integer NOT NULL CHECK (position >= 0),
            title text NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
            body text NOT NULL CHECK (length(body) BETWEEN 1 AND 1000),
            kind text NOT NULL CHECK (
                kind IN ('schema_hint', 'metric_glossary', 'governance', 'widget_hint', 'narrative')
            ),
            roles text[] NOT NULL,
            content_hash text NOT NULL,
            embedding_model text NOT NULL,
            embedding vector NOT NULL,
            embedding_dimensions integer NOT NULL
                GENERATED ALWAYS AS (vector_dims(embedding)) STORED,
            tsv tsvector NOT NULL GENERATED ALWAYS AS (
                setweight(to_tsvector('english', title), 'A')
                || setweight(to_tsvector('english', body), 'B')
            ) STORED,
            updated_at timestamptz NOT NULL DEFAULT now(),
            UNIQUE (org_id, document_key, position)
        )
        """
    )
    op.execute("CREATE INDEX rag_documents_tsv ON rag_documents USING gin (tsv)")
    for dimensions in INDEXED_DIMENSIONS:
        op.execute(
            f"""
            CREATE INDEX rag_documents_embedding_{dimensions} ON rag_documents
            USING hnsw ((embedding::vector({dimensions})) vector_cosine_ops)
            WHERE embedding_dimensions = {dimensions}
            """
        )
