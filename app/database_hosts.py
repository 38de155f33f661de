"""Several servers of which one is written to: the nodes of a Galera cluster, or a primary and its replicas.

`mysql+pymysql://user:password@host1:3306,host2:3306/database`, in the order in which they are preferred. A connection
goes to the first that answers and takes writes. Whoever was away or read-only is passed over for RETRY_S, so that a
server that does not answer costs its time-out once and not for each connection.
"""

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pymysql.err import OperationalError
from sqlalchemy.engine import URL, make_url

PORT = 3306
RETRY_S = 5.0
# Read-only by setting, of InnoDB, or no member of a Galera cluster that has a majority. Its own users with READ_ONLY
# ADMIN are not stopped by the first.
NO_WRITES = (1290, 1836, 1047)
_HOSTS = re.compile(r"(?P<before>[^/]+//(?:[^@/]*@)?)(?P<hosts>[^/?]*)(?P<rest>.*)", re.DOTALL)
_TAKES_WRITES = "SELECT @@global.read_only = 0 AND @@global.innodb_read_only = 0"


@dataclass(frozen=True, slots=True)
class Host:
    name: str
    port: int


def split(url: str) -> tuple[URL, tuple[Host, ...]]:
    """The address with its first host alone, and all hosts. Raises ArgumentError or ValueError."""
    found = _HOSTS.fullmatch(url)
    if found is None or "," not in found["hosts"]:
        one = make_url(url)
        return one, (Host(one.host or "localhost", one.port or PORT),)
    addresses = [make_url(found["before"] + host + found["rest"]) for host in found["hosts"].split(",")]
    if not all(address.host for address in addresses):
        raise ValueError("a host without a name")
    return addresses[0], tuple(Host(str(address.host), address.port or PORT) for address in addresses)


class Hosts:
    """Which of several servers a new connection goes to."""

    def __init__(self, hosts: Sequence[Host]) -> None:
        self._hosts = hosts
        # Until when, by the monotonic clock, each is passed over.
        self._passed_over_until: dict[Host, float] = {}

    def connect(self, open_to: Callable[[Host], Any]) -> Any:
        """A connection of the driver's, by `open_to`. Raises the driver's error for the last server that was tried."""
        failure: Exception = OperationalError(NO_WRITES[0], "no server takes writes")
        for host in self._in_order():
            try:
                connection = open_to(host)
                if _is_to_be_kept(connection):
                    self._passed_over_until.pop(host, None)
                    return connection
            except Exception as error:
                failure = error
            self._passed_over_until[host] = time.monotonic() + RETRY_S
        raise failure

    def _in_order(self) -> list[Host]:
        """The preferred ones first; those that were away last, since all may have been."""
        now = time.monotonic()
        return sorted(self._hosts, key=lambda host: self._passed_over_until.get(host, 0.0) > now)


def _is_to_be_kept(connection: Any) -> bool:
    """Closes one that takes no writes, or refuses the question."""
    takes_writes = False
    try:
        takes_writes = _takes_writes(connection)
    finally:
        if not takes_writes:
            connection.close()
    return takes_writes


def _takes_writes(connection: Any) -> bool:
    """Raises what the driver raises; a member of a Galera cluster without a majority refuses the question."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKES_WRITES)
        return bool(cursor.fetchone()[0])
