"""Run webui: `python -m webui`."""

import uvicorn

from kit import logs
from webui.app import make_app
from webui.settings import WebuiSettings


def main() -> None:
    """Serve until a signal; open requests get a few seconds to finish."""
    settings = WebuiSettings()
    logs.configure("webui", settings.log_level)
    uvicorn.run(
        make_app(settings),
        host=settings.webui_host,
        port=settings.webui_port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=5,
    )


if __name__ == "__main__":
    main()
