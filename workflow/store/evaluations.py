"""`suite_evaluations`: what came of the suite, by prompt pack and model."""

from dataclasses import dataclass, field
from uuid import UUID

import orjson
from psycopg.rows import dict_row
from psycopg.types.json import Json

from contracts.prompt_pack import Evaluation, FallenCase
from kit.database import Connection

SILENT_SECONDS = 180.0
"""A running evaluation that nobody has written to for so long has lost its process."""

COLUMNS = """
    evaluation_id, version, model, done, total, right_count AS right, right_before, required,
    fallen, started_name AS started_by, started_at, ended_at,
    CASE WHEN status = 'running' AND seen_at < now() - make_interval(secs => %(silent)s)
        THEN 'stopped' ELSE status END AS status,
    CASE WHEN status = 'running' AND seen_at < now() - make_interval(secs => %(silent)s)
        THEN 'The process that evaluated is gone. Evaluate again.' ELSE problem END AS problem
"""

START = """
INSERT INTO suite_evaluations (evaluation_id, org_id, version, pack_digest, model, suite_digest,
    status, total, required, started_by, started_name)
VALUES (%(evaluation_id)s, %(org_id)s, %(version)s, %(pack_digest)s, %(model)s,
    %(suite_digest)s, 'running', %(total)s, %(required)s, %(by)s, %(name)s)
"""


@dataclass(frozen=True, slots=True)
class Subject:
    """What an evaluation is of: the words of a pack, a model, and the cases."""

    pack_digest: str
    model: str
    suite_digest: str


@dataclass(frozen=True, slots=True)
class Ended:
    """What came of it."""

    status: str
    right: int = 0
    right_before: int | None = None
    right_cases: tuple[str, ...] = ()
    fallen: tuple[FallenCase, ...] = field(default=())
    problem: str = ""


async def start(
    connection: Connection,
    evaluation_id: UUID,
    *,
    org_id: UUID,
    version: int,
    subject: Subject,
    total: int,
    required: float,
    by: UUID,
    name: str,
) -> None:
    """Say that it is being evaluated."""
    await connection.execute(
        START,
        {
            "evaluation_id": evaluation_id,
            "org_id": org_id,
            "version": version,
            "pack_digest": subject.pack_digest,
            "model": subject.model,
            "suite_digest": subject.suite_digest,
            "total": total,
            "required": required,
            "by": by,
            "name": name,
        },
    )


async def progress(connection: Connection, evaluation_id: UUID, done: int) -> None:
    """Say how far it has come."""
    await connection.execute(
        """
        UPDATE suite_evaluations SET done = %(done)s, seen_at = now()
        WHERE evaluation_id = %(evaluation_id)s AND status = 'running'
        """,
        {"evaluation_id": evaluation_id, "done": done},
    )


async def end(connection: Connection, evaluation_id: UUID, ended: Ended) -> None:
    """Say what came of it; only the first word counts."""
    await connection.execute(
        """
        UPDATE suite_evaluations SET status = %(status)s, right_count = %(right)s,
            right_before = %(right_before)s, right_cases = %(right_cases)s, fallen = %(fallen)s,
            problem = %(problem)s, ended_at = now(), seen_at = now(),
            done = CASE WHEN %(status)s = 'stopped' THEN done ELSE total END
        WHERE evaluation_id = %(evaluation_id)s AND status = 'running'
        """,
        {
            "evaluation_id": evaluation_id,
            "status": ended.status,
            "right": ended.right,
            "right_before": ended.right_before,
            "right_cases": list(ended.right_cases),
            "fallen": Json([one.model_dump() for one in ended.fallen], orjson.dumps),
            "problem": ended.problem,
        },
    )


async def newest(connection: Connection, org_id: UUID, subject: Subject) -> Evaluation | None:
    """The last one of this pack, model and suite."""
    query = f"""
        SELECT {COLUMNS} FROM suite_evaluations
        WHERE org_id = %(org_id)s AND pack_digest = %(pack_digest)s AND model = %(model)s
          AND suite_digest = %(suite_digest)s
        ORDER BY evaluation_id DESC LIMIT 1
    """
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            query.encode(),
            {
                "org_id": org_id,
                "pack_digest": subject.pack_digest,
                "model": subject.model,
                "suite_digest": subject.suite_digest,
                "silent": SILENT_SECONDS,
            },
        )
        row = await cursor.fetchone()
    return Evaluation.model_validate(row) if row else None


async def right_cases(
    connection: Connection, org_id: UUID, subject: Subject
) -> frozenset[str] | None:
    """The cases that were right the last time it was evaluated to the end; None where it never
    was."""
    cursor = await connection.execute(
        """
        SELECT right_cases FROM suite_evaluations
        WHERE org_id = %(org_id)s AND pack_digest = %(pack_digest)s AND model = %(model)s
          AND suite_digest = %(suite_digest)s AND status IN ('held', 'fell')
        ORDER BY evaluation_id DESC LIMIT 1
        """,
        {
            "org_id": org_id,
            "pack_digest": subject.pack_digest,
            "model": subject.model,
            "suite_digest": subject.suite_digest,
        },
    )
    row = await cursor.fetchone()
    return frozenset(row[0]) if row else None
