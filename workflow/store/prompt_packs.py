"""`prompt_packs`, `prompt_pack_activations` and `models_in_force`: what organisations tell a model,
which of it holds, and which model may plan."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from kit.database import Connection

LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%(org_id)s::text, 70))"

INSERT = """
INSERT INTO prompt_packs (org_id, version, base_version, body, digest, note, proposed_by,
    proposed_name)
VALUES (%(org_id)s, %(version)s, %(base_version)s, %(body)s, %(digest)s, %(note)s,
    %(proposed_by)s, %(proposed_name)s)
"""

SELECT = """
SELECT version, base_version, body, digest, note, proposed_by, proposed_name, proposed_at
FROM prompt_packs WHERE org_id = %(org_id)s
"""

ACTIVATE = """
INSERT INTO prompt_pack_activations (org_id, seq, version, is_rollback, evaluation_id, asked_by,
    asked_name, in_force_from)
SELECT %(org_id)s, 1 + coalesce(max(seq), 0), %(version)s, %(is_rollback)s, %(evaluation_id)s,
    %(by)s, %(name)s, CASE WHEN %(is_in_force)s THEN now() END
FROM prompt_pack_activations WHERE org_id = %(org_id)s
"""

ACTIVATIONS = """
SELECT seq, version, is_rollback, asked_by, asked_name, asked_at, confirmed_name, in_force_from
FROM prompt_pack_activations WHERE org_id = %(org_id)s AND withdrawn_at IS NULL
"""

IN_FORCE = """
SELECT p.version, p.body, (
    SELECT model FROM models_in_force m WHERE m.org_id = o.org_id ORDER BY seq DESC LIMIT 1)
FROM organisations o
LEFT JOIN LATERAL (
    SELECT version FROM prompt_pack_activations a
    WHERE a.org_id = o.org_id AND in_force_from IS NOT NULL ORDER BY in_force_from DESC, seq DESC
    LIMIT 1) AS newest ON true
LEFT JOIN prompt_packs p ON p.org_id = o.org_id AND p.version = newest.version
WHERE o.org_id = %(org_id)s
"""

SWITCH_MODEL = """
INSERT INTO models_in_force (org_id, seq, model, evaluation_id, switched_by)
SELECT %(org_id)s, 1 + coalesce(max(seq), 0), %(model)s, %(evaluation_id)s, %(switched_by)s
FROM models_in_force WHERE org_id = %(org_id)s
"""


@dataclass(frozen=True, slots=True)
class PackRow:
    """A version; `body` is the canonical JSON of its blocks."""

    version: int
    base_version: int
    body: str
    digest: str
    note: str
    proposed_by: UUID
    proposed_name: str
    proposed_at: datetime


@dataclass(frozen=True, slots=True)
class ActivationRow:
    """That a version came into force, or waits to."""

    seq: int
    version: int
    is_rollback: bool
    asked_by: UUID
    asked_name: str
    asked_at: datetime
    confirmed_name: str | None
    in_force_from: datetime | None


@dataclass(frozen=True, slots=True)
class Standing:
    """What holds: version 0 and no `body` where nothing of the organisation's own does, no
    `model` where none has planned yet."""

    version: int
    body: str | None
    model: str | None


async def lock(connection: Connection, org_id: UUID) -> None:
    """Let nobody else change the organisation's packs until the transaction ends."""
    await connection.execute(LOCK, {"org_id": org_id})


async def insert(connection: Connection, org_id: UUID, pack: PackRow) -> None:
    """Add a version. Raises UniqueViolation where it exists; `lock` first."""
    await connection.execute(
        INSERT,
        {
            "org_id": org_id,
            "version": pack.version,
            "base_version": pack.base_version,
            "body": pack.body,
            "digest": pack.digest,
            "note": pack.note,
            "proposed_by": pack.proposed_by,
            "proposed_name": pack.proposed_name,
        },
    )


async def newest(connection: Connection, org_id: UUID, *, limit: int) -> list[PackRow]:
    """The versions of an organisation's own, newest first."""
    async with connection.cursor(row_factory=class_row(PackRow)) as cursor:
        await cursor.execute(
            SELECT + " ORDER BY version DESC LIMIT %(limit)s", {"org_id": org_id, "limit": limit}
        )
        return await cursor.fetchall()


