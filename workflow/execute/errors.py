"""What can go wrong in the warehouse, in words for a person.

PostgreSQL's own messages stay here: they can quote the value a conversion failed on, name
relations, or describe the server. Only the kind leaves, and the log gets the SQLSTATE.
"""

from typing import Literal

import structlog
from psycopg import errors
from psycopg_pool import PoolTimeout, TooManyRequests

Kind = Literal["timeout", "cancelled", "unavailable", "refused", "failed"]

MESSAGES: dict[Kind, str] = {
    "timeout": "The warehouse did not answer in time. A shorter period or fewer groups may help.",
    "cancelled": "The statement was cancelled.",
    "unavailable": "The warehouse cannot be reached at the moment. Try again shortly.",
    "refused": "The warehouse does not allow this statement.",
    "failed": "The warehouse could not work this statement out.",
}
_TIMEOUT = {
    "57014",  # query_canceled: by statement_timeout; our own cancellations are told apart before
    "55P03",  # lock_not_available
    "25P03",  # idle_in_transaction_session_timeout
    "25P04",  # transaction_timeout
}
_UNAVAILABLE = {"57P01", "57P02", "57P03", "57P05", "53300"}
_REFUSED = {
    "42501",  # insufficient_privilege
    "25006",  # read_only_sql_transaction
    "0A000",  # feature_not_supported: what a cursor cannot carry
    "42601",  # syntax_error: more than one statement, or none that is a query
    "42P11",  # invalid_cursor_definition
    "42P14",  # invalid_prepared_statement_definition
}
log = structlog.get_logger(__name__)


class ExecutionError(Exception):
    """The statement has no result. `message` is for a person."""

    def __init__(self, kind: Kind, message: str | None = None) -> None:
        self.kind: Kind = kind
        self.message = message or MESSAGES[kind]
        super().__init__(self.message)


class ResultTooLarge(Exception):
    """More bytes came than a result may have; the connection is of no more use."""


def from_database(error: errors.Error) -> ExecutionError:
    """The kind of an error of psycopg's, the rest logged by its SQLSTATE alone."""
    state = error.sqlstate
    if isinstance(error, PoolTimeout | TooManyRequests) or state is None:
        # without a state it did not come from the server: the connection is gone
        kind: Kind = "unavailable" if isinstance(error, errors.OperationalError) else "failed"
    elif state in _TIMEOUT:
        kind = "timeout"
    elif state in _UNAVAILABLE or state.startswith("08"):
        kind = "unavailable"
    elif state in _REFUSED:
        kind = "refused"
    else:
        kind = "failed"
    log.info("warehouse_error", kind=kind, sqlstate=state, error=type(error).__name__)
    return ExecutionError(kind)
