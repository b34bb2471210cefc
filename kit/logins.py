"""The logins under which the services use the application's database."""

from psycopg.conninfo import conninfo_to_dict, make_conninfo

GATEWAY_LOGIN = "countersign_gateway"
WORKFLOW_LOGIN = "countersign_workflow"


def with_login(url: str, login: str, password: str) -> str:
    """The same database, for another login."""
    return make_conninfo("", **{**conninfo_to_dict(url), "user": login, "password": password})
