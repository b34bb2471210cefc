"""`run_feedback`: what people say of answers. Rows are only added; the newest of a person holds."""

from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import TupleRow, class_row

from contracts.feedback import Feedback, FeedbackRequest

LATEST = """
SELECT run_id, verdict, about, comment, given_at FROM run_feedback
WHERE run_id = %(run_id)s AND user_id = %(user_id)s AND org_id = %(org_id)s
ORDER BY given_at DESC, feedback_id DESC LIMIT 1
"""

ADD = """
INSERT INTO run_feedback (run_id, org_id, user_id, verdict, about, comment)
VALUES (%(run_id)s, %(org_id)s, %(user_id)s, %(verdict)s, %(about)s, %(comment)s)
RETURNING run_id, verdict, about, comment, given_at
"""

# one at a time for each run and person, so that the same words sent twice are one row
ALONE = "SELECT pg_advisory_xact_lock(hashtextextended(%(run_id)s::text || %(user_id)s::text, 0))"


async def give(
    connection: AsyncConnection[TupleRow],
    run_id: UUID,
    said: FeedbackRequest,
    *,
    org_id: UUID,
    user_id: UUID,
) -> tuple[Feedback, bool]:
    """What the person says of the run from now on, and whether that is new. To be called in a
    transaction."""
    who = {"run_id": run_id, "org_id": org_id, "user_id": user_id}
    await connection.execute(ALONE, who)
    async with connection.cursor(row_factory=class_row(Feedback)) as cursor:
        await cursor.execute(LATEST, who)
        latest = await cursor.fetchone()
        if latest is not None and _said(latest) == _said(said):
            return latest, False
        fields = {"verdict": said.verdict, "about": list(said.about), "comment": said.comment}
        await cursor.execute(ADD, {**who, **fields})
        added = await cursor.fetchone()
    assert added is not None  # noqa: S101 - an INSERT of one row returns it
    return added, True


def _said(feedback: FeedbackRequest) -> tuple[object, ...]:
    return feedback.verdict, feedback.about, feedback.comment
