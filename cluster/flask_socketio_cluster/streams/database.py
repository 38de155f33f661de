"""How the package reaches the database: two functions, an application's own or those over a SQLAlchemy engine."""

from collections.abc import Callable
from typing import Any, Protocol

from sqlalchemy import Engine


class Database(Protocol):
    """Both run `work(connection, *args)` and return what it returns; at READ COMMITTED, where there are levels. At
    REPEATABLE READ a relay would keep everybody from appending for as long as it publishes."""

    def read(self, work: Callable[..., Any], *args: Any) -> Any:
        """Single statements that change nothing."""

    def transact(self, work: Callable[..., Any], *args: Any) -> Any:
        """In one transaction, which is committed unless `work` raises."""


class EngineDatabase:
    """The plain one: a connection of `engine` for each call. What the driver raises is passed on; an application whose
    transactions meet in a deadlock, or whose database restarts under it, wants one that tries again."""

    def __init__(self, engine: Engine) -> None:
        is_sqlite = engine.dialect.name == "sqlite"
        self._engine = engine if is_sqlite else engine.execution_options(isolation_level="READ COMMITTED")

    def read(self, work: Callable[..., Any], *args: Any) -> Any:
        with self._engine.connect() as connection:
            return work(connection, *args)

    def transact(self, work: Callable[..., Any], *args: Any) -> Any:
        with self._engine.begin() as connection:
            return work(connection, *args)