async def get(connection: Connection, org_id: UUID, version: int) -> PackRow | None:
    """One version; None where there is none."""
    async with connection.cursor(row_factory=class_row(PackRow)) as cursor:
        await cursor.execute(
            SELECT + " AND version = %(version)s", {"org_id": org_id, "version": version}
        )
        return await cursor.fetchone()


async def standing(connection: Connection, org_id: UUID) -> Standing:
    """What holds now."""
    cursor = await connection.execute(IN_FORCE, {"org_id": org_id})
    version, body, model = await cursor.fetchone() or (None, None, None)
    return Standing(version or 0, body, model)


async def activations(connection: Connection, org_id: UUID, *, limit: int) -> list[ActivationRow]:
    """What came into force or waits to, newest first."""
    async with connection.cursor(row_factory=class_row(ActivationRow)) as cursor:
        await cursor.execute(
            ACTIVATIONS + " ORDER BY in_force_from DESC, seq DESC LIMIT %(limit)s",
            {"org_id": org_id, "limit": limit},
        )
        return await cursor.fetchall()


async def waiting(connection: Connection, org_id: UUID) -> ActivationRow | None:
    """What a second admin has to confirm, if anything."""
    async with connection.cursor(row_factory=class_row(ActivationRow)) as cursor:
        await cursor.execute(ACTIVATIONS + " AND in_force_from IS NULL", {"org_id": org_id})
        return await cursor.fetchone()


async def activate(
    connection: Connection,
    org_id: UUID,
    version: int,
    *,
    by: UUID,
    name: str,
    is_in_force: bool,
    is_rollback: bool = False,
    evaluation_id: UUID | None = None,
) -> None:
    """Put a version into force, or ask for it where another has to confirm."""
    await connection.execute(
        ACTIVATE,
        {
            "org_id": org_id,
            "version": version,
            "is_rollback": is_rollback,
            "evaluation_id": evaluation_id,
            "by": by,
            "name": name,
            "is_in_force": is_in_force,
        },
    )


async def confirm(connection: Connection, org_id: UUID, seq: int, *, by: UUID, name: str) -> None:
    """Put what waits into force."""
    await connection.execute(
        """
        UPDATE prompt_pack_activations
        SET confirmed_by = %(by)s, confirmed_name = %(name)s, in_force_from = now()
        WHERE org_id = %(org_id)s AND seq = %(seq)s AND in_force_from IS NULL
        """,
        {"org_id": org_id, "seq": seq, "by": by, "name": name},
    )


async def withdraw(connection: Connection, org_id: UUID) -> None:
    """Let what waits wait no longer."""
    await connection.execute(
        """
        UPDATE prompt_pack_activations SET withdrawn_at = now()
        WHERE org_id = %(org_id)s AND in_force_from IS NULL AND withdrawn_at IS NULL
        """,
        {"org_id": org_id},
    )


async def switch_model(
    connection: Connection,
    org_id: UUID,
    model: str,
    *,
    evaluation_id: UUID | None = None,
    switched_by: str | None = None,
) -> None:
    """Let this model plan from now on; `lock` first."""
    await connection.execute(
        SWITCH_MODEL,
        {
            "org_id": org_id,
            "model": model,
            "evaluation_id": evaluation_id,
            "switched_by": switched_by,
        },
    )


async def first_model(connection: Connection, org_id: UUID, model: str) -> None:
    """Let this model plan where none ever did."""
    await connection.execute(
        """
        INSERT INTO models_in_force (org_id, seq, model)
        SELECT org_id, 1, %(model)s FROM organisations WHERE org_id = %(org_id)s
        ON CONFLICT DO NOTHING
        """,
        {"org_id": org_id, "model": model},
    )


async def usernames(connection: Connection, org_id: UUID) -> frozenset[str]:
    """Everybody of the organisation."""
    cursor = await connection.execute(
        "SELECT username FROM app_users WHERE org_id = %(org_id)s", {"org_id": org_id}
    )
    return frozenset(name for (name,) in await cursor.fetchall())
