"""Every setting of a node or worker: read from the environment and checked once, at start."""

import re
import socket
from dataclasses import dataclass, field
from typing import Annotated, Self
from urllib.parse import unquote, urlsplit

from flask_socketio_cluster.bus.signing import KEY_BYTES_MIN, Keys
from flask_socketio_cluster.node import DRAIN_S
from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy.exc import ArgumentError

from app import database_hosts, keys
from app.keys import KEY_BYTES_MIN as JWT_SECRET_BYTES_MIN
from app.keys import Key, KeySet

REDIS_SCHEMES = ("redis://", "rediss://", "redis+sentinel://", "redis+cluster://", "rediss+cluster://")
DATABASE_SCHEMES = ("mysql+pymysql://", "sqlite:///")

JWT_TTL_S_MAX = 30 * 24 * 3600
SESSION_TTL_S = 7 * 24 * 3600
VAPID_KEY_BYTES = 32
# 32 bytes are 43 characters, of which the last holds four bits.
_VAPID_KEY = re.compile(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]=?")
_VAPID_SUBJECT = re.compile(r"mailto:[^@\s]+@[\w-]+(\.[\w-]+)+", re.ASCII)
_PUBLIC_URL = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?/?")
_PUSH_HOST = re.compile(r"\.?[a-z0-9-]+(\.[a-z0-9-]+)+|http://127\.0\.0\.1:[0-9]{1,5}")
_HOST = re.compile(r"(?:[^\s:\[\]]+|\[[0-9a-fA-F:.]+\])?(?::[0-9]{1,5})?")
SMTP_PORTS = {"smtp": 587, "smtps": 465}
_MAIL_FROM = re.compile(r"(?:[^<>@\r\n\"]{1,80} )?<?[^\s<>@]+@[\w-]+(?:\.[\w-]+)+>?")
_HOST_PORT = re.compile(r"[^\s:\[\]]+:[0-9]{1,5}")


def _listed(value: object) -> object:
    """What a variable names, separated by commas."""
    return tuple(word.strip() for word in value.split(",") if word.strip()) if isinstance(value, str) else value


def _smtp_server(url: str) -> "SmtpServer":
    """Raises ValueError."""
    problem = "is not an address such as smtp://user:password@host:587 or smtps://user:password@host"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError(problem) from None
    if parts.scheme not in SMTP_PORTS or not parts.hostname or parts.path not in ("", "/") or parts.query:
        raise ValueError(problem)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return SmtpServer(parts.scheme == "smtps", parts.hostname, port or SMTP_PORTS[parts.scheme], user, password)


class SettingsError(Exception):
    """One line that names the variable and says what it needs."""


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """`is_tls`: from the first byte on; otherwise it is asked for, but on this machine."""

    is_tls: bool
    host: str
    port: int
    user: str
    password: str = field(repr=False)

    @property
    def is_this_machine(self) -> bool:
        return self.host in ("localhost", "127.0.0.1", "::1")


