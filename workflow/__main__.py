"""`python -m workflow`: serve the workflow."""

import uvicorn

from kit.logs import configure
from workflow.app import create
from workflow.settings import WorkflowSettings


def main() -> None:
    """Serve until told to stop."""
    settings = WorkflowSettings()
    configure("workflow", settings.log_level)
    uvicorn.run(
        create(settings),
        host=settings.workflow_host,
        port=settings.workflow_port,
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=8,
    )


if __name__ == "__main__":
    main()
