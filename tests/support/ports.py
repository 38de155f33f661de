"""Free TCP ports, chosen as the local launcher chooses them."""

from deploy.local.ports import LOOPBACK, free_port, is_free

__all__ = ["LOOPBACK", "free_port", "is_free"]
