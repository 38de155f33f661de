"""The names of nodes, and how the ids of their sessions and managers begin with them."""

import re
import secrets
import socket

NODE_ID = re.compile(r"[a-z0-9-]{1,32}")

_OF_NODE = re.compile(r"([a-z0-9-]{1,32})\.[A-Za-z0-9_-]{20}")


def new_sid(node_id: str) -> str:
    """The id of a session, with its node's name in front, by which a proxy finds the node."""
    return f"{node_id}.{secrets.token_urlsafe(15)}"


def node_of(sid: str) -> str | None:
    """The name in front of an id; None where the library made it."""
    of_node = _OF_NODE.fullmatch(sid)
    return of_node[1] if of_node else None


def host_node_id() -> str:
    """The machine's name as a node's; several nodes of one machine need names of their own."""
    return re.sub(r"[^a-z0-9-]", "-", socket.gethostname().lower())[:32] or "node"
