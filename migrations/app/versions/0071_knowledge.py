"""Knowledge documents that admins write, beside and instead of those of the knowledge folder."""

from alembic import op

revision = "0071_knowledge"
down_revision = "0081_people"

TABLE = """
CREATE TABLE knowledge_documents (
    org_id uuid NOT NULL REFERENCES organisations,
    document_key text NOT NULL CHECK (document_key ~ '^[a-z0-9][a-z0-9_-]{0,79}$'),
    version integer NOT NULL CHECK (version > 0),
    title text NOT NULL,
    kind text NOT NULL,
    body text NOT NULL,
    roles text[] NOT NULL,
    is_removed boolean NOT NULL DEFAULT false,
    changed_by text NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, document_key)
);
COMMENT ON TABLE knowledge_documents IS
    'The newest version of each; earlier ones are in the record of changes.';
GRANT SELECT, INSERT, UPDATE ON knowledge_documents TO countersign_workflow;
"""


def upgrade() -> None:
    op.execute(TABLE)
