"""The doctor's checks that need no server."""

import stat
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

import pytest
from flask_socketio_cluster.doctor import Finding, Level, checked, patching, versions

from app import keys
from worker.doctor import secrets

STRONG = "3f1c9e0a7b5d42861c0fe93ab7d4566e8a1b02c3d4e5f60718293a4b5c6d7e8f"


def levels(found: Iterable[Finding]) -> list[Level]:
    return [finding.level for finding in found]


def test_what_is_installed_here_is_what_the_package_was_made_for() -> None:
    assert levels(versions.check()) == [Level.OK]


def test_a_version_with_a_known_fault_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = metadata.version
    monkeypatch.setattr(metadata, "version", lambda name: "8.0.1" if name == "redis" else real(name))

    found = [finding for finding in versions.check() if "redis 8.0.1" in finding.text]

    assert levels(found) == [Level.FAULT]


def test_a_missing_package_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", version)

    assert set(levels(versions.check())) == {Level.FAULT}


def test_our_own_nodes_patch_before_they_import() -> None:
    assert levels(patching.check("deploy/gunicorn.conf.py")) == [Level.OK]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("import redis", "imported before gevent patches: redis"),
        ("preload_app = True", "loads the application before"),
        ("worker_class = 'gevent'", "the worker class is gevent"),
    ],
)
def test_a_configuration_that_imports_too_early_is_a_fault(tmp_path: Path, line: str, says: str) -> None:
    conf = tmp_path / "gunicorn.conf.py"
    conf.write_text(f"from flask_socketio_cluster.node.gunicorn_conf import *\n{line}\n")

    (finding,) = patching.check(str(conf))

    assert finding.level is Level.FAULT
    assert says in finding.text


def test_a_configuration_that_cannot_be_loaded_is_no_fault_of_the_order(tmp_path: Path) -> None:
    assert levels(patching.check(str(tmp_path / "none.py"))) == [Level.UNKNOWN]


@pytest.mark.parametrize("secret", ["a" * 64, "segredo!" * 8, "0123" * 16, "x" * 60 + "abcd"])
def test_a_secret_that_repeats_itself_can_be_guessed(secret: str) -> None:
    found = [f for f in secrets.check({"JWT_SECRET": secret}) if "JWT_SECRET" in f.text]

    assert levels(found) == [Level.FAULT]


def test_random_secrets_are_strong() -> None:
    env = {"JWT_SECRET": STRONG, "BUS_KEYS": f"{STRONG},{STRONG[::-1]}", "VAPID_PRIVATE_KEY": STRONG}

    assert set(levels(secrets.check(env))) == {Level.OK}


def test_a_set_of_keys_is_looked_at_key_by_key() -> None:
    good = keys.written(keys.with_new((), secret=STRONG, kid="a"))
    bad = keys.written((*keys.parse(good), keys.Key("weak", b"senha123" * 8)))

    def found(jwks: str) -> list[Level]:
        return levels(f for f in secrets.check({"JWT_KEYS": jwks}) if "JWT" in f.text)

    assert found(good) == [Level.OK]
    assert found(bad) == [Level.FAULT]
    assert found("{}") == [Level.FAULT]


def test_no_finding_has_a_secret_in_it() -> None:
    weak = "hunter2-hunter2-hunter2-hunter2-"
    env = {"JWT_SECRET": weak, "DATABASE_URL": f"mysql+pymysql://app:{weak[:8]}@db/bank", "BUS_KEYS": weak}

    assert not [finding for finding in secrets.check(env) if "hunter2" in finding.text + finding.advice]


def test_a_short_password_in_an_address_is_told() -> None:
    env = {"REDIS_URL": "redis://web:short@redis:6379/0", "DATABASE_URL": f"mysql+pymysql://a:{STRONG}@db/bank"}

    found = [f for f in secrets.check(env) if "password" in f.text]

    assert levels(found) == [Level.WARNING]
    assert "REDIS_URL" in found[0].text


def test_a_secret_s_file_that_others_may_read_is_told_unless_its_folder_is_closed(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir()
    file = folder / "jwt_secret"
    file.write_text(STRONG)
    file.chmod(stat.S_IRUSR | stat.S_IWUSR | stat.S_IRGRP | stat.S_IROTH)
    env = {"JWT_SECRET_FILE": str(file)}

    def found() -> list[Level]:
        return levels(f for f in secrets.check(env) if f.subject == "secret files")

    folder.chmod(0o755)
    assert found() == [Level.WARNING]
    folder.chmod(0o700)
    assert found() == [Level.OK]


def test_an_origin_without_tls_is_a_fault() -> None:
    env = {"CORS_ORIGINS": "https://banco.example, http://banco.example"}

    found = [f for f in secrets.check(env) if f.subject == "origins"]

    assert levels(found) == [Level.FAULT]


def test_an_accident_in_one_check_is_a_finding_and_ends_no_other() -> None:
    def check() -> Iterable[Finding]:
        raise ZeroDivisionError("a bug")

    assert levels(checked("something", check)) == [Level.FAULT]
