"""The strength of secrets, who may read their files, and which pages may connect."""

import os
import stat
from collections import Counter
from collections.abc import Iterator, Mapping
from math import log2
from pathlib import Path

from flask_socketio_cluster.doctor.findings import Finding, fault, ok, unknown, warning

from app import keys

# Variables whose value is a secret, or several. deploy/entrypoint.sh reads each from the file that the variable with
# _FILE behind it names.
SECRETS = ("JWT_SECRET", "JWT_KEYS", "BUS_KEYS", "VAPID_PRIVATE_KEY")
ADDRESSES = ("DATABASE_URL", "REDIS_URL", "SMTP_URL")
# One of the two is enough.
EITHER = {"JWT_SECRET": "JWT_KEYS", "JWT_KEYS": "JWT_SECRET"}
BITS_MIN = 100
PASSWORD_CHARS_MIN = 16


def check(env: Mapping[str, str] = os.environ) -> Iterator[Finding]:
    yield from _strength(env)
    yield from _files(env)
    yield from _origins(env)


def _strength(env: Mapping[str, str]) -> Iterator[Finding]:
    for name in SECRETS:
        value = env.get(name, "")
        if not value:
            if not env.get(EITHER.get(name, ""), ""):
                yield unknown("secrets", f"{name} is not set here", "run this with a web node's environment")
            continue
        try:
            weak = any(bits(secret) < BITS_MIN for secret in _several(name, value))
        except keys.BadKeys as error:
            yield fault("secrets", f"{name} {error}", "python -m worker chaves nova")
            continue
        if weak:
            yield fault("secrets", f"{name} can be guessed: it repeats itself", "make it anew with deploy/secrets.sh")
        else:
            yield ok("secrets", f"{name} is strong")
    for name in ADDRESSES:
        _, at, _ = env.get(name, "").partition("://")[2].rpartition("@")
        password = env.get(name, "").partition("://")[2].rpartition("@")[0].partition(":")[2]
        if at and len(password) < PASSWORD_CHARS_MIN:
            yield warning(
                "secrets",
                f"the password in {name} has fewer than {PASSWORD_CHARS_MIN} characters",
                "give the user a random one, as deploy/secrets.sh does",
            )


def _several(name: str, value: str) -> list[str]:
    """Raises BadKeys."""
    if name == "JWT_KEYS":
        return [key.secret.decode("latin-1") for key in keys.parse(value)]
    return [secret.strip() for secret in value.split(",")]


def bits(secret: str) -> float:
    """How many bits the characters of `secret` hold, each chosen as often as it comes there; 0 for a repetition."""
    if any(secret == secret[:size] * (len(secret) // size) for size in range(1, len(secret) // 2 + 1)):
        return 0.0
    counts = Counter(secret).values()
    return -sum(count * log2(count / len(secret)) for count in counts)


def _files(env: Mapping[str, str]) -> Iterator[Finding]:
    for name in (*SECRETS, *ADDRESSES):
        path = env.get(f"{name}_FILE")
        if path and (problem := _problem(Path(path))):
            yield warning("secret files", f"{path}: {problem}", "chmod 700 its folder, or 600 the file")
        elif path:
            yield ok("secret files", f"{path} is its owner's alone")


def _problem(path: Path) -> str | None:
    """Others may read the file, unless they cannot enter its folder."""
    try:
        mode, folder = path.stat().st_mode, path.parent.stat().st_mode
    except OSError as error:
        return error.strerror or "it cannot be looked at"
    if not mode & (stat.S_IRGRP | stat.S_IROTH):
        return None
    return "others may read it" if folder & (stat.S_IXGRP | stat.S_IXOTH) else None


def _origins(env: Mapping[str, str]) -> Iterator[Finding]:
    origins = [origin.strip() for origin in env.get("CORS_ORIGINS", "").split(",") if origin.strip()]
    open_ones = [origin for origin in origins if not origin.startswith("https://")]
    if open_ones:
        yield fault("origins", f"{', '.join(open_ones)}: who is on the way can read and change it", "allow https only")
    else:
        yield ok("origins", ", ".join(origins) or "the bank's own page alone")
