"""Prompt packs and the model in force: versions, evaluations, and what came into force when."""

from alembic import op

revision = "0070_prompt_packs"
down_revision = "0080_artifacts"

TABLES = """
-- Version 0 is what the service starts with, and not a row. body is text because it was hashed.
CREATE TABLE prompt_packs (
    org_id uuid NOT NULL REFERENCES organisations,
    version integer NOT NULL CHECK (version > 0),
    base_version integer NOT NULL CHECK (base_version >= 0 AND base_version < version),
    body text NOT NULL,
    digest text NOT NULL,
    note text NOT NULL,
    proposed_by uuid NOT NULL,
    proposed_name text NOT NULL,
    proposed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, version)
);

CREATE TABLE suite_evaluations (
    evaluation_id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organisations,
    version integer NOT NULL,
    pack_digest text NOT NULL,
    model text NOT NULL,
    suite_digest text NOT NULL,
    status text NOT NULL CHECK (status IN ('running', 'held', 'fell', 'stopped')),
    done integer NOT NULL DEFAULT 0,
    total integer NOT NULL,
    right_count integer NOT NULL DEFAULT 0,
    right_before integer,
    required double precision NOT NULL,
    right_cases text[] NOT NULL DEFAULT '{}',
    fallen json NOT NULL DEFAULT '[]',
    problem text NOT NULL DEFAULT '',
    started_by uuid NOT NULL,
    started_name text NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    seen_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz
);
COMMENT ON COLUMN suite_evaluations.seen_at IS
    'When the process that evaluates last said so; a running one that is silent has died.';
CREATE INDEX suite_evaluations_of_pack
    ON suite_evaluations (org_id, pack_digest, model, suite_digest, evaluation_id DESC);

-- The newest row that came into force holds. A row without in_force_from waits to be confirmed.
CREATE TABLE prompt_pack_activations (
    org_id uuid NOT NULL REFERENCES organisations,
    seq integer NOT NULL CHECK (seq > 0),
    version integer NOT NULL CHECK (version >= 0),
    is_rollback boolean NOT NULL DEFAULT false,
    evaluation_id uuid REFERENCES suite_evaluations,
    asked_by uuid NOT NULL,
    asked_name text NOT NULL,
    asked_at timestamptz NOT NULL DEFAULT now(),
    confirmed_by uuid,
    confirmed_name text,
    withdrawn_at timestamptz,
    in_force_from timestamptz,
    PRIMARY KEY (org_id, seq),
    CHECK (confirmed_by IS NULL OR confirmed_by <> asked_by)
);
CREATE UNIQUE INDEX prompt_pack_activations_waiting ON prompt_pack_activations (org_id)
    WHERE in_force_from IS NULL AND withdrawn_at IS NULL;

CREATE TABLE models_in_force (
    org_id uuid NOT NULL REFERENCES organisations,
    seq integer NOT NULL CHECK (seq > 0),
    model text NOT NULL,
    evaluation_id uuid REFERENCES suite_evaluations,
    switched_by text,
    in_force_from timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, seq)
);
COMMENT ON TABLE models_in_force IS
    'The first model is the one that was first configured; each later one had to hold the suite.';
"""

GUARDED = ("prompt_packs", "models_in_force")

GRANTS = """
GRANT SELECT, INSERT ON prompt_packs, models_in_force TO countersign_workflow;
GRANT SELECT, INSERT, UPDATE ON suite_evaluations, prompt_pack_activations TO countersign_workflow;
GRANT SELECT (username) ON app_users TO countersign_workflow;
"""


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(GRANTS)
    for table in GUARDED:
        op.execute(
            f"""
            CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
                FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
            """
        )
