"""The users of deploy/database on a server of the tests."""

from deploy.local.ports import LOOPBACK
from tests.support.cluster import ROOT
from tests.support.servers import DatabaseServer

PASSWORDS = {
    "OWNER_PASSWORD": "senha-do-dono-do-esquema",
    "APP_PASSWORD": "senha-dos-nos-web",
    "WORKER_PASSWORD": "senha-dos-operarios",
}


def make_users(server: DatabaseServer) -> None:
    """As deploy/database/users.sh does it."""
    script = (ROOT / "deploy" / "database" / "users.sql").read_text()
    for word, password in PASSWORDS.items():
        script = script.replace(word, password)
    lines = (line for line in script.splitlines() if not line.startswith("--"))
    with server.connection() as connection, connection.cursor() as cursor:
        for statement in "\n".join(lines).split(";"):
            if statement.strip():
                cursor.execute(statement)


def owner_url(server: DatabaseServer) -> str:
    return _url(server, "saldo_vivo", "OWNER_PASSWORD")


def app_url(server: DatabaseServer) -> str:
    return _url(server, "saldo_vivo_app", "APP_PASSWORD")


def worker_url(server: DatabaseServer) -> str:
    return _url(server, "saldo_vivo_worker", "WORKER_PASSWORD")


def _url(server: DatabaseServer, user: str, password: str) -> str:
    return f"mysql+pymysql://{user}:{PASSWORDS[password]}@{LOOPBACK}:{server.port}/{server.DATABASE}"
