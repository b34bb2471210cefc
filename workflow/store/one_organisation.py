"""The record as if one organisation were in it: for an auditor, who learns nothing of another.

A query is given tables of the same names that hold that organisation's rows alone. What belongs to
nobody on record, because its log row was removed, is in everybody's: a removal must show.
"""

from typing import LiteralString
from uuid import UUID

from psycopg import sql

_ITS_OWN = (
    "query_audit_logs", "runs", "checkpoints", "checkpoint_entries", "record_accesses",
    "unsealed_entries", "governance_changes", "governance_heads", "approval_requests",
    "risk_policies", "verified_queries", "knowledge_documents", "prompt_packs",
    "prompt_pack_activations", "models_in_force", "model_budgets",
)  # fmt: skip

# Of tables that do not say whose a row is, and of one whose other columns are nobody's to read.
_BY_ANOTHER: dict[str, LiteralString] = {
    "query_audit_events": """
        SELECT e.* FROM public.query_audit_events e
        WHERE NOT EXISTS (SELECT FROM public.query_audit_logs l
                WHERE l.run_id = e.run_id AND l.org_id <> {org_id})
          AND NOT EXISTS (SELECT FROM public.runs r
                WHERE r.run_id = e.run_id AND r.org_id <> {org_id})""",
    "receipts": """
        SELECT c.* FROM public.receipts c
        WHERE NOT EXISTS (SELECT FROM public.query_audit_logs l
                WHERE l.run_id = c.run_id AND l.org_id <> {org_id})""",
    "approval_actions": """
        SELECT a.* FROM public.approval_actions a
        WHERE NOT EXISTS (SELECT FROM public.approval_requests q
                WHERE q.approval_id = a.approval_id AND q.org_id <> {org_id})""",
    "app_users": """
        SELECT user_id, org_id, username, is_active, is_all_stores FROM public.app_users
        WHERE org_id = {org_id}""",
}

NARROWED = frozenset({*_ITS_OWN, *_BY_ANOTHER})
SHARED = frozenset({"signing_keys", "app_user_roles", "app_user_store_access"})
"""Keys sign for everybody; roles and stores are read of a user who is narrowed already."""


def narrowed(query: str, org_id: UUID | None) -> sql.SQL | sql.Composed:
    """The query over that organisation's rows alone; as it is where none is named. It may name
    no table but those in NARROWED and SHARED."""
    asked = sql.SQL(query)
    if org_id is None:
        return asked
    of = sql.Literal(org_id)
    tables = [
        sql.SQL("{name} AS (SELECT * FROM {whole} WHERE org_id = {org_id})").format(
            name=sql.Identifier(name), whole=sql.Identifier("public", name), org_id=of
        )
        for name in _ITS_OWN
    ]
    tables += [
        sql.SQL("{name} AS ({rows})").format(
            name=sql.Identifier(name), rows=sql.SQL(rows).format(org_id=of)
        )
        for name, rows in _BY_ANOTHER.items()
    ]
    return sql.SQL("WITH {tables} ({query})").format(tables=sql.SQL(", ").join(tables), query=asked)
