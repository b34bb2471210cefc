"""The workflow service as a process that may kill itself (SIGKILL) at a moment of a run.

It is forked from a process that has imported everything, as importing takes longer than all else.
"""

import multiprocessing
import os
import signal
from collections.abc import Mapping
from multiprocessing.context import ForkServerProcess
from typing import Any

from workflow.__main__ import main
from workflow.audit.journal import Journal

_forking = multiprocessing.get_context("forkserver")
_forking.set_forkserver_preload([__name__])


def started(environment: Mapping[str, str], die_at: str | None) -> ForkServerProcess:
    """`die_at` is `STAGE:MOMENT`: `before` the stage is added to the journal, once it is `added`,
    or once it is `written` to the record."""
    process = _forking.Process(target=_serve, args=(dict(environment), die_at))
    process.start()
    return process


def _serve(environment: dict[str, str], die_at: str | None) -> None:
    os.environ.clear()
    os.environ.update(environment)
    if die_at:
        _die_at(*die_at.split(":"))
    main()


def _die_at(at_stage: str, moment: str) -> None:
    add, tell = Journal.add, Journal.tell

    def dying_add(self: Journal, stage: Any, *arguments: Any, **more: Any) -> None:
        if stage == at_stage and moment == "before":
            _die()
        add(self, stage, *arguments, **more)
        if stage == at_stage and moment == "added":
            _die()

    def dying_tell(self: Journal) -> None:
        if moment == "written" and at_stage in {event.stage for event in self._pending}:
            _die()
        tell(self)

    Journal.add = dying_add  # type: ignore[method-assign]
    Journal.tell = dying_tell  # type: ignore[method-assign]


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
