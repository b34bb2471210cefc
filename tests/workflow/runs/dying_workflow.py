"""The workflow service, killing itself (SIGKILL) at a chosen moment of a run.

DIE_AT is `STAGE:MOMENT`: `before` the stage is added to the journal, once it is `added`, or once
it is `written` to the record.
"""

import os
import signal
from typing import Any

from workflow.__main__ import main
from workflow.audit.journal import Journal

STAGE, MOMENT = os.environ["DIE_AT"].split(":")
add, tell = Journal.add, Journal.tell


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def dying_add(self: Journal, stage: Any, *arguments: Any, **more: Any) -> None:
    if stage == STAGE and MOMENT == "before":
        die()
    add(self, stage, *arguments, **more)
    if stage == STAGE and MOMENT == "added":
        die()


def dying_tell(self: Journal) -> None:
    if MOMENT == "written" and STAGE in {event.stage for event in self._pending}:
        die()
    tell(self)


Journal.add = dying_add  # type: ignore[method-assign]
Journal.tell = dying_tell  # type: ignore[method-assign]

if __name__ == "__main__":
    main()
