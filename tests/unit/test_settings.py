"""Settings are read and checked once, at start; a bad one stops the process with one clear line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from flask_socketio_cluster.bus.signing import Keys

from app.settings import Settings, SettingsError, SmtpServer, Stores

ROOT = Path(__file__).parents[2]
SECRET = "um-segredo-de-testes-com-mais-de-32-bytes"
VAPID_KEY = "segredo-de-testes-com-32-bytes-em-base64ur0"
GOOD = {
    "DATABASE_URL": "mysql+pymysql://saldo:senha-do-banco@localhost:3306/saldo",
    "REDIS_URL": "redis://:senha-do-redis@localhost:6379/0",
    "JWT_SECRET": SECRET,
    "JWT_TTL_S": "60",
    "PUBLIC_URL": "https://banco.example/",
    "SESSION_TTL_S": "86400",
    "CORS_ORIGINS": "https://banco.example, http://localhost:5173",
    "NODE_ID": "web1",
    "BUS_KEYS": SECRET,
    "DRAIN_S": "5",
    "LIMITS_DRY_RUN": "on",
    "VAPID_PRIVATE_KEY": VAPID_KEY,
    "VAPID_SUBJECT": "mailto:operacao@banco.example",
    "SMTP_URL": "smtp://banco:senha-do-correio@correio.example:587",
    "MAIL_FROM": "Saldo Vivo <nao-responda@banco.example>",
    "LOG_EVENTS": "true",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318",
    "WORKER_METRICS": "127.0.0.1:9100",
    "PUSH_HOSTS": "push.example, .below.example,http://127.0.0.1:9000",
}
BAD = [
    ("DATABASE_URL", None),
    ("DATABASE_URL", ""),
    ("DATABASE_URL", "postgresql://localhost/saldo"),
    ("DATABASE_URL", "mysql://localhost/saldo"),
    ("DATABASE_URL", "mysql+pymysql://"),
    ("DATABASE_URL", "mysql+pymysql://saldo:senha-do-banco@localhost:porta/saldo"),
    ("DATABASE_URL", "mysql+pymysql://saldo:senha-do-banco@localhost:3306"),
    ("DATABASE_URL", "sqlite:///"),
    ("DATABASE_URL", "mysql+pymysql://saldo:senha-do-banco@db1:3306,/saldo"),
    ("DATABASE_URL", "mysql+pymysql://saldo:senha-do-banco@db1:3306,db2:porta/saldo"),
    ("REDIS_URL", None),
    ("REDIS_URL", "localhost:6379"),
    ("REDIS_URL", "amqp://localhost"),
    ("REDIS_URL", "redis://:senha-do-redis@localhost:porta/0"),
    ("REDIS_URL", "redis+sentinel://sentinela/0/mestre"),
    ("REDIS_URL", "redis+sentinel://a:26379,b/0/mestre"),
    ("REDIS_URL", "redis+cluster://a:6379,b"),
    ("JWT_SECRET", None),
    ("JWT_SECRET", "curto demais"),
    ("JWT_SECRET", "x" * 31),
    ("BUS_KEYS", "curta demais"),
    ("BUS_KEYS", "x" * 31),
    ("BUS_KEYS", "x" * 32 + ","),
    ("VAPID_PRIVATE_KEY", "curta"),
    ("VAPID_PRIVATE_KEY", "+" * 43),
    ("VAPID_PRIVATE_KEY", "x" * 43),
    ("VAPID_SUBJECT", None),
    ("VAPID_SUBJECT", "operacao@banco.example"),
    ("VAPID_SUBJECT", "mailto:ninguem"),
    ("LOG_EVENTS", "talvez"),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "127.0.0.1:4318"),
    ("WORKER_METRICS", "9100"),
    ("WORKER_METRICS", "127.0.0.1"),
    ("WORKER_METRICS", "127.0.0.1:porta"),
    ("PUSH_HOSTS", "localhost"),
    ("PUSH_HOSTS", "https://push.example"),
    ("PUSH_HOSTS", "push.example:8443"),
    ("PUSH_HOSTS", "http://10.0.0.1:9000"),
    ("SMTP_URL", "http://correio.example"),
    ("SMTP_URL", "smtp://"),
    ("SMTP_URL", "smtp://banco:senha-do-correio@correio.example:porta"),
    ("SMTP_URL", "smtp://correio.example/caixa"),
    ("MAIL_FROM", None),
    ("MAIL_FROM", "Saldo Vivo"),
    ("MAIL_FROM", "Saldo Vivo <nao-responda@banco.example>\nBcc: x@y.example"),
    ("DRAIN_S", "-1"),
    ("DRAIN_S", "logo"),
    ("LIMITS_DRY_RUN", "talvez"),
    ("JWT_TTL_S", ""),
    ("JWT_TTL_S", "uma hora"),
    ("JWT_TTL_S", "0"),
    ("JWT_TTL_S", "-1"),
    ("JWT_TTL_S", "1000000000"),
    ("PUBLIC_URL", "banco.example"),
    ("PUBLIC_URL", "https://banco.example/pagina"),
    ("PUBLIC_URL", "https://a@banco.example"),
    ("SESSION_TTL_S", "59"),
    ("SESSION_TTL_S", "uma semana"),
    ("SESSION_TTL_S", "1000000000"),
    ("CORS_ORIGINS", "*"),
    ("CORS_ORIGINS", "https://banco.example,*"),
    ("CORS_ORIGINS", "banco.example"),
    ("NODE_ID", ""),
    ("NODE_ID", "Web 1"),
    ("NODE_ID", "web.1"),
    ("NODE_ID", "x" * 33),
]


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)


def set_or_delete(monkeypatch: pytest.MonkeyPatch, name: str, value: str | None) -> None:
    if value is None:
        monkeypatch.delenv(name)
    else:
        monkeypatch.setenv(name, value)


def test_good_settings_are_read() -> None:
    settings = Settings.from_env()

    assert (settings.database_url, settings.redis_url) == (GOOD["DATABASE_URL"], GOOD["REDIS_URL"])
    assert (settings.secret, settings.jwt_ttl_s) == (SECRET, 60)
    assert settings.cors_origins == ("https://banco.example", "http://localhost:5173")
    assert settings.public_url == "https://banco.example"
    assert settings.node_id == "web1"
    assert settings.vapid_private_key is not None
    assert settings.vapid_private_key.get_secret_value() == VAPID_KEY
    assert (settings.log_events, settings.worker_metrics) == (True, "127.0.0.1:9100")
    assert settings.limits_dry_run is True
    assert settings.push_hosts == ("push.example", ".below.example", "http://127.0.0.1:9000")


def test_keys_of_the_bus_are_several_while_they_are_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = "o" * 32, "n" * 32
    monkeypatch.setenv("BUS_KEYS", f"{new}, {old}")

    signing = Settings.from_env().signing()

    assert signing is not None
    assert signing.body(b"c", Keys([old.encode()]).sign(b"c", b"x")) == b"x"
    assert Keys([new.encode()]).body(b"c", signing.sign(b"c", b"x")) == b"x"


def test_without_keys_nothing_is_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BUS_KEYS")

    assert Settings.from_env().signing() is None


@pytest.mark.parametrize("value", [None, ""])
def test_without_a_key_nothing_is_pushed_and_nobody_need_be_named(
    monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    set_or_delete(monkeypatch, "VAPID_PRIVATE_KEY", value)
    monkeypatch.delenv("VAPID_SUBJECT")

    assert Settings.from_env().vapid_private_key is None


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://correio.example", SmtpServer(False, "correio.example", 587, "", "")),
        ("smtp://localhost:2525", SmtpServer(False, "localhost", 2525, "", "")),
        (
            "smtps://ana%40x.example:a%2Fb@correio.example",
            SmtpServer(True, "correio.example", 465, "ana@x.example", "a/b"),
        ),
    ],
)
def test_a_mail_server_is_read_from_its_address(monkeypatch: pytest.MonkeyPatch, url: str, server: SmtpServer) -> None:
    monkeypatch.setenv("SMTP_URL", url)

    assert Settings.from_env().smtp_server() == server


def test_without_a_mail_server_nobody_need_be_named_and_mail_is_off_or_local(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMTP_URL", "")
    monkeypatch.delenv("MAIL_FROM")
    assert (Settings.from_env().has_mail, Settings.from_env().smtp_server()) == (False, None)

    monkeypatch.setenv("LOCAL_OUTBOX", "1")

    assert Settings.from_env().has_mail


def test_the_local_outbox_is_refused_beside_a_mail_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_OUTBOX", "1")

    with pytest.raises(SettingsError, match="LOCAL_OUTBOX"):
        Settings.from_env()


def test_what_may_be_left_out_has_the_contract_s_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("JWT_TTL_S", "SESSION_TTL_S", "CORS_ORIGINS", "PUBLIC_URL", "LIMITS_DRY_RUN"):
        monkeypatch.delenv(name)

    settings = Settings.from_env()

    assert (settings.jwt_ttl_s, settings.session_ttl_s, settings.cors_origins) == (3600, 7 * 24 * 3600, ())
    assert settings.public_url == "http://127.0.0.1:8080"
    assert settings.limits_dry_run is False


@pytest.mark.parametrize(
    "url",
    [
        "redis://localhost",
        "redis://usuario:p:a@ss@localhost:6379/1",
        "redis://[::1]:6379",
        "rediss://redis.example:6380/0",
        "redis+sentinel://usuario:senha@a:26379,b:26379/0/mestre",
        "redis+cluster://a:6379",
        "rediss+cluster://usuario:senha@a:6379,b:6379",
    ],
)
def test_every_kind_of_redis_address_is_taken(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("REDIS_URL", url)

    assert Settings.from_env().redis_url == url


@pytest.mark.parametrize(("name", "value"), BAD)
def test_a_bad_setting_is_one_line_that_names_it_and_only_it(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str | None
) -> None:
    set_or_delete(monkeypatch, name, value)

    with pytest.raises(SettingsError) as refused:
        Settings.from_env()

    line = str(refused.value)
    assert len(line.splitlines()) == 1
    assert [known for known in GOOD if known in line] == [name]


@pytest.mark.parametrize(("name", "value"), BAD)
def test_a_bad_setting_shows_no_secret(monkeypatch: pytest.MonkeyPatch, name: str, value: str | None) -> None:
    set_or_delete(monkeypatch, name, value)

    with pytest.raises(SettingsError) as refused:
        Settings.from_env()

    assert not [secret for secret in ("senha-do", SECRET, VAPID_KEY, "curto", "curta") if secret in str(refused.value)]


def test_all_bad_settings_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JWT_SECRET", "curto demais")
    monkeypatch.delenv("REDIS_URL")

    with pytest.raises(SettingsError, match=r"(?=.*JWT_SECRET)(?=.*REDIS_URL)"):
        Settings.from_env()


def test_a_worker_needs_to_know_only_the_stores(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("JWT_SECRET", "NODE_ID"):
        monkeypatch.delenv(name)

    assert Stores.from_env().redis_url == GOOD["REDIS_URL"]


@pytest.mark.parametrize("command", [["-c", "import app.wsgi"], ["-m", "worker", "run"]], ids=["node", "worker"])
def test_a_process_with_a_bad_setting_ends_with_one_line(command: list[str]) -> None:
    env = {**os.environ, "REDIS_URL": "redis://localhost:porta"}

    ended = subprocess.run([sys.executable, *command], cwd=ROOT, env=env, capture_output=True, text=True, check=False)

    assert ended.returncode == 1
    assert len(ended.stderr.splitlines()) == 1
    assert "REDIS_URL" in ended.stderr
