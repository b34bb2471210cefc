"""Structured logs: one JSON object a line on standard output, secrets redacted by name."""

import logging
import re
import sys
from typing import Any

import orjson
import structlog

_SECRET_NAME = re.compile(r"pass|secret|token|authori[sz]ation|cookie|api_?key|database_url", re.I)
_SECRET_TEXT = re.compile(
    r"eyJ[\w-]{8,}\.[\w-]+\.[\w-]*|(?<=://)[^/\s:@]+:[^@\s]+(?=@)|\bsk-[\w-]{8,}"
)


def _redact(
    _logger: structlog.types.WrappedLogger, _method: str, event: structlog.types.EventDict
) -> structlog.types.EventDict:
    return {
        k: "[redacted]" if _SECRET_NAME.search(k) and k != "tokens" else _clean(v)
        for k, v in event.items()
    }


def _clean(value: object) -> object:
    return _SECRET_TEXT.sub("[redacted]", value) if isinstance(value, str) else value


def _dump(event: structlog.types.EventDict, **_: Any) -> str:
    return orjson.dumps(event, default=str).decode()


def configure(service: str, level: str = "INFO") -> None:
    """Send structlog's and the standard library's records through one JSON pipeline."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                _redact,
                structlog.processors.JSONRenderer(serializer=_dump),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for noisy in (
        "httpx", "httpcore", "aiohttp", "uvicorn.access", "alembic",
    ):  # fmt: skip
        logging.getLogger(noisy).setLevel(logging.WARNING)
    structlog.contextvars.bind_contextvars(service=service)
