"""sqlglot's PostgreSQL dialect, an array index being the number that was written."""

from typing import Final

from sqlglot.dialects.postgres import Postgres


class Guarded(Postgres):
    """sqlglot counts indices from 0 to translate between databases; here nothing is translated,
    and moving `a[n]` to `a[n - 1]` and back leaves traces."""

    INDEX_OFFSET = 0


DIALECT: Final = Guarded()
