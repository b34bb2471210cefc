"""Logins of the databases: one for each service and reader, with derived passwords.

Whoever holds the secret can work out a login's password, so the migrator that creates a login
and the service that uses it need not be told it separately.
"""

import hmac
from hashlib import sha256

from psycopg.conninfo import conninfo_to_dict, make_conninfo

GATEWAY_LOGIN = "countersign_gateway"
WORKFLOW_LOGIN = "countersign_workflow"


def login_password(secret: str, login: str) -> str:
    """HMAC-SHA256 of the login's name under the secret, in hex."""
    return hmac.new(secret.encode(), login.encode(), sha256).hexdigest()


def login_url(url: str, login: str, secret: str) -> str:
    """`url` with its user replaced by `login` and its derived password."""
    return make_conninfo(
        **{**conninfo_to_dict(url), "user": login, "password": login_password(secret, login)}
    )
