"""`artifacts` and `artifact_runs`: what people kept, and each viewer's own runs of it."""

from dataclasses import dataclass
from uuid import UUID

from psycopg.rows import class_row

from contracts.artifact import Artifact, ArtifactChange
from contracts.context import UserContext
from kit.database import Connection

# Whose it is, or shared with the role that the person acts in. Runs are the person's own alone.
_SEEN = """
SELECT a.artifact_id, a.title, a.widget, l.question, a.role, a.username AS owner,
    a.user_id = %(user_id)s AS is_owner, a.is_shared, a.kept_at,
    done.run_id, done.finished_at AS refreshed_at,
    newer.run_id AS pending_run_id, newer.status AS pending_status
FROM artifacts a JOIN query_audit_logs l ON l.run_id = a.run_id
LEFT JOIN LATERAL (
    SELECT r.run_id, r.finished_at FROM artifact_runs s JOIN runs r USING (run_id)
    WHERE s.artifact_id = a.artifact_id AND s.user_id = %(user_id)s
      AND r.org_id = %(org_id)s AND r.user_id = %(user_id)s AND r.status = 'completed'
    ORDER BY s.run_id DESC LIMIT 1) done ON true
LEFT JOIN LATERAL (
    SELECT r.run_id, r.status FROM artifact_runs s JOIN runs r USING (run_id)
    WHERE s.artifact_id = a.artifact_id AND s.user_id = %(user_id)s
      AND r.org_id = %(org_id)s AND r.user_id = %(user_id)s AND r.status <> 'completed'
      AND (done.run_id IS NULL OR s.run_id > done.run_id)
    ORDER BY s.run_id DESC LIMIT 1) newer ON true
WHERE a.org_id = %(org_id)s
  AND (a.user_id = %(user_id)s OR a.is_shared AND a.role = %(role)s)
"""

PAGE = (
    _SEEN
    + """
  AND (%(before)s::uuid IS NULL OR a.artifact_id < %(before)s)
ORDER BY a.artifact_id DESC LIMIT %(limit)s
"""
)

ONE = _SEEN + "  AND a.artifact_id = %(artifact_id)s"

# The same widget of the same run is kept once.
KEEP = """
WITH kept AS (
    INSERT INTO artifacts (artifact_id, org_id, user_id, username, role, run_id, widget, title)
    VALUES (%(artifact_id)s, %(org_id)s, %(user_id)s, %(username)s, %(role)s, %(run_id)s,
        %(widget)s, %(title)s)
    ON CONFLICT (run_id, widget) DO NOTHING RETURNING artifact_id),
seen AS (
    INSERT INTO artifact_runs (run_id, artifact_id, org_id, user_id)
    SELECT %(run_id)s, artifact_id, %(org_id)s, %(user_id)s FROM kept)
SELECT artifact_id FROM kept
UNION ALL SELECT artifact_id FROM artifacts WHERE run_id = %(run_id)s AND widget = %(widget)s
LIMIT 1
"""

COUNT = "SELECT count(*) FROM artifacts WHERE org_id = %(org_id)s AND user_id = %(user_id)s"

CHANGE = """
UPDATE artifacts SET title = coalesce(%(title)s, title),
    is_shared = coalesce(%(is_shared)s, is_shared)
WHERE artifact_id = %(artifact_id)s AND org_id = %(org_id)s AND user_id = %(user_id)s
"""

DELETE = """
DELETE FROM artifacts
WHERE artifact_id = %(artifact_id)s AND org_id = %(org_id)s AND user_id = %(user_id)s
"""

ORIGIN = """
SELECT a.run_id, l.question, (
    SELECT r.conversation_id FROM artifact_runs s JOIN runs r USING (run_id)
    WHERE s.artifact_id = a.artifact_id AND s.user_id = %(user_id)s AND r.user_id = %(user_id)s
      AND s.run_id <> a.run_id
    ORDER BY s.run_id DESC LIMIT 1) AS conversation_id
FROM artifacts a JOIN query_audit_logs l ON l.run_id = a.run_id
WHERE a.artifact_id = %(artifact_id)s AND a.org_id = %(org_id)s
"""

ADD_RUN = """
INSERT INTO artifact_runs (run_id, artifact_id, org_id, user_id)
VALUES (%(run_id)s, %(artifact_id)s, %(org_id)s, %(user_id)s)
"""


@dataclass(frozen=True, slots=True)
class Origin:
    """The run that an artifact was kept from, and the conversation that this person's refreshes
    of it are in, if they have refreshed it."""

    run_id: UUID
    question: str
    conversation_id: UUID | None


async def page(
    connection: Connection, viewer: UserContext, *, before: UUID | None, limit: int
) -> list[Artifact]:
    """What the person kept and what is shared with their role, newest first, from after the one
    called `before`."""
    async with connection.cursor(row_factory=class_row(Artifact)) as cursor:
        await cursor.execute(PAGE, {**_viewer(viewer), "before": before, "limit": limit})
        return await cursor.fetchall()


async def one(connection: Connection, viewer: UserContext, artifact_id: UUID) -> Artifact | None:
    """That one, if the person may see it."""
    async with connection.cursor(row_factory=class_row(Artifact)) as cursor:
        await cursor.execute(ONE, {**_viewer(viewer), "artifact_id": artifact_id})
        return await cursor.fetchone()


async def keep(
    connection: Connection,
    owner: UserContext,
    *,
    artifact_id: UUID,
    role: str,
    run_id: UUID,
    widget: str,
    title: str,
) -> UUID:
    """Its id: `artifact_id`, or that of the same widget kept before."""
    cursor = await connection.execute(
        KEEP,
        {
            **_viewer(owner),
            "username": owner.username,
            "artifact_id": artifact_id,
            "role": role,
            "run_id": run_id,
            "widget": widget,
            "title": title,
        },
    )
    row = await cursor.fetchone()
    return UUID(str(row[0])) if row else artifact_id


async def count(connection: Connection, owner: UserContext) -> int:
    """How many the person keeps."""
    cursor = await connection.execute(COUNT, _viewer(owner))
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def change(
    connection: Connection, owner: UserContext, artifact_id: UUID, wanted: ArtifactChange
) -> bool:
    """False where it is not the person's own."""
    values = {"title": wanted.title, "is_shared": wanted.is_shared, "artifact_id": artifact_id}
    cursor = await connection.execute(CHANGE, {**_viewer(owner), **values})
    return cursor.rowcount == 1


async def delete(connection: Connection, owner: UserContext, artifact_id: UUID) -> bool:
    """False where it is not the person's own. The runs of it stay on record."""
    cursor = await connection.execute(DELETE, {**_viewer(owner), "artifact_id": artifact_id})
    return cursor.rowcount == 1


async def origin(connection: Connection, viewer: UserContext, artifact_id: UUID) -> Origin | None:
    """What is asked again; whether the person may see it is another question."""
    async with connection.cursor(row_factory=class_row(Origin)) as cursor:
        await cursor.execute(ORIGIN, {**_viewer(viewer), "artifact_id": artifact_id})
        return await cursor.fetchone()


async def add_run(
    connection: Connection, viewer: UserContext, artifact_id: UUID, run_id: UUID
) -> None:
    """The person's own run of it."""
    values = {"artifact_id": artifact_id, "run_id": run_id}
    await connection.execute(ADD_RUN, {**_viewer(viewer), **values})


def _viewer(person: UserContext) -> dict[str, object]:
    return {"org_id": person.org_id, "user_id": person.user_id, "role": person.role}
