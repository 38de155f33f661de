"""Keys are changed in steps, at none of which a node refuses what another one signs."""

import itertools
import json
import os
from collections.abc import Sequence

import click
import pytest
from click.testing import CliRunner

from app import keys
from app.keys import BadKeys, Key, KeySet
from app.settings import Settings, SettingsError
from app.users.devices import Devices
from app.users.tokens import Tokens
from worker.commands.chaves import chaves

SECRET = "um-segredo-de-testes-com-mais-de-32-bytes"
STORES = {"DATABASE_URL": "sqlite:////x", "REDIS_URL": "redis://x"}
ONE = {"kty": "oct", "kid": "a", "k": "a" * 43}


def command(env: dict[str, str], *arguments: str) -> str:
    """What `python -m worker chaves …` prints. Raises ClickException with what it refused."""
    inherited = {name: None for name in os.environ if name.startswith("JWT_")}
    result = CliRunner().invoke(chaves, arguments, env={**inherited, **env}, standalone_mode=False)
    if result.exception:
        raise result.exception
    return result.output.strip()


def node(monkeypatch: pytest.MonkeyPatch, env: dict[str, str]) -> KeySet:
    """The keys of a node with this environment."""
    for name in ("JWT_KEYS", "JWT_SECRET"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {**STORES, **env}.items():
        monkeypatch.setenv(name, value)
    return Settings.from_env().token_keys()


def kids(env: dict[str, str]) -> list[str]:
    return [key.kid for key in keys.parse(env["JWT_KEYS"])]


def steps_from(first: dict[str, str]) -> list[dict[str, str]]:
    """The environment of a node after each step of a whole change, by the commands."""
    beside = {name: value for name, value in first.items() if name == "JWT_SECRET"}
    added = {**beside, "JWT_KEYS": command(first, "nova")}
    old, new = kids(added)[0], kids(added)[-1]
    promoted = {**beside, "JWT_KEYS": command(added, "promover", new)}
    return [first, added, promoted, {"JWT_KEYS": command(promoted, "remover", old)}]


def assert_each_reads_the_other(one: KeySet, other: KeySet) -> None:
    for writer, reader in itertools.product((one, other), repeat=2):
        assert Tokens(reader, 60).read(Tokens(writer, 60).issue(7, 1, "login")).session_id == "login"
        cookie = Devices(writer).remember(Devices(writer).read(None), 7)
        assert Devices(reader).read(cookie).user_ids == (7,)


@pytest.mark.parametrize(
    "first",
    [{"JWT_SECRET": SECRET}, {"JWT_KEYS": json.dumps({"keys": [ONE]})}],
    ids=["from a plain secret", "from a set"],
)
def test_at_no_step_a_node_refuses_what_another_signs(monkeypatch: pytest.MonkeyPatch, first: dict[str, str]) -> None:
    nodes = [node(monkeypatch, env) for env in steps_from(first)]

    for before, after in itertools.pairwise(nodes[:3]):
        assert_each_reads_the_other(before, after)
    # What the new key signed is good after the last step; what the old key signed has expired by then.
    assert Tokens(nodes[3], 60).read(Tokens(nodes[2], 60).issue(7, 1)).user_id == 7


def test_after_the_last_step_the_old_key_signs_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = steps_from({"JWT_SECRET": SECRET})
    old, last = node(monkeypatch, steps[0]), node(monkeypatch, steps[3])

    assert Devices(last).read(Devices(old).remember(Devices(old).read(None), 7)).user_ids == ()


def test_the_list_names_keys_and_shows_none() -> None:
    added = {"JWT_SECRET": SECRET, "JWT_KEYS": command({"JWT_SECRET": SECRET}, "nova")}

    lines = command(added).splitlines()

    assert [line.split()[0] for line in lines] == [*kids(added), "JWT_SECRET,"]
    assert ["signs" in line for line in lines] == [True, False, False]
    secrets = [SECRET, *(entry["k"] for entry in json.loads(added["JWT_KEYS"])["keys"])]
    assert not [secret for secret in secrets if secret in "\n".join(lines)]


def test_two_new_keys_of_one_day_have_names_of_their_own() -> None:
    env = {"JWT_KEYS": json.dumps({"keys": [ONE]})}
    for _ in range(3):
        env = {"JWT_KEYS": command(env, "nova")}

    assert len(set(kids(env))) == 4
    assert all(len(key.secret) >= keys.KEY_BYTES_MIN for key in keys.parse(env["JWT_KEYS"]))


@pytest.mark.parametrize("arguments", [("remover", "a"), ("remover", "x"), ("promover", "x")])
def test_the_key_that_signs_is_not_removed_and_none_is_invented(arguments: tuple[str, str]) -> None:
    with pytest.raises(click.ClickException, match="JWT_KEYS"):
        command({"JWT_KEYS": json.dumps({"keys": [ONE, {**ONE, "kid": "b"}]})}, *arguments)


def test_what_is_written_is_read_alike() -> None:
    kept: Sequence[Key] = (Key("a", bytes(range(32))), Key("b", b"\xff" * 48))

    assert keys.parse(keys.written(kept)) == kept


@pytest.mark.parametrize(
    "value",
    [
        "[]",
        "x",
        '{"keys": []}',
        '{"keys": {}}',
        '{"keys": [7]}',
        json.dumps({"keys": [ONE, ONE]}),
        json.dumps({"keys": [{**ONE, "k": "a" * 42}]}),
        json.dumps({"keys": [{**ONE, "k": "+" * 43}]}),
        json.dumps({"keys": [{**ONE, "k": 7}]}),
        json.dumps({"keys": [{**ONE, "kid": ""}]}),
        json.dumps({"keys": [{**ONE, "kid": 7}]}),
        json.dumps({"keys": [{**ONE, "kty": "RSA"}]}),
        json.dumps({"keys": [{**ONE, "alg": "none"}]}),
        json.dumps({"keys": [{**ONE, "kid": f"k{n}"} for n in range(keys.KEYS_MAX + 1)]}),
    ],
)
def test_a_bad_set_stops_the_process_with_one_line_without_a_key(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    with pytest.raises(BadKeys):
        keys.parse(value)
    with pytest.raises(SettingsError, match="JWT_KEYS") as refused:
        node(monkeypatch, {"JWT_KEYS": value, "JWT_SECRET": SECRET})
    assert "a" * 42 not in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


def test_a_node_needs_a_set_or_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match="JWT_SECRET"):
        node(monkeypatch, {"JWT_KEYS": "", "JWT_SECRET": ""})
    assert [key.kid for key in node(monkeypatch, {"JWT_KEYS": json.dumps({"keys": [ONE]})}).keys] == ["a"]
