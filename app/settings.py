"""Every setting of a node or worker: read from the environment and checked once, at start."""

import re
import socket
from typing import Annotated, Self
from urllib.parse import urlsplit

from flask_socketio_cluster.bus.signing import KEY_BYTES_MIN, Keys
from flask_socketio_cluster.node import DRAIN_S
from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

JWT_SECRET_BYTES_MIN = 32
REDIS_SCHEMES = ("redis://", "rediss://", "redis+sentinel://", "redis+cluster://", "rediss+cluster://")
DATABASE_SCHEMES = ("mysql+pymysql://", "sqlite:///")

VAPID_KEY_BYTES = 32
# 32 bytes are 43 characters, of which the last holds four bits.
_VAPID_KEY = re.compile(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]=?")
_VAPID_SUBJECT = re.compile(r"mailto:[^@\s]+@[\w-]+(\.[\w-]+)+", re.ASCII)
_PUSH_HOST = re.compile(r"\.?[a-z0-9-]+(\.[a-z0-9-]+)+|http://127\.0\.0\.1:[0-9]{1,5}")
_HOST = re.compile(r"(?:[^\s:\[\]]+|\[[0-9a-fA-F:.]+\])?(?::[0-9]{1,5})?")
_HOST_PORT = re.compile(r"[^\s:\[\]]+:[0-9]{1,5}")


def _listed(value: object) -> object:
    """What a variable names, separated by commas."""
    return tuple(word.strip() for word in value.split(",") if word.strip()) if isinstance(value, str) else value


class SettingsError(Exception):
    """One line that names the variable and says what it needs."""


class Stores(BaseSettings):
    """Where the database and Redis are, how the bus is signed, and how to push: all that a worker or script needs."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    database_url: str
    redis_url: str
    bus_keys: Annotated[tuple[SecretStr, ...], NoDecode] = ()
    # A worker drops events that are older and read. Never fewer than a client may be away for.
    retention_days: int = Field(default=400, ge=30, le=36_500)
    # Push to closed pages is off without a key.
    vapid_private_key: SecretStr | None = None
    vapid_subject: str = Field(default="", validate_default=True)
    push_hosts: Annotated[tuple[str, ...], NoDecode] = ()

    @field_validator("bus_keys", mode="before")
    @classmethod
    def _split_keys(cls, value: object) -> object:
        return tuple(key.strip() for key in value.split(",")) if isinstance(value, str) and value else value or ()

    @field_validator("bus_keys")
    @classmethod
    def _long_keys(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if any(len(key.get_secret_value().encode()) < KEY_BYTES_MIN for key in value):
            raise ValueError(f"needs at least {KEY_BYTES_MIN} bytes for each key")
        return value

    @field_validator("vapid_private_key", mode="before")
    @classmethod
    def _no_key(cls, value: object) -> object:
        return value or None

    @field_validator("vapid_private_key")
    @classmethod
    def _key_of_its_size(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _VAPID_KEY.fullmatch(value.get_secret_value()):
            raise ValueError(f"needs {VAPID_KEY_BYTES} bytes in base64url, as deploy/secrets.sh makes them")
        return value

    @field_validator("vapid_subject")
    @classmethod
    def _reachable_operator(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("vapid_private_key") is not None and not _VAPID_SUBJECT.fullmatch(value):
            raise ValueError("says whom a push service may write to, such as mailto:operacao@banco.example")
        return value

    @field_validator("push_hosts", mode="before")
    @classmethod
    def _split_hosts(cls, value: object) -> object:
        return _listed(value)

    @field_validator("push_hosts")
    @classmethod
    def _named_hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for host in value:
            if not _PUSH_HOST.fullmatch(host):
                raise ValueError(f"{host!r} is neither a host such as push.example nor http://127.0.0.1 with a port")
        return value

    def signing(self) -> Keys | None:
        """What bus messages are signed with; None where nothing is signed."""
        return Keys([key.get_secret_value().encode() for key in self.bus_keys]) if self.bus_keys else None

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        if not value.startswith(DATABASE_SCHEMES):
            raise ValueError(f"must start with one of {', '.join(DATABASE_SCHEMES)}")
        try:
            named = bool(make_url(value).database)
        except (ArgumentError, ValueError):
            named = False
        if not named:
            raise ValueError("is not an address such as mysql+pymysql://user:password@host:3306/database")
        return value

    @field_validator("redis_url")
    @classmethod
    def _known_redis(cls, value: str) -> str:
        if not value.startswith(REDIS_SCHEMES):
            raise ValueError(f"must start with one of {', '.join(REDIS_SCHEMES)}")
        _, _, hosts = urlsplit(value).netloc.rpartition("@")
        with_port = _HOST if value.startswith(("redis://", "rediss://")) else _HOST_PORT
        if not all(with_port.fullmatch(host) for host in hosts.split(",")):
            raise ValueError("is not an address such as redis://user:password@host:6379/0")
        return value

    @classmethod
    def from_env(cls) -> Self:
        """Raises SettingsError with one line that names every missing or bad variable."""
        try:
            return cls()
        except ValidationError as error:
            faults = "; ".join(f"{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors(include_input=False))
            raise SettingsError(f"bad settings: {faults}") from None


class Settings(Stores):
    """A web node's."""

    jwt_secret: SecretStr
    jwt_ttl_s: int = Field(default=3600, ge=1, le=30 * 24 * 3600)
    drain_s: float = Field(default=DRAIN_S, ge=0, le=600)
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    # What clients do beyond a limit is only counted, not refused.
    limits_dry_run: bool = False
    node_id: str = Field(default_factory=lambda: socket.gethostname().lower()[:32], pattern=r"^[a-z0-9-]{1,32}$")

    @field_validator("jwt_secret")
    @classmethod
    def _long_secret(cls, value: SecretStr) -> SecretStr:
        if len(value.get_secret_value().encode()) < JWT_SECRET_BYTES_MIN:
            raise ValueError(f"needs at least {JWT_SECRET_BYTES_MIN} bytes")
        return value

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _split_origins(cls, value: object) -> object:
        return _listed(value)

    @field_validator("cors_origins")
    @classmethod
    def _named_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            if not origin.startswith(("http://", "https://")):
                raise ValueError(f"{origin!r} is not an origin such as https://banco.example; '*' is refused")
        return value
