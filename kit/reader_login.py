"""The warehouse's reader logins: one a role, named and keyed alike by whoever makes them
(the migrations) and whoever uses them (the pools)."""

import hashlib
import hmac
import re

PREFIX = "countersign_reader_"
_ROLE = re.compile(r"[a-z][a-z0-9_]{0,39}")


def reader_login(role: str) -> str:
    """The login of `role`. Raises ValueError where the role's name could not be part of one."""
    if not _ROLE.fullmatch(role):
        raise ValueError(f"'{role}' is not a role: lower-case letters, digits and _ only")
    return PREFIX + role


def reader_password(secret: str, login: str) -> str:
    """The password of `login`: HMAC-SHA256 (RFC 2104) of its name under the setting
    `WAREHOUSE_READER_SECRET`, in hexadecimal, so that one secret serves every login and no
    password has to be stored."""
    return hmac.new(secret.encode(), login.encode(), hashlib.sha256).hexdigest()
