"""What the panel's administrators do, from the command line; and who they are, which only the command line can say."""

from functools import partial

import click
from flask_socketio_cluster.bus.waker import wake_once
from flask_socketio_cluster.node import leaving
from flask_socketio_cluster.node.leaving import Leaving
from redis.exceptions import RedisError

from app.audit.events import Kind, record
from app.db import Database
from app.errors import AppError
from app.notifications.security import warn
from app.panel import actions
from app.push.actions import forget_sessions
from app.settings import JWT_TTL_S_MAX, Stores
from app.users import administrators
from app.users.security import Security


@click.command()
@click.option("--usuario", "user_id", type=click.IntRange(min=1), required=True, help="Whom.")
@click.option("--tirar", "unmake", is_flag=True, help="They are one no more.")
@click.pass_obj
def administrador(stores: Stores, user_id: int, unmake: bool) -> None:
    """Make somebody an administrator, who may see the panel, and act from it with a code of their second factor."""
    db = Database(stores.database_url)
    try:
        db.transact(administrators.unmake if unmake else administrators.make, user_id)
    except AppError as error:
        raise click.ClickException(str(error)) from None
    finally:
        db.dispose()
    click.echo(f"usuário {user_id}: {'não é mais administrador' if unmake else 'administrador'}")


@click.command()
@click.argument("node")
@click.pass_obj
def drenar(stores: Stores, node: str) -> None:
    """Send the clients of the node NODE to the others; it then ends and is started anew. One node at a time."""
    db, drains = Database(stores.database_url), Leaving(stores.redis_url, keys=stores.signing())
    try:
        claim = drains.claim(node)
        db.transact(record, Kind.ADMIN_NODE_DRAINED, detail={"node": node})
        drains.ask(claim)
    except leaving.NoSuchNode:
        raise click.ClickException(f"no node {node!r} reports itself in Redis") from None
    except leaving.LastNode:
        raise click.ClickException(f"no other node than {node} takes clients") from None
    except leaving.OtherLeaves:
        raise click.ClickException("a node was asked to leave a moment ago; try again in some seconds") from None
    except (AppError, RedisError) as error:
        raise click.ClickException(str(error)) from None
    finally:
        db.dispose()
    click.echo(f"{node}: drenando")


@click.command("encerrar-sessoes")
@click.option("--usuario", "user_id", type=click.IntRange(min=1), required=True, help="Whose.")
@click.pass_obj
def encerrar_sessoes(stores: Stores, user_id: int) -> None:
    """End all sessions of a user, who is told. Their sockets close within a second."""
    db, wake = Database(stores.database_url), partial(wake_once, stores.redis_url)
    # The nodes find what ended by themselves.
    security = Security(db, farewell=forget_sessions, warn=warn, ended=lambda _: None, committed=wake)
    try:
        security.transact(actions.end_sessions_by_operator, user_id, token_ttl_s=JWT_TTL_S_MAX)
    except AppError as error:
        raise click.ClickException(str(error)) from None
    finally:
        db.dispose()
    click.echo(f"usuário {user_id}: sessões encerradas")