class Environment(BaseSettings):
    """Some of the environment's variables."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    @classmethod
    def from_env(cls) -> Self:
        """Raises SettingsError with one line that names every missing or bad variable."""
        try:
            return cls()
        except ValidationError as error:
            faults = "; ".join(f"{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors(include_input=False))
            raise SettingsError(f"bad settings: {faults}") from None


class TokenKeys(Environment):
    """What tokens are signed with: a set of keys, or one secret, or both while the one takes the place of the other."""

    jwt_keys: Annotated[tuple[Key, ...], NoDecode] = ()
    jwt_secret: SecretStr | None = Field(default=None, validate_default=True)

    @field_validator("jwt_keys", mode="before")
    @classmethod
    def _set_of_keys(cls, value: object) -> object:
        return (keys.parse(value) if value.strip() else ()) if isinstance(value, str) else value

    @field_validator("jwt_secret", mode="before")
    @classmethod
    def _no_secret(cls, value: object) -> object:
        return value or None

    @field_validator("jwt_secret")
    @classmethod
    def _long_secret(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value().encode()) < JWT_SECRET_BYTES_MIN:
            raise ValueError(f"needs at least {JWT_SECRET_BYTES_MIN} bytes")
        return value

    @property
    def secret(self) -> str | None:
        return self.jwt_secret.get_secret_value() if self.jwt_secret else None


class Stores(Environment):
    """Where the database and Redis are, how the bus is signed, and how to push: all that a worker or script needs."""

    database_url: str
    redis_url: str
    bus_keys: Annotated[tuple[SecretStr, ...], NoDecode] = ()
    # A worker drops events that are older and read. Never fewer than a client may be away for.
    retention_days: int = Field(default=400, ge=30, le=36_500)
    # A line in the log for each durable event, where it is appended, relayed and handed to a socket.
    log_events: bool = False
    # Where spans go, such as http://127.0.0.1:4318; nowhere by default.
    otel_exporter_otlp_endpoint: str | None = None
    # Where a worker answers GET /metrics, such as 127.0.0.1:9100; nowhere by default.
    worker_metrics: str | None = None
    # Push to closed pages is off without a key.
    vapid_private_key: SecretStr | None = None
    vapid_subject: str = Field(default="", validate_default=True)
    push_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    # Mail is off without one of the two. The local outbox shows everybody's mail to whoever uses this machine.
    smtp_url: SecretStr | None = None
    mail_from: str = Field(default="", validate_default=True)
    local_outbox: bool = False

    @property
    def has_mail(self) -> bool:
        return self.smtp_url is not None or self.local_outbox

    def smtp_server(self) -> SmtpServer | None:
        return _smtp_server(self.smtp_url.get_secret_value()) if self.smtp_url else None

    @field_validator("smtp_url", "local_outbox", mode="before")
    @classmethod
    def _nothing(cls, value: object, info: ValidationInfo) -> object:
        return value or (None if info.field_name == "smtp_url" else False)

    @field_validator("smtp_url")
    @classmethod
    def _known_server(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            _smtp_server(value.get_secret_value())
        return value

    @field_validator("mail_from")
    @classmethod
    def _some_sender(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("smtp_url") is not None and not _MAIL_FROM.fullmatch(value):
            raise ValueError("says who mails are from, such as Saldo Vivo <nao-responda@banco.example>")
        return value

    @field_validator("local_outbox")
    @classmethod
    def _not_in_production(cls, value: bool, info: ValidationInfo) -> bool:
        if value and info.data.get("smtp_url") is not None:
            raise ValueError("shows everybody's mail, so it is for a run without a mail server")
        return value

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

    @field_validator("worker_metrics", "otel_exporter_otlp_endpoint", mode="before")
    @classmethod
    def _nowhere(cls, value: object) -> object:
        return value or None

    @field_validator("worker_metrics")
    @classmethod
    def _address_with_port(cls, value: str | None) -> str | None:
        if value is not None and not _HOST_PORT.fullmatch(value):
            raise ValueError("is not an address and a port such as 127.0.0.1:9100")
        return value

    @field_validator("otel_exporter_otlp_endpoint")
    @classmethod
    def _over_http(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("http://", "https://")):
            raise ValueError("is not an address such as http://127.0.0.1:4318")
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
            named = bool(database_hosts.split(value)[0].database)
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


class Settings(Stores, TokenKeys):
    """A web node's."""

    jwt_ttl_s: int = Field(default=3600, ge=1, le=JWT_TTL_S_MAX)
    # A login and all that is renewed from it.
    session_ttl_s: int = Field(default=SESSION_TTL_S, ge=1, le=400 * 24 * 3600, validate_default=True)
    drain_s: float = Field(default=DRAIN_S, ge=0, le=600)
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    # Where people reach the bank, for what leaves it: the links of receipts, and the site that passkeys are for.
    public_url: str = "http://127.0.0.1:8080"
    # What clients do beyond a limit is only counted, not refused.
    limits_dry_run: bool = False
    node_id: str = Field(default_factory=lambda: socket.gethostname().lower()[:32], pattern=r"^[a-z0-9-]{1,32}$")

    @field_validator("jwt_secret")
    @classmethod
    def _some_key(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is None and info.data.get("jwt_keys") == ():
            raise ValueError(f"needs at least {JWT_SECRET_BYTES_MIN} bytes where there is no set of keys")
        return value

    @field_validator("public_url")
    @classmethod
    def _address_alone(cls, value: str) -> str:
        if not _PUBLIC_URL.fullmatch(value):
            raise ValueError("is not an address such as https://banco.example, with no path")
        return value.rstrip("/")

    @field_validator("session_ttl_s")
    @classmethod
    def _longer_than_a_token(cls, value: int, info: ValidationInfo) -> int:
        if value < info.data.get("jwt_ttl_s", 0):
            raise ValueError("a login ends no sooner than its first token, so it is at least the life of a token")
        return value

    def token_keys(self) -> KeySet:
        return KeySet(self.jwt_keys, secret=self.secret)

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
